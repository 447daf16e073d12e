"""Layers shared by the models: the ConvNeXt block in time, plain and conditioned."""

import torch
from torch import Tensor, nn


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution in time, then a pointwise two-layer network, added to the input (Liu et al. 2022).

    With `condition` channels, the normalised features are scaled and shifted by it (FiLM, Perez et al. 2018).
    """

    def __init__(self, channels: int, kernel: int = 7, dilation: int = 1, expansion: int = 3, condition: int = 0, dropout: float = 0.0):
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=dilation * (kernel // 2), dilation=dilation, groups=channels)
        self.norm = nn.LayerNorm(channels, elementwise_affine=not condition)
        self.film = nn.Linear(condition, 2 * channels) if condition else None
        self.widen = nn.Linear(channels, expansion * channels)
        self.narrow = nn.Linear(expansion * channels, channels)
        self.dropout = nn.Dropout(dropout)
        self.scale = nn.Parameter(torch.full((channels,), 0.1))
        if self.film is not None:
            nn.init.zeros_(self.film.weight)
            nn.init.zeros_(self.film.bias)

    def compute_in(self, dtype: torch.dtype) -> None:
        """Keep the two wide layers, nearly all of the arithmetic, in `dtype`; what is added up along the blocks stays as it came."""
        self.widen.to(dtype)
        self.narrow.to(dtype)

    def forward(self, x: Tensor, condition: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x (B, C, T), condition (B, D) or None, mask (B, 1, T) of ones where there is sound → (B, C, T)."""
        if mask is not None:
            x = x * mask
        reach = self.depthwise.padding[0]
        x = nn.functional.pad(x.transpose(1, 2), (0, 0, reach, reach))  # (B, T + 2·reach, C): the layout of every step below
        h = self.norm(self._convolve(x))  # (B, T, C)
        if self.film is not None:
            scale, shift = self.film(condition)[:, None].chunk(2, dim=-1)  # (B, 1, C) each
            h = torch.addcmul(shift, h, 1 + scale)
        h = self.narrow(nn.functional.gelu(self.widen(h.to(self.widen.weight.dtype))))
        return torch.addcmul(x[:, reach:-reach], self.dropout(h), self.scale).transpose(1, 2)

    def _convolve(self, x: Tensor) -> Tensor:
        """Padded x (B, T + 2·reach, C) → (B, T, C), as an image of one row: unlike conv1d, conv2d leaves the channels last."""
        image, weight = x.transpose(1, 2)[:, :, None], self.depthwise.weight[:, :, None]
        dilation, groups = (1, *self.depthwise.dilation), self.depthwise.groups
        h = nn.functional.conv2d(image, weight, self.depthwise.bias, dilation=dilation, groups=groups)  # (B, C, 1, T)
        return h[:, :, 0].transpose(1, 2)


def sequence_mask(lengths: Tensor, longest: int) -> Tensor:
    """(B,) → (B, 1, longest) float: 1 inside each sequence, 0 after it."""
    return (torch.arange(longest, device=lengths.device) < lengths[:, None]).float()[:, None]
