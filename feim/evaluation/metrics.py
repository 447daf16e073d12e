"""What is measured: word errors, rank correlation, area under the curve, mel-cepstral distortion, cosine and prosody. Pure functions."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feim.nn.ranks import area_under_curve as area_under_curve
from feim.nn.ranks import ranks
from feim.signal.audio import FRAME_RATE, HOP, MEL_FLOOR, N_FFT, mel_filterbank
from feim.signal.text import NothingToSay, normalise
from feim.signal.world import spectral_envelope, track_pitch

SILENCE = 35.0  # dB under the loudest frame: pauses and breaths
# Just noticeable differences: how many of them apart two readings are is their distance.
SEMITONES_NOTICED = 1.0  # F0 level: 't Hart 1981, differences under 1 semitone go unheard in speech
RANGE_NOTICED = 1.5  # semitones of F0 range: 't Hart 1981, excursions must differ by 1.5 to 3
RATE_NOTICED = 0.05  # of the rate: Quené 2007
ENERGY_NOTICED = 1.0  # dB: Moore 2012, intensity discrimination of broad-band sound


def words_of(text: str) -> list[str]:
    """Text as it is compared: spelt out by feim.signal.text.normalise, lower case, no accents, no punctuation but the inner apostrophe."""
    try:
        spelt = normalise(text).lower()
    except NothingToSay:
        return []
    letters = "".join(c for c in unicodedata.normalize("NFD", spelt) if unicodedata.category(c) != "Mn")
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", letters)


def edit_distance(reference: Sequence, hypothesis: Sequence) -> int:
    """Fewest substitutions, insertions and deletions that turn one sequence into the other (Levenshtein 1966)."""
    row = list(range(len(hypothesis) + 1))
    for i, wanted in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, heard in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (wanted != heard))
    return row[-1]


def word_errors(references: Sequence[str], hypotheses: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Errors (N,) in each text, and words (N,) in its reference."""
    pairs = [(words_of(said), words_of(heard)) for said, heard in zip(references, hypotheses, strict=True)]
    return np.array([edit_distance(*pair) for pair in pairs]), np.array([len(said) for said, _ in pairs])


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Errors over all texts per word of all references; above 1 when more is heard than was said. nan without reference words."""
    errors, words = word_errors(references, hypotheses)
    return float(errors.sum() / words.sum()) if words.sum() else float("nan")


def word_error_margin(references: Sequence[str], first: Sequence[str], second: Sequence[str]) -> float:
    """Standard error of the difference of two word error rates over the same texts (the ratio estimator, Cochran 1977, eq. 2.46)."""
    errors, words = word_errors(references, first)
    gained = errors - word_errors(references, second)[0]
    count = len(words)
    left = gained - words * gained.sum() / words.sum()  # what the common difference does not explain
    return float(np.sqrt(count / (count - 1) * np.square(left).sum()) / words.sum()) if count > 1 else float("nan")


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation in [−1, 1]: Pearson's over the ranks; nan where either side never changes, or is undefined somewhere."""
    if np.isnan([x, y]).any():
        return float("nan")
    a, b = (r - r.mean() for r in (ranks(x), ranks(y)))
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else float("nan")


