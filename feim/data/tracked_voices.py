"""Voices whose emotion's strength is known in every frame: stretches for the network that hears it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.clip import Clip, read_manifest
from feim.data.features import Features, read_features
from feim.data.truth import knows_intensity, read_intensity
from feim.signal.audio import MEL_SILENCE
from feim.signal.emotion import EMOTIONS
from feim.signal.visemes import STEPS

KINDS = ("mel", "pitch")
MISHEARD = 0.12  # of voiced stretches, for which a pitch tracker finds the octave above or below, in some examples
OCTAVE = 0.25  # s that it does so


@dataclass(frozen=True)
class Tracked:
    """A corpus's clips, their features, and for each how strong its emotion is: (F,) float32."""

    features: Features
    tracks: list[np.ndarray]

    @property
    def clips(self) -> list[Clip]:
        return self.features.clips


def read_tracked(folder: Path, split: str) -> Tracked:
    """The clips of a split whose emotion and its strength in every frame are known.

    Where a corpus has nobody for validation, or for tests, some speakers of its training clips are.

    Raises: ValueError when there are none.
    """
    known = [clip for clip in read_manifest(folder) if clip.audio and clip.emotion and knows_intensity(folder, clip)]
    clips = [clip for clip, place in zip(known, _splits(known), strict=True) if place == split]
    if not clips:
        remedy = "make one with synthesise-corpus --swelling, or label a corpus of films, of three speakers or more"
        raise ValueError(f"{folder} knows no clip's intensity in split {split!r}; {remedy}")
    return Tracked(read_features(folder, clips, KINDS), [read_intensity(folder, clip) for clip in clips])


def _splits(clips: list[Clip]) -> list[str]:
    """Every clip's own, but for training speakers who must stand in: a tenth of them for each split that has nobody."""
    missing = [split for split in ("valid", "test") if not any(clip.split == split for clip in clips)]
    speakers = sorted({clip.speaker for clip in clips if clip.split == "train"})
    count = max(1, len(speakers) // 10)
    standing_in = {}
    if len(speakers) > count * len(missing):
        standing_in = {speaker: missing[place // count] for place, speaker in enumerate(speakers[: count * len(missing)])}
    return [standing_in.get(clip.speaker, clip.split) if clip.split == "train" else clip.split for clip in clips]


def one(voices: Tracked, clip: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A whole clip, as its last film frame needs it: mel (128, 4F), pitch (4F,) and intensity (F,).

    Of a film whose sound is longer, or shorter by a frame or more, what both have.
    """
    place, track = voices.features.frames(clip), voices.tracks[clip]
    mel = voices.features.mel[place].astype(np.float32).T
    pitch = voices.features.pitch[place, 0].astype(np.float32)
    track = track[: -(-mel.shape[1] // STEPS)]
    mel, pitch = mel[:, : STEPS * len(track)], pitch[: STEPS * len(track)]
    missing = STEPS * len(track) - mel.shape[1]
    return np.pad(mel, ((0, 0), (0, missing)), constant_values=MEL_SILENCE), np.pad(pitch, (0, missing)), track


def stretches(corpora: list[Tracked], batch_size: int, frames: int, told: float, seed: int = 0) -> Callable[[int], dict[str, Tensor]]:
    """Random stretches of `frames` film frames of random clips; shorter clips are followed by silence, in which nothing is shown.

    Args: told: the share of examples whose emotion is told.
    Returns: index → mel (B, 128, 4F), pitch (B, 4F) Hz, weights (B, 7), truth (B, F).
    """

    def batch(index: int) -> dict[str, Tensor]:
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in ("mel", "pitch", "weights", "truth")}
        for random in generators(seed, index, batch_size):
            voices = corpora[random.integers(len(corpora))]
            number = int(random.integers(len(voices.tracks)))
            mel, pitch, track = one(voices, number)
            start = int(random.integers(max(1, len(track) - frames + 1)))
            length = min(frames, len(track) - start)
            sound = slice(STEPS * start, STEPS * (start + length))
            missing = frames - length
            weights = np.zeros(len(EMOTIONS), np.float32)
            if random.random() < told:
                weights[EMOTIONS.index(voices.clips[number].emotion)] = 1
            drawn["mel"].append(np.pad(mel[:, sound], ((0, 0), (0, STEPS * missing)), constant_values=MEL_SILENCE))
            drawn["pitch"].append(np.pad(_misheard(pitch[sound], random), (0, STEPS * missing)))
            drawn["weights"].append(weights)
            drawn["truth"].append(np.pad(track[start : start + length], (0, missing)))
        return {name: torch.from_numpy(np.stack(arrays)) for name, arrays in drawn.items()}

    return batch


def _misheard(pitch: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(T,) Hz with the mistakes that trackers make: octaves, and voices that are not heard."""
    factor, reach = np.ones(len(pitch), np.float32), round(OCTAVE * 100)
    for start in np.flatnonzero(random.random(len(pitch)) < MISHEARD / reach):
        factor[start : start + random.integers(3, reach)] = random.choice((0.5, 2.0, 0.0), p=(0.4, 0.2, 0.4))
    return pitch * factor
