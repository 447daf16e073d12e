"""How far a face is from itself: nothing of place, size and turn counts, all that muscles do counts."""

import numpy as np
import pytest

from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.signal.expressiveness import REACH, SEEN, STEADY, WITHOUT_MOUTH, at_rest, displacements, evened, steadied
from feim.signal.landmarks import BROWS, CHIN, JAW, MOUTH

REST = 100 * MEAN_SHAPE + 300


def elsewhere(points: np.ndarray, scale: float = 1.7, angle: float = 0.3) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + [40, -25]


def raised(by: float) -> np.ndarray:
    """Brows up by this many inter-pupil distances."""
    face = REST.copy()
    face[[i for brow in BROWS for i in brow], 1] -= 100 * by
    return face


def test_a_face_elsewhere_in_the_picture_is_the_same_face():
    np.testing.assert_allclose(steadied(elsewhere(REST), REST), REST, atol=1e-9)
    assert np.abs(displacements(elsewhere(REST), REST)).max() < 1e-5


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.0])
def test_a_raised_brow_is_as_high_as_it_is_raised_in_any_picture(scale):
    moved = displacements(elsewhere(raised(0.1), scale), REST)
    for number, point in enumerate(SEEN):
        expected = [0, -0.1] if point in BROWS[0] + BROWS[1] else [0, 0]
        np.testing.assert_allclose(moved[number], expected, atol=1e-5)


def test_films_are_seen_frame_by_frame():
    film = np.stack([elsewhere(raised(by)) for by in (0, 0.05, 0.1)])
    each = np.stack([displacements(frame, REST, WITHOUT_MOUTH) for frame in film])
    np.testing.assert_allclose(displacements(film, REST, WITHOUT_MOUTH), each, atol=1e-6)
    assert each.shape == (3, len(WITHOUT_MOUTH), 2)


def test_the_mouth_is_left_out_and_steady_points_are_no_muscle():
    assert not set(WITHOUT_MOUTH) & set(MOUTH + CHIN + JAW)
    assert set(BROWS[0] + BROWS[1]) <= set(WITHOUT_MOUTH) <= set(SEEN)
    assert len(set(WITHOUT_MOUTH)) == len(WITHOUT_MOUTH)
    assert not set(STEADY) & set(MOUTH)


def test_rest_is_the_middle_of_what_a_face_does():
    film = np.stack([raised(by) for by in (-0.1, 0, 0, 0.02, 0.3)])
    np.testing.assert_allclose(displacements(at_rest(film), REST), 0, atol=1e-2)


def test_trembling_is_evened_out_and_moving_is_not():
    moving = REST + np.linspace(0, 30, 40)[:, None, None]
    np.testing.assert_allclose(evened(moving)[REACH:-REACH], moving[REACH:-REACH], atol=1e-9)
    trembling = moving + np.random.default_rng(0).normal(0, 1, moving.shape)
    assert (evened(trembling) - moving)[REACH:-REACH].std() < 0.6
    np.testing.assert_allclose(evened(REST[None]), REST[None])
