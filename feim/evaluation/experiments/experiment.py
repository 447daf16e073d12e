"""What every experiment is made of: a question, what the paper says, a measurement, its rows for the table and its pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go

from feim.evaluation.experiments.stage import Stage
from feim.evaluation.report import Row
from feim.models import checkpoint


@dataclass(frozen=True)
class Picture:
    """A figure in the light palette, what it shows in one sentence, and whether it takes the page's whole width."""

    title: str
    caption: str
    figure: go.Figure
    wide: bool = False


@dataclass(frozen=True)
class Experiment:
    """One question and its answer.

    Attributes:
        name: its key in the report, and its anchor on the page.
        title; asked: the question, as one would ask it aloud.
        paper: what the paper states; differs: how our data differ from the paper's.
        measure: everything that is spoken and heard → numbers that JSON can hold.
        measurement: its key in the report, where experiments share one; else their own name.
        rows, draw: those numbers → lines of the table, pictures.
        commands: that train what it compares, where that does not ship.
    """

    name: str
    title: str
    asked: str
    paper: str
    differs: str
    measure: Callable[[Stage], dict]
    rows: Callable[[dict], list[Row]]
    draw: Callable[[dict], list[Picture]]
    measurement: str = ""
    commands: str = ""


def weights_of(names: Sequence[str], folder: Path) -> dict[str, str]:
    """Name → first digits of the SHA-256 of its weights in `folder`; empty where none of them is there.

    Raises: MissingCheckpoint when some are and others are not.
    """
    if not any((folder / f"{name}.json").is_file() for name in names):
        return {}
    return {name: checkpoint.fingerprint(name, folder) for name in names}
