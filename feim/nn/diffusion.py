"""Diffusion as pure functions: the variance-preserving schedule, guidance, and solvers over a denoiser.

A denoiser maps (x, t) to the expected clean sample; t runs from 1 (noise) to 0. Nothing here knows what x is, so speech, motion
and any later model share it. With a mean-shifted prior (Grad-TTS) let x be the residual to the mean.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

BETA_MIN, BETA_MAX = 0.05, 20.0  # Grad-TTS, section 3
Denoiser = Callable[[Tensor, float], Tensor]
Callback = Callable[[int, int], None]


def noise_rate(t: float) -> float:
    """β(t) = β₀ + (β₁ − β₀) t."""
    return BETA_MIN + (BETA_MAX - BETA_MIN) * t


def alpha_sigma(t: Tensor) -> tuple[Tensor, Tensor]:
    """Share of signal and of noise at time t, any shape: α² + σ² = 1 (Song et al. 2021, equation 33)."""
    log_alpha = -0.25 * t**2 * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    alpha = log_alpha.exp()
    return alpha, (1 - alpha**2).clamp_min(1e-8).sqrt()


def diffuse(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t = α x₀ + σ ε. Shapes: clean and noise (B, …), t (B,)."""
    alpha, sigma = (part.view(-1, *[1] * (clean.ndim - 1)) for part in alpha_sigma(t))
    return alpha * clean + sigma * noise


def velocity(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """v = α ε − σ x₀ (Salimans and Ho 2022): what the network learns to predict."""
    alpha, sigma = (part.view(-1, *[1] * (clean.ndim - 1)) for part in alpha_sigma(t))
    return alpha * noise - sigma * clean


def clean_from_velocity(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    """x₀ = α x_t − σ v."""
    alpha, sigma = (part.view(-1, *[1] * (x.ndim - 1)) for part in alpha_sigma(t))
    return alpha * x - sigma * v


def guide(null: Tensor, conditional: Tensor, weight: float) -> Tensor:
    """null + γ (conditional − null): FEIM-TTS's guidance. 0 is the null model, 1 the conditional one.

    At a fixed x and t, score, noise, velocity and clean estimate are affine in each other, so guiding one guides all.
    """
    return null + weight * (conditional - null)


def tempered(intensity: float, growth: float) -> float:
    """Guidance weight for FEIM's γ: γ itself up to 1, then 1 + growth · ln γ.

    The paper's constant γ multiplies the difference up to 30 times, far outside what any speech looks like, and words are lost.
    Loudness, pitch and most senses grow with the logarithm of the stimulus (Fechner 1860); so does this.
    """
    return intensity if intensity <= 1 else 1 + growth * math.log(intensity)


def steps_evenly(count: int) -> list[float]:
    """count + 1 times from 1 to 0 at equal distances: the paper's."""
    return [1 - i / count for i in range(count + 1)]


def steps_with_jump(count: int, last: float = 0.08) -> list[float]:
    """count + 1 times from 1 to 0: equal distances as far as `last`, then a jump to 0, unless equal distances reach closer to it.

    Found by search, for 3, 4 and 5 steps of sample_dpm_solver_2m alike: docs/speed.md.
    """
    last = min(last, 1 / count)
    return [1 + (last - 1) * i / max(1, count - 1) for i in range(count)] + [0.0]


def sample_euler(denoise: Denoiser, x: Tensor, times: list[float], callback: Callback | None = None) -> Tensor:
    """Euler's method on the probability-flow ODE, evaluated at midpoints of the steps as Grad-TTS does (its equation 9)."""
    for i, (t, following) in enumerate(zip(times[:-1], times[1:], strict=True)):
        middle = (t + following) / 2
        alpha, sigma = alpha_sigma(torch.tensor(middle))
        score = (alpha * denoise(x, middle) - x) / sigma**2
        # dx = −½ β (x + score) dt, and dt is negative
        x = x - 0.5 * noise_rate(middle) * (x + score) * (following - t)
        if callback:
            callback(i + 1, len(times) - 1)
    return x


def sample_dpm_solver_2m(denoise: Denoiser, x: Tensor, times: list[float], callback: Callback | None = None) -> Tensor:
    """DPM-Solver++ (2M) of Lu et al. 2022, algorithm 2: second order, one evaluation a step."""
    previous, last_h = None, None
    for i, (t, following) in enumerate(zip(times[:-1], times[1:], strict=True)):
        clean = denoise(x, t)
        if following == 0:
            x = clean
        else:
            (alpha, sigma), (alpha_next, sigma_next) = (alpha_sigma(torch.tensor(u, dtype=torch.float64)) for u in (t, following))
            # λ = ln(α/σ), h = λ_next − λ
            h = float((alpha_next / sigma_next).log() - (alpha / sigma).log())
            estimate = clean
            if previous is not None:
                r = last_h / h
                estimate = (1 + 1 / (2 * r)) * clean - previous / (2 * r)
            # x_next = (σ_next / σ) x − α_next (e^{−h} − 1) D
            x = float(sigma_next / sigma) * x - float(alpha_next) * math.expm1(-h) * estimate
            previous, last_h = clean, h
        if callback:
            callback(i + 1, len(times) - 1)
    return x


SOLVERS = {"euler": sample_euler, "dpm-solver++": sample_dpm_solver_2m}
