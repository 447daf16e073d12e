"""How speech comes about: each sentence's mel is drawn whole, and its sound made stretch by stretch."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from feim.models.tts import FEIMTTS, Sampling, Utterance
from feim.models.vocoder import SourceFilterVocoder
from feim.signal.audio import HOP, SAMPLE_RATE, griffin_lim, write_audio
from feim.signal.emotion_arc import Arc
from feim.signal.text import encode
from feim.signal.world import shift_pitch, synthesise

Progress = Callable[[float, str], None]
GRIFFIN_LIM = "griffin-lim"
VOCODERS = ("source-filter", GRIFFIN_LIM)
FIRST_STRETCH = 50  # frames of a sentence that a stream gives first: half a second, long enough to make what follows
GROWTH = 4  # of the stretches after it: each is synthesised with all before it, which costs a third more at most
LABEL = "AI-generated speech (FEIM). The voice is an estimate from a portrait's appearance; it is nobody's own voice."


@dataclass(frozen=True)
class Speech:
    """What was said, and how it came about.

    Attributes:
        waveform: (samples,) float32 in [−1, 1] at `sample_rate` Hz.
        mel: (128, T) natural log of magnitude, 100 frames a second; pitch: (T,) Hz, 0 where unvoiced.
        phonemes, durations: N symbols and their frames, which sum to T.
        timings: seconds spent on face, text, acoustic, vocoder and in total; "audio" is the sound's own length.
        seed, text, emotion, intensity: as they were used; a mixture as feim.signal.emotion writes it, such as "happy:0.7+sad:0.3".
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


@dataclass(frozen=True)
class Chunk:
    """A stretch of speech as it comes. All of a stream, one after another, are the waveform that `Studio.speak` gives.

    Attributes:
        waveform: (samples,) float32 in [−1, 1] at `sample_rate` Hz.
        sentence, sentences: which sentence it belongs to, from 1, and how many there are.
        speech: the whole, with the last chunk; None with all others.
    """

    waveform: np.ndarray
    sentence: int
    sentences: int
    speech: Speech | None = None
    sample_rate: int = SAMPLE_RATE


@dataclass(frozen=True)
class Wish:
    """What was asked for, once it is known that it can be done.

    Attributes:
        tts, network: that draw mels, and turn them into sound; vector: (512,), of the face.
        words, phonemes: the whole text, and the symbols of each sentence.
        arc: what is felt; a sentence is said with what is felt in its middle.
        clock: seconds spent on face, text, acoustic, vocoder and in total.
    """

    tts: FEIMTTS
    network: SourceFilterVocoder
    words: str
    phonemes: tuple[str, ...]
    vector: torch.Tensor
    arc: Arc
    seed: int
    sampling: Sampling
    pitch_shift: float
    vocoder: str
    notes: tuple[str, ...]
    report: Progress
    clock: dict[str, float]


def in_chunks(wish: Wish, stretches: Callable[[int], list[tuple[int, int]]]) -> Iterator[Chunk]:
    """Every sentence's mel is drawn whole, and its sound made stretch by stretch: `stretches` divides a number of frames."""
    began, clock = time.perf_counter() - wish.clock["total"], wish.clock
    count = len(wish.phonemes)
    waveforms, mels, pitches, durations = [], [], [], []
    for number, phonemes in enumerate(wish.phonemes):
        with timed(clock, "acoustic"):
            spoken = _draw(phonemes, number, wish)
        with timed(clock, "vocoder"):
            pitch, sound = _vocode(spoken.mel, wish)
        mels.append(spoken.mel.numpy())
        pitches.append(pitch.astype(np.float32))
        durations.append(spoken.durations.numpy())
        for start, stop in stretches(len(pitch)):
            with timed(clock, "vocoder"):
                waveforms.append(sound(start, stop))
            speech = None
            if number + 1 == count and stop == len(pitch):
                wish.report(1.0, "done")
                whole = (np.concatenate(parts, axis=-1) for parts in (waveforms, mels, pitches, durations))
                speech = _speech(wish, *whole, time.perf_counter() - began)
            paused = time.perf_counter()
            yield Chunk(waveforms[-1], number + 1, count, speech)
            began += time.perf_counter() - paused


def _draw(phonemes: str, number: int, wish: Wish) -> Utterance:
    """The mel of sentence `number`; tells the share done."""
    tell = _share_of(wish.report, number, len(wish.phonemes))
    tell(0.0)
    stages = wish.sampling.steps + 1  # the steps, and the vocoder
    return wish.tts.synthesise(
        torch.tensor(encode(phonemes)),
        wish.vector,
        wish.arc.at(_middle(wish.phonemes, number)).indices,
        wish.arc.intensity,
        wish.sampling,
        torch.Generator().manual_seed((wish.seed + number) % 2**63),
        lambda step, steps: tell(step / stages),
    )


def _middle(sentences: tuple[str, ...], number: int) -> float:
    """Where the middle of a sentence lies in all of them, 0 to 1."""
    before = sum(len(sentence) for sentence in sentences[:number])
    return (before + len(sentences[number]) / 2) / sum(len(sentence) for sentence in sentences)


def _vocode(mel: torch.Tensor, wish: Wish) -> tuple[np.ndarray, Callable[[int, int], np.ndarray]]:
    """mel (128, T) → pitch (T,) Hz, and what makes the sound, (160·frames,) float32, between two of its frames."""
    world = wish.network.read(mel)
    if wish.vocoder == GRIFFIN_LIM:
        waveform = griffin_lim(mel).numpy()
        return world.pitch, lambda start, stop: waveform[HOP * start : HOP * stop]
    world = shift_pitch(world, wish.pitch_shift)
    return world.pitch, lambda start, stop: synthesise(world, start, stop)


def growing(frames: int) -> list[tuple[int, int]]:
    """A sentence's frames in stretches that grow: 700 → (0, 50), (50, 200), (200, 700)."""
    ends = [0]
    end = FIRST_STRETCH
    while GROWTH * end <= frames:
        ends.append(end)
        end *= GROWTH
    return list(pairwise([*ends, frames]))


def _speech(wish: Wish, waveform: np.ndarray, mel: np.ndarray, pitch: np.ndarray, durations: np.ndarray, total: float) -> Speech:
    return Speech(
        waveform=waveform,
        mel=mel,
        pitch=pitch,
        phonemes=tuple("".join(wish.phonemes)),
        durations=durations,
        timings=wish.clock | {"total": total, "audio": len(waveform) / SAMPLE_RATE},
        seed=wish.seed,
        text=wish.words,
        emotion=wish.arc.name,
        intensity=wish.arc.intensity,
        notes=wish.notes,
    )


@contextmanager
def timed(clock: dict[str, float], stage: str) -> Iterator[None]:
    """Adds the seconds that pass inside to a stage's."""
    start = time.perf_counter()
    yield
    clock[stage] += time.perf_counter() - start


def _share_of(report: Progress, number: int, count: int) -> Callable[[float], None]:
    """Reports how much of sentence `number` of `count` is done as a share of them all."""
    message = f"speaking sentence {number + 1} of {count}" if count > 1 else "speaking"
    return lambda share: report((number + share) / count, message)
