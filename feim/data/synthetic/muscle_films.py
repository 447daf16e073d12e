"""How muscles move when people feel something: courses of action units over time, made by rule from a seed, each with its description.

Which units go together is FACS (Ekman, Friesen & Hager 2002, Investigator's Guide, table 10-1: prototypes and major variants of six
emotions). How they move in time are measured figures: smiles rise in about half a second and fall more slowly (Schmidt, Cohn & Tian
2003), on a course without jerk (Flash & Hogan 1985), and units of one expression begin almost together.
"""

import zlib
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import FRAME_RATE
from feim.signal.muscles import MOMENTS, UNITS, Muscle

Combination = frozenset[int]

# Prototypes and major variants. Where the table lets the mouth be shut, parted or open, all three are made. Without 11 and 22, which are
# not drawn (feim.signal.muscles.UNITS), and without 27, the jaw taken further than 26.
VARIANTS = {
    "happy": ((6, 12), (12,)),
    "sad": ((1, 4, 15), (1, 4), (1, 4, 15, 17), (6, 15), (15, 17), (1, 15), (1, 4, 17)),
    "fearful": ((1, 2, 4, 5, 20), (1, 2, 4, 5), (1, 2, 5), (5, 20), (1, 2, 4, 20)),
    "surprised": ((1, 2, 5, 26), (1, 2, 5), (1, 2, 26), (5, 26)),
    "disgusted": ((9,), (9, 15, 16), (9, 17), (10,), (10, 16), (10, 17), (9, 10), (9, 10, 16)),
    "angry": ((4, 5, 7, 10, 23), (4, 5, 7, 23), (4, 5, 7, 17, 23), (4, 5, 7, 17, 24), (4, 5, 7, 24)),
}
MOUTHS = {"happy": ((), (25,), (25, 26)), "sad": ((), (25,)), "fearful": ((), (25,), (25, 26)), "surprised": ((), (25,)),
          "disgusted": ((),), "angry": ((),)}  # fmt: skip
_DROPPED = (4, 5, 7, 10)  # of anger: "any of the prototypes without any one of these"
_PARTING = ((10, 16), (9, 15, 16), (4, 5, 7, 10, 23), (4, 5, 7, 23))  # of disgust and anger, which the mouth may open with

# Two emotions at once, as 230 people showed them: units of more than 70 % of them (Du, Tao & Martinez 2014, PNAS 111, E1454, table 1).
# The first emotion names the feeling. No training film has any of these sets.
COMPOUNDS = {
    ("happy", "surprised"): (1, 2, 12, 25), ("happy", "disgusted"): (10, 12, 25), ("sad", "fearful"): (1, 4, 20, 25),
    ("sad", "angry"): (4, 7, 15), ("sad", "surprised"): (1, 4, 25, 26), ("sad", "disgusted"): (4, 10, 15),
    ("angry", "fearful"): (4, 20, 25), ("fearful", "surprised"): (1, 2, 5, 20, 25), ("fearful", "disgusted"): (1, 4, 10, 20, 25),
    ("angry", "surprised"): (4, 25, 26), ("angry", "disgusted"): (4, 10, 17), ("disgusted", "surprised"): (1, 2, 5, 10),
}  # fmt: skip

# How far a unit goes in the strongest expression: less where the table asks for less (5B of surprise) or where two units pull at one part.
MOST = dict.fromkeys(UNITS, 1.0) | {5: 0.7, 20: 0.9, 24: 0.8, 23: 0.8, 25: 0.8, 26: 0.7}
WEAKEST = 0.35
ONSET, OFFSET = 0.5, 0.8  # s, medians
SPREAD = 0.3  # standard deviation of the logarithm of both
APART = 0.08  # s by which units of one expression begin apart
RESTLESS, NOISE = 0.06, 0.015  # share by which a held unit wavers; what trackers add
SECONDS = 2.0, 6.0  # of a film
SALT = 5  # of those numbers: every emotion has combinations in every split
SPLITS = {"train": (0, 70), "valid": (70, 82), "test": (82, 100)}  # of a hundred, by each combination's own number


@dataclass(frozen=True)
class MuscleFilm:
    """One made film.

    Attributes:
        emotion: one of EMOTIONS; strength: of the expression, 0 to 1.
        muscles: its description, complete.
        levels: (F, 17) float32, how far each of UNITS goes in every frame.
    """

    emotion: str
    strength: float
    muscles: tuple[Muscle, ...]
    levels: np.ndarray


def natural_combinations() -> dict[str, tuple[Combination, ...]]:
    """Every emotion's combinations of units: the table's, and each of four units or more without any one of them."""
    found: dict[str, dict[Combination, None]] = {}
    for label, variants in VARIANTS.items():
        whole = [Combination(variant + mouth) for variant, mouth in product(variants, MOUTHS[label])]
        whole += [Combination((*v, *m)) for v, m in product(variants, ((25,), (25, 26))) if v in _PARTING]
        if label == "angry":
            whole += [one - {unit} for one in list(whole) for unit in _DROPPED if unit in one]
        partial = [Combination(part) for one in whole if len(one) >= 4 for part in combinations(sorted(one), len(one) - 1)]
        found[label] = dict.fromkeys([*whole, *partial])
    return {label: tuple(ones) for label, ones in found.items()}


