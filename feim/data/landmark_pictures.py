"""Pictures of faces whose 189 points are known exactly, without end, from a few dozen portraits that look neutral.

A picture is a mixture of people's textures, brought to a new shape: a mixture of people's shapes, turned, smiling or speaking, with
the mouth's inside painted into the opening and the eyeball left in its place under moving lids. Other pictures are renders of the
morphable head. Background, glasses, light and camera are disturbed last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.landmark_disturbances import occlude, paint_mouth, photograph, put_on_glasses, random_background, spoil
from feim.data.landmark_shapes import express, mixed_shape, moved, random_action, turned_shape
from feim.data.landmark_textures import Textures, mixed_texture, warp_face
from feim.data.synthetic.heads.faces import Faces, random_person, render
from feim.data.synthetic.heads.faces import Person as Somebody
from feim.models.landmarks import FIVE_POINTS, FRAME, cut_out, five_points
from feim.signal.face import similarity
from feim.signal.landmarks import COUNT, FACE, FEATURES, HAIRLINE, HEAD, IRISES, LOWER_LIDS, MIRROR, NECK, PUPILS, UPPER_LIDS, interocular

FACES_OF_ONE = 5  # rendered pictures of a person: skin and hair take as long as a picture
RENDERED = 400  # pixels of a rendered picture's side
HIDDEN = 0.15  # how much a point counts that something hides: it can only be guessed
UNLOCATABLE = 0.08  # share of the pictures that show no face, or none that could be located
NAMES = ("pixels", "points", "weights", "locatable")


@dataclass(frozen=True)
class Picture:
    """One training example.

    Attributes:
        pixels: (FRAME, FRAME, 3) uint8.
        points: (189, 2) in its pixels.
        weights: (189,) how much each point counts: hidden ones less, those outside the picture not at all.
        locatable: whether a face is there whose points a network should be sure of.
    """

    pixels: np.ndarray
    points: np.ndarray
    weights: np.ndarray
    locatable: bool


def make_picture(textures: Textures, random: np.random.Generator) -> Picture:
    """One picture, all different; the same generator state gives the same one."""
    locatable = random.random() >= UNLOCATABLE
    neutral = turned_shape(mixed_shape(textures.shapes, random), random, locatable)
    shape, eyeballs = express(neutral, random) if random.random() < 0.75 else (neutral, neutral)
    to_frame = _framing(shape, random)
    points, eyeballs = moved(shape, to_frame), moved(eyeballs, to_frame)
    pixels = warp_face(mixed_texture(textures.pixels, random), textures.mean, points, FRAME, eyeballs)  # (4, FRAME, FRAME)
    face, opaque = pixels[:3] / 255, pixels[3:] / 255
    face = paint_mouth(face, points, random)
    if random.random() < 0.75:
        face = face * opaque + random_background(random) * (1 - opaque)
    weights = np.ones(COUNT, np.float32)
    weights[list(HEAD + NECK)] = 0.3
    weights[list(HAIRLINE)] = 0.6
    return _finished(face, points, weights, locatable, random)


def render_picture(faces: Faces, person: Somebody, random: np.random.Generator) -> Picture:
    """A rendered person with any expression; hair is not where London's landmarks have it, so head and hairline do not count."""
    locatable = random.random() >= UNLOCATABLE
    turn = np.clip(random.normal(0, (0.22, 0.1, 0.06)), -0.45, 0.45)  # yaw, pitch, roll
    if not locatable:
        turn[0] = random.uniform(0.9, 1.5) * random.choice([-1, 1])
    rendered = render(faces, person, random_action(random), random.normal(0, (0.15, 0.08)), turn, RENDERED)
    landmarks = rendered.landmarks - 0.5  # to whole numbers at the pixels' centres
    to_frame = _framing(landmarks, random)
    face = torch.from_numpy(cut_out(rendered.image, to_frame)).permute(2, 0, 1) / 255
    weights = np.where(rendered.visible, 1, HIDDEN).astype(np.float32)
    weights[list(HEAD + HAIRLINE + NECK)] = 0
    weights[[point for point in FACE if point not in FEATURES]] *= 0.3
    return _finished(face, moved(landmarks, to_frame), weights, locatable, random)


