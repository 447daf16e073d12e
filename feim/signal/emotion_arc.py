"""Emotions one after another: from what is felt at the beginning of something to what is felt at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from feim.signal.emotion import EMOTIONS, Emotion, Feeling, InvalidMixture, parse_emotion

STATIONS = 5  # at most
EXAMPLE = "surprised,happy"

Feelings = Feeling | Sequence[Feeling]  # one for all of it; or several, one after another, as a list or as text ("surprised,happy")


@dataclass(frozen=True)
class Arc:
    """What is felt, from the beginning to the end.

    Attributes:
        feelings: one for all of it, or several of the same intensity, evenly spread, each of which fades into the next.
    """

    feelings: tuple[Emotion, ...] = (Emotion(),)

    @property
    def intensity(self) -> float:
        """γ of them all."""
        return self.feelings[0].intensity

    def with_intensity(self, gamma: float) -> "Arc":
        """The same with another γ."""
        return Arc(tuple(replace(feeling, intensity=gamma) for feeling in self.feelings))

    @property
    def name(self) -> str:
        """How it is written: "happy", "happy:0.7+sad:0.3", or "surprised,happy", which `parse_arc` reads as it says."""
        return ",".join(feeling.name for feeling in self.feelings)

    @property
    def labels(self) -> tuple[str, ...]:
        """All that is felt, in order."""
        return tuple(dict.fromkeys(label for feeling in self.feelings for label, _ in feeling.weights))

    def weights(self, frames: int) -> np.ndarray:
        """How much of each of EMOTIONS there is in each frame: (F, 7) float32, rows summing to 1."""
        return self._at(np.linspace(0, 1, frames) if frames > 1 else np.full(frames, 0.5)).astype(np.float32)

    def at(self, place: float) -> Emotion:
        """What is felt at one place, 0 (the beginning) to 1 (the end)."""
        felt = self._at(np.array([place]))[0]
        weights = tuple((label, float(weight)) for label, weight in zip(EMOTIONS, felt, strict=True) if weight > 0)
        return Emotion(EMOTIONS[int(felt.argmax())], self.intensity, weights)

    def _at(self, places: np.ndarray) -> np.ndarray:
        """(F,) → (F, 7). From one to the next it goes as a smooth step, 3 t² − 2 t³: it stays a while with each, and turns no corner."""
        stations = np.array([[feeling.indices.get(index, 0.0) for index in range(len(EMOTIONS))] for feeling in self.feelings])  # (K, 7)
        way = places * (len(stations) - 1)
        before = np.floor(way).astype(int).clip(0, max(0, len(stations) - 2))
        t = (way - before)[:, None]
        share = t**2 * (3 - 2 * t)
        return (1 - share) * stations[before] + share * stations[(before + 1).clip(0, len(stations) - 1)]


def parse_arc(feelings: Feelings | Arc, intensity: float = 1.0) -> Arc:
    """Check a visitor's wish: what `parse_emotion` takes; or several of them, as "surprised,happy" or ["surprised", {"happy": 1}].

    Raises: UnknownEmotion, InvalidMixture, InvalidIntensity; all say what would do.
    """
    if isinstance(feelings, Arc):
        return feelings
    parts = feelings.split(",") if isinstance(feelings, str) else feelings if isinstance(feelings, list | tuple) else [feelings]
    if not 1 <= len(parts) <= STATIONS:
        raise InvalidMixture(f"{len(parts)} emotions one after another cannot be shown; use 1 to {STATIONS}, such as {EXAMPLE}")
    if len(parts) > 1 and not all(part.strip() if isinstance(part, str) else part for part in parts):
        raise InvalidMixture(f"there is nothing between two commas of {feelings!r}; use emotions, such as {EXAMPLE}")
    return Arc(tuple(parse_emotion(part, intensity) for part in parts))
