"""The Wasserstein game on critics whose slope is known."""

import pytest
import torch

from feim.nn.adversarial import critic_loss, gradient_penalty, made_loss


def examples(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(6, 3, 4, generator=random), torch.randn(6, 3, 4, generator=random)


def test_the_two_sides_want_opposite_things():
    real, made = torch.tensor([3.0, 5.0]), torch.tensor([1.0, 2.0])
    assert float(critic_loss(real, made)) == 1.5 - 4.0
    assert float(made_loss(made)) == -1.5


def test_a_linear_critic_is_penalised_for_its_steepness_alone():
    weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(3))
    for steepness in (0.25, 1.0, 3.0):
        direction = steepness * weight / weight.norm()
        penalty = gradient_penalty(lambda x, w=direction: (x * w).sum((1, 2)) + 7, *examples())
        assert float(penalty) == pytest.approx((steepness - 1) ** 2, abs=1e-5)


def test_the_slope_is_taken_between_the_examples():
    real, made = examples()
    share = torch.linspace(0, 1, 6)
    between = share[:, None, None] * real + (1 - share[:, None, None]) * made
    expected = (between.flatten(1).norm(dim=1) - 1).square().mean()  # ∇ ½‖x‖² = x
    penalty = gradient_penalty(lambda x: x.square().sum((1, 2)) / 2, real, made, share)
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-5)


def test_places_are_drawn_anew_each_time():
    real, made = examples()
    critic = lambda x: x.square().sum((1, 2))  # noqa: E731
    assert gradient_penalty(critic, real, made).item() != gradient_penalty(critic, real, made).item()


def test_the_critic_learns_from_the_penalty_and_what_was_made_does_not():
    real, made = examples()
    made.requires_grad_()
    steepness = torch.tensor(3.0, requires_grad=True)
    weight = torch.full((3, 4), 12**-0.5)
    gradient_penalty(lambda x: (steepness * x * weight).sum((1, 2)), real, made).backward()
    assert float(steepness.grad) == pytest.approx(2 * (3 - 1), rel=1e-4)  # d/ds (s − 1)²
    assert made.grad is None


def test_a_flat_critic_has_a_finite_gradient():
    scale = torch.tensor(0.0, requires_grad=True)
    penalty = gradient_penalty(lambda x: scale * x.sum((1, 2)), *examples())
    penalty.backward()
    assert float(penalty) == pytest.approx(1, abs=1e-4)
    assert torch.isfinite(scale.grad)


def test_each_example_has_its_own_slope():
    """Two critics' mean slope is 1, but half the examples are at 0 and half at 2."""
    steep = torch.tensor([0.0, 2.0]).repeat(3)
    weight = torch.full((3, 4), 12**-0.5)
    penalty = gradient_penalty(lambda x: steep * (x * weight).sum((1, 2)), *examples())
    assert float(penalty) == pytest.approx(1, abs=1e-4)
