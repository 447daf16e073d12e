"""Two score networks behind one interface: the paper's 2-D U-Net, and a fast 1-D ConvNeXt.

Both map (x, mu, features, condition, t) to the velocity v, where x is the noisy residual (B, 128, T), mu the prior mean
(B, 128, T), features what the text says at each frame (B, C, T/2: one column for two frames), condition the face and emotion
(B, D), and t the time (B,). T must be a multiple of `multiple`.
"""

import math

import torch
from torch import Tensor, nn

from feim.nn.blocks import ConvNeXtBlock

FOLD = 2  # frames that share one column of the 1-D network: half the columns, half the cost


def fold(x: Tensor) -> Tensor:
    """(B, C, T) → (B, 2C, T/2): pairs of frames side by side."""
    batch, channels, frames = x.shape
    return x.view(batch, channels, frames // FOLD, FOLD).transpose(2, 3).reshape(batch, channels * FOLD, frames // FOLD)


def unfold(x: Tensor) -> Tensor:
    """(B, 2C, T/2) → (B, C, T): the inverse of fold."""
    batch, channels, columns = x.shape
    return x.view(batch, channels // FOLD, FOLD, columns).transpose(2, 3).reshape(batch, channels // FOLD, columns * FOLD)


def time_embedding(t: Tensor, channels: int) -> Tensor:
    """t (B,) in [0, 1] → (B, channels) of sines and cosines (Vaswani et al. 2017, with 1000 t for the position)."""
    frequencies = torch.exp(-math.log(10_000) * torch.arange(channels // 2, device=t.device) / (channels // 2 - 1))
    angles = 1000 * t[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class ConvNeXtScore(nn.Module):
    """ConvNeXt blocks in time over folded frames, each scaled and shifted by time, face and emotion."""

    multiple = FOLD

    def __init__(self, mels: int, features: int, condition: int, channels: int = 256, blocks: int = 10, expansion: int = 2):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(condition, condition), nn.SiLU(), nn.Linear(condition, condition))
        self.input = nn.Conv1d(2 * FOLD * mels + features, channels, 1)
        dilations = (1, 2, 4)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(channels, dilation=dilations[i % 3], expansion=expansion, condition=condition) for i in range(blocks)
        )
        self.norm = nn.LayerNorm(channels)
        self.output = nn.Linear(channels, FOLD * mels)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def compute_in(self, dtype: torch.dtype) -> None:
        """Keep the input layer in `dtype`; the blocks answer for themselves."""
        self.input.to(dtype)

    def forward(self, x: Tensor, mu: Tensor, features: Tensor, condition: Tensor, t: Tensor) -> Tensor:
        condition = nn.functional.silu(condition + self.time(time_embedding(t, condition.shape[1])))  # (B, D)
        h = torch.cat([fold(x), fold(mu), features], dim=1).transpose(1, 2)  # (B, T/2, 2·2·mels + features)
        h = nn.functional.linear(h.to(self.input.weight.dtype), self.input.weight[:, :, 0], self.input.bias)
        h = h.float().transpose(1, 2)  # (B, channels, T/2)
        for block in self.blocks:
            h = block(h, condition)
        h = self.output(self.norm(h.transpose(1, 2))).transpose(1, 2)  # (B, 2·mels, T/2)
        return unfold(h)


class UNetScore(nn.Module):
    """Grad-TTS's and FEIM-TTS's 2-D U-Net: the mel as an image, three scales, linear attention.

    Input channels [mu, x, condition], the last one spread over the image. `features` are not used: the paper's network sees the
    text through mu alone.
    """

    multiple = 4

    def __init__(self, mels: int, condition: int, channels: int = 64, multiples: tuple[int, ...] = (1, 2, 4)):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(condition, 4 * channels), nn.SiLU(), nn.Linear(4 * channels, condition))
        self.condition = nn.Sequential(nn.Linear(condition, 4 * channels), nn.SiLU(), nn.Linear(4 * channels, mels))
        widths = [3, *(channels * m for m in multiples)]
        self.down = nn.ModuleList()
        for level, (before, after) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            last = level == len(multiples) - 1
            shrink = nn.Identity() if last else nn.Conv2d(after, after, 3, stride=2, padding=1)
            self.down.append(
                nn.ModuleList(
                    [_ResNetBlock(before, after, condition), _ResNetBlock(after, after, condition), _LinearAttention(after), shrink]
                )
            )
        middle = widths[-1]
        self.middle = nn.ModuleList(
            [_ResNetBlock(middle, middle, condition), _LinearAttention(middle), _ResNetBlock(middle, middle, condition)]
        )
        self.up = nn.ModuleList()
        for before, after in zip(reversed(widths[2:]), reversed(widths[1:-1]), strict=True):
            grow = nn.ConvTranspose2d(after, after, 4, stride=2, padding=1)
            self.up.append(
                nn.ModuleList(
                    [_ResNetBlock(2 * before, after, condition), _ResNetBlock(after, after, condition), _LinearAttention(after), grow]
                )
            )
        self.last = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.GroupNorm(8, channels), nn.Mish())
        self.output = nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor, mu: Tensor, features: Tensor, condition: Tensor, t: Tensor) -> Tensor:
        spread = self.condition(condition)[:, :, None].expand_as(x)  # (B, 128, T)
        time = self.time(time_embedding(t, condition.shape[1])) + condition
        h = torch.stack([mu, x, spread], dim=1)  # (B, 3, 128, T)
        skipped = []
        for first, second, attention, shrink in self.down:
            h = attention(second(first(h, time), time))
            skipped.append(h)
            h = shrink(h)
        first, attention, second = self.middle
        h = second(attention(first(h, time)), time)
        for first, second, attention, grow in self.up:
            h = torch.cat([h, skipped.pop()], dim=1)
            h = grow(attention(second(first(h, time), time)))
        return self.output(self.last(h))[:, 0]  # (B, 128, T)


class _ResNetBlock(nn.Module):
    def __init__(self, before: int, after: int, condition: int):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.GroupNorm(8, after), nn.Mish())
        self.second = nn.Sequential(nn.Conv2d(after, after, 3, padding=1), nn.GroupNorm(8, after), nn.Mish())
        self.time = nn.Sequential(nn.Mish(), nn.Linear(condition, after))
        self.skip = nn.Conv2d(before, after, 1) if before != after else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = self.first(x) + self.time(time)[:, :, None, None]
        return self.second(h) + self.skip(x)


class _LinearAttention(nn.Module):
    """Attention whose cost grows linearly with the image (Shen et al. 2021): keys are normalised over places, then summed."""

    def __init__(self, channels: int, heads: int = 4, width: int = 32):
        super().__init__()
        self.heads = heads
        self.inputs = nn.Conv2d(channels, 3 * heads * width, 1, bias=False)
        self.output = nn.Conv2d(heads * width, channels, 1)
        self.scale = nn.Parameter(torch.zeros(1))  # ReZero

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        query, key, value = self.inputs(x).view(batch, 3, self.heads, -1, height * width).unbind(1)  # (B, heads, C, HW)
        context = key.softmax(dim=-1) @ value.transpose(2, 3)  # (B, heads, C, C)
        h = (context.transpose(2, 3) @ query).reshape(batch, -1, height, width)
        return x + self.scale * self.output(h)
