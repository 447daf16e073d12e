"""What is heard when something is asked for: seven by seven, at several intensities, beside the teachers' own."""

import numpy as np

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import heat_map
from feim.evaluation.experiments.statistics import mean
from feim.evaluation.experiments.sweep import sweep, table
from feim.evaluation.material import LABELLED
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

SHOWN = (1.0, 15.0, 30.0)


def choices(found: dict, judge: str, column: int) -> np.ndarray:
    """(S, 7) the likeliest emotion of every reading at one γ or level."""
    return table(found, judge)[:, :, column].argmax(axis=-1)


def confusion(chosen: np.ndarray) -> np.ndarray:
    """(S, A) chosen for A emotions → (A, 7) shares: rows what was asked for, columns what was heard."""
    return np.stack([np.bincount(column, minlength=len(EMOTIONS)) / len(column) for column in chosen.T])


def rows(found: dict) -> list[Row]:
    """Per judge the share of seven emotions heard as asked, at every γ shown, without guidance, and from the teachers."""
    made = []
    for judge in found["probabilities"]:
        for intensity in (0.0, *SHOWN):
            chosen = choices(found, judge, found["intensities"].index(intensity))
            made.append(_heard(chosen, f"emotion heard, γ = {intensity:g}, {judge}", "chance .14" if intensity else "no emotion: chance"))
        chosen = choices(found["teachers"], judge, found["levels"].index(LABELLED))
        made.append(_heard(chosen, f"emotion heard, the teachers' own, {judge}", f"at a label's mean intensity, {LABELLED:g}"))
    return made


def _heard(chosen: np.ndarray, what: str, note: str) -> Row:
    right = chosen == np.arange(len(EMOTIONS))  # (S, 7)
    share = mean(right.mean(axis=1))
    return Row(what, share.value, note=f"± {share.error:.2f} (SE) over {share.count} sentences, seven emotions each; {note}")


def draw(found: dict) -> list[Picture]:
    """The teachers' own, then γ."""
    pictures = []
    for judge in found["probabilities"]:
        shown = [("The teachers' own readings", found["teachers"], found["levels"].index(LABELLED))]
        shown += [(f"γ = {intensity:g}", found, found["intensities"].index(intensity)) for intensity in SHOWN]
        for name, source, column in shown:
            chosen = choices(source, judge, column)
            figure = heat_map(confusion(chosen), EMOTIONS, EMOTIONS, "heard", "asked for")
            pictures.append(Picture(name, f"Percent of {len(chosen)} sentences, heard by the {judge}; each row sums to 100.", figure))
    return pictures


EXPERIMENT = Experiment(
    name="confusion",
    title="Confusion of emotions by intensity",
    asked="Which emotion is heard for which, and does a stronger γ help?",
    paper="States that surprise, which CREMA-D lacks, and disgust and fear, which are rare in MELD, got lower opinion scores than the "
    "other emotions.",
    differs="Our teachers act all seven emotions equally often, so nothing is rare here; what is confused is what sounds alike to a "
    "judge. No human listened.",
    measure=sweep,
    measurement="sweep",
    rows=rows,
    draw=draw,
)
