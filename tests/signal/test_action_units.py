"""Emotions on a face: the published prototypes, an intensity that always grows, and units that are read back from the shapes they move."""

import numpy as np
import pytest

from feim.signal.action_units import ACTION_UNITS, EXPRESSIONS, REST, action_units, expression, intensity_at, lip_gap, strength
from feim.signal.emotion import EMOTIONS, InvalidIntensity, UnknownEmotion
from feim.signal.face_motion import BOTH, INDEX, SHAPES, FaceMotion, at_rest, pose

GAMMAS = np.concatenate([np.linspace(0, 30, 301), [0.001]])


def motion_of(shapes: np.ndarray) -> FaceMotion:
    still = at_rest(len(shapes))
    return FaceMotion(shapes.astype(np.float32), still.gaze, still.head)


def test_every_unit_moves_shapes_that_there_are():
    for unit in ACTION_UNITS.values():
        assert set(unit.shapes) <= set(BOTH) | set(INDEX)
        assert all(0 < most <= 1 for most in unit.shapes.values())


def test_every_muscular_shape_has_a_unit():
    moved = sum(pose(**unit.shapes) for unit in ACTION_UNITS.values())
    assert {name for name, most in zip(SHAPES, moved, strict=True) if most == 0} == {"jawLeft", "jawRight", "mouthLeft", "mouthRight"}


def test_the_prototypes_of_ekman_and_friesen():
    assert {label: tuple(units) for label, units in EXPRESSIONS.items()} == {
        "neutral": (),
        "happy": (6, 12, 25),
        "sad": (1, 4, 15, 17),
        "angry": (4, 5, 7, 23, 24),
        "fearful": (1, 2, 4, 5, 20, 25, 26),
        "disgusted": (9, 10, 15, 16),
        "surprised": (1, 2, 5, 26),
    }
    assert tuple(EXPRESSIONS) == EMOTIONS


def test_strength_grows_and_saturates():
    gammas = np.sort(GAMMAS)
    reached = strength(gammas)
    assert reached[0] == 0
    assert reached[-1] == pytest.approx(1)
    assert (np.diff(reached) > 0).all()
    assert (np.diff(strength(np.linspace(0, 30, 100)), n=2) < 0).all()  # ever more slowly
    assert 0.4 < strength(1.0) < 0.6 < 0.8 < strength(5.0) < 0.9


def test_an_intensity_is_found_by_its_strength():
    assert intensity_at(strength(GAMMAS)) == pytest.approx(GAMMAS, rel=1e-9)
    assert [intensity_at(share) for share in (-0.5, 0.0, 1.0, 7.0)] == [0, 0, 30, 30]
    assert np.asarray(intensity_at(np.linspace(0, 1, 1001))).max() <= 30


def test_one_emotion_with_all_the_weight_is_that_emotion():
    for label in EMOTIONS:
        assert np.array_equal(expression(f"{label}:1", GAMMAS), expression(label, GAMMAS))


def test_a_mixture_is_as_strong_as_one_emotion():
    happy, sad, mixed = (expression(feeling, 5.0) for feeling in ("happy", "sad", "happy:0.8+sad:0.6"))
    assert mixed == pytest.approx(0.8 * happy + 0.6 * sad, abs=1e-6)  # a vector of length 1
    assert np.array_equal(mixed, expression({"sad": 3, "happy": 4}, 5.0))  # whatever the order
    assert expression("happy:1+neutral:1", 5.0) == pytest.approx(happy / 2, abs=1e-6)
    assert expression("happy+sad+surprised", 30.0).max() <= 1


@pytest.mark.parametrize("label", EMOTIONS[1:])
def test_a_stronger_emotion_moves_every_shape_further_and_none_too_far(label):
    shapes = expression(label, np.sort(GAMMAS))  # (G, 47)
    used = shapes[-1] > 0
    assert used.any()
    assert (np.diff(shapes[:, used], axis=0) > 0).all()
    assert not shapes[0].any()
    assert not shapes[:, ~used].any()
    assert shapes.max() <= 1


def test_neutral_is_at_rest():
    assert not expression("neutral", 30).any()


def test_one_intensity_or_one_for_each_frame():
    each = expression("sad", np.array([0.0, 1.0, 5.0]))
    assert each.shape == (3, 47)
    assert each.dtype == np.float32
    assert np.array_equal(each[1], expression("sad", 1.0))


@pytest.mark.parametrize("label", EMOTIONS)
def test_units_are_read_back(label):
    """All but 25, which is read from the lips, and 10 and 16, with which it shares them."""
    found = action_units(motion_of(expression(label, np.array([1.0, 30.0]))))
    for number in set(ACTION_UNITS) - {25, 10, 16}:
        assert np.allclose(found[number], [strength(g) * EXPRESSIONS[label].get(number, 0) for g in (1.0, 30.0)], atol=1e-6)


def test_a_one_sided_unit_counts_half():
    shapes = np.zeros((1, 47))
    shapes[0, INDEX["mouthSmile_L"]] = 1
    assert action_units(motion_of(shapes))[12] == pytest.approx(0.5)


def test_lips_part_by_whatever_parts_them():
    ajar = np.stack([pose(), pose(jawOpen=0.2), pose(mouthUpperUp=0.5), pose(jawOpen=0.2, mouthClose=0.2)])
    shut, jaw, lip, closed = action_units(motion_of(ajar))[25]
    assert shut == closed == 0
    assert jaw == pytest.approx(0.656, abs=1e-3)
    assert lip == pytest.approx(0.35, abs=1e-3)


def test_the_gap_between_the_lips():
    assert lip_gap(pose()) == pytest.approx(REST)
    assert lip_gap(pose(jawOpen=1)) == pytest.approx(REST + 3.28, abs=1e-5)
    assert lip_gap(pose(mouthUpperUp=1)) == pytest.approx(REST + 0.7, abs=1e-5)  # two sides
    assert lip_gap(pose(jawOpen=0.5, mouthClose=0.5)) < 0


def test_wrong_wishes():
    with pytest.raises(UnknownEmotion):
        expression("hungry")
    for wrong in (-1, 31, np.array([1.0, 40.0]), np.nan):
        with pytest.raises(InvalidIntensity):
            expression("happy", wrong)
