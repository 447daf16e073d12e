"""What every experiment is made of: a question, what the paper says, a measurement, its rows for the table and its pictures."""

from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go

from feim.evaluation.experiments.stage import Stage
from feim.evaluation.report import Row


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
