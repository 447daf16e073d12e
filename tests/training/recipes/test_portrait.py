"""The portrait's basis and the expression judge come from any morphable head, here from a made-up one; the smile from people."""

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.expression_judge import ExpressionJudge, differences
from feim.models.portrait import FaceBasis, fit
from feim.signal.action_units import expression
from feim.signal.face_motion import SHAPES, at_rest, pose
from feim.signal.landmarks import BROWS, COUNT, LOWER_SEAM, MIRROR, UPPER_LIP, UPPER_SEAM
from feim.training.order import Order
from feim.training.recipes import expression_judge, portrait
from tests.data.synthetic.tiny_head import write_npz


@pytest.fixture(scope="module")
def order(tmp_path_factory) -> Order:
    folder = tmp_path_factory.mktemp("heads")
    write_npz(folder)
    return Order((), tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("weights"), heads=folder, miniature=True, steps=20)


@pytest.fixture(scope="module")
def basis(order) -> FaceBasis:
    return portrait.run(Order((), order.out, order.checkpoints, heads=order.heads, miniature=True))


def test_the_basis_is_measured_and_saved_with_its_card(order, basis):
    shipped = checkpoint.load(FaceBasis, "portrait", order.checkpoints)
    assert torch.allclose(shipped.shapes, basis.shapes, atol=2e-3)
    pupils = basis.mean[:2]
    assert pupils.mean(0) == pytest.approx(0, abs=1e-3)
    assert float((pupils[1] - pupils[0]).norm()) == pytest.approx(1, abs=0.02)
    card = checkpoint.read_card("portrait", order.checkpoints)
    assert card["licence"].startswith("Apache-2.0; ")
    assert card["command"] == f"python -m feim train portrait --heads {order.heads.name} --miniature"


def test_its_jaw_opens_the_lips_of_a_fitted_face(basis):
    face = fit(basis, 100 * basis.mean[:COUNT, :2] + 200)
    motion = at_rest(2)
    motion.shapes[1] = pose(jawOpen=1)
    shut, opened = face.moved(motion)
    middle = len(UPPER_SEAM) // 2
    gap = [float((points[LOWER_SEAM[middle]] - points[UPPER_SEAM[middle]])[1]) for points in (shut, opened)]
    assert gap[1] > gap[0] + 5


def smiling_people(basis: FaceBasis, strengths: np.ndarray) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """The mean face for every strength, at rest and with lip corners and nose moved that much further; and the way they go, (189, 2)."""
    neutral = 100 * basis.mean[:COUNT, :2].numpy().astype(float) + 200
    way = np.zeros((COUNT, 2))
    way[UPPER_LIP[0]], way[UPPER_LIP[-1]] = (-0.06, -0.05), (0.06, -0.05)
    way[55] = 0.0, 0.02  # the tip of the nose
    return [(neutral, neutral + 100 * strength * way) for strength in strengths], way


def happy(basis: FaceBasis, neutral: np.ndarray) -> np.ndarray:
    """(189, 2): by which a happy face's landmarks move, in inter-pupil distances."""
    motion = at_rest(1)
    motion.shapes[0] = expression("happy", 1.0)
    return (fit(basis, torch.from_numpy(neutral)).moved(motion)[0, :COUNT].numpy() - neutral) / 100


def test_a_happy_face_smiles_as_people_do(basis):
    strengths = np.array([0.2, 0.5, 0.9, 1.0, 1.0, 1.0, 1.1, 1.5, 2.4])
    pairs, way = smiling_people(basis, strengths)
    smiling = FaceBasis(basis.config)
    smiling.load_state_dict(basis.state_dict())
    smiling.shapes.copy_(portrait.with_real_smile(basis, pairs))
    shown, before = happy(smiling, pairs[0][0]), happy(basis, pairs[0][0])
    corners = [UPPER_LIP[0], UPPER_LIP[-1]]
    # Not as far as the mean of them, 1.07: that would be 4.3 times too far for the first of them.
    share = shown[corners] / way[corners]
    assert share == pytest.approx(share.mean(), abs=0.05)
    left = [np.mean(np.abs(each - strengths) / strengths) for each in (share.mean(), strengths.mean())]
    assert left[0] < left[1]
    assert shown[55] == pytest.approx(share.mean() * way[55], abs=0.003)
    assert shown[list(BROWS[0])] == pytest.approx(before[list(BROWS[0])], abs=1e-6)
    others = [i for i in range(len(SHAPES)) if i not in portrait.SMILE]
    assert torch.equal(smiling.shapes[others], basis.shapes[others])


def test_each_side_smiles_by_itself_and_both_are_mirrored(basis):
    pairs, _ = smiling_people(basis, np.ones(8))
    learnt = (portrait.with_real_smile(basis, pairs) - basis.shapes)[list(portrait.SMILE), :COUNT]
    left, right = learnt
    assert left[UPPER_LIP[0]] == pytest.approx(0, abs=1e-6)  # the other side of the mouth
    assert right[UPPER_LIP[-1]] == pytest.approx(0, abs=1e-6)
    mirrored = left[list(MIRROR)] * torch.tensor([-1, 1, 1])
    assert right[UPPER_LIP[0]] == pytest.approx(mirrored[UPPER_LIP[0]], abs=1e-3)


def test_a_smile_of_few_people_is_refused(basis):
    with pytest.raises(ValueError, match="at least 8"):
        portrait.with_real_smile(basis, smiling_people(basis, np.ones(7))[0])


def test_what_is_of_no_use_is_refused(order):
    for recipe, option in ((portrait, {"steps": 3}), (expression_judge, {"faces": order.heads})):
        with pytest.raises(ValueError, match=f"no use for --{next(iter(option))}"):
            recipe.run(Order((), order.out, order.checkpoints, heads=order.heads, **option))


def test_the_judge_learns_from_heads_and_tells_how_well(order):
    made = expression_judge.run(order)
    card = checkpoint.read_card("expression-judge", order.checkpoints)
    assert card["metrics"]["other rendered people"]["expressions"] == 2 * 7 * 4
    assert isinstance(checkpoint.load(ExpressionJudge, "expression-judge", order.checkpoints), ExpressionJudge)
    logits, strength = made(torch.zeros(3, len(made.deviation)))
    assert logits.shape == (3, 7)
    assert strength.shape == (3,)


def test_a_face_that_was_only_moved_does_not_differ(basis):
    neutral = 100 * basis.mean[:COUNT, :2].numpy()
    turned = neutral @ [[0.8, -0.6], [0.6, 0.8]] * 1.7 + [30, -12]
    assert differences(turned, neutral) == pytest.approx(0, abs=1e-6)
    smiling = neutral.copy()
    smiling[87] += [-10, -6]
    assert abs(differences(smiling, neutral)).max() == pytest.approx(0.1, rel=0.02)
