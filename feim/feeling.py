"""How strongly a face feels in every frame of a film: evenly, as somebody drew it, or as the voice does."""

from collections.abc import Sequence

import numpy as np

from feim.models.intensity import STEPS, VoiceIntensity
from feim.signal.action_units import intensity_at, strength
from feim.signal.emotion import MAX_INTENSITY, InvalidIntensity
from feim.signal.emotion_arc import Arc

Intensity = float | Sequence[float] | np.ndarray  # γ of the whole film, or a curve of it
EVEN = 0.04  # standard deviation of a track under which it says nothing about when
USUAL = 75  # the percentile of a voice's own track that shows the γ that was asked for: most of what is said, and not its peaks


def is_curve(intensity: Intensity | str | None) -> bool:
    """Whether somebody drew it: anything with more than one place for numbers, even if none is in them."""
    return not isinstance(intensity, str) and np.ndim(intensity) > 0


def parse_curve(curve: Sequence[float] | np.ndarray) -> np.ndarray:
    """A drawn curve of γ → (K,) float64. Raises InvalidIntensity."""
    try:
        values = np.asarray(curve, dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidIntensity(f"{_short(curve)} is no curve of intensity; give two or more numbers from 0 to 30") from error
    if values.ndim != 1 or len(values) < 2:
        raise InvalidIntensity(f"a curve of intensity with the shape {values.shape} cannot be used; give two or more numbers in a row")
    wrong = ~((values >= 0) & (values <= MAX_INTENSITY))  # what is not a number is neither
    if wrong.any():
        first = int(wrong.argmax())
        raise InvalidIntensity(f"intensity {values[first]:g}, number {first + 1} of the curve, is out of range; use numbers from 0 to 30")
    return values


def constant(gamma: float, frames: int) -> np.ndarray:
    """The same γ in every frame: (F,) float32."""
    return np.full(frames, gamma, np.float32)


def as_drawn(curve: Sequence[float] | np.ndarray, frames: int) -> np.ndarray:
    """A curve of γ, two or more values of any number, spread over a film in straight lines: (K,) → (F,) float32.

    Raises: InvalidIntensity.
    """
    values = parse_curve(curve)
    places = np.linspace(0, len(values) - 1, frames) if frames > 1 else np.zeros(frames)
    return np.interp(places, np.arange(len(values)), values).astype(np.float32)


def with_the_voice(track: np.ndarray, gamma: float, voiced: np.ndarray) -> np.ndarray:
    """γ that rises and falls with a voice: (F,) float32.

    What shows is strength(γ) where the voice feels as it usually does in this recording, and more or less where it feels more or less:
    strength(γ_f) = strength(γ) · track_f / its 75th percentile, as far as a face goes. A voice that hardly varies, or is silent, says
    nothing about when, so γ stays as it is; and a γ of 0 stays 0.

    Args:
        track: (F,) from 0 to 1, the share of an emotion's strongest that the voice shows, as VoiceIntensity guesses it.
        voiced: (F,) bool, where there is a voice.
    """
    heard = track[voiced]
    if not len(heard) or heard.std() < EVEN:
        return constant(gamma, len(track))
    usual = np.percentile(heard, USUAL)  # above 0, because the track varies
    return intensity_at(strength(gamma) * track.astype(float) / usual).astype(np.float32)


def heard_in(network: VoiceIntensity, mel: np.ndarray, pitch: np.ndarray, arc: Arc, frames: int) -> np.ndarray:
    """γ of a film of F frames that follows a sound: mel (128, T), pitch (T,) Hz, and what it is said with → (F,) float32."""
    length, told = min(mel.shape[1], len(pitch)), arc.weights(frames).mean(0)
    track = network.track(mel[:, :length], pitch[:length], {index: weight for index, weight in enumerate(told.tolist()) if weight})
    voiced = np.pad(pitch[:length] > 0, (0, -length % STEPS)).reshape(-1, STEPS).any(axis=1)  # (⌈T / 4⌉,)
    return with_the_voice(at_length(track, frames), arc.intensity, at_length(voiced, frames))


def at_length(track: np.ndarray, frames: int) -> np.ndarray:
    """(F′,) → (F,): cut, or its last value kept."""
    return np.pad(track, (0, max(0, frames - len(track))), mode="edge")[:frames]


def _short(curve: object) -> str:
    said = repr(curve)
    return said if len(said) <= 40 else said[:40] + "…"
