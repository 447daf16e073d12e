"""Super-resolution ×4, blind as in BSRGAN: small, blurred, noisy, compressed faces become large clean ones, 128² → 512².

Zhang et al. 2021, arXiv:2103.14006, train the RRDB network of ESRGAN (Wang et al. 2018, arXiv:1809.00219) on what
feim.data.degradation does to pictures, at last against a U-Net discriminator (Schönfeld et al. 2020). `RRDBNet` is that network. What
ships is `CompactNetwork`, the design of Real-ESRGAN's fast models (SRVGGNetCompact, Wang et al. 2021, arXiv:2107.10833): all layers work at
the small size, which makes it hundreds of times faster.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

SCALE = 4
BATCH_PIXELS = 4 * 128 * 128  # of the small frames that are enlarged at once: activations stay near the caches, memory below 200 MB


class CompactNetwork(nn.Module):
    """Convolutions at the small size, added to the bicubic enlargement before one pixel shuffle makes both large.

    Real-ESRGAN's adds to the nearest neighbour instead. A network of few layers and steps then leaves stairs along edges.
    PReLU has one slope for all channels: with one for each, it takes 13 times as long on a CPU, a fifth of the whole network.
    """

    @dataclass(frozen=True)
    class Config:
        width: int = 48
        depth: int = 8  # 3×3 layers between the first and the last

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        layers = [_conv(3, config.width), nn.PReLU()]
        for _ in range(config.depth):
            layers += [_conv(config.width, config.width), nn.PReLU()]
        last = _conv(config.width, 3 * SCALE**2)
        nn.init.zeros_(last.weight)  # training begins from bicubic
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)
        self.register_buffer("bicubic", bicubic_filters().repeat(3, 1, 1, 1), persistent=False)  # (3 · 16, 1, 5, 5)

    def compute_in(self, dtype: torch.dtype) -> None:
        """Keep all layers in `dtype`, channels last; what they add to, and the sum, stay as they came."""
        self.layers.to(dtype, memory_format=torch.channels_last)

    def forward(self, small: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] → (B, 3, 4H, 4W), about in [0, 1]."""
        added = self.layers(small.to(self.layers[0].weight.dtype)).to(small.dtype)  # (B, 3 · 16, H, W)
        with torch.autocast(small.device.type, enabled=False):  # bf16 would round the picture itself
            plain = F.conv2d(F.pad(small, (2, 2, 2, 2), mode="replicate"), self.bicubic, groups=3)  # (B, 3 · 16, H, W)
        return F.pixel_shuffle(plain + added, SCALE)


def bicubic_filters() -> Tensor:
    """Keys' cubic (1981, a = −½, as in Pillow and MATLAB): (16, 1, 5, 5), for each of the 4×4 new pixels in an old one, by rows."""
    places = (torch.arange(SCALE) + 0.5) / SCALE - 0.5  # of the new pixels' centres, from the old one's
    away = (torch.arange(-2, 3) - places[:, None]).abs()  # (4, 5), in old pixels
    near = (1.5 * away - 2.5) * away**2 + 1
    far = ((-0.5 * away + 2.5) * away - 4) * away + 2
    weights = torch.where(away <= 1, near, far * (away < 2))
    return torch.einsum("yi,xj->yxij", weights, weights).reshape(SCALE**2, 1, 5, 5)


