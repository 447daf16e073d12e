"""Which square of a photo a film shows: the head with room around it, as much of it as there is."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from feim.signal.landmarks import HEAD, NECK

ROOM = 1.75  # side of the square, in heads from chin to crown
LOWER = 0.08  # heads, by which the square's middle lies below the head's: a neck and shoulders are seen
LEAST = 1.15  # the same, that a square has when the photo has no more: its edge is repeated


@dataclass(frozen=True)
class Framed:
    """A square picture of a face.

    Attributes:
        picture: (S, S, 3) uint8.
        landmarks: (189, 2) in its pixels.
        enlarged: how many of its pixels one of the photo became, along a side; below 1 it was reduced.
    """

    picture: np.ndarray
    landmarks: np.ndarray
    enlarged: float


def frame_face(image: np.ndarray, landmarks: np.ndarray, size: int = 512) -> Framed:
    """Cut the square around a face out of a photo.

    Args: image (H, W, 3) uint8, landmarks (189, 2) in its pixels; size: pixels of a side, an even number.
    """
    height, width = image.shape[:2]
    inner = np.delete(landmarks, [*HEAD, *NECK], axis=0)
    low, high = landmarks[[*HEAD]].min(axis=0), inner.max(axis=0)
    low = np.minimum(low, inner.min(axis=0))
    head = float(max(high[1] - low[1], 0.8 * (high[0] - low[0])))
    side = max(min(ROOM * head, width, height), LEAST * head)
    middle = (low + high) / 2 + [0, LOWER * head]
    corner = np.array([_placed(m, side, extent) for m, extent in zip(middle, (width, height), strict=True)])
    scale = size / side
    source = (*corner, *(corner + side))
    picture = _cut(image, source, size)
    return Framed(picture, (landmarks + 0.5 - corner) * scale - 0.5, scale)


def _placed(middle: float, side: float, extent: int) -> float:
    """Where a side of the square begins: around the middle, but inside the photo where it has room."""
    start = middle - side / 2
    return float(np.clip(start, 0, extent - side)) if side <= extent else min(0.0, max(start, extent - side))


def _cut(image: np.ndarray, box: tuple[float, float, float, float], size: int) -> np.ndarray:
    """A box of the image (left, top, right, bottom; its edge repeated where the box is beyond it), antialiased, to size × size."""
    height, width = image.shape[:2]
    left, top = max(0, -int(np.floor(box[0]))), max(0, -int(np.floor(box[1])))
    right, bottom = max(0, int(np.ceil(box[2])) - width), max(0, int(np.ceil(box[3])) - height)
    if left or top or right or bottom:
        image = np.pad(image, ((top, bottom), (left, right), (0, 0)), mode="edge")
    shifted = tuple(edge + offset for edge, offset in zip(box, (left, top, left, top), strict=True))
    return np.array(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS, box=shifted, reducing_gap=3.0))
