"""The texture knows where on the head it is."""

import numpy as np

from feim.data.synthetic.heads.canvas import SIZE, face_units, hairline_height, smooth
from feim.data.synthetic.heads.head import PART_NAMES
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.signal.landmarks import BROWS, HAIRLINE


def test_every_texel_shows_the_point_its_coordinates_belong_to(tiny_faces):
    head, position = tiny_faces.head, tiny_faces.canvas.position
    points = face_units(head, tiny_faces.places)
    face = head.part == PART_NAMES.index("face")
    corner, place = head.triangles[face].ravel(), head.uv_triangles[face].ravel()
    ahead = head.neutral[corner, 2] > 4  # charts are exact away from the outline, where they are pressed together
    columns, rows = (head.uv[place[ahead]] * [SIZE, -SIZE] + [0, SIZE]).astype(int).T
    np.testing.assert_allclose(position[rows, columns], points[corner[ahead]], atol=0.05)


def test_lips_and_brows_are_where_their_landmarks_are(tiny_faces):
    canvas = tiny_faces.canvas
    landmarks = tiny_faces.places.on(face_units(tiny_faces.head, tiny_faces.places))
    mouth = canvas.position[canvas.lips > 0]
    np.testing.assert_allclose(mouth[:, :2].min(0), landmarks[87:109, :2].min(0), atol=0.03)
    np.testing.assert_allclose(mouth[:, :2].max(0), landmarks[87:109, :2].max(0), atol=0.03)
    for side, brow in zip((-1, 1), BROWS, strict=True):
        inside = (canvas.brows > 0) & (canvas.position[..., 0] * side > 0)
        np.testing.assert_allclose(canvas.position[inside][:, :2].min(0), landmarks[list(brow), :2].min(0), atol=0.03)
        outer = inside & (canvas.brow_along < 0.2)
        assert np.abs(canvas.position[outer][:, 0]).min() > np.abs(canvas.position[inside][:, 0]).mean()


def test_the_hairline_runs_through_its_landmarks_and_over_the_ears(tiny_faces):
    landmarks = np.column_stack([MEAN_SHAPE * [1, -1], -0.3 - 0.4 * MEAN_SHAPE[:, 0] ** 2])
    assert np.abs(hairline_height(landmarks[list(HAIRLINE)], landmarks)).max() < 0.15
    crown, brow, neck = np.array([0.0, 1.7, -1.0]), np.array([0.0, 0.4, 0.2]), np.array([0.0, -2.0, -2.0])
    height = hairline_height(np.stack([crown, brow, neck]), landmarks)
    assert height[0] > 0.4
    assert height[1] < -0.5
    assert height[2] < -0.3


def test_a_smooth_step_is_one():
    np.testing.assert_allclose(smooth(1, 3, np.array([0.0, 1, 2, 3, 9])), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smooth(3, 1, np.array([0.0, 2, 9])), [1, 0.5, 0])
