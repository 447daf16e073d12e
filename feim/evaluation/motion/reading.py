"""How well and how fast a text is read, on MELD's test lines, which nothing has learnt from."""

import time
from pathlib import Path

import numpy as np

from feim.data.corpora.meld import read_lines
from feim.evaluation.report import Row
from feim.models.text_emotion import TextEmotion, tokens
from feim.nn.agreement import f1_of_classes
from feim.signal.emotion import EMOTIONS
from feim.thinking import chain, feel

F1, MILLISECONDS, MEBIBYTES = 0.45, 5.0, 3.0
TIMED = 300  # sentences


def reading(network: TextEmotion, weights: Path, meld: Path, most: int | None = None) -> list[Row]:
    """The chain's first links: classifier, named feelings and negations."""
    lines = read_lines(meld)["test"][:most]
    truth = np.array([EMOTIONS.index(label) for _, label in lines])
    guess = np.array([int(feel(network, tokens(text))[0].argmax()) for text, _ in lines])
    alone = np.array([int(network.judge(tokens(text))[0].argmax()) for text, _ in lines])
    weighted, plain, single = f1_of_classes(guess, truth, len(EMOTIONS))
    bare, _, _ = f1_of_classes(alone, truth, len(EMOTIONS))
    usual, _, _ = f1_of_classes(np.zeros_like(truth), truth, len(EMOTIONS))
    each = ", ".join(f"{label} {value:.2f}" for label, value in zip(EMOTIONS, single, strict=True))
    began = time.perf_counter()
    for text, _ in lines[:TIMED]:
        chain(network, text)
    spent = 1000 * (time.perf_counter() - began) / len(lines[:TIMED])
    note = f"MELD's {len(lines)} test lines; the classifier without the rules {bare:.3f}, always neutral {usual:.3f}"
    return [
        Row("text → emotion, weighted F1", weighted, F1, digits=3, note=note),
        Row("the same, mean over the emotions", plain, digits=3, note=each),
        Row("milliseconds to think about a sentence", spent, MILLISECONDS, at_most=True, digits=2, note="the whole chain"),
        Row("weights that read, MiB", weights.stat().st_size / 2**20, MEBIBYTES, at_most=True, digits=3, note="fp16 on disk"),
    ]
