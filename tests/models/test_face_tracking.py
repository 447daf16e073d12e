"""A face is followed through a film, lost and found again."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from feim.models import checkpoint, face_tracking
from feim.models.face_tracking import SEARCH, followed
from feim.models.landmarks import LandmarkNetwork
from feim.signal.face import FaceNotFound, read_image

WOMAN = read_image(Path(__file__).parents[2] / "assets" / "faces" / "average-woman-20s.jpg")
NOTHING = np.zeros_like(WOMAN)


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    return checkpoint.load(LandmarkNetwork, "landmarks")


def test_a_moving_face_moves_its_points(network):
    film = [np.roll(WOMAN, 3 * step, axis=1) for step in range(4)]
    counted = []
    track = followed(network, iter(film), counted.append)
    points, seen = track.landmarks, track.seen
    assert (points.shape, seen.tolist(), counted) == ((4, 189, 2), [True] * 4, [1, 2, 3, 4])
    shifts = (points - points[0]).mean(1)
    np.testing.assert_allclose(shifts[:, 0], [0, 3, 6, 9], atol=0.5)
    np.testing.assert_allclose(shifts[:, 1], 0, atol=0.5)


def test_a_lost_face_stands_still_until_it_is_found(network):
    """It is looked for in every SEARCH-th picture; it may come back anywhere."""
    back = np.roll(WOMAN, 60, axis=1)
    film = [NOTHING] * 2 + [WOMAN] * (SEARCH - 1) + [NOTHING] * SEARCH + [back] * 2
    track = followed(network, film)
    points, seen = track.landmarks, track.seen
    first, last = SEARCH, SEARCH + 1  # not looked for from the third picture to the fifth
    assert seen.tolist() == [False] * first + [True] * (last - first) + [False] * SEARCH + [True] * 2
    assert np.array_equal(points[:first], np.repeat(points[[first]], first, axis=0))
    assert np.array_equal(points[last : last + SEARCH], np.repeat(points[[last - 1]], SEARCH, axis=0))
    assert (points[-1] - points[first]).mean(0) == pytest.approx([60, 0], abs=1)


def test_the_largest_of_several_faces_is_followed(network):
    small = np.asarray(Image.fromarray(WOMAN).resize((256, 256)))
    both = np.hstack([WOMAN, np.pad(small, ((128, 128), (0, 0), (0, 0)), mode="edge")])
    track, alone = followed(network, [both] * 2), followed(network, [WOMAN])
    assert (track.others, alone.others) == (1, 0)
    np.testing.assert_allclose(track.landmarks[0], alone.landmarks[0], atol=3)


def test_a_lost_face_is_not_looked_for_in_every_picture(network, monkeypatch):
    looks = []
    monkeypatch.setattr(face_tracking, "_anywhere", lambda network, picture: (looks.append(1), 0))
    with pytest.raises(FaceNotFound, match=r"no face is seen in 11 pictures; use one from the front"):
        followed(network, [NOTHING] * 11)
    assert len(looks) == 3


def test_a_film_without_pictures(network):
    for pictures, words in (([], "0 pictures"), ([NOTHING], "the picture")):
        with pytest.raises(FaceNotFound, match=f"no face is seen in {words}; use one"):
            followed(network, pictures)
