"""The paper's figure: how probable the emotion becomes that was asked for, as γ grows from 0 to 30."""

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import EMOTION_COLOURS, curves
from feim.evaluation.experiments.statistics import Mean, mean
from feim.evaluation.experiments.sweep import sweep, table
from feim.evaluation.metrics import spearman
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

RISES = 0.9  # Spearman's rank correlation


def probability(found: dict, judge: str, emotion: str) -> list[Mean]:
    """Of the emotion that was asked for, at every γ, over sentences."""
    index = EMOTIONS.index(emotion)
    return [mean(column) for column in table(found, judge)[:, index, :, index].T]


def rows(found: dict) -> list[Row]:
    """Per judge and emotion the rank correlation of γ and its mean probability."""
    made = []
    for judge in found["probabilities"]:
        for emotion in EMOTIONS[1:]:
            means = [m.value for m in probability(found, judge, emotion)]
            told = ", ".join(f"{g:g}: {p:.2f}" for g, p in zip(found["intensities"], means, strict=True))
            made.append(
                Row(f"γ and probability of {emotion}, {judge}, Spearman", spearman(found["intensities"], means), RISES, note=f"at {told}")
            )
    return made


def draw(found: dict) -> list[Picture]:
    """One figure for each judge."""
    pictures = []
    for judge in found["probabilities"]:
        lines = {emotion: probability(found, judge, emotion) for emotion in EMOTIONS[1:]}
        figure = curves(found["intensities"], lines, EMOTION_COLOURS, "intensity γ", "probability of the emotion asked for", top=1.0)
        caption = (
            f"Mean over {len(found['sentences'])} sentences, each by another unseen face, with 95 % intervals. "
            "The dotted line is chance: a seventh."
        )
        figure.add_hline(y=1 / len(EMOTIONS), line={"dash": "dot", "width": 1, "color": EMOTION_COLOURS["neutral"]})
        pictures.append(Picture(f"Heard by the {judge}", caption, figure, wide=True))
    return pictures


EXPERIMENT = Experiment(
    name="intensity",
    title="Class probability against intensity",
    asked="Does the emotion that was asked for become clearer as γ grows from 0 to 30?",
    paper="Draws the class probability of a speech emotion recogniser over intensities 0 to 30 as a figure, reports smooth "
    "transitions from neutral to strong, and mumbling above 30. Its curves are not given as numbers.",
    differs="The recogniser is our own, trained on synthetic teachers, not on people. Guidance grows with the logarithm of γ above 1, "
    "where the paper's is proportional, so the steep part lies below 1 and the rest is slow.",
    measure=sweep,
    measurement="sweep",
    rows=rows,
    draw=draw,
)
