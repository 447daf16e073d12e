"""Motions of one length add up, are cut like lists, and end where muscles do."""

import numpy as np
import pytest

from feim.signal.face_motion import INDEX, SHAPES, at_rest, pose


def test_names_are_unique_and_in_order():
    assert len(SHAPES) == len(set(SHAPES)) == 47
    assert all(SHAPES[number] == name for name, number in INDEX.items())


def test_a_name_without_its_side_moves_both():
    both = pose(mouthSmile=0.5, jawOpen=0.25)
    assert {SHAPES[i]: float(both[i]) for i in np.flatnonzero(both)} == {"mouthSmile_L": 0.5, "mouthSmile_R": 0.5, "jawOpen": 0.25}
    assert np.flatnonzero(pose(eyeBlink_L=1)).tolist() == [INDEX["eyeBlink_L"]]
    with pytest.raises(KeyError):
        pose(grin=1)


def test_two_motions_at_once():
    one, other = at_rest(3), at_rest(3)
    one.shapes[:] = pose(mouthSmile=0.75)
    other.shapes[1] = pose(mouthSmile=0.5)
    other.head[2] = [0.1, 0, 0]
    both = one + other
    assert both.shapes[:, INDEX["mouthSmile_L"]].tolist() == [0.75, 1.25, 0.75]
    assert both.limited().shapes.max() == 1
    assert both.limited().head.tolist() == both.head.tolist()
    assert len(both[1:]) == 2
    assert both[1:].head[1].tolist() == other.head[2].tolist()
