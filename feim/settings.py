"""What may be asked of the studio: every argument that is no face, sound or emotion is checked here, in words that say what would do."""

from dataclasses import replace
from numbers import Integral, Real

import torch

from feim.models.tts import FEIMTTS, Sampling
from feim.signal.emotion import EMOTIONS
from feim.signal.emotion_arc import Arc
from feim.signal.text import LANGUAGES
from feim.speaking import GRIFFIN_LIM, VOCODERS

RENDERERS = ("portrait", "gan")
SIZES = (64, 1024)  # pixels of a film's side, least and most
FACE_VECTOR = FEIMTTS.Config().embedding  # numbers


class InvalidSetting(ValueError):
    """A setting that cannot be used: seed, steps, speed, pitch, vocoder or language."""


# All of these raise InvalidSetting.


def checked_text(text: str) -> str:
    if not isinstance(text, str):
        raise InvalidSetting(f"the text is {text!r}; give words in quotes")
    return text


def checked_seed(seed: int) -> int:
    if not isinstance(seed, Integral):
        raise InvalidSetting(f"seed {seed!r} cannot be used; use a whole number")
    return int(seed)


def checked_language(language: str) -> str:
    if language not in LANGUAGES:
        raise InvalidSetting(f"unknown language {language!r}; use one of: {', '.join(LANGUAGES)}")
    return language


def checked_sampling(usual: Sampling, steps: int | None, speed: float) -> Sampling:
    """How mels are drawn, where a call says something of its own."""
    if steps is not None and not (isinstance(steps, Integral) and 1 <= steps <= 1000):
        raise InvalidSetting(f"{steps!r} steps cannot be taken; use 1 to 1000, or None for the default")
    if not (isinstance(speed, Real) and 0.5 <= speed <= 2):
        raise InvalidSetting(f"speed {speed!r} is out of range; use 0.5 (slow) to 2 (fast)")
    return replace(usual, steps=steps or usual.steps, length_scale=usual.length_scale / speed)


def check_sound(pitch_shift: float, vocoder: str) -> None:
    """What turns mels into sound, and how."""
    if not (isinstance(pitch_shift, Real) and -12 <= pitch_shift <= 12):
        raise InvalidSetting(f"pitch shift {pitch_shift!r} is out of range; use −12 to 12 semitones")
    if vocoder not in VOCODERS:
        raise InvalidSetting(f"unknown vocoder {vocoder!r}; use {' or '.join(VOCODERS)}")
    if vocoder == GRIFFIN_LIM and pitch_shift:
        raise InvalidSetting(f"griffin-lim cannot shift the pitch by {pitch_shift:g} semitones; use 0, or the source-filter vocoder")


def check_learnt(tts: FEIMTTS, language: str, arc: Arc) -> None:
    """Whether this voice has heard anybody who felt so."""
    unlearnt = [label for label in arc.labels if label in tts.config.unlearnt]
    if arc.intensity and unlearnt:
        known = [label for label in EMOTIONS if label not in tts.config.unlearnt]
        remedy = f"use one of: {', '.join(known)}" if known else "use intensity 0"
        raise InvalidSetting(f"the voice for {language} has never heard anybody {unlearnt[0]}; {remedy}")


def checked_vector(vector: torch.Tensor) -> torch.Tensor:
    """(512,) of the space that faces and voices share."""
    if vector.shape != (FACE_VECTOR,) or not vector.isfinite().all():
        raise InvalidSetting(f"a tensor of shape {tuple(vector.shape)} is no voice; give {FACE_VECTOR} finite numbers")
    return vector.float()


def check_film(renderer: str, size: int) -> None:
    if renderer not in RENDERERS:
        raise InvalidSetting(f"unknown renderer {renderer!r}; use {' or '.join(RENDERERS)}")
    if not (isinstance(size, Integral) and SIZES[0] <= size <= SIZES[1] and size % 2 == 0):
        raise InvalidSetting(f"a film of {size!r} pixels cannot be made; use an even number from {SIZES[0]} to {SIZES[1]}")
