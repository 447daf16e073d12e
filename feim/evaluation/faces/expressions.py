"""Which emotion a talking face shows, in the eyes of a judge that never saw our renderer, and whether more γ shows more."""

import numpy as np

from feim.animating import TalkingHead, filmed, prepared, spoken
from feim.evaluation.faces.material import Material
from feim.evaluation.metrics import spearman
from feim.evaluation.report import Row
from feim.models.expression_judge import ExpressionJudge, lid_heights
from feim.models.landmarks import LandmarkNetwork, five_points, frame, locate_all
from feim.models.portrait import FaceBasis
from feim.signal.emotion import EMOTIONS
from feim.signal.emotion_arc import parse_arc
from feim.studio import Studio

RIGHT, RISES = 0.7, 0.9
INTENSITIES = (0.0, 0.5, 1.0, 2.0, 5.0, 30.0)
STRONG = 5.0
SIZE = 256  # pixels of the films
BLINKING = 0.6  # of the eyes' median opening, below which a frame is left out


def expressions(studio: Studio, network: LandmarkNetwork, basis: FaceBasis, judge: ExpressionJudge, material: Material) -> list[Row]:
    """Held-out people say a test sentence with every emotion at every γ; the judge sees frames of the film and the face.portrait.

    A film counts as what most probability lies on over its frames. Its landmarks are found anew in every frame.
    """
    people = len(material.sitters)
    strong = np.zeros((people, len(EMOTIONS), len(EMOTIONS)))
    strength = np.zeros((people, len(EMOTIONS), len(INTENSITIES)))
    for person, sitter in enumerate(material.sitters):
        face = prepared(sitter.photo, network, basis, "portrait", SIZE)
        speech = studio.speak(material.texts[person % len(material.texts)], sitter.photo, "neutral", 0.0, seed=person)
        sound = spoken(speech)
        for row, label in enumerate(EMOTIONS):
            for column, gamma in enumerate(INTENSITIES):
                if gamma != STRONG and label == "neutral":
                    continue
                talking = filmed(face, sound, parse_arc(label, gamma), person, {"face": 0.0})
                probabilities, strengths = judged(talking, network, judge, 2 * material.extent.frames)
                strength[person, row, column] = strengths.mean()
                if gamma == STRONG:
                    strong[person, row] = probabilities.mean(0)
    right = strong.argmax(-1) == np.arange(len(EMOTIONS))  # (P, 7)
    each = ", ".join(f"{label} {share:.2f}" for label, share in zip(EMOTIONS, right.mean(0), strict=True))
    rows = [Row("expression judged as asked for, 7 classes, γ = 5", float(right.mean()), RIGHT, note=f"{len(right)} people; {each}")]
    for row, label in enumerate(EMOTIONS[1:], start=1):
        values = strength[:, row].mean(0)
        note = "at " + ", ".join(f"{gamma:g}: {value:.2f}" for gamma, value in zip(INTENSITIES, values, strict=True))
        rising = float(np.median([spearman(INTENSITIES, person) for person in strength[:, row]]))
        rows.append(Row(f"γ and judged strength, {label}, median over people", rising, RISES, note=note))
    return rows


def judged(talking: TalkingHead, network: LandmarkNetwork, judge: ExpressionJudge, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (K, 7) and strengths (K,) of those of `count` frames, spread over the film, in which the eyes are open."""
    indices = np.linspace(0, len(talking.frames) - 1, count).astype(int)
    around = five_points(talking.landmarks)
    pictures, maps = zip(*(frame(talking.frames[int(index)], around) for index in indices), strict=True)
    still, to_still = frame(talking.still, around)
    found, _ = locate_all(network, np.stack([still, *pictures]), np.stack([to_still, *maps]))
    neutral, faces = found[0], found[1:]
    heights = lid_heights(faces)
    faces = faces[heights >= BLINKING * np.median(heights)]
    return judge.judge(faces, neutral)
