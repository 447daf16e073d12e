"""What a clip shows in each of its frames, where a corpus knows: files beside those that everybody has, one for each clip."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.signal.action_units import ACTION_UNITS
from feim.signal.face_motion import FaceMotion

FOLDER = "truth"
LABELS = "labels"  # of what nobody knows: pseudo-labels (feim.data.labelling)


@dataclass(frozen=True)
class Truth:
    """What a film shows in each of its F frames.

    Attributes:
        motion: what moves the face.
        units: {number: (F,) from 0 to 1}, its action units.
        landmarks: (F, 189, 2), x and y in the film's pixels.
        intensity: (F,) how strong the emotion is: `action_units.strength` at the moment; the clip's own is what it swells up to.
    """

    motion: FaceMotion
    units: dict[int, np.ndarray]
    landmarks: np.ndarray
    intensity: np.ndarray


def truth_path(folder: str | Path, clip: str) -> Path:
    """Where the truth of the clip of this id lies in its corpus."""
    return Path(folder) / FOLDER / f"{clip}.npz"


def write_truth(path: Path, truth: Truth) -> None:
    """A film's: everything as float16: a pixel's sixteenth, and a thousandth of a shape, are finer than anything that learns from it."""
    arrays = {
        "shapes": truth.motion.shapes,
        "gaze": truth.motion.gaze,
        "head": truth.motion.head,
        "action_units": np.stack([truth.units[number] for number in ACTION_UNITS], axis=1),
        "landmarks": truth.landmarks,
        "intensity": truth.intensity,
    }
    np.savez_compressed(path, **{name: array.astype(np.float16) for name, array in arrays.items()})


def write_intensity(path: Path, intensity: np.ndarray) -> None:
    """A voice's: (F,) how strong its emotion is, 25 a second."""
    np.savez_compressed(path, intensity=intensity.astype(np.float16))


def knows_truth(folder: str | Path, clip: Clip) -> bool:
    """Whether the corpus has what a clip shows, or lets hear, in each frame."""
    return truth_path(folder, clip.id).is_file()


def read_truth(folder: str | Path, clip: Clip) -> Truth:
    """A film's truth, in float32. Raises: FileNotFoundError where the corpus has none, KeyError for a clip without film."""
    with np.load(truth_path(folder, clip.id)) as file:
        found = {name: file[name].astype(np.float32) for name in file.files}
    motion = FaceMotion(found["shapes"], found["gaze"], found["head"])
    units = dict(zip(ACTION_UNITS, found["action_units"].T, strict=True))
    return Truth(motion, units, found["landmarks"], found["intensity"])


def label_path(folder: str | Path, clip: str) -> Path:
    """Where the pseudo-label of the clip of this id lies in its corpus."""
    return Path(folder) / LABELS / f"{clip}.npz"


def knows_intensity(folder: str | Path, clip: Clip) -> bool:
    """Whether the corpus says how strong a clip's emotion is in each frame, be it the truth or a pseudo-label."""
    return knows_truth(folder, clip) or label_path(folder, clip.id).is_file()


def read_intensity(folder: str | Path, clip: Clip) -> np.ndarray:
    """(F,) float32, how strong the emotion is in each frame of a film or a voice; the truth where it is known, else the pseudo-label.

    Raises: FileNotFoundError where nobody knows.
    """
    with np.load(truth_path(folder, clip.id) if knows_truth(folder, clip) else label_path(folder, clip.id)) as file:
        return file["intensity"].astype(np.float32)
