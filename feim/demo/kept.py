"""What a visitor's film is made of, kept for ten minutes so that it can be drawn again: in memory, and for this visitor alone."""

from dataclasses import dataclass
from threading import Timer

import numpy as np

from feim.animating import PreparedFace
from feim.speaking import Speech
from feim.thinking import Reasoning

MINUTES = 10


@dataclass(frozen=True)
class Making:
    """A prepared face, what it says (our speech, or a recording's samples), what it feels, as feim.signal.emotion_arc writes it, and after
    which thought, if there was one."""

    face: PreparedFace
    said: Speech | np.ndarray
    emotion: str
    seed: int
    thought: Reasoning | None = None


class Kept:
    """Holds a Making, and lets go of it by itself: Gradio would keep it for another hour after the visitor left."""

    def __init__(self, making: Making, seconds: float = 60 * MINUTES):
        self._making: Making | None = making
        clock = Timer(seconds, self._forget)
        clock.daemon = True
        clock.start()

    def _forget(self) -> None:
        self._making = None

    def making(self) -> Making:
        """Raises ValueError once it is gone."""
        if self._making is None:
            raise ValueError(f"what this film was made of is no longer kept, after {MINUTES} minutes; press Make the film")
        return self._making
