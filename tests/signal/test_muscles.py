"""Descriptions of muscles: words, grades, numbers and shapes."""

import numpy as np
import pytest

from feim.signal.action_units import ACTION_UNITS, EXPRESSIONS, expression, strength
from feim.signal.muscles import GRADES, MOMENTS, SEEN, UNITS, Muscle, UnknownMuscle, asked, describe, encode, grade, shapes_of
from feim.signal.visemes import MOUTH


def test_a_muscle_says_itself():
    assert Muscle(1, 0.5, "early").words == "inner brow raiser, marked, early"
    assert describe([Muscle(1, 0.5, "early"), Muscle(12, 0.2)]) == "inner brow raiser, marked, early; lip corner puller, slight, throughout"
    assert describe([]) == "a face at rest"


def test_grades_are_the_nearest():
    assert [grade(level) for _, level in GRADES.values()] == list(GRADES)
    assert (grade(0), grade(float(strength(1.0))), grade(1)) == ("A", "C", "E")


@pytest.mark.parametrize(
    ("unit", "level", "moment"),
    [(45, 0.5, "early"), (0, 0.5, "early"), (1, 1.1, "early"), (1, -0.1, "early"), (1, float("nan"), "early"), (1, True, "early"),
     (1, "0.5", "early"), (1, 0.5, "soon")],
)  # fmt: skip
def test_no_face_can_do_that(unit, level, moment):
    with pytest.raises(UnknownMuscle, match=r"use (one of|a number)"):
        Muscle(unit, level, moment)


def test_the_units_show_every_emotion_and_leave_speech_its_own():
    assert set(UNITS) <= set(ACTION_UNITS)
    assert {unit for units in EXPRESSIONS.values() for unit in units} <= set(UNITS)
    for name in ("mouthClose", "mouthPucker", "mouthFunnel"):
        assert name in MOUTH
        assert not any(name in ACTION_UNITS[unit].shapes for unit in UNITS)


def test_what_the_model_hears():
    told = encode([Muscle(4, 0.52, "late"), Muscle(1, 1.0)])
    assert told.shape == (len(UNITS), 2 + len(MOMENTS))
    assert told[UNITS.index(4)].tolist() == [1, 0.5, 0, 0, 0.5, 0]  # the grade's level, not the number
    assert told[UNITS.index(1)].tolist() == [1, 1, 0, 0, 0, 1]
    assert np.flatnonzero(told.any(1)).tolist() == [0, 2]
    assert not encode([]).any()


def test_shapes_are_those_of_the_expression():
    levels = np.zeros((1, len(UNITS)))
    for unit, share in EXPRESSIONS["angry"].items():
        levels[0, UNITS.index(unit)] = share * strength(2.0)
    assert np.allclose(shapes_of(levels)[0], expression("angry", 2.0).clip(0, 1), atol=1e-6)
    assert shapes_of(np.full((2, len(UNITS)), 9.0)).max() == 1


def test_what_should_be_seen():
    seen = asked([Muscle(1, SEEN), Muscle(2, SEEN - 0.01)])
    assert np.flatnonzero(seen).tolist() == [0]
