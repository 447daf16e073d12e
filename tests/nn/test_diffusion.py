"""Solvers against a Gaussian, whose denoiser and whose paths are known in closed form; schedule, guidance and times."""

import math

import pytest
import torch
from torch import Tensor

from feim.nn.diffusion import (
    SOLVERS,
    alpha_sigma,
    clean_from_velocity,
    diffuse,
    guide,
    noise_rate,
    sample_dpm_solver_2m,
    sample_euler,
    steps_evenly,
    steps_with_jump,
    tempered,
    velocity,
)

MEAN, DEVIATION = 1.5, 0.6  # of the data


def scales(t: float) -> tuple[float, float]:
    alpha, sigma = alpha_sigma(torch.tensor(t, dtype=torch.float64))
    return float(alpha), float(sigma)


def spread_at(t: float) -> float:
    """Standard deviation of x_t = α x₀ + σ ε for x₀ ~ N(MEAN, DEVIATION²)."""
    alpha, sigma = scales(t)
    return math.sqrt((alpha * DEVIATION) ** 2 + sigma**2)


def denoise(x: Tensor, t: float) -> Tensor:
    """E[x₀ | x_t] = m + α s² (x − α m) / (α² s² + σ²)."""
    alpha, _ = scales(t)
    return MEAN + alpha * DEVIATION**2 * (x - alpha * MEAN) / spread_at(t) ** 2


def exact(x: Tensor, t: float) -> Tensor:
    """Where the probability flow takes x from time 1 to time t: it keeps the distance from the mean in standard deviations."""
    return scales(t)[0] * MEAN + (x - scales(1.0)[0] * MEAN) * spread_at(t) / spread_at(1.0)


def noise(count: int = 20_000) -> Tensor:
    x = torch.randn(count, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return (x - x.mean()) / x.std()


@pytest.mark.parametrize(
    ("sample", "times"),
    [
        (sample_euler, steps_evenly(200)),
        (sample_dpm_solver_2m, steps_with_jump(24)),
        (sample_dpm_solver_2m, steps_evenly(50)),
    ],
)
def test_a_gaussian_is_recovered(sample, times):
    drawn = sample(denoise, noise(), times)
    assert drawn.mean() == pytest.approx(MEAN, abs=0.03)
    assert drawn.std() == pytest.approx(DEVIATION, rel=0.03)


def error(sample, steps: int) -> float:
    """Distance from the exact flow at t = 0.05, which no solver reaches by a jump to the clean estimate."""
    times = [1 - 0.95 * i / steps for i in range(steps + 1)]
    x = noise(500)
    return float((sample(denoise, x, times) - exact(x, times[-1])).abs().mean())


def test_2m_converges_faster_than_euler():
    for steps in (10, 20, 40):
        assert error(sample_dpm_solver_2m, steps) < error(sample_euler, steps)


def test_2m_is_second_order_and_euler_first():
    assert error(sample_dpm_solver_2m, 80) / error(sample_dpm_solver_2m, 160) == pytest.approx(4, rel=0.25)
    assert error(sample_euler, 80) / error(sample_euler, 160) == pytest.approx(2, rel=0.25)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_single_point_is_found_and_steps_are_counted(name):
    seen = []
    times = steps_with_jump(6) if name != "euler" else steps_evenly(100)
    point = torch.tensor([0.3, -2.0])
    drawn = SOLVERS[name](lambda x, t: point.expand_as(x), torch.randn(4, 2), times, lambda step, steps: seen.append((step, steps)))
    assert torch.allclose(drawn, point.expand(4, 2), atol=0.05)
    assert seen == [(i + 1, len(times) - 1) for i in range(len(times) - 1)]


def test_the_last_step_of_2m_is_the_clean_estimate():
    assert torch.equal(sample_dpm_solver_2m(lambda x, t: 2 * x, torch.ones(3), [1.0, 0.0]), torch.full((3,), 2.0))


def test_signal_and_noise_share_the_variance():
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    alpha, sigma = alpha_sigma(t)
    assert torch.allclose(alpha**2 + sigma**2, torch.ones_like(t), atol=1e-7)
    assert (alpha.diff() < 0).all()
    assert alpha[0] == 1
    assert alpha[-1] < 0.01


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_signal_decays_at_half_the_noise_rate(t):
    slope = (math.log(scales(t + 1e-4)[0]) - math.log(scales(t - 1e-4)[0])) / 2e-4
    assert slope == pytest.approx(-noise_rate(t) / 2, rel=1e-5)


def test_velocity_gives_the_clean_sample_back():
    clean, eps = torch.randn(2, 5, 8, 3)
    t = torch.tensor([0.05, 0.2, 0.5, 0.8, 1.0])
    x = diffuse(clean, eps, t)
    v = velocity(clean, eps, t)
    assert torch.allclose(clean_from_velocity(x, v, t), clean, atol=1e-5)
    alpha, sigma = (part[:, None, None] for part in alpha_sigma(t))
    assert torch.allclose(sigma * x + alpha * v, eps, atol=1e-5)  # and the noise


def test_guidance_identities():
    null, conditional = torch.randn(2, 50)
    assert torch.equal(guide(null, conditional, 0.0), null)
    assert torch.allclose(guide(null, conditional, 1.0), conditional, atol=1e-6)
    assert torch.allclose(guide(null, conditional, 3.0) - null, 3 * (conditional - null), atol=1e-5)
    assert torch.equal(guide(null, null, 17.0), null)


def test_guiding_velocities_is_guiding_clean_estimates():
    x, null, conditional = torch.randn(3, 2, 9)
    t = torch.tensor([0.3, 0.7])
    guided = clean_from_velocity(x, guide(null, conditional, 5.0), t)
    assert torch.allclose(guided, guide(clean_from_velocity(x, null, t), clean_from_velocity(x, conditional, t), 5.0), atol=1e-5)


def test_tempered_guidance():
    assert [tempered(g, 0.3) for g in (0.0, 0.4, 1.0)] == [0.0, 0.4, 1.0]
    assert tempered(math.e, 0.3) == pytest.approx(1.3)
    grown = [tempered(g, 0.3) for g in (1, 2, 5, 10, 15, 30)]
    assert grown == sorted(set(grown))
    assert tempered(1 + 1e-9, 0.3) == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 2, 8, 50])
@pytest.mark.parametrize("steps", [steps_evenly, steps_with_jump])
def test_times_run_from_one_to_zero(steps, count):
    times = steps(count)
    assert len(times) == count + 1
    assert (times[0], times[-1]) == (1, 0)
    assert times == sorted(set(times), reverse=True)


def test_evenly_is_even_and_a_jump_is_as_long_as_allowed():
    assert steps_evenly(4) == [1, 0.75, 0.5, 0.25, 0]
    assert steps_with_jump(4, last=0.1) == pytest.approx([1, 0.7, 0.4, 0.1, 0])
    assert steps_with_jump(40, last=0.1) == pytest.approx(steps_evenly(40))
