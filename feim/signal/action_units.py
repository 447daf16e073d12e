"""Emotion → what the muscles of a face do: action units of FACS, how strongly each is used, and the shapes they move.

FACS (Ekman, Friesen & Hager 2002) numbers what facial muscles can do, each from 0 to its maximum; EMFACS (Friesen & Ekman 1983) lists
the combinations that mean an emotion. Our shapes are made after FACS, so most units move one of them alone.
"""

from dataclasses import dataclass

import numpy as np

from feim.signal.emotion import MAX_INTENSITY, Feeling, parse_emotion, parse_intensity
from feim.signal.face_motion import BOTH, FaceMotion, pose


@dataclass(frozen=True)
class ActionUnit:
    """One thing a face can do.

    Attributes:
        name, muscles: as FACS gives them.
        shapes: how far the unit at its maximum moves each of face_motion.SHAPES; both sides where a name has sides.
    """

    name: str
    muscles: str
    shapes: dict[str, float]


# Without the units that no shape shows: 11, 13, 21, 38, 39. Of 26 (jaw drops) and 27 (mouth stretches), and of 23 (lips tighten) and
# 28 (lips are sucked in), the second is the first taken further, so one number stands for both.
ACTION_UNITS = {
    1: ActionUnit("inner brow raiser", "frontalis, pars medialis", {"browInnerUp": 1}),
    2: ActionUnit("outer brow raiser", "frontalis, pars lateralis", {"browOuterUp": 1}),
    4: ActionUnit("brow lowerer", "corrugator supercilii, depressor supercilii", {"browDown": 1}),
    5: ActionUnit("upper lid raiser", "levator palpebrae superioris", {"eyeWide": 1}),
    6: ActionUnit("cheek raiser", "orbicularis oculi, pars orbitalis", {"cheekRaiser": 0.8, "cheekSquint": 0.4}),
    7: ActionUnit("lid tightener", "orbicularis oculi, pars palpebralis", {"eyeSquint": 1}),
    8: ActionUnit("lips toward each other", "orbicularis oris", {"mouthClose": 1}),
    9: ActionUnit("nose wrinkler", "levator labii superioris alaeque nasi", {"noseSneer": 1}),
    10: ActionUnit("upper lip raiser", "levator labii superioris", {"mouthUpperUp": 1}),
    12: ActionUnit("lip corner puller", "zygomaticus major", {"mouthSmile": 1}),
    14: ActionUnit("dimpler", "buccinator", {"mouthDimple": 1}),
    15: ActionUnit("lip corner depressor", "depressor anguli oris", {"mouthFrown": 1}),
    16: ActionUnit("lower lip depressor", "depressor labii inferioris", {"mouthLowerDown": 1}),
    17: ActionUnit("chin raiser", "mentalis", {"mouthShrugLower": 0.7, "mouthShrugUpper": 0.7}),  # the lips stay together
    18: ActionUnit("lip puckerer", "incisivii labii", {"mouthPucker": 1}),
    20: ActionUnit("lip stretcher", "risorius", {"mouthStretch": 1}),
    22: ActionUnit("lip funneler", "orbicularis oris", {"mouthFunnel": 1}),
    23: ActionUnit("lip tightener", "orbicularis oris", {"mouthRollLower": 0.8, "mouthRollUpper": 0.8}),
    24: ActionUnit("lip pressor", "orbicularis oris", {"mouthPress": 1}),
    25: ActionUnit("lips part", "depressor labii, or mentalis and orbicularis oris relax", {"mouthLowerDown": 0.4, "mouthUpperUp": 0.4}),
    26: ActionUnit("jaw drop", "masseter, temporalis and pterygoids relax", {"jawOpen": 1}),
    29: ActionUnit("jaw thrust", "pterygoids", {"jawForward": 1}),
    34: ActionUnit("puff", "lips closed, cheeks filled", {"cheekPuff": 1}),
    45: ActionUnit("blink", "levator palpebrae relaxes; orbicularis oculi", {"eyeBlink": 1}),
}