def split_of(combination: Combination) -> str:
    """Where a combination belongs, whatever emotion it is of: no unit set of the tests is ever seen in training.

    The prototypes are for training, compounds of two emotions for the test, the rest by a number of their own.
    """
    if combination in _PROTOTYPES:
        return "train"
    if combination in _COMPOUND:
        return "test"
    number = zlib.crc32(f"{SALT} {sorted(combination)}".encode()) % 100
    return next(split for split, (start, end) in SPLITS.items() if start <= number < end)


_PROTOTYPES = {Combination(variants[0] + mouth) for label, variants in VARIANTS.items() for mouth in MOUTHS[label]}
_COMPOUND = {Combination(units) for units in COMPOUNDS.values()}
NATURAL = natural_combinations()
KNOWN = {
    split: {label: tuple(c for c in ones if split_of(c) == split) for label, ones in NATURAL.items()} for split in SPLITS
}  # split → emotion → combinations


def film(emotion: str, combination: Combination, random: np.random.Generator, frames: int | None = None) -> MuscleFilm:
    """One film of somebody who shows `emotion` with these units: (F, 17), of 2 to 6 s unless `frames` says how long."""
    frames = frames or round(random.uniform(*SECONDS) * FRAME_RATE)
    strength = float(random.uniform(WEAKEST, 1)) if combination else 0.0
    usual = str(random.choice(MOMENTS, p=(0.2, 0.15, 0.2, 0.45)))
    muscles = []
    for unit in sorted(combination):
        level = float(np.clip(strength * MOST[unit] * random.uniform(0.75, 1.25), 0.22, 1))
        moment = usual if random.random() < 0.7 else str(random.choice(MOMENTS))
        muscles.append(Muscle(unit, level, moment))
    return MuscleFilm(emotion, strength, tuple(muscles), courses(muscles, frames, random))


def courses(muscles: list[Muscle], frames: int, random: np.random.Generator) -> np.ndarray:
    """What a description may look like on a face: (F, 17) float32. Every call draws another onset, waver and noise."""
    levels = np.zeros((frames, len(UNITS)))
    seconds = np.arange(frames) / FRAME_RATE
    begins = {moment: _stretch(moment, random) for moment in MOMENTS}
    for muscle in muscles:
        start, end = (place * seconds[-1] + random.normal(0, APART) for place in begins[muscle.moment])
        rise, fall = ONSET * np.exp(random.normal(0, SPREAD)), OFFSET * np.exp(random.normal(0, SPREAD))
        shown = np.minimum(without_jerk((seconds - start) / rise), without_jerk((end - seconds) / fall))
        levels[:, UNITS.index(muscle.unit)] = muscle.level * shown * (1 + RESTLESS * _wander(frames, random))
    levels += NOISE * np.abs(random.normal(size=levels.shape)) + 0.03 * np.abs(_wander(frames, random))[:, None] * random.random(len(UNITS))
    return levels.clip(0, 1).astype(np.float32)


def without_jerk(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 as limbs and faces go, with the least jerk: 10 s³ − 15 s⁴ + 6 s⁵."""
    s = np.clip(share, 0, 1)
    return s**3 * (10 - 15 * s + 6 * s**2)


def _stretch(moment: str, random: np.random.Generator) -> tuple[float, float]:
    """From when to when a unit is used, as shares of the film; beyond its ends where it was there before or stays after."""
    if moment == "early":
        return random.uniform(-0.05, 0.08), random.uniform(0.4, 0.55)
    if moment == "in the middle":
        return random.uniform(0.2, 0.32), random.uniform(0.7, 0.82)
    if moment == "late":
        return random.uniform(0.45, 0.6), random.uniform(1.1, 1.4)
    return random.uniform(-0.3, 0.06), random.uniform(1.0, 1.4)


def _wander(frames: int, random: np.random.Generator) -> np.ndarray:
    """(F,) slow noise of variance about 1: points half a second apart, joined smoothly."""
    knots = random.normal(size=frames // 12 + 3)
    places = np.arange(frames) / 12
    left = places.astype(int)
    share = without_jerk(places - left)
    return knots[left] * (1 - share) + knots[left + 1] * share


def films(split: str, count: int, seed: int = 0, frames: int | None = None) -> list[MuscleFilm]:
    """So many films of a split: seven emotions alike, every combination of an emotion alike. Film i is the same whatever the count."""
    made = []
    for number in range(count):
        random = np.random.default_rng((seed, number))
        label = EMOTIONS[number % len(EMOTIONS)]
        choices = KNOWN[split].get(label, (Combination(),))
        made.append(film(label, choices[int(random.integers(len(choices)))], random, frames))
    return made


def compound_films(count: int, seed: int = 0, frames: int | None = None) -> list[MuscleFilm]:
    """Films of two emotions at once, under the first one's name: what no training film shows."""
    pairs, made = list(COMPOUNDS), []
    for number in range(count):
        pair = pairs[number % len(pairs)]
        made.append(film(pair[0], Combination(COMPOUNDS[pair]), np.random.default_rng((seed, 1, number)), frames))
    return made
