"""Landmarks of rendered people who show an emotion, as people were seen to show it: what the expression judge learns from.

The units and how many of 230 people used each are table 1 of Du, Tao & Martinez 2014 (PNAS 111, E1454): those of the prototype always,
the others with the share of people given there.
"""

import numpy as np

from feim.data.synthetic.heads.head import Head, identified, posed, random_identity
from feim.data.synthetic.heads.landmarks import place_landmarks
from feim.signal.action_units import ACTION_UNITS
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import pose

SEEN_IN_PEOPLE = {
    "neutral": {},
    "happy": {12: 1, 25: 1, 6: 0.51},
    "sad": {4: 1, 15: 1, 1: 0.60, 6: 0.50, 11: 0.26, 17: 0.67},
    "fearful": {1: 1, 4: 1, 20: 1, 25: 1, 2: 0.57, 5: 0.63, 26: 0.33},
    "angry": {4: 1, 7: 1, 24: 1, 10: 0.26, 17: 0.52, 23: 0.29},
    "surprised": {1: 1, 2: 1, 25: 1, 26: 1, 5: 0.66},
    "disgusted": {9: 1, 10: 1, 17: 1, 4: 0.31, 24: 0.26},
}
LEAST, MOST = 0.3, 1.0  # how far a unit goes
WEAKEST = 0.35  # of a whole expression, beside the strongest
TURN = 0.14  # radians, deviation of the head's angles
BLUR = 0.012  # inter-pupil distances by which a landmark network is off
SPEECH = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthUpperUp", "mouthLowerDown", "mouthPress")  # by what people are saying


def show(label: str, random: np.random.Generator) -> tuple[np.ndarray, float]:
    """(47,), one person's way to show an emotion; how strongly, 0 to 1."""
    units = [unit for unit, share in SEEN_IN_PEOPLE[label].items() if unit in ACTION_UNITS and random.random() < share]
    whole = random.uniform(WEAKEST, 1)
    shown = sum((whole * random.uniform(LEAST, MOST) * pose(**ACTION_UNITS[unit].shapes) for unit in units), pose())
    speech = sum((random.uniform(0, 0.25) * pose(**{name: 1}) for name in SPEECH), pose()) * (random.random() < 0.5)
    return (shown + speech).clip(0, 1).astype(np.float32), whole if units else 0.0


def shown_faces(head: Head, people: int, takes: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Random people who show every emotion `takes` times.

    Returns: (N, 189, 2) landmarks seen from the front, in units of the head's own; (N, 189, 2), the same person at rest; (N,) labels
        as indices of EMOTIONS; (N,) how strongly, 0 to 1. Both are as far off as a landmark network's points are, one by one.
    """
    random = np.random.default_rng(seed)
    places = place_landmarks(head)
    faces, neutrals, labels, strengths = [], [], [], []
    for _ in range(people):
        person = identified(head, random_identity(random))
        still = _seen(places.on(posed(head, person, pose(), np.zeros(2), random.normal(0, TURN / 2, 3))), random)
        for label in EMOTIONS:
            for _ in range(takes):
                shapes, strength = show(label, random)
                vertices = posed(head, person, shapes, random.normal(0, 0.1, 2), random.normal(0, TURN, 3))
                faces.append(_seen(places.on(vertices), random))
                neutrals.append(still)
                labels.append(EMOTIONS.index(label))
                strengths.append(strength)
    return np.stack(faces), np.stack(neutrals), np.array(labels), np.array(strengths, np.float32)


def _seen(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(189, 3) → (189, 2), y down, every point off by itself, as a network's are."""
    flat = points[:, :2] * [1, -1]
    unit = np.linalg.norm(flat[1] - flat[0])
    return flat + BLUR * unit * random.normal(size=flat.shape)
