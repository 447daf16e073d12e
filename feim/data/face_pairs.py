"""Sharp pieces of portraits and what the degradation makes of them: what super-resolution learns from and is measured on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from feim.data.batching import generators
from feim.data.corpora.london import PUPILS, Person
from feim.data.degradation import SCALE, degrade
from feim.signal.face import read_image
from feim.signal.landmarks import interocular

SCALES = (0.4, 1.0)  # of the London set's 1024 pixels: 60 to 150 pixels between the pupils
LIGHT = 0.3  # all London portraits were taken in one light: gamma and the colours' levels vary by up to this exponent, a quarter of it
UNSPOILT = 0.2  # of the pieces are only made small, as the talking face's own frames are: they need not be blurred for safety
CROP, PUPILS_APART = 512, 119.0  # pixels of a face crop: the proportions of feim.signal.face's crop
PUPILS_AT = np.array([0.5, 0.43])  # of the crop, x and y: their middle


@dataclass(frozen=True)
class Portrait:
    """A picture (H, W, 3) uint8 and the middle and half size of its face, x and y in its pixels."""

    picture: np.ndarray
    centre: np.ndarray
    reach: np.ndarray


def read_portraits(people: Sequence[Person]) -> list[Portrait]:
    """Every portrait of everybody. The landmarks of the neutral one serve both: people sat still."""
    portraits = []
    for person in people:
        low, high = person.landmarks.min(axis=0), person.landmarks.max(axis=0)
        portraits += [Portrait(read_image(path), (low + high) / 2, (high - low) / 2) for path in person.images.values()]
    return portraits


def pairs(portraits: Sequence[Portrait], batch_size: int, side: int, seed: int = 0) -> Callable[[int], dict[str, Tensor]]:
    """Random square pieces around the faces, at random scales, mirrored every second time, in other light.

    Args:
        side: of the large pieces, pixels.

    Returns: index → large (B, 3, side, side) and small (B, 3, side/4, side/4), float32 in [0, 1].
    """

    def batch(index: int) -> dict[str, Tensor]:
        large, small = [], []
        for random in generators(seed, index, batch_size):
            large.append(_piece(portraits[random.integers(len(portraits))], side, random))
            small.append(reduce(large[-1]) if random.random() < UNSPOILT else degrade(large[-1], random))
        return {"large": torch.stack(large), "small": torch.stack(small)}

    return batch


def reduce(large: Tensor) -> Tensor:
    """A quarter of the size by antialiased bicubic, and nothing worse: (3, H, W) → (3, H/4, W/4), values of 8 bits."""
    small = F.interpolate(large[None], scale_factor=1 / SCALE, mode="bicubic", antialias=True)[0]
    return (small.clamp(0, 1) * 255).round() / 255


def _piece(portrait: Portrait, side: int, random: np.random.Generator) -> Tensor:
    whole = np.array(portrait.picture.shape[1::-1])  # width, height
    size = min(side / random.uniform(*SCALES), *whole)  # pixels of the portrait
    middle = portrait.centre + random.uniform(-1, 1, 2) * portrait.reach
    left, top = (middle - size / 2).clip(0, whole - size)
    box = (left, top, left + size, top + size)
    piece = _to_tensor(Image.fromarray(portrait.picture).resize((side, side), Image.Resampling.LANCZOS, box))
    if random.random() < 0.5:
        piece = piece.flip(2)
    gamma = np.exp(random.uniform(-LIGHT, LIGHT))
    levels = np.exp(random.uniform(-LIGHT / 4, LIGHT / 4, (3, 1, 1))).astype(np.float32)
    return (piece.pow(gamma) * torch.from_numpy(levels)).clamp(0, 1)


def face_crop(person: Person, expression: str = "neutral") -> Tensor:
    """The whole face as the talking face shows it: (3, 512, 512) in [0, 1], 119 pixels between the pupils."""
    left, top = _to_portrait(person, np.zeros(2))
    right, bottom = _to_portrait(person, np.full(2, CROP))
    picture = Image.fromarray(read_image(person.images[expression]))
    return _to_tensor(picture.resize((CROP, CROP), Image.Resampling.LANCZOS, (left, top, right, bottom)))


def in_crop(person: Person) -> np.ndarray:
    """(189, 2): where the landmarks of the neutral portrait are in its `face_crop`, x and y in pixels."""
    corner, opposite = _to_portrait(person, np.zeros(2)), _to_portrait(person, np.full(2, CROP))
    return (person.landmarks - corner) * CROP / (opposite - corner)


def _to_portrait(person: Person, place: np.ndarray) -> np.ndarray:
    """A place (2,) in the crop → in the portrait."""
    scale = interocular(person.landmarks) / PUPILS_APART
    return person.landmarks[list(PUPILS)].mean(axis=0) + (place - CROP * PUPILS_AT) * scale


def _to_tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
