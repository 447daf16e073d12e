"""Prosody rules: intensity scales them from nothing, and what is measured on the output is what they say."""

import numpy as np
import pytest

from feim.data.synthetic.prosody import Prosody, change_rate, interpolate_bands, perform, prosody_of, shape_pitch
from feim.signal.emotion import EMOTIONS
from feim.signal.world import World, analyse, synthesise

FEELINGS = EMOTIONS[1:]
DURATIONS = [0, 20, 30, 0, 50, 20]


def semitones(hertz: np.ndarray) -> np.ndarray:
    return 12 * np.log2(hertz)


def voice(frames: int = 120) -> World:
    """A melody of two semitones up and down around 150 Hz, silent in the middle, with a sloping spectrum."""
    pitch = 150 * 2 ** (2 * np.sin(np.arange(frames) / 5) / 12)
    pitch[50:60] = 0
    envelope = np.tile(1e-3 * np.exp(-np.arange(513) / 120), (frames, 1))
    return World(pitch, envelope, np.full((frames, 513), 0.05))


# ---- the table ------------------------------------------------------------------------------------------------------------


def test_every_emotion_has_a_rule():
    for emotion in FEELINGS:
        rule = prosody_of(emotion, 1.0)
        assert rule != Prosody()
        assert len(rule.envelope) == 16
        assert 0.5 < rule.rate < 2
        assert abs(rule.level) < 15


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_without_intensity_there_is_no_rule(emotion):
    assert prosody_of(emotion, 0) == Prosody()


def test_neutral_has_no_intensity():
    assert prosody_of("neutral", 1.0) == Prosody()


@pytest.mark.parametrize("emotion", FEELINGS)
def test_deviations_grow_with_intensity(emotion):
    half, whole = prosody_of(emotion, 0.5), prosody_of(emotion, 1.0)
    for name in ("level", "ending", "energy", "breath"):
        assert getattr(whole, name) == pytest.approx(2 * getattr(half, name))
    for name in ("range", "rate"):
        assert getattr(whole, name) == pytest.approx(getattr(half, name) ** 2)
    assert whole.envelope == pytest.approx([2 * band for band in half.envelope])


def test_what_every_listener_knows():
    rules = {emotion: prosody_of(emotion, 1.0) for emotion in FEELINGS}
    assert rules["sad"].rate < 1 < rules["angry"].rate
    assert rules["angry"].level > 0
    assert rules["fearful"].level > rules["sad"].level
    assert rules["disgusted"].level < 0
    assert rules["surprised"].range > 1


# ---- the performance ------------------------------------------------------------------------------------------------------


def test_the_neutral_rule_is_the_identity():
    world = voice()
    same, durations = perform(world, DURATIONS, Prosody())
    assert durations == DURATIONS
    assert same.pitch == pytest.approx(world.pitch)
    assert same.envelope == pytest.approx(world.envelope)
    assert same.aperiodicity == pytest.approx(world.aperiodicity)


@pytest.mark.parametrize("level", [-3.0, 4.0])
def test_level_moves_the_median(level):
    pitch = voice().pitch
    moved = shape_pitch(pitch, Prosody(level=level))
    assert np.array_equal(moved > 0, pitch > 0)
    voiced = pitch > 0
    assert semitones(moved[voiced]) - semitones(pitch[voiced]) == pytest.approx(level)


@pytest.mark.parametrize("factor", [0.5, 1.4])
def test_range_scales_the_deviations_around_the_median(factor):
    pitch = voice().pitch
    voiced = pitch > 0
    before, after = semitones(pitch[voiced]), semitones(shape_pitch(pitch, Prosody(range=factor))[voiced])
    assert after.std() == pytest.approx(factor * before.std())
    assert np.median(after) == pytest.approx(np.median(before))


def test_ending_is_the_mean_over_the_last_fifth():
    pitch = voice().pitch
    voiced = pitch > 0
    change = semitones(shape_pitch(pitch, Prosody(ending=-2.0))[voiced]) - semitones(pitch[voiced])
    assert change[-24:].mean() == pytest.approx(-2, abs=0.1)
    assert np.allclose(change[:80], 0)


def test_pitch_stays_within_a_voice():
    pitch = voice().pitch
    assert shape_pitch(pitch, Prosody(level=40)).max() <= 590
    assert shape_pitch(pitch, Prosody(level=-40))[pitch > 0].min() >= 62
    assert not shape_pitch(np.zeros(10), Prosody(level=3)).any()


@pytest.mark.parametrize("rate", [0.8, 1.0, 1.25])
def test_rate_shortens_every_symbol(rate):
    world, durations = change_rate(voice(), DURATIONS, rate)
    assert world.frames == sum(durations) == round(120 / rate)
    for before, after in zip(DURATIONS, durations, strict=True):
        assert after == pytest.approx(before / rate, abs=1)
    silence = np.flatnonzero(world.pitch == 0)
    assert (silence[0], silence[-1]) == pytest.approx((50 / rate, 60 / rate), abs=1.5)


def test_energy_and_envelope_are_decibels():
    world = voice()
    bands = tuple(np.linspace(-6, 6, 16))
    louder, _ = perform(world, DURATIONS, Prosody(energy=3.0, envelope=bands))
    gain = 10 * np.log10(louder.envelope / world.envelope)
    assert gain == pytest.approx(np.tile(gain[0], (120, 1)))  # the same in every frame
    assert gain[0, 0] == pytest.approx(3 - 6)
    assert gain[0, -1] == pytest.approx(3 + 6)


def test_breath_is_added_where_there_is_voice():
    world = voice()
    breathy, _ = perform(world, DURATIONS, Prosody(breath=0.2))
    assert breathy.aperiodicity[0, -1] == pytest.approx(0.25)
    assert breathy.aperiodicity[0, 0] == pytest.approx(0.05)  # none below
    assert breathy.aperiodicity[55] == pytest.approx(world.aperiodicity[55])


def test_bands_are_equal_in_mel():
    line = interpolate_bands(np.arange(16.0), 513)
    assert (line[0], line[-1]) == (0, 15)
    assert (np.diff(line) >= 0).all()
    # 1 kHz is mel 15 of 45.2 up to 8 kHz: a third of the way, 5.3 bands up, less half a band
    assert line[64] == pytest.approx(15 / (15 + 27 * np.log(8) / np.log(6.4)) * 16 - 0.5, abs=0.02)


def test_the_rule_is_heard_in_the_sound():
    """Perform, synthesise, analyse again: level and length on the sound itself."""
    neutral = voice()
    angry, _ = perform(neutral, DURATIONS, Prosody(level=4.0, rate=1.2))
    before, after = (analyse(synthesise(world)) for world in (neutral, angry))
    levels = [np.median(semitones(world.pitch[world.voiced])) for world in (before, after)]
    assert levels[1] - levels[0] == pytest.approx(4, abs=0.3)
    assert before.frames / after.frames == pytest.approx(1.2, rel=0.01)
