"""Lips that were filmed beside those that the network hears: is what it learnt from rules what people do?"""

from pathlib import Path

import numpy as np

from feim.evaluation.faces.lips import IN_SYNC, lag
from feim.evaluation.report import Row
from feim.models.face_tracking import followed
from feim.models.landmarks import LandmarkNetwork
from feim.models.lip_motion import LipMotion
from feim.signal.action_units import lip_gap
from feim.signal.audio import mel_spectrogram
from feim.signal.landmarks import LOWER_SEAM, UPPER_SEAM, interocular
from feim.signal.video import read_video

SUFFIXES = (".mpg", ".mp4")


def filmed(network: LandmarkNetwork, listener: LipMotion, folder: Path) -> list[Row]:
    """Correlation and lag of the gap between the lips, filmed and heard, over the films of a folder."""
    alike, lags = [], []
    for path in sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES):
        video = read_video(path)
        seen = gaps(network, np.stack(list(video.frames())))
        heard = lip_gap(listener.speech_shapes(mel_spectrogram(video.waveform).numpy()))
        count = min(len(seen), len(heard))
        seen, heard = seen[:count], heard[:count]
        alike.append(float(np.corrcoef(seen, heard)[0, 1]))
        lags.append(lag(heard, seen))
    note = f"{len(alike)} films; lags in frames: {', '.join(str(by) for by in lags)}"
    return [
        Row("real lips (GRID): correlation of the gap with what is heard", float(np.mean(alike)), note=f"lowest {min(alike):.2f}"),
        Row("real lips: heard within ± 1 frame, share of films", float(np.mean(np.abs(lags) <= 1)), IN_SYNC, note=note),
    ]


def gaps(network: LandmarkNetwork, frames: np.ndarray) -> np.ndarray:
    """(F, H, W, 3) uint8 of one face → (F,) how far the lips' middles are apart, in inter-pupil distances. Raises: FaceNotFound."""
    found, middle = followed(network, frames).landmarks, len(UPPER_SEAM) // 2
    return np.linalg.norm(found[:, LOWER_SEAM[middle]] - found[:, UPPER_SEAM[middle]], axis=-1) / interocular(found)