def _framing(shape: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The map to the frame by a detector's five points, with its errors: 0.02 as measured on London's portraits, and more."""
    found = five_points(shape) + random.normal(0, 0.025, (5, 2)) * interocular(shape)
    angle, scale = np.radians(np.clip(random.normal(0, 4), -12, 12)), np.exp(np.clip(random.normal(0, 0.05), -0.15, 0.15))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    to_frame = similarity(found, FIVE_POINTS)
    centre = FIVE_POINTS.mean(0)
    shift = centre - turn @ centre + random.normal(0, 2.5, 2)
    return np.column_stack([turn @ to_frame[:, :2], turn @ to_frame[:, 2] + shift])


def _finished(face: Tensor, points: np.ndarray, weights: np.ndarray, locatable: bool, random: np.random.Generator) -> Picture:
    """Glasses, things in the way and the camera; what lids hide counts less, what is outside not at all."""
    for side in range(2):
        if (points[LOWER_LIDS[side][2]] - points[UPPER_LIDS[side][2]])[1] < 0.07 * interocular(points):
            weights[[PUPILS[side], *IRISES[side]]] *= HIDDEN
    weights = weights * ((points > 2) & (points < FRAME - 3)).all(1) * locatable
    if random.random() < 0.2:
        face = put_on_glasses(face, points, random)
    if not locatable:
        face = spoil(face, random)
    elif random.random() < 0.15:
        face = occlude(face, random)
    face = photograph(face, random)
    return Picture((face.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8), points, weights, locatable)


def london_pictures(textures: Textures, seed: int = 0) -> Callable[[int], Picture]:
    """Index → picture, from the seed (seed, index)."""
    return lambda index: make_picture(textures, np.random.default_rng((seed, index)))


def rendered_pictures(faces: Faces, seed: int = 0) -> Callable[[int], Picture]:
    """Index → picture; each person is seen in FACES_OF_ONE pictures, one after the other."""
    person_of = lru_cache(1)(partial(random_person, faces))

    def picture(index: int) -> Picture:
        random = np.random.default_rng((seed, index))
        return render_picture(faces, person_of(seed + index // FACES_OF_ONE), random)

    return picture


def write_pictures(make: Callable[[int], Picture], count: int, folder: str | Path) -> None:
    """Make the first `count` pictures once for all steps of a training: memory-mapped arrays in `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"pixels": (count, FRAME, FRAME, 3), "points": (count, COUNT, 2), "weights": (count, COUNT), "locatable": (count,)}
    kinds = {"pixels": np.uint8, "points": np.float32, "weights": np.float16, "locatable": bool}
    arrays = {name: np.lib.format.open_memmap(folder / f"{name}.unfinished", "w+", kinds[name], shape) for name, shape in shapes.items()}
    for index in range(count):
        picture = make(index)
        for name, array in arrays.items():
            array[index] = getattr(picture, name)
    for name, array in arrays.items():
        array.flush()
        (folder / f"{name}.unfinished").rename(folder / f"{name}.npy")


def picture_batches(folders: Sequence[Path], size: int, seed: int = 0) -> Callable[[int], dict[str, Tensor]]:
    """Batches of written pictures, each mirrored or not and a little brighter or darker than it was written.

    Returns: index → pixels (B, 3, FRAME, FRAME) in [0, 1], points (B, 189, 2), weights (B, 189), locatable (B,).
    """
    stores = [{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in NAMES} for folder in folders]
    counts = [len(store["points"]) for store in stores]
    ends = np.cumsum(counts)

    def batch(index: int) -> dict[str, Tensor]:
        examples, lights = [], []
        for random in generators(seed, index, size):
            row = int(random.integers(ends[-1]))
            which = int(np.searchsorted(ends, row, side="right"))
            store = stores[which]
            pixels, points, weights, locatable = (store[name][row - ends[which]] for name in NAMES)  # from the store's end
            if random.random() < 0.5:
                mirror = list(MIRROR)
                pixels, points, weights = pixels[:, ::-1], (points * (-1, 1) + (FRAME - 1, 0))[mirror], weights[mirror]
            examples.append((pixels, points, weights, locatable))
            lights.append((random.uniform(0.85, 1.15) / 255, random.uniform(-0.05, 0.05)))
        pixels, *others = (torch.from_numpy(np.stack(arrays)) for arrays in zip(*examples, strict=True))
        gain, offset = torch.tensor(lights).T[..., None, None, None]
        pixels = (pixels.permute(0, 3, 1, 2) * gain + offset).clamp_(0, 1)
        return {"pixels": pixels} | {name: other.float() for name, other in zip(NAMES[1:], others, strict=True)}

    return batch
