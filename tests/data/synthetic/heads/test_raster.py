"""The rasteriser against geometry that can be worked out by hand."""

import numpy as np
import pytest

from feim.data.synthetic.heads.raster import FARTHEST, NOTHING, interpolate, normals, rasterise, sample

SQUARE = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def _corners(left: float, top: float, right: float, bottom: float, depth: float = 0.0) -> np.ndarray:
    return np.array([[left, top, depth], [right, top, depth], [right, bottom, depth], [left, bottom, depth]])


def test_two_triangles_cover_exactly_the_pixels_whose_centres_they_hold():
    seen = rasterise(_corners(2, 3, 10, 8), SQUARE, 12, 16)
    inside = np.zeros((12, 16), bool)
    inside[3:8, 2:10] = True
    np.testing.assert_array_equal(seen.triangle != NOTHING, inside)
    assert (seen.depth[~inside] == FARTHEST).all()
    np.testing.assert_allclose(seen.weights[inside].sum(-1), 1, atol=1e-6)


def test_the_nearer_surface_hides_the_other_in_either_order():
    near, far = _corners(4, 4, 8, 8, depth=2.0), _corners(0, 0, 16, 16, depth=1.0)
    for points, front in ((np.concatenate([near, far]), {0, 1}), (np.concatenate([far, near]), {2, 3})):
        seen = rasterise(points, np.concatenate([SQUARE, SQUARE + 4]), 16, 16)
        assert set(np.unique(seen.triangle[4:8, 4:8])) <= front
        assert not set(np.unique(seen.triangle[:4])) & front
        np.testing.assert_allclose(seen.depth[5, 5], 2)


def test_crossing_surfaces_show_the_nearer_one_on_each_side():
    rising = _corners(0, 0, 16, 16)
    rising[[1, 2], 2] = 16  # depth = x
    seen = rasterise(np.concatenate([rising, _corners(0, 0, 16, 16, depth=8.0)]), np.concatenate([SQUARE, SQUARE + 4]), 16, 16)
    np.testing.assert_array_equal(seen.triangle[7] < 2, np.arange(16) + 0.5 > 8)


def test_what_lies_outside_the_picture_is_cut_off():
    seen = rasterise(_corners(-100, -100, 300, 300), SQUARE, 8, 8)
    assert (seen.triangle != NOTHING).all()
    assert (rasterise(_corners(20, 20, 30, 30), SQUARE, 8, 8).triangle == NOTHING).all()


def test_a_linear_field_is_interpolated_exactly():
    points = _corners(1, 1, 15, 15)
    seen = rasterise(points, SQUARE, 16, 16)
    rows, columns = np.nonzero(seen.triangle != NOTHING)
    values = np.column_stack([3 * points[:, 0] - points[:, 1], points[:, 1]]).astype(np.float32)
    found = interpolate(seen.triangle[rows, columns], seen.weights[rows, columns], SQUARE, values)
    np.testing.assert_allclose(found[:, 0], 3 * (columns + 0.5) - (rows + 0.5), atol=1e-4)
    np.testing.assert_allclose(found[:, 1], rows + 0.5, atol=1e-4)


def test_perspective_is_right_for_a_floor_that_recedes():
    # A floor one below the eye, from 2 to 10 ahead; a point at distance d appears at 100 / d below the horizon.
    space = np.array([[-1, 2], [1, 2], [1, 10], [-1, 10]], np.float64)  # across, ahead
    nearness = 1 / space[:, 1]
    points = np.column_stack([32 + 60 * space[:, 0] * nearness, 100 * nearness, nearness])
    seen = rasterise(points, SQUARE, 64, 64, perspective=True)
    rows, columns = np.nonzero(seen.triangle != NOTHING)
    ahead = interpolate(seen.triangle[rows, columns], seen.weights[rows, columns], SQUARE, space[:, 1:].astype(np.float32))[:, 0]
    assert rows.max() - rows.min() > 30
    np.testing.assert_allclose(ahead, 100 / (rows + 0.5), rtol=1e-3)


@pytest.mark.parametrize(("x", "y", "expected"), [(0.5, 0.5, 0), (1.5, 0.5, 1), (1.0, 0.5, 0.5), (1.0, 1.0, 5.5), (-9, -9, 0)])
def test_textures_are_sampled_between_texel_centres(x, y, expected):
    texture = np.arange(3, dtype=np.float32) + 10 * np.arange(3, dtype=np.float32)[:, None]
    found = sample(texture[..., None], np.array([[x, y]], np.float32))
    np.testing.assert_allclose(found, [[expected]], atol=1e-3)


def test_the_normals_of_a_ball_point_away_from_its_middle():
    polar, azimuth = np.meshgrid(np.linspace(0.3, 2.8, 30), np.linspace(0, 2 * np.pi, 40, endpoint=False), indexing="ij")
    ball = np.stack([np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], -1).reshape(-1, 3)
    row, column = (part.ravel() for part in np.mgrid[:29, :40])
    a, b, right = row * 40 + column, (row + 1) * 40 + column, (column + 1) % 40
    triangles = np.concatenate([np.column_stack([a, b, row * 40 + right]), np.column_stack([row * 40 + right, b, (row + 1) * 40 + right])])
    found = normals(ball.astype(np.float32), triangles.astype(np.int32))
    inner = slice(40, -40)  # the rims are one-sided
    assert (found[inner] * ball[inner]).sum(-1).min() > 0.995
