"""The portrait's basis and the expression judge come from any morphable head, here from a made-up one."""

import pytest
import torch

from feim.models import checkpoint
from feim.models.expression_judge import ExpressionJudge, differences
from feim.models.portrait import FaceBasis, fit
from feim.signal.face_motion import at_rest, pose
from feim.signal.landmarks import COUNT, LOWER_SEAM, UPPER_SEAM
from feim.training.order import Order
from feim.training.recipes import expression_judge, portrait
from tests.data.synthetic.heads.tiny_head import write_npz


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
