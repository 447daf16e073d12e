"""Landmarks of the face in every frame of a clip, as the landmark network sees them: files beside those that everybody has.

They take a hundredth of the films' room, and nobody can be recognised by looking at them.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.models.face_tracking import followed
from feim.models.landmarks import LandmarkNetwork
from feim.signal.face import FaceNotFound

FOLDER = "landmarks"
PARTS = 8  # of a pixel: films of up to 4096 pixels fit into 16 bits
LEAST = 0.8  # share of a film's pictures that must show the face


def face_track(network: LandmarkNetwork, frames: Iterable[np.ndarray]) -> np.ndarray:
    """Pictures (H, W, 3) uint8, 25 a second → landmarks (F, 189, 2) in pixels. Raises: FaceNotFound where too few show the face."""
    track = followed(network, frames)
    if track.seen.mean() < LEAST:
        raise FaceNotFound(f"the face is seen in {track.seen.sum()} of {len(track.seen)} pictures only")
    return track.landmarks


def track_path(folder: str | Path, clip: str) -> Path:
    """Where the landmarks of the clip of this id lie in its corpus."""
    return Path(folder) / FOLDER / f"{clip}.npz"


def write_track(path: Path, landmarks: np.ndarray) -> None:
    """Landmarks (F, 189, 2) in pixels, to an eighth of one."""
    np.savez_compressed(path, landmarks=np.round(PARTS * landmarks).clip(-(2**15), 2**15 - 1).astype(np.int16))


def knows_track(folder: str | Path, clip: Clip) -> bool:
    """Whether the corpus keeps a clip's landmarks."""
    return track_path(folder, clip.id).is_file()


def read_track(folder: str | Path, clip: Clip) -> np.ndarray:
    """(F, 189, 2) float64 pixels. Raises: FileNotFoundError where the corpus has none."""
    with np.load(track_path(folder, clip.id)) as file:
        return file["landmarks"].astype(float) / PARTS
