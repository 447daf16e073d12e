"""What every recipe is asked for, from the command line, a notebook or a test."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """One training run.

    Attributes:
        corpora: prepared corpus folders (manifest and sounds), in the recipe's own order of use.
        faces: the London set's folder, for recipes that look at faces.
        out: where the run keeps its state and logs; checkpoints: where the finished weights and card go.
        steps: overrides the recipe's own; resume: go on from the last state; miniature: a tiny model for tests and lessons.
        initial: take weights of this name from `checkpoints` as the start.
    """

    corpora: tuple[Path, ...]
    out: Path
    checkpoints: Path
    faces: Path | None = None
    steps: int | None = None
    resume: bool = False
    miniature: bool = False
    initial: str | None = None
