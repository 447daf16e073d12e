"""The recipe that learns to read emotions, on a tiny MELD of our own sentences."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feim.data.corpora.meld import SPLITS, read_lines
from feim.data.corpora.publication import MissingCorpus
from feim.models import checkpoint
from feim.models.text_emotion import TextEmotion, tokens
from feim.signal.emotion import EMOTIONS
from feim.training.order import Order
from feim.training.recipes import text_emotion

SAID = {"joy": "what a lovely day", "anger": "get out of here now", "neutral": "the bus goes at nine", "sadness": "she is gone for ever"}


def put_meld(folder: Path) -> Path:
    for table, _ in SPLITS.values():
        with (folder / table).open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["Utterance", "Emotion", "Speaker"])
            rows.writerows([[f"{text}, friend {n}\x92s", emotion, "Joey"] for n in range(6) for emotion, text in SAID.items()])
    return folder


@pytest.fixture
def order(tmp_path) -> Order:
    (tmp_path / "MELD.Raw").mkdir()
    return Order((put_meld(tmp_path / "MELD.Raw"),), tmp_path / "run", tmp_path / "weights", steps=60, miniature=True)


def test_lines_in_their_splits(order):
    lines = read_lines(order.corpora[0])
    assert {split: len(ones) for split, ones in lines.items()} == {"train": 24, "valid": 24, "test": 24}
    assert lines["train"][0] == ("what a lovely day, friend 0’s", "happy")
    (order.corpora[0] / "dev_sent_emo.csv").unlink()
    with pytest.raises(MissingCorpus, match=r"has no dev_sent_emo\.csv"):
        read_lines(order.corpora[0])


def test_it_learns_and_saves(order):
    text_emotion.run(order)
    loaded = checkpoint.load(TextEmotion, "text-emotion", order.checkpoints)
    for name, label in (("joy", "happy"), ("anger", "angry"), ("sadness", "sad")):
        assert EMOTIONS[int(loaded.judge(tokens(SAID[name]))[0].argmax())] == label
    card = checkpoint.read_card("text-emotion", order.checkpoints)
    assert card["licence"].startswith("GPL 3.0;")
    assert "GPL 3.0" in card["licence"]
    assert card["metrics"]["test"]["lines"] == 24
    assert card["command"] == "python -m feim train text-emotion --corpus MELD.Raw --steps 60 --miniature"
    weights = (order.checkpoints / "text-emotion.safetensors").read_bytes()
    assert b"lovely" not in weights  # no word of it is kept


def test_measures_of_a_model_that_always_says_the_same():
    model = TextEmotion(TextEmotion.Config(8))
    model.bias.data[EMOTIONS.index("sad")] = 1
    lines = [(np.array([1, 2]), EMOTIONS.index(label)) for label in ("sad", "sad", "sad", "happy")]
    found = text_emotion.measure(model, lines)
    assert found["right"] == 0.75
    assert found["weighted F1"] == pytest.approx(0.75 * 6 / 7, abs=1e-4)


def test_it_refuses_what_it_would_ignore(order):
    with pytest.raises(ValueError, match="no use for --faces"):
        text_emotion.run(replace(order, faces=Path("faces")))
    with pytest.raises(ValueError, match="one folder"):
        text_emotion.run(replace(order, corpora=order.corpora * 2))
    with pytest.raises(MissingCorpus):
        text_emotion.run(replace(order, corpora=(Path("nowhere"),)))
