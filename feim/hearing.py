"""What is heard in a recording: the emotion that the voice shows, over time and as a whole, and how strongly."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.models.intensity import VoiceIntensity
from feim.models.voice_emotion import VoiceEmotion
from feim.signal.audio import HOP, SAMPLE_RATE, UnreadableAudio, mel_spectrogram, read_audio, to_standard
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
        moments: the same for its parts, in order; those without a voice are left out.
        seconds: how long it is; pitch: (T,) Hz, 0 where unvoiced, 100 values a second.
        known: how many recordings, or parts of them, told what is usual for this voice.
        intensity: (F,) float32, 25 values a second: the share of the strongest that the heard emotions show, from 0 to 1; None where its
            weights are missing.
        notes: what the person should know.
    """

    emotions: dict[str, float]
    moments: tuple[Moment, ...]
    seconds: float
    pitch: np.ndarray
    known: int
    notes: tuple[str, ...]
    intensity: np.ndarray | None = None

    @property
    def emotion(self) -> str:
        """The likeliest."""
        return max(self.emotions, key=self.emotions.get)

    def as_dict(self) -> dict:
        """All but the pitch, ready for JSON."""
        return {
            "seconds": self.seconds,
            "emotion": self.emotion,
            "emotions": self.emotions,
            "moments": [asdict(moment) for moment in self.moments],
            "known": self.known,
            "intensity": None if self.intensity is None else self.intensity.tolist(),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class _Part:
    start: float
    end: float
    described: Tensor  # (D,) functionals
    voiced: int  # frames


def hear(recogniser: VoiceEmotion, audio: Sound, voice: Sequence[Sound] = (), intensity: VoiceIntensity | None = None) -> Heard:
    """Listen to a recording; `voice` are others of the same person, in any emotion; `intensity` hears how strong it is.

    Raises: UnreadableAudio, NothingHeard.
    """
    wave = samples(audio)
    pitch, parts = _take_apart(wave)
    if not parts:
        raise NothingHeard(f"no voice is heard in {_name(audio)} ({len(wave) / SAMPLE_RATE:.1f} s); give a recording of somebody speaking")
    friends, notes = [], [ESTIMATE]
    for sound in voice:
        _, own = _take_apart(samples(sound))
        friends += own
        if not own:
            notes.append(f"no voice is heard in {_name(sound)}, which was given as voice")
    if len(parts) >= FEW:
        friends += parts
    if not friends:
        notes.append(STRANGER)
    usual = recogniser.acquaint(torch.stack([part.described for part in friends]) if friends else torch.zeros(0, 0))
    found = recogniser.probabilities(torch.stack([part.described for part in parts]), usual)  # (P, 7)
    weights = torch.tensor([float(part.voiced) for part in parts])
    whole = (weights[:, None] * found).sum(0) / weights.sum()
    moments = tuple(Moment(part.start, part.end, _by_label(row)) for part, row in zip(parts, found, strict=True))
    track = intensity and intensity.track(mel_spectrogram(wave).numpy(), pitch, dict(enumerate(whole.tolist())))
    return Heard(_by_label(whole), moments, len(wave) / SAMPLE_RATE, pitch, len(friends), tuple(notes), track)


def _by_label(probabilities: Tensor) -> dict[str, float]:
    return dict(zip(EMOTIONS, probabilities.tolist(), strict=True))


def _name(sound: Sound) -> str:
    return "these samples" if isinstance(sound, np.ndarray) else Path(sound).name


def samples(sound: Sound) -> np.ndarray:
    """A file of any format, or samples at 16 kHz → (samples,) float32. Raises UnreadableAudio."""
    if isinstance(sound, str | Path):
        return read_audio(sound)
    if not (isinstance(sound, np.ndarray) and sound.ndim == 1 and len(sound) and np.issubdtype(sound.dtype, np.floating)):
        given = f"an array of {sound.dtype} {sound.shape}" if isinstance(sound, np.ndarray) else repr(sound)
        raise UnreadableAudio(f"{given} is no sound; give a sound file, or (samples,) at 16 kHz, numbers from −1 to 1")
    return to_standard(sound, SAMPLE_RATE)


def _take_apart(wave: np.ndarray) -> tuple[np.ndarray, list[_Part]]:
    """(samples,) → their pitch (T,), and equal parts of at most LONGEST, heard one by one; those without a voice are left out."""
    frames = -(-len(wave) // HOP)
    count = int(np.ceil(frames * HOP / SAMPLE_RATE / LONGEST))
    edges = np.linspace(0, frames, count + 1).round().astype(int)
    pitches, parts = [], []
    for start, end in pairwise(edges):
        stretch = wave[start * HOP : end * HOP]
        pitch = track_pitch(stretch, noisy=True).astype(np.float32)  # 3 MiB of memory for every second at once
        pitches.append(pitch)
        voiced = int((pitch > 0).sum())
        if voiced * HOP / SAMPLE_RATE >= SHORTEST:
            described = torch.from_numpy(functionals(mel_spectrogram(stretch).numpy(), pitch))
            parts.append(_Part(start * HOP / SAMPLE_RATE, min(end * HOP, len(wave)) / SAMPLE_RATE, described, voiced))
    return np.concatenate(pitches), parts
