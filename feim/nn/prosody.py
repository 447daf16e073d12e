"""How long each symbol takes and how high it is, before any frame is drawn."""

import torch
from torch import Tensor, nn

from feim.nn.blocks import ConvNeXtBlock


def place(mask: Tensor) -> Tensor:
    """(B, 1, T) mask of sequences → (B, 1, T): from −1 at the first step of each to 1 at its last, 0 after it."""
    length = mask.sum(-1, keepdim=True)
    return (2 * (mask.cumsum(-1) - 1) / (length - 1).clamp_min(1) - 1) * mask


class ProsodyPredictor(nn.Module):
    """Symbols' features, their place in the sentence, speaker and emotion → logarithm of durations, and pitch.

    The place is told, because the contours of emotions span the whole sentence and convolutions see a part of it.
    """

    def __init__(self, inputs: int, channels: int, blocks: int, condition: int, expansion: int):
        super().__init__()
        self.input = nn.Conv1d(inputs + 1, channels, 1)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(channels, kernel=9, dilation=(1, 2)[i % 2], expansion=expansion, condition=condition, dropout=0.1)
            for i in range(blocks)
        )
        self.norm = nn.LayerNorm(channels, elementwise_affine=False)
        self.film = nn.Linear(condition, 2 * channels)
        self.output = nn.Linear(channels, 2)

    def forward(self, h: Tensor, mask: Tensor, speaker: Tensor, emotion: Tensor) -> tuple[Tensor, Tensor]:
        """h (B, C, N), mask (B, 1, N), speaker and emotion (B, D) → ln(1 + frames) (B, N), pitch (B, N) in units of PITCH_SPREAD."""
        condition = speaker + emotion
        h = self.input(torch.cat([h, place(mask)], dim=1))
        for block in self.blocks:
            h = block(h, condition, mask)
        h = self.norm(h.transpose(1, 2))  # (B, N, C)
        scale, shift = self.film(condition)[:, None].chunk(2, dim=-1)
        out = self.output(h * (1 + scale) + shift).float()
        return out[..., 0], out[..., 1]
