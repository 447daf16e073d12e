"""Listeners that grade speech and took no part in making it: words (pocketsphinx), naturalness (DNSMOS), emotion and speaker (our own).

Ours learnt from speakers whom no generator heard: the split "judge" of every corpus.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from feim.models.checkpoint import load
from feim.models.embeddings import VoiceNetwork
from feim.models.emotion_recognition import EmotionRecogniser
from feim.models.voice_emotion import VoiceEmotion
from feim.signal.audio import SAMPLE_RATE, mel_spectrogram
from feim.signal.emotion import EMOTIONS
from feim.signal.functionals import functionals
from feim.signal.world import track_pitch

DNSMOS_SAMPLES = int(9.01 * SAMPLE_RATE)
# Raw network output → MOS, coefficients of x², x, 1 as published with the model (microsoft/DNS-Challenge).
DNSMOS_SCALES = {
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovr": (-0.06766283, 1.11546468, 0.04602535),
}


class MissingJudge(ValueError):
    """A judge's weights are not where the caller said."""


@contextmanager
def listeners(processes: int = 2) -> Iterator[ProcessPoolExecutor]:
    """Processes to map transcribe and rate_naturalness over clips: pocketsphinx holds Python's lock.

    Their `map` reads the clips at once, so speech may still be made while the first of it is heard.
    """
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@cache
def _decoder():
    import pocketsphinx  # only in the processes that listen

    return pocketsphinx.Decoder(loglevel="FATAL", samprate=SAMPLE_RATE)


def transcribe(wave: np.ndarray) -> str:
    """(samples,) at 16 kHz → the words that pocketsphinx hears with its own en-us model; the same whatever was heard before."""
    samples = np.ascontiguousarray(np.clip(wave, -1, 1) * 32767, dtype=np.int16)
    if not len(samples):
        return ""
    decoder = _decoder()
    decoder.reinit_feat()  # forget the last clip's noise level
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr if found else ""


@dataclass(frozen=True)
class Opinion:
    """Predicted mean opinion scores, 1 to 5: of the voice, of the background, overall (ITU-T P.835)."""

    sig: float
    bak: float
    ovr: float


@cache
def _dnsmos(weights: Path):
    import onnxruntime

    if not weights.is_file():
        raise MissingJudge(f"there is no DNSMOS model at {weights}; get sig_bak_ovr.onnx from microsoft/DNS-Challenge")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def rate_naturalness(wave: np.ndarray, weights: str | Path) -> Opinion:
    """DNSMOS P.835 (Reddy et al. 2022) over every second's window of 9.01 s, as published; a shorter clip is repeated to fill one.

    Args:
        wave: (samples,) at 16 kHz.
        weights: sig_bak_ovr.onnx of microsoft/DNS-Challenge.
    Raises: MissingJudge; ValueError for an empty clip.
    """
    network = _dnsmos(Path(weights))
    wave = np.asarray(wave, dtype=np.float32)
    if not len(wave):
        raise ValueError("an empty clip has no naturalness; give at least one sample")
    if len(wave) < DNSMOS_SAMPLES:
        wave = np.tile(wave, -(-DNSMOS_SAMPLES // len(wave)))[:DNSMOS_SAMPLES]
    starts = range(0, len(wave) - DNSMOS_SAMPLES + 1, SAMPLE_RATE)
    name = network.get_inputs()[0].name
    raw = [network.run(None, {name: wave[None, s : s + DNSMOS_SAMPLES]})[0][0] for s in starts]  # (windows, 3)
    scales_and_outputs = zip(DNSMOS_SCALES.values(), np.transpose(raw), strict=True)
    return Opinion(*(float(np.polyval(scale, output).mean()) for scale, output in scales_and_outputs))


@dataclass(frozen=True)
class EmotionJudge:
    """Which emotion is heard, and how surely."""

    network: EmotionRecogniser

    @classmethod
    def shipped(cls) -> "EmotionJudge":
        """The trained judge. Raises: feim.models.checkpoint.MissingCheckpoint, DamagedCheckpoint."""
        return cls(load(EmotionRecogniser, "emotion-judge"))

    @torch.no_grad()
    def probabilities(self, wave: np.ndarray) -> np.ndarray:
        """(samples,) at 16 kHz → (7,) in the order of feim.signal.emotion.EMOTIONS."""
        pitch = torch.from_numpy(track_pitch(wave)).float()
        return self.network.eval()(mel_spectrogram(wave)[None], pitch[None])[0].softmax(-1).numpy()

    def emotion(self, wave: np.ndarray) -> str:
        """The likeliest emotion."""
        return EMOTIONS[int(self.probabilities(wave).argmax())]


@dataclass(frozen=True)
class ActedEmotionJudge:
    """Which emotion is heard, by a judge who learnt from real actors too, and who must know a voice to hear what is unusual for it."""

    network: VoiceEmotion

    @classmethod
    def shipped(cls) -> "ActedEmotionJudge":
        """The trained judge. Raises: feim.models.checkpoint.MissingCheckpoint, DamagedCheckpoint."""
        return cls(load(VoiceEmotion, "acted-emotion-judge"))

    def probabilities(self, waves: Sequence[np.ndarray], known: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """(samples,) each at 16 kHz, clean, of one voice → (N, 7) in the order of feim.signal.emotion.EMOTIONS.

        Args: known: clips of the same voice that tell what is usual for it, whatever their emotions; None: `waves` themselves.
        """
        heard = _describe(waves)
        return self.network.probabilities(heard, self.network.acquaint(heard if known is None else _describe(known))).numpy()


def _describe(waves: Sequence[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack([functionals(mel_spectrogram(wave).numpy(), track_pitch(wave)) for wave in waves]))


@dataclass(frozen=True)
class SpeakerJudge:
    """Whether two clips are of one voice."""

    network: VoiceNetwork

    @classmethod
    def shipped(cls) -> "SpeakerJudge":
        """The trained judge. Raises: feim.models.checkpoint.MissingCheckpoint, DamagedCheckpoint."""
        return cls(load(VoiceNetwork, "speaker-judge"))

    @torch.no_grad()
    def vector(self, wave: np.ndarray) -> np.ndarray:
        """(samples,) at 16 kHz → (512,) of unit length; the cosine of two is how alike the voices are."""
        return self.network.eval()(mel_spectrogram(wave)[None])[0].numpy()
