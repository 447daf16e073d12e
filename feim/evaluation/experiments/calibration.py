"""Intensity calibrated: how strong a γ is perceived to be, how evenly it rises, and which labelled intensity γ = 1 stands for."""

import numpy as np

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import EMOTION_COLOURS, curves
from feim.evaluation.experiments.statistics import Mean, mean
from feim.evaluation.experiments.sweep import sweep, table
from feim.evaluation.material import LABELLED
from feim.evaluation.metrics import isotonic, spearman
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

RISES = 0.9


def monotone_share(values: np.ndarray) -> float:
    """How much of a curve's variance its best rising fit explains: 1 if it never falls, 0 if it never rises; nan if it is flat."""
    total = np.square(values - values.mean()).sum()
    return float(1 - np.square(values - isotonic(values)).sum() / total) if total > 0 else float("nan")


def equivalent_level(levels: list[float], theirs: np.ndarray, ours: float) -> float:
    """The labelled intensity at which the teachers' rising curve (levels,) from (0, 0) reaches `ours`, at most the strongest."""
    curve = isotonic(np.array([0.0, *theirs]))
    steps = np.arange(len(curve)) * 1e-9  # np.interp wants them to rise
    return float(np.interp(ours, curve + steps, [0.0, *levels]))


def reached(intensities: list[float], values: np.ndarray, share: float) -> float:
    """The γ at which the rising fit has made this share of its whole way."""
    fit = isotonic(values)
    steps = np.arange(len(fit)) * 1e-9
    return float(np.interp(fit[0] + share * (fit[-1] - fit[0]), fit + steps, intensities))


def distances(found: dict) -> list[list[Mean]]:
    """(7, γ or levels) of prosody from neutral, over sentences."""
    return [[mean(column) for column in of_emotion.T] for of_emotion in table(found).swapaxes(0, 1)]


def rows(found: dict) -> list[Row]:
    """Per emotion: rank correlation of γ and prosody, how it rises, and the teachers' intensity that γ = 1 matches; the judges' view."""
    ours, theirs = (np.array([[m.value for m in line] for line in distances(source)]) for source in (found, found["teachers"]))
    intensities, levels = found["intensities"], found["levels"]
    made, matched = [], {}
    for index, emotion in enumerate(EMOTIONS[1:], 1):
        line = ours[index]
        matched[emotion] = equivalent_level(levels, theirs[index], line[intensities.index(1.0)])
        note = (
            f"{line[-1]:.1f} just noticeable differences at γ = {intensities[-1]:g}; half of the way at γ = "
            f"{reached(intensities, line, 0.5):.2g}, nine tenths at {reached(intensities, line, 0.9):.2g}; "
            f"a rising fit explains {monotone_share(line):.2f}"
        )
        made.append(Row(f"γ and distance of prosody, {emotion}, Spearman", spearman(intensities, line), RISES, note=note))
    for emotion, level in matched.items():
        inside = "within" if 0.5 <= level < levels[-1] else "outside"
        note = f"{inside} .5 to 1; a label's mean is {LABELLED:g}, and the voice learned to speak so at γ = 1"
        made.append(Row(f"labelled intensity that γ = 1 matches, {emotion}", level, note=note))
    for judge in found["probabilities"]:
        own, asked = np.arange(len(EMOTIONS))[1:], found["levels"].index(LABELLED)
        at_one = table(found, judge)[:, own, intensities.index(1.0), own].mean(axis=1)
        their = table(found["teachers"], judge)[:, own, asked, own].mean(axis=1)
        note = f"the teachers' own at their mean intensity {their.mean():.2f}; {mean(at_one).error:.2f} SE over {len(at_one)} sentences"
        made.append(Row(f"probability of the emotion at γ = 1, {judge}", float(at_one.mean()), note=note))
    return made


def draw(found: dict) -> list[Picture]:
    """Prosody over γ with its rising fit, and the teachers' over labelled intensity."""
    lines, labelled = (dict(zip(EMOTIONS[1:], distances(source)[1:], strict=True)) for source in (found, found["teachers"]))
    told = "JND from neutral"
    over_gamma = curves(found["intensities"], lines, EMOTION_COLOURS, "intensity γ", told)
    for emotion, line in lines.items():
        fit = isotonic(np.array([m.value for m in line]))
        over_gamma.add_scatter(
            x=found["intensities"], y=fit, mode="lines", line={"color": EMOTION_COLOURS[emotion], "dash": "dot", "width": 1.5},
            showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    over_label = curves(found["levels"], labelled, EMOTION_COLOURS, "labelled intensity", told)
    at_one = found["intensities"].index(1.0)
    for emotion, line in lines.items():
        level = equivalent_level(found["levels"], np.array([m.value for m in labelled[emotion]]), line[at_one].value)
        over_label.add_scatter(
            x=[level], y=[line[at_one].value], mode="markers", showlegend=False, name=f"{emotion}, γ = 1",
            marker={"symbol": "diamond-open", "size": 13, "line": {"width": 2.5}, "color": EMOTION_COLOURS[emotion]},
            hovertemplate=f"{emotion}, γ = 1 ≈ labelled %{{x:.2f}}<extra></extra>",
        )  # fmt: skip
    return [
        Picture("Perceived intensity of γ", "Distance of pitch, range, rate and level from γ = 0 in just noticeable differences (JND); "
                "dotted: the best fit that only rises.", over_gamma),
        Picture("Intensity of the teachers' labels", "The same distance in the teachers' readings; a diamond is where γ = 1 lies.",
                over_label),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    name="calibration",
    title="Intensity, calibrated",
    asked="How strong does a γ sound, and is γ = 1 what was labelled?",
    paper="Describes 0 as neutral, 1 as the conditional model and up to 30 as ever stronger; perceived intensity was not calibrated. "
    "This check is one that the summary of the paper asks for.",
    differs="Perceived intensity is the distance of prosody in just noticeable differences, and a judge's probability; a blind listening "
    "test (python -m feim listen) would be the proof.",
    measure=sweep,
    measurement="sweep",
    rows=rows,
    draw=draw,
)
