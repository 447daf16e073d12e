"""The Wasserstein game of a generator and its critic, with a gradient penalty (Arjovsky et al. 2017, Gulrajani et al. 2017).

A critic gives every example a number, higher for real ones; the mean difference estimates how far apart real and made examples are,
as long as the critic is nowhere steeper than one. The penalty holds it there.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def critic_loss(real: Tensor, made: Tensor) -> Tensor:
    """What the critic minimises: E[made] − E[real] of its own scores, any shape → ()."""
    return made.mean() - real.mean()


def made_loss(made: Tensor) -> Tensor:
    """What the generator minimises: −E[made], scores of any shape → ()."""
    return -made.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, made: Tensor, share: Tensor | None = None) -> Tensor:
    """E[(‖∇ critic(x)‖ − 1)²] at random places x between real and made examples.

    Args:
        critic: (N, …) → (N,).
        real, made: (N, …).
        share: (N,) of the real one in each place; None draws it uniformly.

    Returns: (), differentiable in the critic's weights.
    """
    if share is None:
        share = torch.rand(len(real), device=real.device)
    share = share.view(-1, *[1] * (real.dim() - 1)).to(real)
    between = (share * real.detach() + (1 - share) * made.detach()).requires_grad_()
    [slope] = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    steepness = (slope.float().flatten(1).square().sum(1) + 1e-12).sqrt()  # a flat critic has a gradient too
    return (steepness - 1).square().mean()
