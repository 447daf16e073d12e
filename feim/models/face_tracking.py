"""One face through a film: its landmarks in every picture, also after it was lost behind a hand or by a cut."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from feim.models.landmarks import CONFIDENT, LandmarkNetwork, five_points, frame, locate, locate_all
from feim.signal.face import FaceNotFound, find_face

SEARCH = 5  # frames: in every so many of them a lost face is looked for, which takes ten times as long as following it


@dataclass(frozen=True)
class Track:
    """One face through F pictures.

    Attributes:
        landmarks: (F, 189, 2) pixels; where no face is seen, the last one that was, or the first that will be.
        seen: (F,) bool, where one is seen; others: how many more faces there were, at most, when it was looked for.
    """

    landmarks: np.ndarray
    seen: np.ndarray
    others: int


def followed(network: LandmarkNetwork, frames: Iterable[np.ndarray], progress: Callable[[int], None] = lambda count: None) -> Track:
    """The landmarks of one face in every picture, the largest; where it is lost, it is looked for anew.

    Args: frames: F pictures (H, W, 3) uint8, 25 a second; progress: called after each with how many were looked at.
    Raises: FaceNotFound, where no picture shows one.
    """
    found, last, blind, others = [], None, 0, 0
    for number, picture in enumerate(frames, start=1):
        last = None if last is None else _near(network, picture, last)
        if last is None and blind % SEARCH == 0:
            last, beside = _anywhere(network, picture)
            others = max(others, beside)
        blind = 0 if last is not None else blind + 1
        found.append(last)
        progress(number)
    seen = np.array([points is not None for points in found], bool)
    if not seen.any():
        where = "the picture" if len(found) == 1 else f"{len(found)} pictures"
        raise FaceNotFound(f"no face is seen in {where}; use one from the front, with eyes and mouth free")
    held = np.maximum.accumulate(np.where(seen, np.arange(len(seen)), seen.argmax()))
    return Track(np.stack([found[number] for number in held]), seen, others)


def _near(network: LandmarkNetwork, picture: np.ndarray, last: np.ndarray) -> np.ndarray | None:
    """Where a face is that was at (189, 2) one picture before; None where it is not."""
    pixels, to_frame = frame(picture, five_points(last))
    (points,), (confidence,) = locate_all(network, pixels[None], to_frame[None])
    return points if confidence >= CONFIDENT else None


def _anywhere(network: LandmarkNetwork, picture: np.ndarray) -> tuple[np.ndarray | None, int]:
    """Where the largest face is, (189, 2), and how many others there are."""
    try:
        face = find_face(picture)
        return locate(network, picture, face), face.others
    except FaceNotFound:
        return None, 0
