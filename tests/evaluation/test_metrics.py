"""Metrics against values worked out by hand, by brute force, or from how the sound was made."""

import math
from functools import cache

import numpy as np
import pytest

from feim.evaluation.metrics import (
    Prosody,
    area_under_curve,
    cosine,
    dynamic_time_warping,
    edit_distance,
    envelope_mel,
    isotonic,
    mel_cepstral_distortion,
    prosody,
    prosody_distance,
    ranks,
    spearman,
    word_error_margin,
    word_error_rate,
    words_of,
)
from feim.signal.audio import mel_spectrogram


def harmonics(pitch: np.ndarray, level: float = 0.1) -> np.ndarray:
    """(samples,) Hz → a buzz of ten harmonics."""
    phase = 2 * np.pi * np.cumsum(pitch) / 16_000
    return level * sum(np.sin(k * phase) / k for k in range(1, 11))


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("The cat sat.", "the cat sat", 0),
        ("The cat sat.", "the bat sat", 1 / 3),
        ("The cat sat.", "the cat", 1 / 3),
        ("The cat sat.", "the the cat sat down", 2 / 3),
        ("The cat sat.", "", 1),
        ("Yes.", "no it is not", 4),
        ("Mr. Smith paid 20 dollars at eleven-thirty.", "mister smith paid twenty dollars at eleven thirty", 0),
        ("Don't 'quote' café!", "don't quote cafe", 0),
    ],
)
def test_word_error_rate(said, heard, rate):
    assert word_error_rate([said], [heard]) == pytest.approx(rate)


def test_word_error_rate_weighs_texts_by_their_length():
    assert word_error_rate(["one two three", "four"], ["one two three", "for"]) == pytest.approx(1 / 4)
    assert math.isnan(word_error_rate(["..."], ["hello"]))


def test_word_error_margin():
    said = ["one two", "three four", "five six", "seven eight"]
    assert word_error_margin(said, ["one"] * 4, ["one"] * 4) == 0  # the same errors everywhere: no doubt about the difference
    # One more error in half of the texts: the mean of 0, 0, 1, 1 has standard error √(1/3) / 2, and a text has two words.
    heard = ["one two", "three four", "five", "seven"]
    assert word_error_margin(said, heard, said) == pytest.approx(math.sqrt(1 / 3) / 2 / 2)


def test_words_of_nothing():
    assert words_of(" … ") == []


def test_edit_distance_is_a_metric():
    a, b, c = "kitten", "sitting", "mitten"
    assert edit_distance(a, b) == edit_distance(b, a) == 3
    assert edit_distance(a, a) == 0
    assert edit_distance(a, b) <= edit_distance(a, c) + edit_distance(c, b)
    assert edit_distance("", b) == len(b)


def test_ranks_share_ties():
    assert ranks([10, 20, 20, 5]).tolist() == [2, 3.5, 3.5, 1]


def test_spearman():
    assert spearman([0, 1, 2, 5], [1, 8, 27, 1000]) == pytest.approx(1)
    assert spearman([0, 1, 2, 5], [4, 3, 2, 1]) == pytest.approx(-1)
    # No ties: 1 − 6 Σd² / (n(n² − 1)), here with one neighbouring pair swapped among seven.
    assert spearman(range(7), [0, 1, 2, 4, 3, 5, 6]) == pytest.approx(1 - 6 * 2 / (7 * 48))
    # With ties: Pearson of the ranks 1, 2, 3 and 1, 2.5, 2.5 is √3/2.
    assert spearman([1, 2, 3], [1, 2, 2]) == pytest.approx(math.sqrt(3) / 2)
    assert math.isnan(spearman([1, 2, 3], [4, 4, 4]))
    assert math.isnan(spearman([1, 2, 3], [4, math.nan, 6]))


def test_area_under_curve():
    assert area_under_curve([1, 2, 3, 4], [False, False, True, True]) == 1
    assert area_under_curve([4, 3, 2, 1], [False, False, True, True]) == 0
    assert area_under_curve([1, 1, 1, 1], [False, True, False, True]) == 0.5
    assert area_under_curve([1, 2, 2, 3], [False, True, False, True]) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert math.isnan(area_under_curve([1, 2], [True, True]))
    assert math.isnan(area_under_curve([1, math.nan], [True, False]))


def test_the_nearest_sequence_that_never_falls():
    np.testing.assert_allclose(isotonic([1, 2, 5]), [1, 2, 5])
    np.testing.assert_allclose(isotonic([3, 2, 1]), [2, 2, 2])
    np.testing.assert_allclose(isotonic([1, 4, 3, 3, 6, 0]), [1, 3.2, 3.2, 3.2, 3.2, 3.2])  # all but the first are one pool
    values = np.random.default_rng(0).normal(size=30)
    fit = isotonic(values)
    assert (np.diff(fit) >= 0).all()
    nudged = np.sort(fit + np.random.default_rng(1).normal(scale=0.01, size=(200, 30)), axis=1)  # other rising sequences near it
    assert np.square(values - fit).sum() <= np.square(values - nudged).sum(axis=1).min()


