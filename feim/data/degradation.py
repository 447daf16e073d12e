"""How sharp pictures become the small, poor ones that super-resolution meets: the ×4 degradation of BSRGAN, in shuffled order.

Zhang et al. 2021, "Designing a Practical Degradation Model for Deep Blind Image Super-Resolution", arXiv:2103.14006, §3; all chances and
ranges are those of its published code (`degradation_bsrgan` of cszn/BSRGAN). Seven operations in random order: blur, blur, downsample
by another factor than wanted, then (always after it) to the size wanted, Gaussian noise, JPEG, camera noise. A JPEG always ends it.

Deviations, all small: kernels are computed where they lie instead of shifted by interpolation; correlated noise keeps the sign of its
correlations; the camera is simpler (see `add_camera_noise`); MATLAB's bicubic of the first halving is torch's antialiased one.

Every operation is a function of a picture and a generator: (3, H, W) float32 in [0, 1] → the same kind. The same state of the generator
gives the same result.
"""

import io
import math

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SCALE = 4
SMALLEST = 128  # pixels of a side: at an eighth of it, a kernel of 25 can still be mirrored at the edge

# Chances
HALVE_FIRST, JPEG, CAMERA, ANY_FACTOR, ANISOTROPIC = 0.25, 0.9, 0.25, 0.75, 0.5
GREY, COLOURED = 0.4, 0.4  # Gaussian noise; the remaining fifth is correlated between the channels
NOISE_LEVELS = (2, 25)  # standard deviation, of 255; both included
QUALITIES = (30, 95)  # of JPEG, both included
KERNELS = (7, 25)  # pixels, odd, both included
NEAREST_KERNEL = 25  # of the blur before every fourth pixel is taken


