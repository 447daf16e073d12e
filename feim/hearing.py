"""What is heard in a recording: the emotion that the voice shows, over time and as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.models.voice_emotion import VoiceEmotion
from feim.signal.audio import HOP, SAMPLE_RATE, mel_spectrogram, read_audio, to_standard
from feim.signal.emotion import EMOTIONS
from feim.signal.functionals import functionals
from feim.signal.world import track_pitch

Sound = str | Path | np.ndarray
LONGEST = 6.0  # seconds: the recogniser has learnt from sentences; what is longer is heard in equal parts
SHORTEST = 0.3  # seconds of voice
FEW = 3  # parts of one recording that are enough to know what is usual for its voice
ESTIMATE = "an estimate of the emotion that the voice shows, after acted speech; not of what the person feels"
STRANGER = "the voice is a stranger's: other recordings of it, whatever their emotion, make the estimate far better; give them as voice"


class NothingHeard(ValueError):
    """There is no voice in the recording."""


@dataclass(frozen=True)
class Moment:
    """A part of the recording: seconds from its start, and the probability of each emotion."""

    start: float
    end: float
    emotions: dict[str, float]


@dataclass(frozen=True)
class Heard:
    """What was heard.

    Attributes:
        emotions: the probability of each of feim.signal.emotion.EMOTIONS over the whole recording; they sum to 1.
        moments: the same for its parts, in order.
        seconds: how long it is; pitch: (T,) Hz, 0 where unvoiced, 100 values a second.
        known: how many recordings, or parts of them, told what is usual for this voice.
        notes: what the person should know.
    """

    emotions: dict[str, float]
    moments: tuple[Moment, ...]
    seconds: float
    pitch: np.ndarray
    known: int
    notes: tuple[str, ...]

    @property
    def emotion(self) -> str:
        """The likeliest."""
        return max(self.emotions, key=self.emotions.get)


@dataclass(frozen=True)
class _Part:
    start: float
    end: float
    described: Tensor  # (D,) functionals
    voiced: int  # frames


def hear(recogniser: VoiceEmotion, audio: Sound, voice: Sequence[Sound] = ()) -> Heard:
    """Listen to a recording; `voice` are others of the same person, in any emotion.

    Raises: UnreadableAudio, NothingHeard.
    """
    wave, pitch, parts = _take_apart(audio)
    if not parts:
        raise NothingHeard(f"no voice is heard in {_name(audio)} ({len(wave) / SAMPLE_RATE:.1f} s); give a recording of somebody speaking")
    friends = [part for sound in voice for part in _take_apart(sound)[2]]
    if len(parts) >= FEW:
        friends += parts
    usual = recogniser.acquaint(torch.stack([part.described for part in friends]) if friends else torch.zeros(0, 0))
    found = recogniser.probabilities(torch.stack([part.described for part in parts]), usual)  # (P, 7)
    weights = torch.tensor([float(part.voiced) for part in parts])
    whole = (weights[:, None] * found).sum(0) / weights.sum()
    moments = tuple(Moment(part.start, part.end, _by_label(row)) for part, row in zip(parts, found, strict=True))
    notes = (ESTIMATE,) if friends else (ESTIMATE, STRANGER)
    return Heard(_by_label(whole), moments, len(wave) / SAMPLE_RATE, pitch.astype(np.float32), len(friends), notes)


def _by_label(probabilities: Tensor) -> dict[str, float]:
    return dict(zip(EMOTIONS, probabilities.tolist(), strict=True))


def _name(sound: Sound) -> str:
    return "these samples" if isinstance(sound, np.ndarray) else Path(sound).name


def _take_apart(sound: Sound) -> tuple[np.ndarray, np.ndarray, list[_Part]]:
    """A file of any format, or samples at 16 kHz → the samples, their pitch (T,), and equal parts; those without a voice are left out."""
    wave = to_standard(sound, SAMPLE_RATE) if isinstance(sound, np.ndarray) else read_audio(sound)
    pitch = track_pitch(wave, noisy=True)
    count = max(1, int(np.ceil(len(pitch) * HOP / SAMPLE_RATE / LONGEST)))
    edges = np.linspace(0, len(pitch), count + 1).round().astype(int)
    parts = []
    for start, end in pairwise(edges):
        voiced = int((pitch[start:end] > 0).sum())
        if voiced * HOP / SAMPLE_RATE < SHORTEST:
            continue
        mel = mel_spectrogram(wave[start * HOP : end * HOP]).numpy()
        described = torch.from_numpy(functionals(mel, pitch[start : start + mel.shape[1]]))
        parts.append(_Part(start * HOP / SAMPLE_RATE, end * HOP / SAMPLE_RATE, described, voiced))
    return wave, pitch, parts
