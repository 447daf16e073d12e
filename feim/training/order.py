"""What every recipe is asked for, from the command line, a notebook or a test."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """One training run.

    Attributes:
        corpora: prepared corpus folders (manifest and sounds), in the recipe's own order of use.
        faces: the London set's folder, for recipes that look at faces; heads: ICT-FaceKit's, for those that render them.
        out: where the run keeps its state and logs; checkpoints: where the finished weights and card go.
        steps: overrides the recipe's own; resume: go on from the last state; miniature: a tiny model for tests and lessons.
        initial: take weights of this name from `checkpoints` as the start.
        decoder: of FEIM-TTS; None is the one that ships.
        shares: how often each corpus is drawn, one number each; None is the recipe's own.
        forget_emotions: the initial weights' emotions are erased, so that they are learnt from these corpora alone.
        blocks: how many of its blocks a score network keeps, where it is made shallower; None is the recipe's own.
        name: what the finished weights are called, where a recipe makes more than one kind; None is the recipe's own.
    """

    corpora: tuple[Path, ...]
    out: Path
    checkpoints: Path
    faces: Path | None = None
    heads: Path | None = None
    steps: int | None = None
    resume: bool = False
    miniature: bool = False
    initial: str | None = None
    decoder: str | None = None
    name: str | None = None
    shares: tuple[float, ...] | None = None
    forget_emotions: bool | None = None
    blocks: int | None = None

    def refuse(self, recipe: str, *options: str) -> None:
        """Raises ValueError when one of these attributes is given, of which the recipe would make nothing."""
        for option in options:
            if getattr(self, option) is not None:
                raise ValueError(f"the recipe {recipe} has no use for --{option.replace('_', '-')}; leave it out")

    def command(self, recipe: str) -> str:
        """The command line of this order: folders by their names alone, without where the run keeps its files."""
        words = ["python -m feim train", recipe, *(f"--corpus {folder.name}" for folder in self.corpora)]
        words += [f"--{name} {folder.name}" for name in ("faces", "heads") if (folder := getattr(self, name))]
        words += [
            f"--{name} {value}" for name in ("name", "decoder", "initial", "blocks", "steps") if (value := getattr(self, name)) is not None
        ]
        words += [f"--shares {' '.join(f'{share:g}' for share in self.shares)}"] if self.shares else []
        words += [f"--{name.replace('_', '-')}" for name in ("forget_emotions", "miniature", "resume") if getattr(self, name)]
        return " ".join(words)