def degrade(picture: Tensor, random: Generator) -> Tensor:
    """The whole chain.

    Args:
        picture: (3, H, W) float32 in [0, 1], sides of at least 128 that four divides.

    Returns: (3, H/4, W/4), values of 8 bits. Raises: ValueError for other sides.
    """
    height, width = picture.shape[1:]
    if min(height, width) < SMALLEST or height % SCALE or width % SCALE:
        raise ValueError(f"a picture of {width}×{height} pixels cannot be degraded; give sides of {SMALLEST} or more that {SCALE} divides")
    scale = SCALE
    if random.random() < HALVE_FIRST:
        picture, scale = halve(picture, random), SCALE // 2
    operations = {
        "blur": lambda x: blur(x, scale, random),
        "blur again": lambda x: blur(x, scale, random),
        "downsample": lambda x: downsample(x, scale, random),
        "to size": lambda x: resize(x, (height // SCALE, width // SCALE), any_filter(random)),
        "noise": lambda x: add_noise(x, random),
        "compress": lambda x: compress(x, random) if random.random() < JPEG else x,
        "camera": lambda x: add_camera_noise(x, random) if random.random() < CAMERA else x,
    }
    for name in shuffled(list(operations), random):
        picture = operations[name](picture)
    return compress(picture, random)


def shuffled(names: list[str], random: Generator) -> list[str]:
    """Any order in which "to size" comes after "downsample": of others, these two change places."""
    order = [names[index] for index in random.permutation(len(names))]
    first, second = order.index("downsample"), order.index("to size")
    if first > second:
        order[first], order[second] = order[second], order[first]
    return order


def halve(picture: Tensor, random: Generator) -> Tensor:
    """To half its size, by any filter or by antialiased bicubic."""
    size = (picture.shape[1] // 2, picture.shape[2] // 2)
    if random.random() < 0.5:
        return resize(picture, size, any_filter(random))
    return F.interpolate(picture[None], size, mode="bicubic", antialias=True)[0].clamp(0, 1)


def blur(picture: Tensor, scale: int, random: Generator) -> Tensor:
    """By a Gaussian, every second time an isotropic one.

    Isotropic deviations reach 2 + 0.2·scale pixels, anisotropic variances 4 + scale along two axes at any angle.
    """
    size = int(random.integers(KERNELS[0] // 2, KERNELS[1] // 2 + 1)) * 2 + 1
    if random.random() < ANISOTROPIC:
        angle, variances = random.uniform(0, math.pi), random.uniform(0, 4 + scale, 2)
        axes = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        covariance = axes @ np.diag(variances) @ axes.T
    else:
        covariance = np.eye(2) * random.uniform(0, 2 + 0.2 * scale) ** 2
    return filtered(picture, gaussian_kernel(size, covariance))


def gaussian_kernel(size: int, covariance: np.ndarray, shift: float = 0.0) -> Tensor:
    """A Gaussian of sum 1, (size, size); covariance (2, 2) in pixels² of x and y; centred `shift` pixels right of and below the middle."""
    ticks = np.arange(size) - size // 2 - shift
    offsets = np.stack(np.meshgrid(ticks, ticks), axis=-1)  # (size, size, 2) x, y
    inverse = np.linalg.inv(covariance + 1e-3 * np.eye(2))  # no blur at all is a kernel of one pixel
    exponent = -0.5 * np.einsum("yxi,ij,yxj->yx", offsets, inverse, offsets)
    kernel = np.exp(exponent - exponent.max())
    return torch.from_numpy((kernel / kernel.sum()).astype(np.float32))


def filtered(picture: Tensor, kernel: Tensor) -> Tensor:
    """Correlate with an odd square kernel, the picture mirrored at its edge; by FFT, ten times as fast for a kernel of 25."""
    reach = kernel.shape[0] // 2
    height, width = picture.shape[1:]
    padded = F.pad(picture[None], (reach,) * 4, mode="reflect")[0]  # (3, H + 2·reach, W + 2·reach)
    spectrum = torch.fft.rfft2(padded) * torch.fft.rfft2(kernel, s=padded.shape[1:]).conj()
    return torch.fft.irfft2(spectrum, s=padded.shape[1:])[:, :height, :width].clamp(0, 1)


def downsample(picture: Tensor, scale: int, random: Generator) -> Tensor:
    """By any factor from 1 to twice `scale` with any filter; or blurred, and of every `scale` pixels one taken."""
    if random.random() < ANY_FACTOR:
        factor = random.uniform(1, 2 * scale)
        return resize(picture, (int(picture.shape[1] / factor), int(picture.shape[2] / factor)), any_filter(random))
    deviation = random.uniform(0.1, 0.6 * scale)
    # The pixel taken is the first of each block; the kernel looks around the block's centre.
    return filtered(picture, gaussian_kernel(NEAREST_KERNEL, np.eye(2) * deviation**2, (scale - 1) / 2))[:, ::scale, ::scale]


def any_filter(random: Generator) -> str:
    """One of OpenCV's three, as the published code draws them."""
    return str(random.choice(["bilinear", "bicubic", "area"]))


def resize(picture: Tensor, size: tuple[int, int], filter: str) -> Tensor:
    """To (height, width) as OpenCV does: bilinear and bicubic *without* antialiasing, area by exact averages (bilinear when it grows)."""
    if filter == "area" and size[0] <= picture.shape[1] and size[1] <= picture.shape[2]:
        rows, columns = (_averages(old, new) for old, new in zip(picture.shape[1:], size, strict=True))
        return (rows @ picture @ columns.T).clamp(0, 1)
    mode = "bicubic" if filter == "bicubic" else "bilinear"
    return F.interpolate(picture[None], size, mode=mode)[0].clamp(0, 1)


def _averages(old: int, new: int) -> Tensor:
    """(new, old): how much of each old pixel lies in each new one."""
    edges = torch.arange(new + 1) * (old / new)
    pixels = torch.arange(old)
    inside = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return inside.clamp_min(0) * (new / old)


def add_noise(picture: Tensor, random: Generator) -> Tensor:
    """Gaussian noise of NOISE_LEVELS: the same in all channels, one for each, or correlated between them (then always at the highest)."""
    level = random.integers(NOISE_LEVELS[0], NOISE_LEVELS[1] + 1) / 255
    chance = random.random()
    if chance < GREY:
        noise = level * _normal((1, *picture.shape[1:]), random)
    elif chance < GREY + COLOURED:
        noise = level * _normal(picture.shape, random)
    else:
        # covariance = 25² Uᵀ D U, U orthogonal, D diagonal in [0, 1]: noise = 25 · (√D U)ᵀ · white
        orthogonal = np.linalg.qr(random.uniform(size=(3, 3)))[0]
        mixing = torch.from_numpy((np.sqrt(random.uniform(size=(3, 1))) * orthogonal).astype(np.float32))
        noise = NOISE_LEVELS[1] / 255 * torch.einsum("ij,ihw->jhw", mixing, _normal(picture.shape, random))
    return (picture + noise).clamp(0, 1)


def _normal(shape: tuple[int, ...], random: Generator) -> Tensor:
    return torch.from_numpy(random.standard_normal(tuple(shape), dtype=np.float32))


def compress(picture: Tensor, random: Generator) -> Tensor:
    """Through a JPEG of any quality in QUALITIES."""
    pixels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(random.integers(QUALITIES[0], QUALITIES[1] + 1)))
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float() / 255


def add_camera_noise(picture: Tensor, random: Generator) -> Tensor:
    """What a sensor and its processing add: back to raw light, shot and read noise under a Bayer mosaic, and forth again.

    BSRGAN goes through several cameras' colour matrices, tone curves and demosaicing. Here, after Brooks et al. 2019 (arXiv:1811.11127,
    §3): gamma, white balance and noise levels as given there; one smoothstep tone curve, no colour matrix, bilinear demosaicing.
    """
    gains = torch.tensor([random.uniform(1.9, 2.4), 1.0, random.uniform(1.5, 1.9)]).view(3, 1, 1)  # red, green, blue
    light = 0.5 - torch.sin(torch.asin(1 - 2 * picture.clamp(0, 1)) / 3)  # inverse of the tone curve 3x² − 2x³
    raw = light.pow(2.2) / gains
    shot = math.exp(random.uniform(math.log(1e-4), math.log(0.012)))
    read = math.exp(2.18 * math.log(shot) + 1.20 + random.normal(0, 0.26))
    noisy = raw + (shot * raw + read).sqrt() * _normal(raw.shape, random)
    light = (_demosaicked(noisy) * gains).clamp(1e-8, 1).pow(1 / 2.2)
    return (3 * light**2 - 2 * light**3).clamp(0, 1)


def _demosaicked(raw: Tensor) -> Tensor:
    """Keep of each pixel only the channel that an RGGB sensor sees there; fill in the others bilinearly. (3, H, W) → (3, H, W)."""
    mosaic = torch.zeros_like(raw)
    for channel, row, column in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)):
        mosaic[channel, row::2, column::2] = 1
    tent = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None] / 4
    seen, counted = (F.conv2d(F.pad(x[:, None], (1, 1, 1, 1)), tent)[:, 0] for x in (raw * mosaic, mosaic))
    return torch.where(mosaic.bool(), raw, seen / counted)
