"""Voices whose phones' times are known, as waveforms, with what their speakers' mouths do: for networks that hear samples, not mels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.clip import Clip
from feim.models.talking_face import stretch
from feim.signal.audio import read_audio
from feim.signal.visemes import MOUTH, mouth_of, visemes

LOUDER = 6.0  # dB, either way: recordings differ
QUIETEST, NOISIEST = -60.0, -25.0  # dB of white noise under a voice


@dataclass(frozen=True)
class Voiced:
    """One clip: waveform (samples,) float16 at 16 kHz, and lips (F, 10) float16, the shapes of feim.signal.visemes in each video frame."""

    waveform: np.ndarray
    lips: np.ndarray


def read_voiced(folder: str | Path, clips: list[Clip]) -> list[Voiced]:
    """Those of a corpus's clips whose phones' times are known, all in memory: 115 MB an hour. Raises: UnreadableAudio."""
    found = []
    for clip in clips:
        if clip.audio and clip.durations is not None:
            lips = mouth_of(visemes(clip.phonemes, clip.durations))
            found.append(Voiced(read_audio(Path(folder) / clip.audio).astype(np.float16), lips.astype(np.float16)))
    return found


def heard_lips(voices: list[list[Voiced]], batch_size: int, frames: int, seed: int = 0) -> Callable[[int], dict[str, Tensor]]:
    """Random stretches of clips, from every list as often, with silence around them, louder or softer and with some noise.

    Returns: index → speech (B, ·) as TalkingFace hears it, and lips (B, F, 10).
    """

    def example(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        some = voices[random.integers(len(voices))]
        clip = some[random.integers(len(some))]
        first = int(random.integers(-frames // 8, max(1, len(clip.lips) - frames * 7 // 8)))
        speech = stretch(clip.waveform, first, frames) * 10 ** (random.uniform(-LOUDER, LOUDER) / 20)
        noise = 10 ** (random.uniform(QUIETEST, NOISIEST) / 20) * float(np.sqrt(np.mean(speech**2)) + 1e-6)
        lips = np.zeros((frames, len(MOUTH)), np.float32)
        inside = clip.lips[max(0, first) : first + frames]
        lips[max(0, -first) : max(0, -first) + len(inside)] = inside
        return (speech + noise * random.standard_normal(len(speech))).astype(np.float32), lips

    def batch(index: int) -> dict[str, Tensor]:
        speech, lips = zip(*(example(random) for random in generators(seed, index, batch_size)), strict=True)
        return {"speech": torch.from_numpy(np.stack(speech)), "lips": torch.from_numpy(np.stack(lips))}

    return batch
