"""Who speaks, what is said, and who listens: all that an experiment is given."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from torch import Tensor

from feim.evaluation.experiments.material import Material
from feim.evaluation.judges import SpeakerJudge, rate_naturalness, transcribe
from feim.evaluation.metrics import Prosody, envelope_mel, mel_cepstral_distortion, prosody
from feim.signal.audio import mel_spectrogram
from feim.signal.text import LETTERS

if TYPE_CHECKING:
    from feim.studio import Studio


class Judge(Protocol):
    """Hears emotions: (samples,) at 16 kHz → (7,) probabilities in the order of EMOTIONS."""

    def probabilities(self, wave: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Spoken:
    """(samples,) at 16 kHz, and how many letters of IPA are in them."""

    wave: np.ndarray
    phonemes: int


@dataclass(frozen=True)
class Voice:
    """A model that speaks one language in the voice of any 512-number vector: a face's, or the voice network's own of a recording."""

    studio: "Studio"
    language: str = "en"

    def say(self, text: str, vector: Tensor, emotion: str = "neutral", intensity: float = 1.0) -> Spoken:
        """As the studio does, with seed 0; `intensity` is γ, 0 the model without emotion, which is Face-TTS. Raises: NothingToSay."""
        speech = self.studio.speak(text, vector, emotion, intensity, language=self.language)
        return Spoken(speech.waveform, sum(symbol in LETTERS for symbol in speech.phonemes))


@dataclass(frozen=True)
class Stage:
    """The voice on trial, the material, the judges of emotion by name, and processes for those who listen slowly.

    Attributes:
        ears: say who speaks.
    """

    voice: Voice
    material: Material
    judges: Mapping[str, Judge]
    ears: SpeakerJudge
    pool: ProcessPoolExecutor

    def heard(self, wave: np.ndarray) -> dict[str, list[float]]:
        """Judge's name → probabilities of EMOTIONS."""
        return {name: [round(float(p), 4) for p in judge.probabilities(wave)] for name, judge in self.judges.items()}

    def transcripts(self, waves: Iterable[np.ndarray]) -> list[str]:
        return list(self.pool.map(transcribe, waves))

    def naturalness(self, waves: Iterable[np.ndarray]) -> list[float]:
        """Overall DNSMOS of each."""
        rate = partial(rate_naturalness, weights=self.material.kept.dnsmos)
        return [round(opinion.ovr, 4) for opinion in self.pool.map(rate, waves)]

    def prosodies(self, spoken: Iterable[Spoken]) -> list[Prosody]:
        spoken = list(spoken)
        return list(self.pool.map(prosody, [s.wave for s in spoken], [s.phonemes for s in spoken]))

    def envelopes(self, waves: Iterable[np.ndarray], noisy: bool = False) -> list[np.ndarray]:
        """Log mels (128, T) without harmonics; `noisy` of recordings."""
        return list(self.pool.map(partial(envelope_mel, noisy=noisy), waves))

    def mels(self, waves: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Log mels (128, T), harmonics included."""
        return [mel_spectrogram(wave).numpy() for wave in waves]

    def distortions(self, references: Iterable[np.ndarray], mels: Iterable[np.ndarray]) -> list[float]:
        """Mel-cepstral distortion in dB of each log mel from its reference's, warped in time."""
        return [round(found, 4) for found in self.pool.map(mel_cepstral_distortion, references, mels)]

    def recognise(self, wave: np.ndarray) -> np.ndarray:
        """(samples,) → (512,) unit vector of the voice in it."""
        return self.ears.vector(wave)
