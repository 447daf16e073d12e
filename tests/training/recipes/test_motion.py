"""The recipe that learns how muscles move, in miniature: films alike for all runs, a loss that falls, a card that says whence."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from feim.models import checkpoint
from feim.models.motion import MotionDiffusion, motion_losses
from feim.training.order import Order
from feim.training.recipes import motion


@pytest.fixture
def order(tmp_path) -> Order:
    return Order((), tmp_path / "run", tmp_path / "weights", steps=80, miniature=True)


def test_batches_are_the_same_for_all(order):
    one, same = (motion.batches(3, 20, 6, (50, 75)) for _ in range(2))
    for index in (0, 1, 5):
        a, b = one(index), same(index)
        assert all(torch.equal(a[name], b[name]) for name in a)
        assert a["levels"].shape == (6, (50, 75)[index % 2], 17)
        assert a["muscles"].shape == (6, 17, 6)
    assert not torch.equal(one(0)["levels"], one(2)["levels"])


def test_it_learns_and_saves(order):
    made = motion.run(order)
    loaded = checkpoint.load(MotionDiffusion, "motion", order.checkpoints)
    assert loaded.config == made.config
    torch.manual_seed(0)
    fresh, batch = MotionDiffusion(loaded.config).eval(), motion.batches(9, 70, 64, (50,))(0)
    with torch.no_grad():
        losses = []
        for network in (fresh, loaded):
            torch.manual_seed(1)
            losses.append(float(motion_losses(network, batch)["loss"]))
    assert losses[1] < 0.9 * losses[0]
    card = checkpoint.read_card("motion", order.checkpoints)
    assert card["licence"] == "Apache-2.0; learnt from films of muscles made by rule (synthetic)"
    [measured] = card["metrics"].values()
    assert measured["films"] == 120
    assert 0 <= measured["AU-F1"] <= 1
    assert card["command"] == "python -m feim train motion --steps 80 --miniature"


def test_it_refuses_what_it_would_ignore(order):
    for given in ({"heads": Path("x")}, {"corpora": (Path("x"),)}):
        with pytest.raises(ValueError, match="no use"):
            motion.run(replace(order, **given))
