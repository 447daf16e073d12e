"""The studio: the only place where the systems meet. The demo, the notebooks and the command line are doors to it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from feim.models import checkpoint, model_class
from feim.models.embeddings import FaceNetwork, crop_to_tensor
from feim.models.tts import FEIMTTS, Sampling
from feim.models.vocoder import SourceFilterVocoder
from feim.signal.audio import HOP, SAMPLE_RATE, griffin_lim, write_audio
from feim.signal.emotion import Emotion, parse_emotion
from feim.signal.face import Face, find_face, read_image
from feim.signal.text import encode, normalise, phonemise, sentences, unreadable

Progress = Callable[[float, str], None]
FaceSource = str | Path | Image.Image | np.ndarray
VOCODERS = ("source-filter", "griffin-lim")
LABEL = "AI-generated speech (FEIM). The voice is an estimate from a portrait's appearance; it is nobody's own voice."


class InvalidSetting(ValueError):
    """A setting that cannot be used: seed, steps, speed, pitch or vocoder."""


@dataclass(frozen=True)
class Speech:
    """What was said, and how it came about.

    Attributes:
        waveform: (samples,) float32 in [−1, 1] at `sample_rate` Hz.
        mel: (128, T) natural log of magnitude, 100 frames a second; pitch: (T,) Hz, 0 where unvoiced.
        phonemes, durations: N symbols and their frames, which sum to T.
        timings: seconds spent on face, text, acoustic, vocoder and in total; "audio" is the sound's own length.
        seed, text, emotion, intensity: as they were used.
        notes: what the person should know, such as a second face in the picture.
    """

    waveform: np.ndarray
    mel: np.ndarray
    pitch: np.ndarray
    phonemes: tuple[str, ...]
    durations: np.ndarray
    timings: dict[str, float]
    seed: int
    text: str
    emotion: str
    intensity: float
    notes: tuple[str, ...] = ()
    sample_rate: int = SAMPLE_RATE

    def save(self, path: str | Path) -> Path:
        """Write wav, flac, ogg or mp3, marked as AI-generated in its metadata. Raises OSError."""
        return write_audio(path, self.waveform, self.sample_rate, LABEL)


@dataclass
class Studio:
    """Loaded models, and what they do together. Holds no state between calls.

    Attributes:
        tts, vocoder, faces: the networks; sampling: how mels are drawn unless a call says otherwise.
    """

    tts: FEIMTTS
    vocoder: SourceFilterVocoder
    faces: FaceNetwork
    sampling: Sampling = field(default_factory=Sampling)

    def speak(
        self,
        text: str,
        face: FaceSource | None = None,
        emotion: str = "neutral",
        intensity: float = 1.0,
        seed: int = 0,
        steps: int | None = None,
        *,
        speed: float = 1.0,
        pitch_shift: float = 0.0,
        vocoder: str = "source-filter",
        progress: Progress | None = None,
    ) -> Speech:
        """Say `text` in a voice that suits `face`, with `emotion` at `intensity`.

        Args:
            face: a path, a PIL image, an (H, W, 3) uint8 array, or None for the default voice.
            emotion: one of feim.signal.emotion.EMOTIONS; intensity: γ in [0, 30], 0 neutral, 1 as labelled.
            seed: the same seed gives the same waveform; steps: of the diffusion solver.
            speed: 0.5 to 2; pitch_shift: semitones, −12 to 12; vocoder: "source-filter", or "griffin-lim", a reference that cannot shift.
            progress: called with a fraction in [0, 1], which never falls, and what is being done.

        Raises: UnknownEmotion, InvalidIntensity, InvalidSetting, NothingToSay, TextTooLong, UnreadableImage, FaceNotFound.
        """
        began = time.perf_counter()
        report = progress or (lambda fraction, message: None)
        feeling = parse_emotion(emotion, intensity)
        sampling = self._sampling(steps, speed)
        if not isinstance(text, str):
            raise InvalidSetting(f"the text is {text!r}; give words in quotes")
        if not isinstance(seed, Integral):
            raise InvalidSetting(f"seed {seed!r} cannot be used; use a whole number")
        seed = int(seed)
        if not (isinstance(pitch_shift, Real) and -12 <= pitch_shift <= 12):
            raise InvalidSetting(f"pitch shift {pitch_shift!r} is out of range; use −12 to 12 semitones")
        if vocoder not in VOCODERS:
            raise InvalidSetting(f"unknown vocoder {vocoder!r}; use {' or '.join(VOCODERS)}")
        if vocoder == "griffin-lim" and pitch_shift:
            raise InvalidSetting(f"griffin-lim cannot shift the pitch by {pitch_shift:g} semitones; use 0, or the source-filter vocoder")
        words = normalise(text)
        parts = sentences(words)

        report(0.0, "looking at the face")
        seen = find_face(read_image(face)) if face is not None else None
        vector = self.face_vector(seen)
        clock = {"face": time.perf_counter() - began, "text": 0.0, "acoustic": 0.0, "vocoder": 0.0}

        pieces = []
        for number, sentence in enumerate(parts):
            tell = _share_of(report, number, len(parts))
            pieces.append(self._say(sentence, vector, feeling, seed + number, sampling, pitch_shift, vocoder, clock, tell))
        waveform, mel, pitch, durations = (np.concatenate(part, axis=-1) for part in zip(*(piece[1:] for piece in pieces), strict=True))
        report(1.0, "done")
        clock |= {"total": time.perf_counter() - began, "audio": len(waveform) / SAMPLE_RATE}
        return Speech(
            waveform=waveform,
            mel=mel,
            pitch=pitch,
            phonemes=tuple("".join(piece[0] for piece in pieces)),
            durations=durations,
            timings=clock,
            seed=seed,
            text=words,
            emotion=feeling.label,
            intensity=feeling.intensity,
            notes=_notes(text, seen),
        )

    @torch.inference_mode()
    def face_vector(self, face: Face | None) -> torch.Tensor:
        """The (512,) unit vector of an aligned face; without a face, the default voice's."""
        if face is None:
            return self.tts.default_face.float().cpu()
        crops = crop_to_tensor(face.crop)[None]  # (1, 3, 224, 224)
        return self.faces(crops.to(self.faces.mean.device))[0].cpu()

    def _sampling(self, steps: int | None, speed: float) -> Sampling:
        if steps is not None and not (isinstance(steps, Integral) and 1 <= steps <= 1000):
            raise InvalidSetting(f"{steps!r} steps cannot be taken; use 1 to 1000, or None for the default")
        if not (isinstance(speed, Real) and 0.5 <= speed <= 2):
            raise InvalidSetting(f"speed {speed!r} is out of range; use 0.5 (slow) to 2 (fast)")
        return replace(self.sampling, steps=steps or self.sampling.steps, length_scale=self.sampling.length_scale / speed)

    def _say(
        self,
        sentence: str,
        vector: torch.Tensor,
        feeling: Emotion,
        seed: int,
        sampling: Sampling,
        pitch_shift: float,
        vocoder: str,
        clock: dict[str, float],
        tell: Callable[[float], None],
    ) -> tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """One sentence → symbols, waveform (160·T,), mel (128, T), pitch (T,), durations (N,). Adds to the clock, tells the share done."""
        tell(0.0)
        start = time.perf_counter()
        phonemes = phonemise(sentence)
        symbols = torch.tensor(encode(phonemes))
        clock["text"] += time.perf_counter() - start

        start = time.perf_counter()
        generator = torch.Generator().manual_seed(seed % 2**63)
        stages = sampling.steps + 1  # the steps, and the vocoder
        spoken = self.tts.synthesise(
            symbols, vector, feeling.index, feeling.intensity, sampling, generator, lambda step, steps: tell(step / stages)
        )
        clock["acoustic"] += time.perf_counter() - start

        start = time.perf_counter()
        if vocoder == "griffin-lim":
            waveform, pitch = griffin_lim(spoken.mel).numpy(), self.vocoder.read(spoken.mel).pitch
        else:
            waveform, pitch = self.vocoder.synthesise(spoken.mel, pitch_shift)
        clock["vocoder"] += time.perf_counter() - start
        assert len(waveform) == HOP * spoken.mel.shape[1]
        return phonemes, waveform.astype(np.float32), spoken.mel.numpy(), pitch.astype(np.float32), spoken.durations.numpy()


def _share_of(report: Progress, number: int, count: int) -> Callable[[float], None]:
    """Reports how much of sentence `number` of `count` is done as a share of them all."""
    message = f"speaking sentence {number + 1} of {count}" if count > 1 else "speaking"
    return lambda share: report((number + share) / count, message)


def _notes(text: str, face: Face | None) -> tuple[str, ...]:
    notes = []
    if face is not None and face.others:
        notes.append(f"{face.others + 1} faces found; the largest was taken")
    left_out = unreadable(text)
    if left_out:
        shown = left_out if len(left_out) <= 20 else left_out[:20] + "…"
        notes.append(f"letters that this voice cannot read were left out: {shown}")
    return tuple(notes)


def load(folder: str | Path = checkpoint.CHECKPOINTS) -> Studio:
    """The shipped models, on the GPU if there is one. Raises MissingCheckpoint, DamagedCheckpoint."""
    names = ("tts", "vocoder", "face-network")
    tts, vocoder, faces = (checkpoint.to_device(checkpoint.load(model_class(name), name, folder)) for name in names)
    return Studio(tts, vocoder, faces)
