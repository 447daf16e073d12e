"""The morphable head in both its layouts, and that it moves as its names say."""

from dataclasses import replace

import numpy as np
import pytest

from feim.data.synthetic.heads.head import (
    ADDRESS,
    FULL_LOOK,
    LOOKS,
    Head,
    eye_centre,
    identified,
    lids_of_gaze,
    load_head,
    posed,
    random_identity,
    rotation_matrix,
)
from feim.signal.face_motion import SHAPES, pose
from tests.data.synthetic.heads.tiny_head import EYES, tiny_arrays, write_npz, write_objs

STILL = (np.zeros(2), np.zeros(3))


@pytest.fixture(scope="module")
def head(tiny_faces) -> Head:
    return tiny_faces.head


def test_both_layouts_give_the_same_head(tmp_path, head):
    other = load_head(write_objs(tmp_path))
    for name in ("neutral", "shapes", "looks", "identities", "uv"):
        np.testing.assert_allclose(getattr(other, name), getattr(head, name), atol=1e-5)
    for name in ("triangles", "part", "uv_triangles", "landmarks"):
        np.testing.assert_array_equal(getattr(other, name), getattr(head, name))


def test_quads_become_two_triangles_and_padded_ones_stay_one(head):
    quads = tiny_arrays()["quads"]
    assert len(head.triangles) == 2 * len(quads) - (quads[:, 3] < 0).sum()
    assert head.triangles.min() >= 0


def test_a_missing_head_is_said_in_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match=ADDRESS):
        load_head(tmp_path)
    write_npz(tmp_path)
    (tmp_path / "vertex_indices.json").unlink()
    with pytest.raises(FileNotFoundError, match="vertex_indices"):
        load_head(tmp_path)


def test_a_head_without_a_shape_is_refused(tmp_path):
    write_npz(tmp_path)
    arrays = dict(np.load(tmp_path / "ict_facekit.npz"))
    kept = arrays["expression_names"] != "jawOpen"
    arrays |= {"expression": arrays["expression"][kept], "expression_names": arrays["expression_names"][kept]}
    np.savez(tmp_path / "ict_facekit.npz", **arrays)
    with pytest.raises(ValueError, match="jawOpen"):
        load_head(tmp_path)


def test_at_rest_the_mean_person_is_the_neutral_head(head):
    nobody = identified(head, np.zeros(60))
    np.testing.assert_allclose(posed(head, nobody, pose(), *STILL), head.neutral, atol=1e-4)


def test_shapes_add_up_and_move_nothing_else(head):
    smile, jaw = (posed(head, head.neutral, pose(**moved), *STILL) - head.neutral for moved in ({"mouthSmile": 0.5}, {"jawOpen": 1}))
    both = posed(head, head.neutral, pose(mouthSmile=0.5, jawOpen=1), *STILL) - head.neutral
    np.testing.assert_allclose(both, smile + jaw, atol=1e-4)
    np.testing.assert_allclose(jaw, head.shapes[SHAPES.index("jawOpen")], atol=1e-4)
    assert np.abs(jaw).max() == pytest.approx(2, abs=1e-3)


def test_identities_differ_and_repeat_with_their_seed():
    one, same, other = (random_identity(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.5


def test_eyes_turn_about_their_own_middle_to_the_left_and_up(head):
    gaze = np.array([0.3, 0.2])
    moved = posed(head, head.neutral, pose(), gaze, np.zeros(3))
    for eye, centre in zip(head.eyes, EYES, strict=True):
        np.testing.assert_allclose(eye_centre(head.neutral[eye]), centre, atol=0.05)
        front = eye[(head.neutral[eye] - centre)[:, 2].argmax()]
        way = (moved[front] - centre) / np.linalg.norm(moved[front] - centre)
        at_rest = (head.neutral[front] - centre) / 1.5
        np.testing.assert_allclose(way, rotation_matrix(np.array([0.3, 0.2, 0])) @ at_rest, atol=0.02)
        assert way[0] > at_rest[0] + 0.2
        assert way[1] > at_rest[1] + 0.1


def test_lids_follow_the_gaze_but_not_when_shut():
    amounts = dict(zip(LOOKS, lids_of_gaze(pose(), np.array([0.5 * FULL_LOOK, FULL_LOOK])), strict=True))
    assert amounts["eyeLookUp_L"] == amounts["eyeLookUp_R"] == 1
    assert amounts["eyeLookOut_L"] == amounts["eyeLookIn_R"] == 0.5  # to the person's left
    assert amounts["eyeLookIn_L"] == amounts["eyeLookDown_L"] == 0
    assert not lids_of_gaze(pose(eyeBlink=1), np.array([0.0, -FULL_LOOK])).any()


@pytest.mark.parametrize(
    ("rotation", "nose", "crown"),
    [((0.2, 0, 0), (1, 0), (0, 0)), ((0, 0.2, 0), (0, 1), (0, 0)), ((0, 0, 0.2), (0, 0), (1, 0))],
)
def test_the_head_turns_left_up_and_to_the_left_shoulder(head, rotation, nose, crown):
    moved = posed(head, head.neutral, pose(), np.zeros(2), np.array(rotation)) - head.neutral
    tip, top = head.neutral[:, 2].argmax(), head.neutral[:, 1].argmax()
    for vertex, ways in ((tip, nose), (top, crown)):
        for axis, way in enumerate(ways):
            assert moved[vertex, axis] * way >= (0.5 if way else 0)


def test_shoulders_stay_when_the_head_turns(head):
    low = head.neutral.copy()
    low[0] = [3, -18, 2]
    still = replace(head, neutral=low)
    moved = posed(still, low, pose(), np.zeros(2), np.array([0.3, 0.2, 0.1]))
    np.testing.assert_allclose(moved[0], low[0], atol=1e-5)


def test_rotations_are_rotations():
    matrix = rotation_matrix(np.array([0.4, -0.3, 0.2]))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-5)
