"""Films of muscles: combinations that are kept apart, courses that do what their description says, the same from the same seed."""

import numpy as np
import pytest

from feim.data.synthetic.muscle_films import (
    COMPOUNDS,
    KNOWN,
    NATURAL,
    Combination,
    compound_films,
    courses,
    film,
    films,
    split_of,
    without_jerk,
)
from feim.signal.action_units import EXPRESSIONS
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import FRAME_RATE
from feim.signal.muscles import UNITS, Muscle


def test_no_combination_of_the_tests_is_ever_trained_on():
    sets = {split: {one for ones in known.values() for one in ones} for split, known in KNOWN.items()}
    assert not sets["train"] & sets["test"]
    assert not sets["train"] & sets["valid"]
    assert not sets["valid"] & sets["test"]
    assert not sets["train"] & {Combination(units) for units in COMPOUNDS.values()}
    for label in NATURAL:
        assert all(KNOWN[split][label] for split in KNOWN), label
    assert all(unit in UNITS for ones in NATURAL.values() for one in ones for unit in one)


def test_prototypes_are_known():
    assert split_of(Combination({6, 12})) == "train"
    assert split_of(Combination({1, 4, 15})) == "train"
    assert set(NATURAL) == set(EXPRESSIONS) - {"neutral"}


def test_compounds_are_of_two_emotions():
    for pair, units in COMPOUNDS.items():
        assert set(pair) <= set(EMOTIONS)
        assert set(units) <= set(UNITS)
    assert [one.emotion for one in compound_films(12)] == [first for first, _ in COMPOUNDS]


def test_the_same_seed_makes_the_same_films():
    one, same, other = films("train", 9, 3), films("train", 14, 3), films("train", 9, 4)
    assert all(np.array_equal(a.levels, b.levels) and a.muscles == b.muscles for a, b in zip(one, same, strict=False))
    assert any(a.muscles != b.muscles for a, b in zip(one, other, strict=True))
    assert [a.emotion for a in one] == [EMOTIONS[n % 7] for n in range(9)]


def test_a_film_shows_what_it_describes():
    for one in films("test", 35, 1, 100):
        assert one.levels.shape == (100, len(UNITS))
        assert one.levels.min() >= 0
        assert one.levels.max() <= 1
        height = np.sort(one.levels, axis=0)[-10:].mean(0)
        asked = {UNITS.index(muscle.unit): muscle.level for muscle in one.muscles}
        for unit in range(len(UNITS)):
            if unit in asked:
                assert 0.7 * asked[unit] < height[unit] < 1.4 * asked[unit] + 0.1
            else:
                assert height[unit] < 0.2


@pytest.mark.parametrize(("moment", "first", "last"), [("early", True, False), ("late", False, True), ("throughout", True, True)])
def test_moments(moment, first, last):
    levels = courses([Muscle(12, 0.8, moment)], 125, np.random.default_rng(0))[:, UNITS.index(12)]
    quarter = len(levels) // 5
    assert (levels[quarter : 2 * quarter].mean() > 0.4) == first
    assert (levels[-quarter:].mean() > 0.4) == last


def test_nobody_jerks():
    assert without_jerk(np.array([-1, 0, 0.5, 1, 2])).tolist() == [0, 0, 0.5, 1, 1]
    steps = np.diff(without_jerk(np.linspace(0, 1, 101)))
    assert steps[0] < 1e-3
    assert steps.argmax() in (49, 50)
    rise = film("happy", Combination({6, 12}), np.random.default_rng(1), 150).levels
    assert np.abs(np.diff(rise, axis=0)).max() < 10 / FRAME_RATE  # slower than a blink


def test_neutral_faces_rest():
    rest = film("neutral", Combination(), np.random.default_rng(0))
    assert rest.muscles == ()
    assert rest.strength == 0
    assert rest.levels.max() < 0.2
