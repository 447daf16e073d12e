"""Model cards, alike for all recipes, and how they reach the disk: with the weights, once, by the first process."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from feim.data.clip import SYNTHETIC, Clip
from feim.data.corpora import london
from feim.data.corpora.london import Person
from feim.data.corpora.publication import CC_BY, GPL, PUBLIC_DOMAIN
from feim.data.features import Features
from feim.models import checkpoint
from feim.signal.audio import FRAME_RATE
from feim.training.loop import together
from feim.training.order import Order

NON_COMMERCIAL = "non-commercial"
COPYLEFT = GPL  # whether weights are a work made from their data is not settled; so they are passed on under its own terms
BOUND = "bound by the terms of its data, which may forbid passing it on"
FREE = {SYNTHETIC, CC_BY, PUBLIC_DOMAIN, "Apache-2.0", "MIT"}  # what learns from these alone may be used as the code


def model_card(
    recipe: str, order: Order, *, what: str, data: list[dict], settings: dict, seconds: float, metrics: dict | None = None
) -> dict:
    """What a finished model says of itself.

    Args:
        recipe: its name on the command line.
        what: goes in and comes out.
        data: what it learnt from, entries of `corpora_data`, `corpus_data` and `portraits_data`; initial weights are added.
        settings: of the training, the batch's size among them.
        seconds: of training, earlier runs of the same state included.
        metrics: measured on what it did not learn from; none until somebody measures.
    """
    if order.initial is not None:
        before = checkpoint.read_card(order.initial, order.checkpoints).get("licence", "unknown licence")
        data = [*data, {"name": f"initial weights {order.initial}", "licence": before.split(";")[0]}]
    return {
        "what": what,
        "data": data,
        "licence": _licence(data),
        "command": order.command(recipe),
        "settings": settings,
        "hardware": describe_hardware(),
        "hours": float(f"{seconds / 3600:.2g}"),
        "metrics": metrics or {},
    }


def corpora_data(order: Order, corpora: list[Features]) -> list[dict]:
    """What each of the order's corpora gave."""
    return [corpus_data(folder, found.clips, found.starts[-1]) for folder, found in zip(order.corpora, corpora, strict=True)]


def corpus_data(folder: Path, clips: Sequence[Clip], frames: int) -> dict:
    """What one corpus gave: `clips`, which are `frames` mel frames long together."""
    return {
        "name": folder.name,
        "speakers": len({clip.speaker for clip in clips}),
        "clips": len(clips),
        "hours": round(frames / FRAME_RATE / 3600, 2),
        "licence": ", ".join(sorted({clip.licence for clip in clips})),
    }


def portraits_data(people: Sequence[Person]) -> dict:
    """What the London set gave."""
    return {
        "name": "Face Research Lab London Set (DeBruine & Jones 2017)",
        "people": len(people),
        "portraits": sum(len(person.images) for person in people),
        "licence": london.LICENCE,
    }


def _licence(data: list[dict]) -> str:
    """Our weights are Apache-2.0 if all that they learnt from allows it; else not for commerce, or under or bound by those terms."""
    learnt_from = ", ".join(f"{entry['name']} ({entry['licence']})" for entry in data)
    terms = [entry["licence"] for entry in data]
    if any(words in term for term in terms for words in ("-NC", NON_COMMERCIAL)):
        return f"{NON_COMMERCIAL}; learnt from {learnt_from}"
    if all(part in FREE for term in terms for part in term.split(", ")):
        return f"Apache-2.0; learnt from {learnt_from}"
    if all(part in FREE | {COPYLEFT} for term in terms for part in term.split(", ")):
        return f"{COPYLEFT}; learnt from {learnt_from}"
    return f"{BOUND}; learnt from {learnt_from}"


def describe_hardware() -> str:
    """What this process and those beside it train on; on GPUs also the most memory that one of them has held so far."""
    processes = together().num_processes
    if together().device.type == "cuda":
        memory = torch.cuda.max_memory_allocated() / 2**30
        return f"{processes} × {torch.cuda.get_device_name()}, {memory:.1f} GiB of its memory at most"
    return f"CPU, {processes} × {torch.get_num_threads()} threads"


def publish(model: nn.Module, name: str, card: dict, folder: Path) -> None:
    """Write weights and card as `checkpoint.save` does, once for all processes; none goes on before they are there."""
    if together().is_main_process:
        checkpoint.save(model, name, card, folder)
    together().wait_for_everyone()
