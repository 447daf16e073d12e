"""Aligned face crops, disturbed as cameras and detectors disturb them: place, light, colour, sharpness, noise, compression."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F


def augment_faces(crops: Tensor, random: np.random.Generator) -> Tensor:
    """Disturb every crop differently: (B, 3, H, W) in [0, 1] → the same. The same generator state gives the same result."""
    return torch.stack([_disturb(crop[None], random)[0] for crop in crops])


def _disturb(crop: Tensor, random: np.random.Generator) -> Tensor:
    crop = _move(crop, random)
    if random.random() < 0.3:
        crop = _replace_background(crop, random)
    crop = relight(recolour(crop, random), random)
    if random.random() < 0.4:
        crop = blur(crop, random)
    noise = torch.from_numpy(random.standard_normal(crop.shape, dtype=np.float32))
    crop = (crop + random.uniform(0, 0.04) * noise).clamp(0, 1)
    return compress(crop, random) if random.random() < 0.4 else crop


def _move(crop: Tensor, random: np.random.Generator) -> Tensor:
    """Rotate by up to 10°, scale by up to 13 %, shift by up to 3 %, and mirror every second crop."""
    angle, scale = random.uniform(-0.17, 0.17), np.exp(random.uniform(-0.12, 0.12))
    mirror = random.choice([-1, 1])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = torch.tensor([[[mirror * cos, -sin, random.uniform(-0.06, 0.06)], [mirror * sin, cos, random.uniform(-0.06, 0.06)]]])
    grid = F.affine_grid(matrix.float(), list(crop.shape), align_corners=False)
    return F.grid_sample(crop, grid, padding_mode="border", align_corners=False)


def _replace_background(crop: Tensor, random: np.random.Generator) -> Tensor:
    """One random colour beyond an ellipse around the head: hair and backdrop must not decide."""
    height, width = crop.shape[-2:]
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    radius = ((x / random.uniform(0.55, 0.75)).square() + ((y - 0.12) / random.uniform(0.75, 0.95)).square()).sqrt()
    head = torch.sigmoid((1 - radius) * random.uniform(8, 30))
    colour = torch.from_numpy(random.uniform(0, 1, (1, 3, 1, 1)).astype(np.float32))
    return crop * head + colour * (1 - head)


def recolour(crop: Tensor, random: np.random.Generator) -> Tensor:
    """Saturation down to gray for every fourth crop, white balance, gamma, contrast, brightness."""
    gray = crop.mean(1, keepdim=True)
    saturation = 0.0 if random.random() < 0.25 else random.uniform(0.5, 1.5)
    crop = (gray + (crop - gray) * saturation).clamp(1e-3, 1) ** np.exp(random.uniform(-0.5, 0.5))
    balance = np.exp(random.uniform(-0.2, 0.2, (1, 3, 1, 1)) * (saturation > 0)).astype(np.float32)
    crop = crop * torch.from_numpy(balance)
    mean = crop.mean()
    return (crop - mean) * random.uniform(0.6, 1.3) + mean + random.uniform(-0.12, 0.12)


def relight(crop: Tensor, random: np.random.Generator) -> Tensor:
    """Light from one side: brightness falls by up to 30 % either way across the crop."""
    height, width = crop.shape[-2:]
    across = 1 + random.uniform(-0.3, 0.3) * torch.linspace(-1, 1, width)
    down = 1 + random.uniform(-0.3, 0.3) * torch.linspace(-1, 1, height)[:, None]
    return crop * across * down


def blur(crop: Tensor, random: np.random.Generator) -> Tensor:
    """As from a smaller picture, down to a quarter."""
    size = crop.shape[-2:]
    small = F.interpolate(crop, scale_factor=random.uniform(0.25, 0.7), mode="bilinear", antialias=True)
    return F.interpolate(small, size, mode="bilinear")


def compress(crop: Tensor, random: np.random.Generator) -> Tensor:
    """Through a JPEG of quality 20 to 80."""
    pixels = (crop[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(random.integers(20, 80)))
    return torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1)[None].float() / 255
