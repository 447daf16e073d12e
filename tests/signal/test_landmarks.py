"""Every point has one name and one mirror image, and errors are shares of the distance between the pupils."""

import numpy as np
import pytest

from feim.signal import landmarks
from feim.signal.landmarks import COUNT, FACE, FEATURES, MIRROR, interocular, landmark_error


def test_a_mirrored_picture_mirrored_again_is_the_picture():
    assert [MIRROR[i] for i in MIRROR] == list(range(COUNT))


def test_what_is_in_the_middle_stays_and_what_comes_in_pairs_changes_sides():
    assert [i for i in range(COUNT) if MIRROR[i] == i] == [55, 90, 96, 101, 106, 129, 139, 151, 174, 175, 177]
    for left, right in (landmarks.UPPER_LIDS, landmarks.LOWER_LIDS, landmarks.BROWS, landmarks.CREASES, landmarks.UNDER_EYES):
        assert [MIRROR[i] for i in left] == list(right)
    for row in (landmarks.UPPER_LIP, landmarks.LOWER_SEAM, landmarks.JAW, landmarks.HAIRLINE, landmarks.HEAD):
        assert [MIRROR[i] for i in row] == list(row[::-1])
    for left, right in (landmarks.IRISES, landmarks.CHEEKS, landmarks.EARS):
        assert {MIRROR[i] for i in left} == set(right)


def test_points_that_are_measured():
    assert len(FACE) == 174
    assert set(FEATURES) < set(FACE)
    assert not set(FEATURES) & set(landmarks.JAW + landmarks.CHIN + landmarks.EARS[0])


def test_an_error_is_a_share_of_the_distance_between_the_pupils():
    true = np.zeros((2, COUNT, 2))
    true[:, 1] = [[30, 40], [0, 100]]  # pupils 50 and 100 apart
    assert interocular(true).tolist() == [50, 100]
    found = true + np.array([3, 4])
    assert landmark_error(found, true).tolist() == [0.1, 0.05]
    found[:, 87] += 100  # one of the mouth's 22 points
    assert landmark_error(found, true, landmarks.EARS[0]) == pytest.approx([0.1, 0.05])
    assert landmark_error(found, true, landmarks.MOUTH)[0] > 0.1