def isotonic(values: Sequence[float]) -> np.ndarray:
    """(N,) → (N,) the nearest sequence, in squares, that never falls: neighbours that fall are pooled (Ayer et al. 1955)."""
    pools: list[tuple[float, int]] = []  # mean, how many
    for value in values:
        pool = (float(value), 1)
        while pools and pools[-1][0] > pool[0]:
            before, count = pools.pop()
            pool = ((before * count + pool[0] * pool[1]) / (count + pool[1]), count + pool[1])
        pools.append(pool)
    return np.repeat([mean for mean, _ in pools], [count for _, count in pools])


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(…, C), (…, C) → (…) cosine of the angle between them."""
    return (a * b).sum(-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-12)


def dynamic_time_warping(costs: np.ndarray) -> tuple[float, int]:
    """Cheapest monotonic path through (A, B) costs from corner to corner by steps down, right or both (Sakoe and Chiba 1978).

    Returns: the path's summed cost, and how many cells it visits.
    """
    a, b = costs.shape
    total = np.full((a + 1, b + 1), np.inf)
    visited = np.zeros((a + 1, b + 1), dtype=int)
    total[0, 0] = 0
    for diagonal in range(2, a + b + 1):  # cells of one anti-diagonal depend on earlier ones alone
        i = np.arange(max(1, diagonal - b), min(a, diagonal - 1) + 1)
        j = diagonal - i
        before = np.stack([total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]])  # (3, cells)
        steps = np.stack([visited[i - 1, j - 1], visited[i - 1, j], visited[i, j - 1]])
        best = before.argmin(axis=0), np.arange(len(i))
        total[i, j] = before[best] + costs[i - 1, j - 1]
        visited[i, j] = steps[best] + 1
    return float(total[a, b]), int(visited[a, b])


def mel_cepstrum(mel: np.ndarray, order: int = 13) -> np.ndarray:
    """Log-mel (M, T) → (T, order) cepstral coefficients 1 … order; loudness, the zeroth, is left out."""
    bands = len(mel)
    k, m = np.arange(1, order + 1)[:, None], np.arange(bands)[None]
    basis = np.cos(np.pi * k * (m + 0.5) / bands) / bands  # ln|H| = c₀ + 2 Σ c_k cos
    return (basis @ mel).T


def mel_cepstral_distortion(a: np.ndarray, b: np.ndarray) -> float:
    """dB between two log-mels (M, T), (M, T′), warped in time: 10/ln 10 · √(2 Σ (c_k − c′_k)²) per frame (Kubichek 1993)."""
    first, second = mel_cepstrum(a), mel_cepstrum(b)
    gaps = first[:, None] - second[None]  # (T, T′, order)
    costs = 10 / np.log(10) * np.sqrt(2 * np.square(gaps).sum(-1))
    cost, visited = dynamic_time_warping(costs)
    return cost / visited


def envelope_mel(wave: np.ndarray, noisy: bool = True) -> np.ndarray:
    """(samples,) at 16 kHz → (128, T): the log-mel of WORLD's spectral envelope, from which mel-cepstra of speech usually are made.

    Log mels of the sound also show harmonics, the more the higher the voice: copying one with WORLD costs 0.8 dB of distortion at
    100 Hz and 2 dB at 290 Hz.

    Args: noisy: of a recording; False saves most of the time with clean, made speech.
    """
    envelope = spectral_envelope(wave, track_pitch(wave, noisy))  # (T, 513) power
    return np.log(np.maximum(np.sqrt(envelope) @ mel_filterbank().numpy(), MEL_FLOOR)).T


@dataclass(frozen=True)
class Prosody:
    """How a sentence was said.

    Attributes:
        pitch: median F0, Hz; nan where nothing is voiced.
        pitch_range: from the 10th to the 90th percentile of F0, semitones.
        rate: phonemes in a second that is not silent.
        energy: level of what is not silent, dB relative to full scale.
    """

    pitch: float
    pitch_range: float
    rate: float
    energy: float


def prosody(wave: np.ndarray, phonemes: int) -> Prosody:
    """Measure (samples,) at 16 kHz in which `phonemes` letters of IPA are spoken."""
    pitch = track_pitch(wave)
    pitch = pitch[pitch > 0]
    semitones = 12 * np.log2(pitch) if len(pitch) else np.array([np.nan])
    low, middle, high = np.percentile(semitones, (10, 50, 90))
    spoken, energy = _spoken(wave)
    return Prosody(float(2 ** (middle / 12)), float(high - low), phonemes / spoken if spoken else 0.0, energy)


def _spoken(wave: np.ndarray) -> tuple[float, float]:
    """Seconds within SILENCE of the loudest 64 ms, and their level in dB relative to full scale."""
    padded = np.pad(np.asarray(wave, dtype=float), (0, max(0, N_FFT - len(wave))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]  # (T, 1024)
    power = np.square(windows).mean(-1)
    loud = power[power > max(power.max() * 10 ** (-SILENCE / 10), 1e-10)]
    if not len(loud):
        return 0.0, float("-inf")
    return len(loud) / FRAME_RATE, float(10 * np.log10(loud.mean()))


def prosody_distance(a: Prosody, b: Prosody) -> float:
    """How far apart two readings of one sentence are, in just noticeable differences of F0 level, F0 range, rate and energy."""
    parts = (
        12 * np.log2(a.pitch / b.pitch) / SEMITONES_NOTICED,
        (a.pitch_range - b.pitch_range) / RANGE_NOTICED,
        np.log(a.rate / b.rate) / RATE_NOTICED,
        (a.energy - b.energy) / ENERGY_NOTICED,
    )
    return float(np.sqrt(np.square(parts).sum()))
