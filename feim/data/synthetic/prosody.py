"""Emotion by rule: bend a neutral voice by what real actors do, at a continuous intensity.

The table prosody.json is measured (feim/data/synthetic/actors.py). Intensity scales the actors' mean deviation from neutral:
0 is neutral, 0.5 their mean, 1 twice their mean, about their strongest sixth of readings.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from feim.signal.audio import SAMPLE_RATE, hertz_to_mel
from feim.signal.world import World, fill_unvoiced, stretch

STRONGEST = 2.0  # times the actors' mean, at intensity 1


@dataclass(frozen=True)
class Prosody:
    """How a reading differs from the same speaker's neutral one.

    Attributes:
        level: semitones of the median pitch; range: factor on the pitch's deviations from it.
        contour: (8,) semitones added in equal parts of the sentence; stress: (8,) dB added there.
        energy: dB; rate: factor on speed; envelope: (16,) dB in equal mel bands.
        breath: aperiodicity added to voiced frames, none of it at 0 Hz, all of it from 1 kHz up to 8 kHz.
    """

    level: float = 0.0
    range: float = 1.0
    contour: tuple[float, ...] = (0.0,) * 8
    stress: tuple[float, ...] = (0.0,) * 8
    energy: float = 0.0
    rate: float = 1.0
    breath: float = 0.0
    envelope: tuple[float, ...] = (0.0,) * 16


@cache
def _table() -> dict[str, dict]:
    return json.loads(Path(__file__).with_name("prosody.json").read_text())


def prosody_of(emotion: str, intensity: float) -> Prosody:
    """The rule for an emotion at an intensity from 0 to 1. Ratios scale geometrically, differences linearly."""
    if emotion == "neutral" or intensity == 0:
        return Prosody()
    mean, strength = _table()[emotion], STRONGEST * intensity
    linear = {name: strength * mean[name] for name in ("level", "energy", "breath")}
    lines = {name: tuple(strength * value for value in mean[name]) for name in ("contour", "stress", "envelope")}
    ratios = {name: mean[name] ** strength for name in ("range", "rate")}
    return Prosody(**linear, **lines, **ratios)


Swell = Callable[[list[int]], np.ndarray]  # durations that sum to T → (T,) from 0 to 1, how much of an emotion shows in each frame


def perform(world: World, durations: list[int], prosody: Prosody, swell: Swell | None = None) -> tuple[World, list[int]]:
    """A neutral reading and its symbol durations → the same words with `prosody`, and their new durations.

    Args: swell: how much of it is heard in each frame of what is made; all of it unless told. The pace is that of the whole.
    """
    world, durations = change_rate(world, durations, prosody.rate)
    amount = np.ones(world.frames) if swell is None else swell(durations)
    stress = along_sentence(prosody.stress, world.voiced)  # (T,) dB
    gain = prosody.energy + stress[:, None] + interpolate_bands(np.array(prosody.envelope), world.envelope.shape[1])  # (T, 513) dB
    bins = np.linspace(0, SAMPLE_RATE / 2, world.envelope.shape[1])
    breath = prosody.breath * np.clip(bins / 1000, 0, 1)
    aperiodicity = np.clip(world.aperiodicity + breath * (amount * world.voiced)[:, None], 1e-3, 1.0)
    pitch = shape_pitch(world.pitch, prosody, amount)
    return World(pitch, world.envelope * 10 ** (amount[:, None] * gain / 10), aperiodicity), durations


def change_rate(world: World, durations: list[int], rate: float) -> tuple[World, list[int]]:
    """Speed every symbol up by `rate`; frames are read back where the symbol's own time runs."""
    before = np.concatenate([[0], np.cumsum(durations)])
    after = np.round(before / rate).astype(int)
    frames = np.arange(after[-1])
    positions = np.interp(frames + 0.5, after, before) - 0.5
    return stretch(world, np.clip(positions, 0, world.frames - 1)), np.diff(after).tolist()


def shape_pitch(pitch: np.ndarray, prosody: Prosody, amount: np.ndarray | float = 1.0) -> np.ndarray:
    """(T,) Hz → (T,) Hz with the level, range and contour of `prosody`, or so much of them, one number or (T,)."""
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    semitones = 12 / np.log(2) * fill_unvoiced(pitch)
    centre = np.median(semitones[voiced])
    moved = amount * (prosody.level + along_sentence(prosody.contour, voiced))
    shaped = centre + moved + (semitones - centre) * prosody.range**amount
    return np.where(voiced, np.clip(np.exp(shaped * np.log(2) / 12), 62, 590), 0.0)


def along_sentence(parts: tuple[float, ...], voiced: np.ndarray) -> np.ndarray:
    """Values of equal parts of a sentence, from its first voiced frame to its last → a line through their middles, (T,)."""
    spoken = np.flatnonzero(voiced)
    if not len(spoken):
        return np.zeros(len(voiced))
    first, length = spoken[0], spoken[-1] + 1 - spoken[0]
    middles = first + (np.arange(len(parts)) + 0.5) * length / len(parts) - 0.5
    return np.interp(np.arange(len(voiced)), middles, parts)


def interpolate_bands(bands: np.ndarray, bins: int) -> np.ndarray:
    """(16,) values in equal mel bands from 0 to 8 kHz → (bins,) on a linear frequency axis."""
    top = SAMPLE_RATE / 2
    centres = (np.arange(len(bands)) + 0.5) / len(bands) * hertz_to_mel(top)
    return np.interp(hertz_to_mel(np.linspace(0, top, bins)), centres, bands)
