"""The 189 landmarks lie where their names say, and move with what they mark."""

import numpy as np
import pytest

from feim.data.synthetic.heads.head import expressed
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE, front_grid, iris_radius, pupil_distance
from feim.signal.face_motion import pose
from feim.signal.landmarks import (
    COUNT,
    IRISES,
    JAW,
    LOWER_LIDS,
    LOWER_LIP,
    LOWER_SEAM,
    MIRROR,
    PUPILS,
    UPPER_LIDS,
    UPPER_LIP,
    UPPER_SEAM,
    interocular,
)
from tests.data.synthetic.heads.tiny_head import EYES


@pytest.fixture(scope="module")
def landmarks(tiny_faces) -> np.ndarray:
    return tiny_faces.places.on(tiny_faces.head.neutral)


def test_the_mean_shape_is_upright_even_and_one_between_the_pupils():
    assert MEAN_SHAPE.shape == (COUNT, 2)
    assert interocular(MEAN_SHAPE) == pytest.approx(1, abs=2e-3)
    np.testing.assert_allclose(MEAN_SHAPE[list(MIRROR)] * [-1, 1], MEAN_SHAPE, atol=1.1e-3)
    assert MEAN_SHAPE[list(UPPER_LIP), 1].min() > 0.5


def test_pupils_and_iris_rims_lie_on_the_eyeballs(tiny_faces, landmarks):
    radius = iris_radius(tiny_faces.head)
    for pupil, iris, centre in zip(PUPILS, IRISES, EYES, strict=True):
        np.testing.assert_allclose(landmarks[pupil, :2], centre[:2], atol=0.05)
        np.testing.assert_allclose(np.linalg.norm(landmarks[list(iris)] - centre, axis=1), 1.5, atol=0.06)
        np.testing.assert_allclose(np.linalg.norm(landmarks[list(iris), :2] - centre[:2], axis=1), radius, atol=0.06)


def test_curves_end_at_the_corners_they_share(tiny_faces, landmarks):
    marked = tiny_faces.head.neutral[tiny_faces.head.landmarks]
    for landmark, number in ((18, 36), (22, 39), (27, 45), (23, 42), (87, 48), (93, 54)):
        np.testing.assert_allclose(landmarks[landmark], marked[number], atol=1e-4)
    for upper, lower in (*zip(UPPER_LIDS, LOWER_LIDS, strict=True), (UPPER_LIP, LOWER_LIP), (UPPER_SEAM, LOWER_SEAM)):
        assert (landmarks[list(upper[1:-1]), 1].mean() - landmarks[list(lower[1:-1]), 1].mean()) > 0.3


def test_landmarks_between_follow_the_mean_shape(tiny_faces, landmarks):
    middle = EYES.mean(0)
    for landmark in (52, 58, 75, 78, 165, 168):  # nose, brows, cheeks
        expected = middle[:2] + MEAN_SHAPE[landmark] * [1, -1] * pupil_distance(tiny_faces.head)
        assert np.linalg.norm(landmarks[landmark, :2] - expected) < 2  # the egg is no face: about a third of the pupils' distance
        assert landmarks[landmark, 2] > 4  # in front, not at the back of the head


def test_lips_part_when_the_jaw_opens(tiny_faces):
    head = tiny_faces.head

    def gap(amount: float) -> float:
        points = tiny_faces.places.on(expressed(head, head.neutral, pose(jawOpen=amount), np.zeros(2)))
        return points[UPPER_SEAM[3], 1] - points[LOWER_SEAM[3], 1]

    assert gap(0) < 1
    assert gap(1) == pytest.approx(gap(0) + 2, abs=1e-3)


def test_iris_points_follow_the_gaze(tiny_faces, landmarks):
    head = tiny_faces.head
    moved = tiny_faces.places.on(expressed(head, head.neutral, pose(), np.array([0.3, 0.0]))) - landmarks
    eyes = [*PUPILS, *IRISES[0], *IRISES[1]]
    near = np.min([np.linalg.norm(landmarks[:, :2] - centre[:2], axis=1) for centre in EYES], axis=0) < 1.6  # lids lie on the eyeballs here
    np.testing.assert_allclose(moved[list(PUPILS), 0], 1.5 * np.sin(0.3), atol=0.03)
    assert (moved[eyes, 0] > 0.3).all()
    assert np.abs(moved[~near]).max() < 1e-3


def test_the_grid_is_spread_over_the_skin_and_repeats(tiny_faces):
    head = tiny_faces.head
    grid = front_grid(head, 60)
    points = grid.on(head.neutral)
    away = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1) + 99 * np.eye(60)
    assert away.min(1).max() < 3 * away.min(1).min()
    np.testing.assert_array_equal(front_grid(head, 60).corners, grid.corners)
    assert not np.isin(grid.corners, np.concatenate(head.eyes)).any()


def test_the_jaw_lies_at_the_edge_that_a_picture_shows(landmarks):
    for landmark in JAW[2:-2]:
        assert np.linalg.norm(landmarks[landmark, :2]) > 6.5  # of the egg's 7.5 to 11