def test_cosine():
    assert cosine(np.array([[1.0, 0], [1, 1]]), np.array([[0.0, 2], [3, 3]])) == pytest.approx([0, 1])


def test_time_warping_equals_brute_force():
    costs = np.random.default_rng(0).random((6, 8))

    @cache
    def cheapest(i: int, j: int) -> float:
        before = [cheapest(i - di, j - dj) for di, dj in ((1, 1), (1, 0), (0, 1)) if i >= di and j >= dj]
        return costs[i, j] + (min(before) if before else 0)

    assert dynamic_time_warping(costs)[0] == pytest.approx(cheapest(5, 7))


def test_envelopes_do_not_hear_pitch():
    """One vowel at 120 and at 180 Hz: its log mels differ by the harmonics, its envelopes far less."""
    seconds = np.arange(8000) / 16_000

    def vowel(pitch: float) -> np.ndarray:
        tones = np.arange(pitch, 7500, pitch)
        loudness = 1 / (1 + ((tones - 700) / 300) ** 2) + 0.3 / (1 + ((tones - 2500) / 400) ** 2)
        return 0.05 * np.sum(loudness[:, None] * np.cos(2 * np.pi * tones[:, None] * seconds), axis=0)

    def distortion(one: np.ndarray, other: np.ndarray, noisy: bool = True) -> float:
        return mel_cepstral_distortion(envelope_mel(one, noisy), envelope_mel(other, noisy))

    low, high = vowel(120.0), vowel(180.0)
    assert distortion(low, low) == 0
    assert distortion(low, 0.5 * low) < 0.3  # softer, not different: only the floor of silence stays where it is
    with_harmonics = mel_cepstral_distortion(mel_spectrogram(low).numpy(), mel_spectrogram(high).numpy())
    assert distortion(low, high) < 0.6 * with_harmonics
    assert distortion(low, high, noisy=False) < 0.6 * with_harmonics


def test_mel_cepstral_distortion():
    mel = np.random.default_rng(1).standard_normal((128, 40))
    assert mel_cepstral_distortion(mel, mel) == 0
    assert mel_cepstral_distortion(mel, mel + 3) == pytest.approx(0, abs=1e-9)  # louder, not different
    assert mel_cepstral_distortion(mel, np.repeat(mel, 2, axis=1)) == pytest.approx(0, abs=1e-9)  # slower, not different
    ripple = 2 * np.cos(np.pi * 3 * (np.arange(128) + 0.5) / 128)  # c₃ = 1, so every frame is 10/ln 10 · √2 dB away
    assert mel_cepstral_distortion(mel[:, :1], mel[:, :1] + ripple[:, None]) == pytest.approx(10 * math.sqrt(2) / math.log(10))


def test_prosody_of_a_steady_buzz():
    tone = harmonics(np.full(16_000, 200.0))
    found = prosody(np.concatenate([np.zeros(8_000), tone, np.zeros(16_000)]), phonemes=10)
    assert found.pitch == pytest.approx(200, rel=0.01)
    assert found.pitch_range < 0.2
    assert found.rate == pytest.approx(10, rel=0.1)  # ten phonemes in the one second that is not silent
    assert found.energy == pytest.approx(10 * np.log10(np.square(tone).mean()), abs=0.5)


def test_prosody_hears_level_range_rate_and_energy():
    glide = prosody(harmonics(150 * 2 ** np.linspace(0, 1, 32_000)), phonemes=10)  # an octave up in two seconds
    assert glide.pitch == pytest.approx(150 * 2**0.5, rel=0.03)
    assert glide.pitch_range == pytest.approx(0.8 * 12, abs=0.5)
    quiet = prosody(harmonics(np.full(32_000, 150.0), level=0.05), phonemes=10)
    loud = prosody(harmonics(np.full(32_000, 150.0), level=0.1), phonemes=10)
    assert loud.energy - quiet.energy == pytest.approx(20 * math.log10(2), abs=0.1)


def test_prosody_of_silence():
    silent = prosody(np.zeros(8_000), phonemes=3)
    assert silent.rate == 0
    assert math.isnan(silent.pitch)


def test_prosody_distance_counts_noticed_differences():
    neutral = Prosody(pitch=100, pitch_range=6, rate=12, energy=-25)
    assert prosody_distance(neutral, neutral) == 0
    assert prosody_distance(Prosody(200, 6, 12, -25), neutral) == pytest.approx(12)
    assert prosody_distance(Prosody(100 * 2 ** (3 / 12), 12, 12, -25), neutral) == pytest.approx(5)
