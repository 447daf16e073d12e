"""WORLD's parts against voices whose pitch and formants are known."""

import numpy as np
import pytest

from feim.signal.audio import mel_spectrogram
from feim.signal.world import (
    World,
    analyse,
    code_aperiodicity,
    decode_aperiodicity,
    fill_unvoiced,
    hears_voice,
    shift_pitch,
    stretch,
    synthesise,
    track_pitch,
    warp_formants,
)


def buzz(pitch: np.ndarray) -> np.ndarray:
    """(samples,) Hz → ten harmonics."""
    phase = 2 * np.pi * np.cumsum(pitch) / 16_000
    return 0.1 * sum(np.sin(k * phase) / k for k in range(1, 11))


def vowel(pitch: float, frames: int = 60, formant: float = 1000.0) -> World:
    """A steady voice with one formant."""
    hertz = np.linspace(0, 8000, 513)
    envelope = 1e-5 + 1e-2 * np.exp(-0.5 * ((hertz - formant) / 120) ** 2)
    return World(np.full(frames, pitch), np.tile(envelope, (frames, 1)), np.full((frames, 513), 1e-3))


@pytest.mark.parametrize("hertz", [80.0, 120.0, 200.0, 350.0])
def test_the_pitch_of_a_buzz(hertz):
    found = track_pitch(buzz(np.full(12_000, hertz)))
    assert len(found) == 75
    assert found[5:-5] == pytest.approx(hertz, rel=0.01)


def test_noise_and_silence_are_unvoiced():
    noise = 0.1 * np.random.default_rng(0).standard_normal(8000)
    assert (track_pitch(noise) > 0).mean() < 0.1
    assert not track_pitch(np.zeros(8001)).any()
    assert len(track_pitch(np.zeros(8001))) == 51


def test_analysis_and_synthesis_keep_pitch_and_spectrum():
    glide = np.linspace(110, 190, 16_000)
    wave = buzz(glide)
    again = synthesise(analyse(wave))
    assert again.shape == (16_000,)
    assert again.dtype == np.float32
    inside = slice(8, -8)
    assert track_pitch(again)[inside] == pytest.approx(glide[::160][inside], rel=0.02)
    one, other = (mel_spectrogram(w)[:60, 8:-8].flatten() for w in (wave, again))  # below the tenth harmonic
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_recordings_with_noise_have_a_pitch_too():
    wave = buzz(np.full(12_000, 140.0)) + 0.02 * np.random.default_rng(0).standard_normal(12_000)
    found = track_pitch(wave, noisy=True)
    assert len(found) == 75
    assert np.median(found[5:-5]) == pytest.approx(140, rel=0.01)


def test_aperiodicity_is_one_number():
    coded = np.array([-45.0, -12.0, -1.0])
    decoded = decode_aperiodicity(coded)
    assert decoded.shape == (3, 513)
    assert code_aperiodicity(decoded) == pytest.approx(coded, abs=0.1)
    assert (np.diff(decoded, axis=1) >= 0).all()  # noise grows with frequency
    assert decoded[:, 0] == pytest.approx(1e-3)
    assert (decoded < 1).all()
    assert decoded[:, -1] == pytest.approx(1, abs=1e-3)


def test_a_voice_is_heard_by_both_witnesses():
    world = analyse(buzz(np.full(8000, 150.0)))
    assert hears_voice(world)[5:-5].all()
    assert not hears_voice(World(world.pitch, world.envelope, np.ones_like(world.aperiodicity))).any()
    assert not hears_voice(World(np.zeros_like(world.pitch), world.envelope, world.aperiodicity)).any()


def test_a_given_pitch_is_used_as_it_is():
    wave = buzz(np.full(8000, 150.0))
    assert (analyse(wave, np.full(50, 99.0)).pitch == 99).all()


def test_the_sound_stays_in_range():
    loud = vowel(150)
    wave = synthesise(World(loud.pitch, loud.envelope * 1e6, loud.aperiodicity))
    assert np.abs(wave).max() == 1
    assert len(wave) == 60 * 160


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25])
def test_formants_move_and_pitch_stays(scale):
    warped = warp_formants(vowel(120), scale)
    assert warped.envelope[0].argmax() * 8000 / 512 == pytest.approx(1000 * scale, abs=16)
    spectrum = np.abs(np.fft.rfft(synthesise(warped)[2000:8000]))
    loudest = spectrum.argmax() * 16_000 / 6000
    assert loudest == pytest.approx(1000 * scale, abs=70)  # the nearest harmonic
    assert np.median(track_pitch(synthesise(warped))) == pytest.approx(120, rel=0.01)


def test_formants_at_scale_one_are_untouched():
    world = analyse(buzz(np.linspace(100, 130, 6400)))
    same = warp_formants(world, 1.0)
    assert same.envelope == pytest.approx(world.envelope, rel=1e-9)
    assert same.aperiodicity == pytest.approx(world.aperiodicity)


def test_stretch_at_its_own_frames_is_the_identity():
    world = analyse(buzz(np.linspace(100, 130, 6400)))
    same = stretch(world, np.arange(world.frames))
    assert np.array_equal(same.pitch, world.pitch)
    assert same.envelope == pytest.approx(world.envelope, rel=1e-9)


def test_stretch_interpolates_pitch_but_not_into_silence():
    world = World(np.array([100.0, 200.0, 0.0]), np.ones((3, 513)), np.zeros((3, 513)))
    assert stretch(world, np.array([0.5, 1.4, 1.6, 5.0])).pitch == pytest.approx([150, 200, 0, 0])


def test_filling_unvoiced_frames():
    line = fill_unvoiced(np.array([0, 100, 0, 0, 800, 0]))
    assert np.exp(line) == pytest.approx([100, 100, 200, 400, 800, 800])
    assert not fill_unvoiced(np.zeros(4)).any()


@pytest.mark.parametrize("lowest", [17.0, 60.0, 240.0])
def test_a_stretch_is_cut_from_the_whole_sound(lowest):
    """Wherever it ends: in a voice as low as WORLD's lowest, in noise, or where one becomes the other."""
    glide = np.maximum(np.linspace(lowest, 240, 90) - 60, lowest)
    pitch = np.where(np.arange(90) % 45 < 30, glide, 0.0)
    breath = np.where(pitch[:, None] > 0, 0.3, 1 - 1e-12) * np.ones((90, 513))
    world = World(pitch, vowel(100.0, 90).envelope, breath)
    whole = synthesise(world)
    for start, stop in ((0, 1), *((stop - 5, stop) for stop in range(5, 91))):
        assert np.array_equal(synthesise(world, start, stop), whole[160 * start : 160 * stop])


def test_a_shifted_pitch_leaves_all_else():
    low, high = vowel(100.0), shift_pitch(vowel(100.0), 12)
    assert high.pitch == pytest.approx(200)
    assert np.array_equal(high.envelope, low.envelope)
