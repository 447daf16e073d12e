"""Hair grows over the skull and hangs as long as it is worn."""

import numpy as np
import pytest

from feim.data.synthetic.heads.hair import Style, grow, lashes, random_style, strand_texture
from feim.data.synthetic.heads.landmarks import pupil_distance

SHORT = Style(top=0.2, sides=0.1, fringe=0.0, length=0.0, front=80.0, lumps=0.0)


def _points(tiny_faces, style: Style) -> tuple[np.ndarray, np.ndarray]:
    """Hair (N, 3) in distances between the pupils below and beside the eyes, and how far it stands off."""
    head = tiny_faces.head
    hair = grow(head, tiny_faces.places, style, np.random.default_rng(0))
    assert hair.triangles.max() == len(hair.bound) - 1
    middle = tiny_faces.places.on(head.neutral)[:2].mean(0)
    return (head.neutral[hair.bound] + hair.offset - middle) / pupil_distance(head), np.linalg.norm(hair.offset, axis=1)


def test_short_hair_covers_the_crown_and_leaves_the_face_free(tiny_faces):
    points, off = _points(tiny_faces, SHORT)
    assert 0.7 < off.max() / (SHORT.top * pupil_distance(tiny_faces.head)) < 1.1
    assert not ((points[:, 2] > -0.6) & (np.abs(points[:, 0]) < 0.5) & (points[:, 1] < 0.6)).any()
    assert points[:, 1].max() > tiny_faces.head.neutral[:, 1].max() / pupil_distance(tiny_faces.head) - 0.6


def test_a_fringe_hangs_lower(tiny_faces):
    def lowest(fringe: float) -> float:
        points, _ = _points(tiny_faces, Style(top=0.2, sides=0.1, fringe=fringe, length=0.0, front=80.0, lumps=0.0))
        return points[(points[:, 2] > -1.2) & (np.abs(points[:, 0]) < 0.4), 1].min()

    assert lowest(0.4) < lowest(0.0) - 0.2


@pytest.mark.parametrize("length", [2.0, 3.0])
def test_long_hair_hangs_as_far_as_it_is_long(tiny_faces, length):
    points, _ = _points(tiny_faces, Style(top=0.2, sides=0.1, fringe=0.0, length=length, front=80.0, lumps=0.0))
    assert points[:, 1].min() == pytest.approx(-length, abs=0.45)
    assert not ((np.abs(points[:, 0]) < 0.6) & (points[:, 1] < 0) & (points[:, 2] > -1)).any()  # not over the face


def test_styles_differ_and_repeat():
    styles = [random_style(np.random.default_rng(seed)) for seed in range(60)]
    assert {style.length > 0 for style in styles} == {True, False}
    assert random_style(np.random.default_rng(7)) == styles[7]


def test_strands_run_down():
    texture = strand_texture(np.random.default_rng(0))[..., 0]
    assert np.abs(np.diff(texture, axis=0)).mean() < 0.3 * np.abs(np.diff(texture, axis=1)).mean()


def test_lashes_root_on_the_lid_and_stand_off_the_eye():
    angle = np.linspace(-1, 1, 9)
    lid = np.column_stack([np.sin(angle), 0.3 * np.cos(angle), np.cos(angle)])
    vertices, triangles = lashes(lid, np.zeros(3), np.array([0.0, 1, 0]), length=0.4, count=20)
    corners = vertices[triangles]
    roots, tips = corners[:, :2].mean(1), corners[:, 2]
    assert np.linalg.norm(roots[:, None] - lid[None], axis=-1).min(1).max() < 0.2
    assert (np.linalg.norm(tips, axis=1) > np.linalg.norm(roots, axis=1) + 0.1).all()
    assert (tips[:, 1] > roots[:, 1]).all()
    assert np.linalg.norm(tips - roots, axis=1).max() == pytest.approx(0.4, rel=0.02)
