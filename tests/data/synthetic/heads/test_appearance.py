"""Skin is painted where it belongs."""

from dataclasses import replace

import numpy as np
import pytest

from feim.data.synthetic.heads.appearance import linear, noise_field, paint_skin, random_look
from feim.data.synthetic.heads.canvas import SIZE


@pytest.fixture(scope="module")
def look():
    """Without anything patchy."""
    plain = {"blush": 0.0, "freckles": 0.0, "blotches": 0.0, "pores": 0.0, "beard": 0.0, "lashes": 1.0, "lip_colour": 1.0}
    return replace(
        random_look(np.random.default_rng(0)), **plain, brow_density=0.9, skin=np.float32([0.5, 0.3, 0.2]), hair=np.full(3, 0.02)
    )


def _mean(painted: np.ndarray, where: np.ndarray) -> np.ndarray:
    assert where.sum() > 20
    return painted[where][:, :3].mean(0)


def test_lips_brows_and_lashes_are_painted_where_they_are(tiny_faces, look):
    canvas, painted = tiny_faces.canvas, paint_skin(tiny_faces.canvas, look)
    assert painted.shape == (SIZE, 2 * SIZE, 4)
    face = np.arange(2 * SIZE) < SIZE
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    forehead = face & (np.abs(x) < 0.3) & (np.abs(y - 0.7) < 0.1) & (z > -0.7)
    np.testing.assert_allclose(_mean(painted, forehead), look.skin, atol=0.01)
    np.testing.assert_allclose(_mean(painted, face & (canvas.lips > 0.03)), look.lips, atol=0.03)
    assert _mean(painted, face & (canvas.brows > 0.06)).max() < 0.3 * look.skin[0]
    assert _mean(painted, face & (canvas.lids < 0.01)).max() < 0.5 * look.skin[0]


def test_stubble_darkens_the_chin_and_not_the_forehead(tiny_faces, look):
    canvas = tiny_faces.canvas
    shaved, bearded = paint_skin(canvas, look), paint_skin(canvas, replace(look, beard=1.0))
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    face = np.broadcast_to(np.arange(2 * SIZE) < SIZE, x.shape)
    chin = face & (np.abs(x) < 0.2) & (np.abs(y + 1.6) < 0.1) & (z > -0.9)
    forehead = face & (np.abs(x) < 0.2) & (np.abs(y - 0.5) < 0.1)
    assert _mean(bearded, chin).mean() < 0.5 * _mean(shaved, chin).mean()
    np.testing.assert_array_equal(bearded[forehead], shaved[forehead])


def test_people_range_from_light_to_dark_and_repeat():
    looks = [random_look(np.random.default_rng(seed)) for seed in range(200)]
    light = np.array([look.skin.mean() for look in looks])
    assert light.max() > 6 * light.min()
    assert all((look.skin[0] > look.skin[2]) for look in looks)  # skin is never blue
    np.testing.assert_array_equal(random_look(np.random.default_rng(3)).skin, looks[3].skin)


def test_colours_become_linear_light():
    np.testing.assert_allclose(linear((0, 128, 255)), [0, 0.2195, 1], atol=1e-3)


def test_noise_is_even_and_as_coarse_as_asked():
    field = noise_field(np.random.default_rng(0), 128, 128, 16)
    assert abs(field.mean()) < 1e-4
    assert field.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(np.diff(field, axis=1)).mean() < 0.2
