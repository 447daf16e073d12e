"""Rendered people: the picture shows what the landmarks say."""

from dataclasses import replace

import numpy as np
import pytest

from feim.data.synthetic.heads.faces import landmark_basis, random_person, render
from feim.data.synthetic.heads.head import expressed, identified
from feim.signal.face_motion import INDEX, pose
from feim.signal.landmarks import IRISES, LOWER_SEAM, PUPILS, UPPER_SEAM, interocular

STILL = (np.zeros(2), np.zeros(3))
SIZE = 192


@pytest.fixture(scope="module")
def person(tiny_faces):
    return random_person(tiny_faces, 4)


def _patch(image: np.ndarray, place: np.ndarray) -> np.ndarray:
    x, y = place.astype(int)
    return image[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).astype(float).mean(0)


def test_the_same_seed_gives_the_same_picture(tiny_faces, person):
    one = render(tiny_faces, person, pose(), *STILL, SIZE)
    same = render(tiny_faces, random_person(tiny_faces, 4), pose(), *STILL, SIZE)
    other = render(tiny_faces, random_person(tiny_faces, 5), pose(), *STILL, SIZE)
    np.testing.assert_array_equal(one.image, same.image)
    assert one.image.shape == (SIZE, SIZE, 3)
    assert one.image.dtype == np.uint8
    assert np.abs(one.image.astype(int) - other.image).mean() > 5


def test_landmarks_scale_with_the_picture(tiny_faces, person):
    small, large = (render(tiny_faces, person, pose(), *STILL, size) for size in (SIZE // 2, SIZE))
    np.testing.assert_allclose(large.landmarks, 2 * small.landmarks, rtol=1e-4)
    averaged = large.image.reshape(SIZE // 2, 2, SIZE // 2, 2, 3).mean((1, 3))
    assert np.abs(averaged - small.image).mean() < 3


@pytest.mark.parametrize("gaze", [(0.0, 0.0), (0.35, 0.0), (-0.35, 0.0), (0.0, 0.25)])
def test_the_dark_pupil_is_where_its_landmark_is(tiny_faces, person, gaze):
    shown = render(tiny_faces, person, pose(), np.array(gaze), np.zeros(3), SIZE)
    middle = render(tiny_faces, person, pose(), *STILL, SIZE)
    for pupil, iris in zip(PUPILS, IRISES, strict=True):
        place = shown.landmarks[pupil]
        rim = shown.landmarks[list(iris)]
        white = place + 2.2 * (rim - place)
        assert _patch(shown.image, place).max() < 0.65 * np.mean([_patch(shown.image, spot) for spot in white])
        moved = place - middle.landmarks[pupil]
        assert np.sign(moved.round(1)).tolist() == [np.sign(gaze[0]), -np.sign(gaze[1])]


def test_open_jaws_part_the_seams(tiny_faces, person):
    shut, wide = (render(tiny_faces, person, pose(jawOpen=amount), *STILL, SIZE).landmarks for amount in (0.0, 1.0))
    gap = [points[LOWER_SEAM[3], 1] - points[UPPER_SEAM[3], 1] for points in (shut, wide)]
    assert gap[1] > gap[0] + 0.2 * interocular(shut)


def test_at_rest_the_lips_meet(tiny_faces, person):
    points = render(tiny_faces, person, pose(), *STILL, SIZE).landmarks
    bare = render(tiny_faces, replace(person, habit=pose()), pose(), *STILL, SIZE).landmarks
    gap = [shown[list(LOWER_SEAM[2:5]), 1].mean() - shown[list(UPPER_SEAM[2:5]), 1].mean() for shown in (points, bare)]
    assert gap[0] < gap[1]


def test_points_on_the_far_side_are_hidden(tiny_faces, person):
    ahead = render(tiny_faces, person, pose(), *STILL, SIZE).visible
    assert ahead[[*PUPILS, 87, 93, 52, 58]].all()
    aside = render(tiny_faces, person, pose(), np.zeros(2), np.array([0.9, 0, 0]), SIZE).visible
    assert aside[164]  # the cheek that comes forward as the head turns to the picture's right
    assert not aside[[112, 113, 114]].any()  # before the other ear


def test_the_basis_predicts_where_landmarks_go(tiny_faces):
    head = tiny_faces.head
    basis = landmark_basis(head, people=12, seed=3, grid=20)
    assert {name: values.shape for name, values in basis.items()} == {
        "mean": (189, 3), "shapes": (47, 189, 3), "identity": (60, 189, 3), "grid_mean": (20, 3), "grid_shapes": (47, 20, 3),
    }  # fmt: skip
    np.testing.assert_allclose(basis["mean"][list(PUPILS)], [[-0.5, 0, 0], [0.5, 0, 0]], atol=5e-3)
    assert basis["mean"][LOWER_SEAM[3], 1] > 0.5  # y runs down
    assert basis["mean"][54, 2] > basis["mean"][109, 2]  # z runs towards the viewer
    identity = np.zeros(60)
    identity[[0, 1]] = 0.5, -0.5
    vertices = expressed(head, identified(head, identity), pose(jawOpen=0.6), np.zeros(2))
    points = tiny_faces.places.on(vertices)
    unit = points[PUPILS[1], 0] - points[PUPILS[0], 0]
    true = (points - points[list(PUPILS)].mean(0)) * [1, -1, 1] / unit
    predicted = basis["mean"] + 0.6 * basis["shapes"][INDEX["jawOpen"]] + 0.5 * basis["identity"][0] - 0.5 * basis["identity"][1]
    assert np.abs(predicted - true).max() < 0.08
