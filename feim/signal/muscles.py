"""What is asked of a face's muscles, in the words of FACS: which action unit, how far it goes, and when.

A description such as "inner brow raiser, marked, early" is read by people, written by a language model, and heard by the motion model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feim.signal.action_units import ACTION_UNITS
from feim.signal.face_motion import pose

# Units whose course over time is drawn from a description. Speech owns the others' muscles, or gestures do: 8, 18 and 22 round and close
# the lips as visemes do, 45 is a blink; 14, 29 and 34 belong to none of the six emotions. Where these here share the lips with speech
# (10, 16, 17, 20, 23–26), visemes.with_expression lets them yield to it.
UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 16, 17, 20, 23, 24, 25, 26)
MOMENTS = ("early", "in the middle", "late", "throughout")

# FACS grades every unit from A to E; each stands for the level in the middle of what coders call so. C and D are wide, A and E narrow.
GRADES = {"A": ("trace", 0.1), "B": ("slight", 0.25), "C": ("marked", 0.5), "D": ("severe", 0.75), "E": ("maximum", 1.0)}
SEEN = 0.2  # the level from which a unit counts as shown: between A and B, as DISFA's coders count (Mavadati et al. 2013)

_SHAPES = np.stack([pose(**ACTION_UNITS[unit].shapes) for unit in UNITS])  # (17, 47)


class UnknownMuscle(ValueError):
    """A description of a unit, level or moment that no face has."""


@dataclass(frozen=True)
class Muscle:
    """One unit of a description.

    Attributes:
        unit: one of UNITS.
        level: how far it goes, 0 to 1.
        moment: one of MOMENTS, a part of the stretch that is described.
    """

    unit: int
    level: float
    moment: str = "throughout"

    def __post_init__(self):
        if self.unit not in UNITS:
            raise UnknownMuscle(f"action unit {self.unit!r} cannot be asked for; use one of: {', '.join(map(str, UNITS))}")
        if isinstance(self.level, bool) or not isinstance(self.level, int | float) or not 0 <= self.level <= 1:
            raise UnknownMuscle(f"level {self.level!r} of action unit {self.unit} is out of range; use a number from 0 to 1")
        if self.moment not in MOMENTS:
            raise UnknownMuscle(f"moment {self.moment!r} of action unit {self.unit} is unknown; use one of: {', '.join(MOMENTS)}")

    @property
    def grade(self) -> str:
        """A to E."""
        return grade(self.level)

    @property
    def words(self) -> str:
        """As FACS would say it: "inner brow raiser, marked, early"."""
        return f"{ACTION_UNITS[self.unit].name}, {GRADES[self.grade][0]}, {self.moment}"


def grade(level: float) -> str:
    """The FACS grade whose level is nearest: 0.52 → C."""
    return min(GRADES, key=lambda letter: abs(GRADES[letter][1] - level))


def describe(muscles: Sequence[Muscle]) -> str:
    """A whole description in words; "a face at rest" without muscles."""
    return "; ".join(muscle.words for muscle in muscles) or "a face at rest"


# What the motion model hears of each unit: whether it is asked for, how far it goes, and how far it goes at each of the moments.
TOLD = 2 + len(MOMENTS)


def encode(muscles: Sequence[Muscle]) -> np.ndarray:
    """A description as numbers, one row a unit: (17, 6) float32; rows of units that are not asked for are 0."""
    told = np.zeros((len(UNITS), TOLD), np.float32)
    for muscle in muscles:
        level = GRADES[muscle.grade][1]  # the model hears words, not numbers
        row = told[UNITS.index(muscle.unit)]
        row[:2] = 1, level
        row[2 + MOMENTS.index(muscle.moment)] = level
    return told


def shapes_of(levels: np.ndarray) -> np.ndarray:
    """How far each unit goes → a face's shapes: (F, 17) → (F, 47) float32, in [0, 1]."""
    return (levels.clip(0, 1) @ _SHAPES).clip(0, 1).astype(np.float32)


def asked(muscles: Sequence[Muscle]) -> np.ndarray:
    """Which of UNITS should be seen: (17,) bool, those of grade B and above."""
    return np.array([any(m.unit == unit and m.level >= SEEN for m in muscles) for unit in UNITS])
