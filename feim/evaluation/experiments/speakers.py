"""Speaker preservation: whether a face keeps its voice whatever it feels and however strongly, and other faces have other voices."""

import numpy as np

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import EMOTION_COLOURS, curves
from feim.evaluation.experiments.stage import Stage
from feim.evaluation.experiments.statistics import mean
from feim.evaluation.metrics import area_under_curve
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

INTENSITIES = (1.0, 15.0, 30.0)


def measure(stage: Stage) -> dict:
    """Every face is known by one sentence at γ = 0; it then says others at γ = 0 and with every emotion.

    Returns: faces; alike: (1 + emotions · γ) conditions → (texts · F, F) cosines of each later voice with each known one, own ones on
    the diagonal of every F rows. Conditions are "0", and "EMOTION INTENSITY".
    """
    material = stage.material
    people = [vector for _, vector in material.people[: material.extent.faces]]
    first, *others = material.short[: 1 + material.extent.texts]
    known = np.stack([stage.recognise(stage.voice.say(first, vector, "neutral", 0.0).wave) for vector in people])
    conditions = [("neutral", 0.0), *((emotion, intensity) for emotion in EMOTIONS[1:] for intensity in INTENSITIES)]
    alike = {}
    for emotion, intensity in conditions:
        voices = np.stack([stage.recognise(stage.voice.say(text, v, emotion, intensity).wave) for text in others for v in people])
        alike[_condition(emotion, intensity)] = np.round(voices @ known.T, 4).tolist()
    return {"faces": len(people), "texts": len(others), "alike": alike}


def _condition(emotion: str, intensity: float) -> str:
    return f"{emotion} {intensity:g}" if intensity else "0"


def own_and_other(found: dict, condition: str) -> tuple[np.ndarray, np.ndarray]:
    """Cosines with the face's own known voice, and with the other faces'."""
    cosines = np.array(found["alike"][condition])
    own = np.tile(np.eye(found["faces"], dtype=bool), (found["texts"], 1))
    return cosines[own], cosines[~own]


def rows(found: dict) -> list[Row]:
    """Own and other voices at γ = 0, and per γ how alike the voice stays, and how often its face is found again."""
    own, other = own_and_other(found, "0")
    faces = found["faces"]
    made = [
        Row("same face, other sentence, γ = 0: cosine", float(own.mean()), note=f"{mean(own).error:.2f} SE, {faces} faces: the ceiling"),
        Row("other faces, γ = 0: cosine", float(other.mean()), note=f"{len(other)} pairs: the floor"),
    ]
    for intensity in INTENSITIES:
        conditions = [_condition(emotion, intensity) for emotion in EMOTIONS[1:]]
        each = [own_and_other(found, condition) for condition in conditions]
        same, different = (np.concatenate(side) for side in zip(*each, strict=True))
        again = [_found_again(found, condition) for condition in conditions]
        apart = area_under_curve([*same, *different], [True] * len(same) + [False] * len(different))
        told = ", ".join(f"{emotion} {own.mean():.2f}" for emotion, (own, _) in zip(EMOTIONS[1:], each, strict=True))
        made.append(Row(f"same face, γ = {intensity:g} against γ = 0: cosine", float(same.mean()), note=told))
        note = f"of {faces}; chance {1 / faces:.2f}; own against other voices, area under the curve {apart:.2f}"
        made.append(Row(f"face found again by its voice, γ = {intensity:g}", float(np.mean(again)), note=note))
    return made


def _found_again(found: dict, condition: str) -> float:
    """The share of voices whose nearest known voice is their own face's."""
    nearest = np.array(found["alike"][condition]).argmax(axis=1)
    return float((nearest == np.arange(len(nearest)) % found["faces"]).mean())


def draw(found: dict) -> list[Picture]:
    """How alike the voice stays over γ, between the ceiling and the floor."""
    own, other = own_and_other(found, "0")
    start = mean(own)
    lines = {
        emotion: [start, *(mean(own_and_other(found, _condition(emotion, intensity))[0]) for intensity in INTENSITIES)]
        for emotion in EMOTIONS[1:]
    }
    figure = curves([0.0, *INTENSITIES], lines, EMOTION_COLOURS, "intensity γ", "cosine with the voice at γ = 0", top=1.0)
    for level, name in ((start.value, "same face, no emotion"), (other.mean(), "other faces")):
        figure.add_hline(
            y=float(level), line={"dash": "dot", "width": 1.5, "color": EMOTION_COLOURS["neutral"]},
            annotation={"text": name, "xanchor": "right", "x": 1, "yanchor": "bottom"},
        )  # fmt: skip
    caption = (
        f"Mean over {found['faces']} unseen faces, with 95 % intervals. The closer to the upper dotted line, the better the voice is kept."
    )
    return [Picture("One face, every emotion", caption, figure, wide=True)]


EXPERIMENT = Experiment(
    name="speakers",
    title="Speaker preservation",
    asked="Does a face keep its voice when it is moved, and do other faces sound different?",
    paper="Presents its speech as speaker-agnostic and aligned with the face; a check of identity is one that the summary of the paper "
    "asks for. No figure is given to compare with.",
    differs="Voices are compared by a judge that learnt from other speakers, and is not the network that the model learnt with. It "
    "learnt to hear one voice through all emotions of the teachers.",
    measure=measure,
    rows=rows,
    draw=draw,
)
