"""A head that was projected is found again; what it shows then moves as the head does, lids meet and lips do not cross."""

import math

import pytest
import torch

from feim.models.portrait.face_basis import FaceBasis, fit, rotations
from feim.signal.face_motion import SHAPES, at_rest, pose
from feim.signal.landmarks import COUNT, LOWER_LIDS, LOWER_SEAM, UPPER_LIDS, UPPER_SEAM

SCALE, SHIFT = 90.0, torch.tensor([250.0, 230.0], dtype=torch.float64)


@pytest.fixture(scope="module")
def basis() -> FaceBasis:
    """A head of random points, as deep as it is wide, with shapes that move them at random; the seams lie in a row, upper above lower."""
    chance = torch.Generator().manual_seed(0)
    made = FaceBasis(FaceBasis.Config(points=COUNT + 10, variations=4))
    made.mean.copy_(torch.randn(made.mean.shape, generator=chance))
    made.variation.copy_(0.1 * torch.randn(made.variation.shape, generator=chance))
    made.shapes.copy_(0.05 * torch.randn(made.shapes.shape, generator=chance))
    made.shapes[[SHAPES.index(f"eyeBlink_{side}") for side in "LR"]] = 0
    for number, (upper, lower) in enumerate(zip(UPPER_SEAM, LOWER_SEAM, strict=True)):
        made.mean[upper] = torch.tensor([number / 10 - 0.3, 1.0, 0.5])
        made.mean[lower] = torch.tensor([number / 10 - 0.3, 1.02, 0.5]) if upper != lower else made.mean[upper]
    return made


def projected(basis: FaceBasis, angles: tuple[float, float, float], proportions: torch.Tensor) -> torch.Tensor:
    """(189, 2): the head turned, seen from far away."""
    rotation = rotations(torch.tensor([angles], dtype=torch.float64))[0]
    head = basis.mean.double() + torch.einsum("k,kpd->pd", proportions, basis.variation.double())
    return (SCALE * head @ rotation.T)[:COUNT, :2] + SHIFT


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (0.3, 0.0, 0.0), (-0.2, 0.25, 0.4)])
def test_pose_and_proportions_are_found(basis, angles):
    proportions = torch.tensor([1.0, -1.0, 0.5, 0.0], dtype=torch.float64)
    found = fit(basis, projected(basis, angles, proportions))
    assert found.turned == pytest.approx(rotations(torch.tensor([angles], dtype=torch.float64))[0], abs=0.02)
    assert found.scale == pytest.approx(SCALE, rel=0.02)
    assert found.points[:COUNT, :2] == pytest.approx(projected(basis, angles, proportions))


def test_angles_turn_the_head_as_they_say():
    nose, crown = torch.tensor([0.0, 0, 1], dtype=torch.float64), torch.tensor([0.0, -1, 0], dtype=torch.float64)
    yaw, pitch, roll = rotations(0.5 * torch.eye(3, dtype=torch.float64))
    assert (yaw @ nose).tolist() == pytest.approx([math.sin(0.5), 0, math.cos(0.5)])  # to the picture's right, the person's left
    assert (pitch @ nose).tolist() == pytest.approx([0, -math.sin(0.5), math.cos(0.5)])  # up
    assert (roll @ crown).tolist() == pytest.approx([math.sin(0.5), -math.cos(0.5), 0])  # to the person's left shoulder


def test_at_rest_nothing_moves_and_a_shape_moves_by_its_own(basis):
    face = fit(basis, projected(basis, (0.0, 0.0, 0.0), torch.zeros(4, dtype=torch.float64)))
    motion = at_rest(2)
    motion.shapes[1] = pose(cheekPuff=0.5)
    rest, puffed = face.moved(motion)
    assert torch.allclose(rest, face.points[:, :2])
    both = sum(basis.shapes[SHAPES.index(f"cheekPuff_{side}")] for side in "LR").double()
    further = [i for i in range(len(rest)) if i not in UPPER_SEAM + LOWER_SEAM]
    assert torch.allclose((puffed - rest)[further], 0.5 * SCALE * both[further, :2], atol=0.5)


def test_the_head_carries_all_points_and_the_face_moves_on_it(basis):
    face = fit(basis, projected(basis, (0.0, 0.0, 0.0), torch.zeros(4, dtype=torch.float64)))
    motion = at_rest(1)
    motion.head[0, 0] = 0.2
    assert torch.allclose(face.moved(motion), face.carried(motion))
    turned = (face.moved(motion) - face.points[:, :2])[0, :, 0]
    assert torch.corrcoef(torch.stack([turned, face.points[:, 2]]))[0, 1] > 0.9  # what is near goes to the person's left


def test_a_blink_shuts_these_eyes(basis):
    face = fit(basis, projected(basis, (0.0, 0.0, 0.0), torch.zeros(4, dtype=torch.float64)))
    motion = at_rest(1)
    motion.shapes[0] = pose(eyeBlink=1)
    (shut,) = face.moved(motion)
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        assert torch.allclose(shut[list(upper)], shut[list(lower)], atol=1e-6)


def test_lips_press_on_each_other_and_do_not_cross(basis):
    pressing = FaceBasis(basis.config)
    pressing.load_state_dict(basis.state_dict())
    shape = SHAPES.index("mouthPress_L")
    pressing.shapes[shape] = 0
    pressing.shapes[shape, list(UPPER_SEAM[1:-1])] = torch.tensor([0.0, 0.2, 0.0])
    face = fit(pressing, projected(pressing, (0.0, 0.0, 0.0), torch.zeros(4, dtype=torch.float64)))
    motion = at_rest(1)
    motion.shapes[0, shape] = 1
    (pressed,) = face.moved(motion)
    gap = (pressed[list(LOWER_SEAM)] - pressed[list(UPPER_SEAM)])[1:-1, 1]
    assert gap == pytest.approx(0, abs=1e-3)
