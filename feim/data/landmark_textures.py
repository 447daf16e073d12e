"""Portraits brought to one shape, from where they are mixed and brought to any other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional as F

from feim.data.corpora.london import Person, thin_plate_spline
from feim.data.landmark_shapes import moved, normalised
from feim.signal.face import read_image, similarity
from feim.signal.landmarks import COUNT, HAIRLINE, IRISES, JAW, LOWER_LIDS, MIRROR, PUPILS, UPPER_LIDS, interocular

TEXTURE = 400  # pixels a side
TEXTURE_EYES = np.array([[160.0, 165.0], [240.0, 165.0]])  # the pupils of the mean shape there: 80 pixels apart
COARSE = 3  # pixels between the places where a spline is evaluated; linear between


@dataclass(frozen=True)
class Textures:
    """What portraits are mixed from.

    Attributes:
        pixels: (N, 4, TEXTURE, TEXTURE) uint8, red, green, blue and how much of it is the person (not the backdrop), at `mean`.
        shapes: (N, 189, 2), the people's own shapes: from the middle between the pupils, in distances between them.
        mean: (189, 2), in pixels of a texture.
    """

    pixels: Tensor
    shapes: np.ndarray
    mean: np.ndarray


def read_textures(people: Sequence[Person]) -> Textures:
    """Bring everybody's neutral portrait, and its mirror image, to the mean shape of all."""
    shapes = np.stack([normalised(person.landmarks) for person in people])
    shapes = np.concatenate([shapes, shapes[:, list(MIRROR)] * (-1, 1)])
    mean = shapes.mean(0)
    mean = moved(mean, similarity(mean[list(PUPILS)], TEXTURE_EYES))
    pixels = []
    for person in people:
        portrait = read_image(person.images["neutral"])
        opaque = _matte(portrait, person.landmarks)
        pixels.append(warp_face(torch.from_numpy(np.dstack([portrait, opaque]).copy()).permute(2, 0, 1), person.landmarks, mean, TEXTURE))
    once = torch.stack(pixels)
    return Textures(torch.cat([once, once.flip(3)]).round().clamp(0, 255).byte(), shapes, mean)


def _matte(portrait: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """How much of each pixel is the person, before London's gray backdrop: (H, W, 3) → (H, W) uint8."""
    height, width = portrait.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1)
    sure = ((y < -0.85) | ((np.abs(x) > 0.85) & (y < 0.2)))[::4, ::4]
    fitted = np.linalg.lstsq(terms[::4, ::4][sure], portrait[::4, ::4][sure].astype(float), rcond=None)[0]
    difference = np.abs(portrait - terms @ fitted).max(-1)
    opaque = Image.fromarray(((difference - 14) / 20 * 255).clip(0, 255).astype(np.uint8))
    face = [tuple(landmarks[point]) for point in (*HAIRLINE, *JAW[::-1])]
    ImageDraw.Draw(opaque).polygon(face, fill=255)
    return np.asarray(opaque.reduce(2).resize(opaque.size, Image.Resampling.BILINEAR))


def mixed_texture(textures: Tensor, random: np.random.Generator) -> Tensor:
    """One person's, a mixture of two or three, or one with another's eyes, nose or mouth: (4, TEXTURE, TEXTURE), 0 to 255."""
    kind = random.random()
    who = random.integers(len(textures), size=3)
    if kind < 0.35:
        return textures[who[0]].float()
    if kind < 0.65:
        shares = random.dirichlet((0.8, 0.8, 0.4))
        return sum(float(share) * textures[one].float() for share, one in zip(shares, who, strict=True))
    mixed = textures[who[0]].float()
    y, x = torch.meshgrid(torch.arange(TEXTURE), torch.arange(TEXTURE), indexing="ij")
    for centre, reach in (((160, 155), (42, 40)), ((240, 155), (42, 40)), ((200, 195), (30, 45)), ((200, 255), (48, 34))):
        if centre[0] <= 200:  # both eyes from one person
            other = textures[random.choice(who[1:])].float()
        mask = ((x - centre[0]) / reach[0]) ** 4 + ((y - centre[1]) / reach[1]) ** 4
        mask = torch.sigmoid(6 * (1 - mask))
        rim = mask * (1 - mask)
        shift = ((mixed - other) * rim).sum((1, 2), keepdim=True) / rim.sum()  # the same skin at the rim
        mixed = mixed + mask * (other + shift - mixed)
    return mixed.clamp(0, 255)


def warp_face(image: Tensor, source: np.ndarray, target: np.ndarray, size: int, eyeballs: np.ndarray | None = None) -> Tensor:
    """Bring `source` points of an image to `target`: (C, H, W) of 0 to 255 → (C, size, size) float32 of 0 to 255.

    Between the lids of `target` shows what `eyeballs`, where these points are without blinking, brings there.
    """
    ticks = np.linspace(0, size - 1, size // COARSE + 1)
    everything = np.arange(COUNT)
    skin = everything if eyeballs is None else np.setdiff1d(everything, [*PUPILS, *IRISES[0], *IRISES[1]])
    origin = _origins(source[skin], target[skin], ticks, ticks)
    origin = F.interpolate(origin, (size, size), mode="bilinear", align_corners=True)[0]  # (2, size, size)
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True) if eyeballs is not None else ():
        lids = target[list(upper + lower)]
        low, high = np.floor(lids.min(0)).astype(int) - 2, np.ceil(lids.max(0)).astype(int) + 3
        low, high = low.clip(0, size - 1), high.clip(1, size)
        columns, rows = np.arange(low[0], high[0]), np.arange(low[1], high[1])
        near = np.flatnonzero(np.linalg.norm(eyeballs - lids.mean(0), axis=1) < 0.9 * interocular(eyeballs))
        # Shut lids tear what was between them: each goes its own way.
        sheets = ((target, np.setdiff1d(skin, lower[1:4])), (target, np.setdiff1d(skin, upper[1:4])), (eyeballs, near))
        over, under, ball = (_origins(source[points], shape[points], columns, rows)[0] for shape, points in sheets)  # (2, h, w)
        below_upper, above_lower = (torch.from_numpy(distance > 0) for distance in between(target, upper, lower, columns, rows))
        origin[:, low[1] : high[1], low[0] : high[0]] = torch.where(below_upper, torch.where(above_lower, ball, under), over)
    height, width = image.shape[1:]
    grid = 2 * origin.permute(1, 2, 0)[None] / torch.tensor([width - 1, height - 1]) - 1
    mode = "bicubic" if height > 2 * size else "bilinear"
    return F.grid_sample(image[None].float(), grid, mode=mode, padding_mode="border", align_corners=True)[0]


def _origins(source: np.ndarray, target: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> Tensor:
    """Where in the image each of these pixels comes from: (1, 2, rows, columns) float32."""
    places = torch.from_numpy(np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2).astype(float))
    origin = thin_plate_spline(torch.from_numpy(target), torch.from_numpy(source), places)
    return origin.reshape(1, len(rows), len(columns), 2).permute(0, 3, 1, 2).float()


def between(
    points: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...], columns: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far below the upper line, and above the lower line, each pixel is: twice (rows, columns)."""
    lines = []
    for line in (upper, lower):
        x, y = points[list(line)].T
        order = np.argsort(x)
        lines.append(np.interp(columns, x[order], y[order]))
    return rows[:, None] - lines[0][None], lines[1][None] - rows[:, None]
