"""Think-Before-Draw (arXiv:2507.12761): a feeling and a description of muscles → how a face moves, by diffusion in two stages.

The paper lets a language model think an emotion through into movements of facial muscles, and lets a painter's order guide the
denoising: the whole emotion first, single muscles after. Here what is drawn is not pictures but the course of 17 action units
(feim.signal.muscles.UNITS), which move the photo's own pixels afterwards.

With D(x, t; e, m) for the network's clean estimate under the emotion e and the muscles m, ∅ for not told,

    while t > τ, noise is high:  D̂ = D(∅, ∅) + w_E [D(e, ∅) − D(∅, ∅)]   where the emotion lies
    from t ≤ τ on:               D̂ = D(∅, ∅) + w_M [D(∅, m) − D(∅, ∅)] + w_S [D(e, ∅) − D(∅, ∅)]   what each muscle does

One stage is usual guidance by the whole prompt, D̂ = D(∅, ∅) + w [D(e, m) − D(∅, ∅)] at all times. It draws what is usual for the
emotion along with what was asked for; two stages do not, which is what `python -m feim evaluate motion` measures. Deviations from the
paper: units in place of pixels; a description is a set of words (unit, grade, moment), embedded, summed, and laid over the stretch where
its moments are meant, in place of a text encoder's sentence; the second stage hears emotion and muscles apart, the emotion softly, so
that it is not lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from feim.nn.blocks import ConvNeXtBlock
from feim.nn.diffusion import SOLVERS, alpha_sigma, diffuse, steps_evenly
from feim.nn.score_networks import time_embedding
from feim.signal.emotion import EMOTIONS, UNLABELLED
from feim.signal.muscles import MOMENTS, TOLD, UNITS, Muscle, encode

CENTRE, SPREAD = 0.1, 0.25  # of levels: the network sees (level − centre) / spread
DILATIONS = (1, 2, 4)
FOLD = 5  # frames that share one column of the network: muscles move smoothly, and a fifth of the columns costs a fifth
PLACES = 6  # channels that say where in the stretch a column is


@dataclass(frozen=True)
class Guidance:
    """What guides, how strongly, and when. Weights: 0 is not told, 1 as told.

    Attributes:
        emotion, muscles: w_E and w_M; change: τ, above which the emotion guides and from which on the muscles do, 1 to 0.
        still: w_S, how much of the emotion is still told beside the muscles.
        together: w of one stage, where both guide at all times; None for two stages.
    """

    emotion: float = 1.5
    muscles: float = 2.0
    change: float = 0.8
    still: float = 0.7
    together: float | None = None

    def at(self, t: float) -> dict[tuple[bool, bool], float]:
        """{(whether the emotion is told, whether the muscles are): with what weight} at time t, without those that weigh nothing."""
        if self.together is not None:
            prompts = {(True, True): self.together}
        elif t > self.change:
            prompts = {(True, False): self.emotion}
        else:
            prompts = {(False, True): self.muscles, (True, False): self.still}
        return {prompt: weight for prompt, weight in prompts.items() if weight}


@dataclass(frozen=True)
class Wish:
    """What is asked of one stretch: an index of EMOTIONS, how strong (0 to 1), and which muscles."""

    emotion: int
    strength: float
    muscles: tuple[Muscle, ...]


class MotionDiffusion(nn.Module):
    """(x, t, emotion, strength, muscles) → what the noisy courses x (B, 17, F) were made of, by ConvNeXt blocks in time.

    It guesses the clean courses, not the velocity: they are smooth, and so narrow a network cannot repeat the noise of every frame.
    """

    @dataclass(frozen=True)
    class Config:
        channels: int = 64
        blocks: int = 6
        condition: int = 48
        laid: bool = True  # over the stretch, word by word; else a description is heard as a whole, as a text encoder's one vector

    def __init__(self, config: "MotionDiffusion.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.time = nn.Sequential(nn.Linear(c.condition, c.condition), nn.SiLU(), nn.Linear(c.condition, c.condition))
        self.emotion = nn.Embedding(len(EMOTIONS) + 1, c.condition)  # the last one: not told
        self.strength = nn.Linear(1, c.condition, bias=False)
        self.muscles = nn.Linear(len(UNITS) * TOLD, c.condition)  # a sum over the description's words; its bias: told
        self.when = nn.Linear(PLACES, len(MOMENTS)) if c.laid else None  # how much each moment is meant at each place
        self.timed = nn.Linear(len(UNITS), c.channels, bias=False) if c.laid else None
        self.untold = nn.Parameter(torch.zeros(c.condition))
        self.input = nn.Linear(len(UNITS) * FOLD + PLACES, c.channels)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c.channels, dilation=DILATIONS[i % 3], expansion=2, condition=c.condition) for i in range(c.blocks)
        )
        self.norm = nn.LayerNorm(c.channels)
        self.output = nn.Linear(c.channels, len(UNITS) * FOLD)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, t: Tensor, emotion: Tensor, strength: Tensor, muscles: Tensor, told: Tensor) -> Tensor:
        """x (B, 17, F), t (B,), emotion (B,) with UNLABELLED for not told, strength (B,), muscles (B, 17, 6), told (B,) → (B, 17, F)."""
        felt = self.emotion(emotion) + self.strength(strength[:, None]) * (emotion != UNLABELLED)[:, None]
        asked = torch.where(told[:, None], self.muscles(muscles.flatten(1)), self.untold)
        condition = nn.functional.silu(felt + asked + self.time(time_embedding(t, self.config.condition)))  # (B, D)
        batch, units, frames = x.shape
        x = nn.functional.pad(x, (0, -frames % FOLD)).transpose(1, 2).reshape(batch, -1, FOLD * units)  # (B, F/5, 5·17)
        places = _places(x)  # (B, F/5, 6)
        h = self.input(torch.cat([x, places], dim=2))  # (B, F/5, C)
        if self.config.laid:
            meant = torch.einsum("bnm,bum->bnu", self.when(places).softmax(-1), muscles[:, :, -len(MOMENTS) :])  # (B, F/5, 17)
            h = h + self.timed(meant * told[:, None, None])
        h = h.transpose(1, 2)  # (B, C, F/5)
        for block in self.blocks:
            h = block(h, condition)
        h = self.output(self.norm(h.transpose(1, 2)))  # (B, F/5, 5·17)
        return h.reshape(batch, -1, units)[:, :frames].transpose(1, 2)  # (B, 17, F)

    @torch.no_grad()
    def sample(
        self,
        wishes: Sequence[Wish],
        frames: int,
        seeds: Sequence[int],
        guidance: Guidance | None = None,
        steps: int = 8,
        solver: str = "dpm-solver++",
    ) -> np.ndarray:
        """How far each unit goes in each frame, one stretch a wish: (B, F, 17) float32 in [0, 1].

        Args:
            frames: F, the same for all; seeds: of each stretch's noise; guidance: two-stage by default; steps, solver: feim.nn.diffusion's.
        """
        guidance = guidance or Guidance()
        emotion = torch.tensor([wish.emotion for wish in wishes])  # (B,)
        strength = torch.tensor([wish.strength for wish in wishes], dtype=torch.float32)
        muscles = torch.from_numpy(np.stack([encode(wish.muscles) for wish in wishes]))  # (B, 17, 6)
        noise = np.stack([np.random.default_rng((seed % 2**64, 5)).normal(size=(frames, len(UNITS))).T for seed in seeds])
        x = torch.from_numpy(noise.astype(np.float32))  # (B, 17, F)

        def denoise(x: Tensor, t: float) -> Tensor:
            return self.guided(x, t, emotion, strength, muscles, guidance)

        x = SOLVERS[solver](denoise, x, steps_evenly(steps))
        return to_levels(x).transpose(1, 2).numpy()

    def guided(self, x: Tensor, t: float, emotion: Tensor, strength: Tensor, muscles: Tensor, guidance: Guidance) -> Tensor:
        """D̂, the guided clean estimate, kept where levels can be: x (B, 17, F) → (B, 17, F)."""
        prompts = guidance.at(t)
        rest = 1 - sum(prompts.values())  # D̂ = (1 − Σ w) D(∅, ∅) + Σ w D(prompt)
        terms = ({(False, False): rest} if rest else {}) | prompts  # where nothing is left for D(∅, ∅), a call less
        told = torch.tensor(list(terms)).repeat_interleave(len(x), 0)  # (count · B, 2): all as one batch
        count = len(terms)
        felt = torch.where(told[:, 0], emotion.repeat(count), UNLABELLED)
        asked = (strength.repeat(count), muscles.repeat(count, 1, 1), told[:, 1])
        clean = self(x.repeat(count, 1, 1), torch.full((len(told),), t), felt, *asked)  # (count · B, 17, F)
        clean = sum(weight * part for weight, part in zip(terms.values(), clean.chunk(count), strict=True))
        return clean.clamp(-CENTRE / SPREAD, (1 - CENTRE) / SPREAD)


def _places(x: Tensor) -> Tensor:
    """Where each column of x (B, N, C) is, from −1 at the stretch's start to 1 at its end, and its cosines: (B, N, 6)."""
    place = torch.linspace(-1, 1, x.shape[1], device=x.device)
    waves = [torch.cos(torch.pi * k * (place + 1) / 2) for k in range(1, PLACES)]
    return torch.stack([place, *waves], dim=1).expand(len(x), -1, -1)


