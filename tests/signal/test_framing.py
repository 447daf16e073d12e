"""The square around a face: its points stay on what they marked, it has room, and never leaves the photo without need."""

import numpy as np
import pytest

from feim.signal.framing import LEAST, ROOM, frame_face
from feim.signal.landmarks import COUNT, HEAD


def face_at(x: float, y: float, height: float) -> np.ndarray:
    """(189, 2): a head `height` pixels tall, around (x, y)."""
    chance = np.random.default_rng(0)
    points = chance.uniform(-0.3, 0.3, (COUNT, 2))
    points[129] = [0, 0.5]
    points[list(HEAD)] = np.stack([np.linspace(-0.35, 0.35, len(HEAD)), np.full(len(HEAD), -0.5)], axis=1)
    return points * height + [x, y]


def spotted(width: int, height: int, spots: np.ndarray) -> np.ndarray:
    """A dark photo with a bright spot of 5 × 5 pixels at each place."""
    image = np.zeros((height, width, 3), np.uint8)
    for x, y in spots.round().astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    return image


@pytest.mark.parametrize(("width", "height", "x", "y"), [(900, 700, 450, 330), (900, 700, 160, 200), (500, 900, 250, 700)])
def test_points_stay_on_what_they_marked(width, height, x, y):
    points = face_at(x, y, 240)
    found = frame_face(spotted(width, height, points[[129, 145, 157]]), points, 512)
    assert found.picture.shape == (512, 512, 3)
    for point in found.landmarks[[129, 145, 157]].round().astype(int):
        assert found.picture[point[1], point[0]].min() > 200
    assert found.enlarged == pytest.approx(512 / (ROOM * 240))


def test_the_square_stays_in_the_photo():
    image = np.full((700, 900, 3), 90, np.uint8)
    image[:, 0] = 255  # the edge would be repeated
    found = frame_face(image, face_at(130, 300, 240), 256)
    assert (found.picture[:, 8:] == 90).all()


def test_a_tight_photo_is_taken_whole_and_then_its_edge_goes_on():
    points = face_at(120, 150, 290)
    found = frame_face(np.full((300, 240, 3), 90, np.uint8), points, 512)
    assert found.enlarged == pytest.approx(512 / (LEAST * 290))
    assert (found.picture == 90).all()
    assert (found.landmarks > 0).all()
    assert (found.landmarks < 512).all()
