"""Light falls as light does."""

from dataclasses import replace

import numpy as np
import pytest

from feim.data.synthetic.heads.lighting import backdrop, light, lit_by, open_to_light, random_scene

SCENE = replace(
    random_scene(np.random.default_rng(0)),
    lamps=np.float32([[0, 0, 1]]),
    power=np.float32([[1, 1, 1]]),
    sky=np.float32([0.2, 0.2, 0.2]),
    ground=np.float32([0.1, 0.1, 0.1]),
)
GRAY = np.full((1, 3), 0.5, np.float32)


def _lit(normal: tuple, openness: float = 1.0, gloss: float = 0.0, lit: float = 1.0) -> float:
    one = np.float32([openness]), np.float32([gloss]), np.float32([lit])
    return float(light(SCENE, np.float32([normal]) / np.float32(np.linalg.norm(normal)), GRAY, *one)[0, 1])


def test_a_surface_is_brightest_where_it_faces_the_lamp():
    assert _lit((0, 0, 1)) == pytest.approx(0.5 * (1 + 0.15))  # the lamp, and half of sky and ground each
    assert _lit((0, 0, 1)) > _lit((1, 0, 1)) > _lit((1, 0, 0.2))


def test_light_from_above_is_the_skys():
    assert _lit((0, 1, 0.01)) > _lit((0, -1, 0.01))


def test_what_is_hidden_is_dark():
    assert _lit((0, 0, 1), openness=0.0) == 0
    assert _lit((0, 0, 1), openness=0.5) < _lit((0, 0, 1))


def test_in_shadow_only_sky_and_ground_are_left():
    assert _lit((0, 0, 1), lit=0.0) == pytest.approx(0.5 * 0.15)


def test_a_screen_casts_its_shadow_on_the_wall_behind_it():
    def square(side: float, z: float) -> np.ndarray:
        return np.array([[-side, -side, z], [side, -side, z], [side, side, z], [-side, side, z]])

    spots = np.array([[0, 0, 0.0], [0.5, 0, 0], [3, 0, 0], [0, -3, 0]])  # on the wall
    vertices = np.concatenate([square(5, 0), square(1, 4), spots])
    two = np.array([[0, 1, 2], [0, 2, 3]])
    triangles = np.concatenate([two, two + 4])
    np.testing.assert_allclose(lit_by(np.array([0.0, 0, 1]), vertices, triangles)[8:], [0, 0, 1, 1])
    aside = lit_by(np.array([0.6, 0, 0.8]), vertices, triangles)[8:]  # the lamp at the right: the shadow falls 3 to the left
    np.testing.assert_allclose(aside, [1, 1, 1, 1])


def test_gloss_adds_a_highlight_towards_the_lamp_only():
    assert _lit((0, 0, 1), gloss=0.8) > _lit((0, 0, 1)) + 0.2
    assert _lit((1, 0, 0.5), gloss=0.8) == pytest.approx(_lit((1, 0, 0.5)), abs=0.01)


def test_a_ball_is_open_all_round():
    polar, azimuth = np.meshgrid(np.linspace(0.1, 3.0, 24), np.linspace(0, 2 * np.pi, 32, endpoint=False), indexing="ij")
    ball = np.stack([np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], -1).reshape(-1, 3)
    row, column = (part.ravel() for part in np.mgrid[:23, :32])
    a, right = row * 32 + column, (column + 1) % 32
    triangles = np.concatenate(
        [np.column_stack([a, a + 32, row * 32 + right]), np.column_stack([row * 32 + right, a + 32, (row + 1) * 32 + right])]
    )
    seen = open_to_light(ball.astype(np.float32), triangles.astype(np.int32))
    assert seen[ball[:, 2] > 0].min() > 0.85
    inner = open_to_light(
        np.concatenate([ball, 0.5 * ball]).astype(np.float32), np.concatenate([triangles, triangles + len(ball)]).astype(np.int32)
    )
    assert inner[len(ball) :].max() < 0.2


def test_perspective_enlarges_what_is_nearer():
    scene = replace(SCENE, distance=60.0, scale=0.25, centre=np.array([0.5, 0.4]))
    points = scene.project(np.float32([[0, 0, 0], [3.1, 0, 0], [-3.1, 0, 0], [3.1, 0, 10]]), np.zeros(3), 200)
    np.testing.assert_allclose(points[0, :2], [100, 80], atol=1e-3)
    assert points[1, 0] - points[2, 0] == pytest.approx(0.25 * 200, rel=1e-4)
    assert points[3, 0] - 100 == pytest.approx(25 * 60 / 50, rel=1e-4)
    assert points[3, 2] > points[1, 2]


def test_backdrops_run_from_one_colour_to_the_other():
    scene = replace(SCENE, backdrop=np.float32([[0, 0, 0], [1, 1, 1]]), tilt=0.0, clouds=0.0)
    picture = backdrop(scene, 64)
    assert picture[:, 0].max() < 0.02
    assert picture[:, -1].min() > 0.97
    assert (np.diff(picture[5, :, 0]) > 0).all()
