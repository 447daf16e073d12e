"""Train the model that reads an emotion from a text, on the lines of MELD.

    python -m feim train text-emotion --corpus MELD.Raw

The folder is MELD's as published; only its three tables are read. Half a minute on one CPU core.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from feim.data.batching import generators
from feim.data.corpora.meld import MELD, read_lines
from feim.models.text_emotion import TextEmotion, collate, tokens
from feim.nn.agreement import f1_of_classes
from feim.signal.emotion import EMOTIONS
from feim.training.card import model_card, publish
from feim.training.loop import Settings, share_of_batch, train
from feim.training.order import Order

STEPS, BATCH = 2000, 64
FORGOTTEN = 0.3  # of a line's pieces, anew each time it is seen: no single word should decide
BALANCE = 0.3  # rare emotions count for more, by this power of how much rarer they are than the mean
Line = tuple[np.ndarray, int]  # buckets, and the emotion's number


def run(order: Order) -> TextEmotion:
    """Train on MELD's training lines, measure on its test lines; save as "text-emotion"."""
    order.refuse("text-emotion", "faces", "heads", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    if len(order.corpora) != 1:
        raise ValueError(f"the recipe text-emotion reads one folder, MELD's own; got {len(order.corpora)}")
    torch.manual_seed(0)
    model = TextEmotion(TextEmotion.Config(buckets=512) if order.miniature else None)
    lines = {split: hashed(model, ones) for split, ones in read_lines(order.corpora[0]).items()}
    counts = np.bincount([label for _, label in lines["train"]], minlength=len(EMOTIONS)).clip(1)
    weight = torch.from_numpy((counts.mean() / counts) ** BALANCE).float()

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        shares = F.dropout(batch["shares"], FORGOTTEN)
        return {"loss": F.cross_entropy(network(batch["buckets"], batch["starts"], shares), batch["label"], weight=weight)}

    settings = Settings(order.steps or STEPS, learning_rate=0.02, warmup=1, weight_decay=0.01, mixed_precision=False)
    trained = train(model, drawn(lines["train"], share_of_batch(BATCH)), losses, settings, order.out, order.resume)
    card = model_card(
        "text-emotion",
        order,
        what="a text to the seven emotions, and which of its words say so",
        data=[{"name": f"{MELD.title} (Poria et al. 2019), training lines", "clips": len(lines["train"]), "licence": MELD.licence}],
        settings=asdict(settings) | {"batch": BATCH, "forgotten": FORGOTTEN, "balance": BALANCE},
        seconds=trained.seconds,
        metrics={split: measure(trained.model, lines[split]) for split in ("valid", "test")},
    )
    publish(trained.model, "text-emotion", card, order.checkpoints)
    return trained.model


def hashed(model: TextEmotion, lines: list[tuple[str, str]]) -> list[Line]:
    """Texts and their emotions as the model reads them; lines without anything that it reads are left out."""
    found = [(model.buckets(tokens(text))[0], EMOTIONS.index(label)) for text, label in lines]
    return [(buckets, label) for buckets, label in found if len(buckets)]


def drawn(lines: list[Line], size: int) -> Callable[[int], dict[str, Tensor]]:
    """Random lines: index → what TextEmotion.forward takes, and label (B,)."""

    def batch(index: int) -> dict[str, Tensor]:
        chosen = [lines[int(random.integers(len(lines)))] for random in generators(0, index, size)]
        return collate([buckets for buckets, _ in chosen]) | {"label": torch.tensor([label for _, label in chosen])}

    return batch


@torch.no_grad()
def measure(model: TextEmotion, lines: list[Line]) -> dict[str, float]:
    """F1 over the seven emotions, weighted by how often each is true, and its plain mean; share of right answers."""
    if not lines:
        return {}
    logits = model(**collate([buckets for buckets, _ in lines]))
    guess, truth = logits.argmax(1).numpy(), np.array([label for _, label in lines])
    weighted, plain, _ = f1_of_classes(guess, truth, len(EMOTIONS))
    return {"lines": len(lines), "weighted F1": round(weighted, 4), "macro F1": round(plain, 4), "right": round(np.mean(guess == truth), 4)}