# The prototypes of Ekman & Friesen (Unmasking the Face 1975; EMFACS 1983; FACS Investigator's Guide 2002, table 10-1), each unit as far
# as it goes at the highest intensity. That is less than its maximum where the prototype asks for less (5B of surprise) or where two
# units pull against each other (1 and 4 of fear, 5 and 7 of anger).
EXPRESSIONS = {
    "neutral": {},
    "happy": {6: 0.7, 12: 0.9, 25: 0.8},
    "sad": {1: 0.9, 4: 0.5, 15: 0.9, 17: 0.5},
    "angry": {4: 1.0, 5: 0.6, 7: 0.8, 23: 0.4, 24: 0.6},
    "fearful": {1: 0.9, 2: 0.6, 4: 0.6, 5: 0.9, 20: 0.9, 25: 0.4, 26: 0.35},
    "disgusted": {9: 1.0, 10: 0.5, 15: 0.4, 16: 0.5},
    "surprised": {1: 1.0, 2: 1.0, 5: 0.6, 26: 0.65},
}

# How each shape at its end moves the middle of the two inner lip edges apart, in cm: measured on ICT-FaceKit's head, whose lips are
# REST apart at rest and whose mouth is 5.1 cm wide. A shape with sides counts for each of them.
LIP_GAP = {
    "jawOpen": 3.28, "mouthClose": -3.89, "mouthFunnel": 1.37, "mouthLowerDown": 0.34, "mouthUpperUp": 0.35, "mouthPress": -0.13,
    "mouthRollLower": -0.37, "mouthRollUpper": 0.18, "mouthShrugLower": -0.69, "mouthShrugUpper": 0.53, "noseSneer": 0.31,
    "jawForward": 0.13,
}  # fmt: skip
REST = 0.076
PARTED = 1.0  # cm: lips as far apart as 25 alone can be said to be


def strength(intensity: float | np.ndarray) -> float | np.ndarray:
    """Share of its most that an expression reaches at FEIM's γ: 0 at 0, 0.52 at 1, 0.86 at 5, 1 at 30; strictly increasing.

    A saturating curve after Naka and Rushton (1966), γ / (γ + 1), scaled to reach 1 at 30. As FACS grades it, γ = 1 is C, "marked", which
    is what labelled clips of people talking show; 5 is D, "severe"; 30 is E, the maximum.
    """
    return intensity / (intensity + 1) * (MAX_INTENSITY + 1) / MAX_INTENSITY


def intensity_at(share: float | np.ndarray) -> float | np.ndarray:
    """γ at which an expression reaches a share of its most: the inverse of `strength`, within [0, 30]."""
    scaled = MAX_INTENSITY * np.clip(share, 0, 1)
    return scaled / (MAX_INTENSITY + 1 - scaled)


def expression(feeling: Feeling, intensity: float | np.ndarray = 1.0) -> np.ndarray:
    """What an emotion, or a mixture, does to a face that does not speak: γ, one number or (F,) → (47,) or (F, 47) float32.

    A mixture is as strong as one emotion alone would be: its direction (feim.signal.emotion) has the length 1, whatever its weights.

    Raises: UnknownEmotion, InvalidIntensity.
    """
    intensity = np.asarray(intensity, dtype=float)
    for extreme in (intensity.min(), intensity.max()):
        parse_intensity(extreme)
    most = sum((part * _at_most(label) for label, part in parse_emotion(feeling).direction.items()), pose())
    return (strength(intensity)[..., None] * most).clip(0, 1).astype(np.float32)


def _at_most(label: str) -> np.ndarray:
    """(47,) of an emotion's prototype at its strongest."""
    return sum((share * pose(**ACTION_UNITS[unit].shapes) for unit, share in EXPRESSIONS[label].items()), pose())


def lip_gap(shapes: np.ndarray) -> np.ndarray:
    """How far the middles of the lips are apart, in cm on ICT-FaceKit's head: (…, 47) → (…,); 0 and less is shut."""
    return REST + shapes @ pose(**LIP_GAP)


def action_units(motion: FaceMotion) -> dict[int, np.ndarray]:
    """How far every unit goes in every frame: {number: (F,) from 0 to 1}, the truth of rendered corpora.

    Each is read from its own shapes, both sides averaged. Unit 25 is read from the lips' gap, whatever parted them, as FACS coders score
    it; lips that part without the jaw also read as some 10 and 16.
    """
    found = {}
    for number, unit in ACTION_UNITS.items():
        if number == 25:
            found[number] = (lip_gap(motion.shapes) - REST) / PARTED
        else:
            found[number] = np.mean([motion.shapes @ _side_mean(name) / most for name, most in unit.shapes.items()], axis=0)
    return {number: value.clip(0, 1).astype(np.float32) for number, value in found.items()}


def _side_mean(name: str) -> np.ndarray:
    """(47,) weights that read one shape, or the mean of its two sides."""
    return pose(**{name: 0.5 if name in BOTH else 1.0})