def to_levels(x: Tensor) -> Tensor:
    """What the network draws → levels in [0, 1]."""
    return (x * SPREAD + CENTRE).clamp(0, 1)


def from_levels(levels: Tensor) -> Tensor:
    """Levels → what the network draws."""
    return (levels - CENTRE) / SPREAD


DROP_BOTH, DROP_EMOTION, DROP_MUSCLES = 0.1, 0.3, 0.2  # shares of examples that are told neither, or one of them only
HEAVIEST = 5.0  # that an example's error counts


def motion_losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """levels (B, F, 17), emotion (B,), strength (B,), muscles (B, 17, 6) → named losses.

    "loss" is E‖x₀ − x̂₀‖² / σ², the error of the velocity (feim.nn.diffusion), limited where there is next to no noise.
    """
    clean = from_levels(batch["levels"].transpose(1, 2))  # (B, 17, F)
    noise, t, which = torch.randn_like(clean), torch.rand(len(clean), device=clean.device), torch.rand(len(clean), device=clean.device)
    no_emotion = which < DROP_BOTH + DROP_EMOTION
    told = (which >= DROP_BOTH) & (which < 1 - DROP_MUSCLES)
    emotion = torch.where(no_emotion, UNLABELLED, batch["emotion"])
    guess = network(diffuse(clean, noise, t), t, emotion, batch["strength"], batch["muscles"], told)
    weight = (1 / alpha_sigma(t)[1] ** 2).clamp_max(HEAVIEST)  # (B,)
    return {"loss": ((guess.float() - clean).square().mean((1, 2)) * weight).mean()}