class RRDBNet(nn.Module):
    """The paper's network: residual-in-residual dense blocks at the small size, then two doublings."""

    @dataclass(frozen=True)
    class Config:
        width: int = 64
        blocks: int = 23
        growth: int = 32

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.first = _conv(3, config.width)
        self.trunk = nn.Sequential(*(RRDB(config.width, config.growth) for _ in range(config.blocks)), _conv(config.width, config.width))
        self.doublings = nn.ModuleList(_conv(config.width, config.width) for _ in range(2))
        self.last = nn.Sequential(_conv(config.width, config.width), nn.LeakyReLU(0.2), _conv(config.width, 3))

    def forward(self, small: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] → (B, 3, 4H, 4W), about in [0, 1]."""
        h = self.first(small)  # (B, C, H, W)
        h = h + self.trunk(h)
        for doubling in self.doublings:
            h = F.leaky_relu(doubling(F.interpolate(h, scale_factor=2.0, mode="nearest")), 0.2)  # (B, C, 2H, 2W), (B, C, 4H, 4W)
        return self.last(h)


class RRDB(nn.Module):
    """Three dense blocks in a row; each, and the three together, add a fifth of what they find (ESRGAN, β = 0.2)."""

    def __init__(self, width: int, growth: int):
        super().__init__()
        self.dense = nn.Sequential(*(DenseBlock(width, growth) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.dense(x)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all before it."""

    def __init__(self, width: int, growth: int):
        super().__init__()
        self.layers = nn.ModuleList(_conv(width + number * growth, growth if number < 4 else width) for number in range(5))
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            layer.weight.data *= 0.1  # ESRGAN: smaller weights at first let deep residual networks train
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for layer in self.layers[:-1]:
            seen.append(F.leaky_relu(layer(torch.cat(seen, dim=1)), 0.2))
        return x + 0.2 * self.layers[-1](torch.cat(seen, dim=1))


class UNetDiscriminator(nn.Module):
    """Tells of every pixel whether it is real: a U-Net, all layers but the outermost with spectral norm (Real-ESRGAN's and BSRGAN's)."""

    @dataclass(frozen=True)
    class Config:
        width: int = 64

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        widths = [config.width * 2**level for level in range(4)]
        self.first = _conv(3, config.width)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1, bias=False)) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.up = nn.ModuleList(
            spectral_norm(nn.Conv2d(b, a, 3, padding=1, bias=False)) for a, b in zip(widths[-2::-1], widths[:0:-1], strict=True)
        )
        self.last = nn.Sequential(
            spectral_norm(nn.Conv2d(config.width, config.width, 3, padding=1, bias=False)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(config.width, config.width, 3, padding=1, bias=False)),
            nn.LeakyReLU(0.2),
            _conv(config.width, 1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) with sides that eight divides → (B, 1, H, W), large where it looks real."""
        levels = [F.leaky_relu(self.first(pictures), 0.2)]  # (B, C, H, W)
        for layer in self.down:
            levels.append(F.leaky_relu(layer(levels[-1]), 0.2))  # … (B, 8C, H/8, W/8)
        h = levels.pop()
        for layer in self.up:
            h = F.interpolate(h, scale_factor=2.0, mode="bilinear")
            h = F.leaky_relu(layer(h), 0.2) + levels.pop()
        return self.last(h)


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def blend(one: nn.Module, other: nn.Module, alpha: float) -> dict[str, Tensor]:
    """Weights between those of two networks of one shape: (1 − α) · one + α · other (network interpolation, ESRGAN §3.4)."""
    return {name: value.lerp(other.state_dict()[name], alpha) for name, value in one.state_dict().items()}


@torch.inference_mode()
def enlarge(network: CompactNetwork | RRDBNet, frames: np.ndarray) -> np.ndarray:
    """Frames, four times as wide and high. A few at a time: beside the result it takes the same memory for any number of frames.

    Args:
        frames: (F, H, W, 3) uint8.

    Returns: (F, 4H, 4W, 3) uint8. Raises: ValueError for arrays of another kind.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
        raise ValueError(f"an array of shape {frames.shape} and {frames.dtype} is no film; use (frames, height, width, 3) of uint8")
    count, height, width, _ = frames.shape
    large = np.empty((count, SCALE * height, SCALE * width, 3), np.uint8)
    device = next(network.parameters()).device
    for some in _batches(count, height * width):
        small = torch.from_numpy(frames[some]).to(device).permute(0, 3, 1, 2) / 255  # (B, 3, H, W), channels last in memory
        pixels = network(small).mul_(255).round_().clamp_(0, 255).byte()  # (B, 3, 4H, 4W)
        large[some] = pixels.permute(0, 2, 3, 1).cpu().numpy()
    return large


def _batches(count: int, pixels: int) -> Iterator[slice]:
    size = max(1, BATCH_PIXELS // max(pixels, 1))
    return (slice(start, start + size) for start in range(0, count, size))
