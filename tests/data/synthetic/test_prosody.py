"""Prosody rules: intensity scales them from nothing, and what is measured on the output is what they say."""

import numpy as np
import pytest

from feim.data.synthetic.prosody import Prosody, along_sentence, change_rate, interpolate_bands, perform, prosody_of, shape_pitch
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
    for name in ("level", "energy", "breath"):
        assert getattr(whole, name) == pytest.approx(2 * getattr(half, name))
    for name in ("range", "rate"):
        assert getattr(whole, name) == pytest.approx(getattr(half, name) ** 2)
    for name in ("contour", "stress", "envelope"):
        assert getattr(whole, name) == pytest.approx([2 * value for value in getattr(half, name)])


def test_what_every_listener_knows():
    rules = {emotion: prosody_of(emotion, 1.0) for emotion in FEELINGS}
    assert rules["sad"].rate < 1 < rules["angry"].rate
    assert rules["angry"].level > 0
    assert rules["fearful"].level > rules["sad"].level
    assert rules["disgusted"].level < 0
    assert rules["surprised"].range > 1
    assert rules["surprised"].contour[6] > rules["surprised"].contour[0]  # it rises
    assert rules["angry"].contour[-1] < 0  # it falls
    assert rules["angry"].energy > 0 > rules["sad"].energy


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


def test_a_contour_is_added_at_the_middles_of_equal_parts():
    pitch = voice().pitch
    voiced = pitch > 0
    contour = (0.0, 0.0, 1.0, 2.0, 0.0, 0.0, -1.0, -3.0)
    shaped = shape_pitch(pitch, Prosody(contour=contour))
    change = 12 * np.log2(np.where(voiced, shaped, 1) / np.where(voiced, pitch, 1))
    for part, semitone in enumerate(contour):
        around = [frame for frame in (15 * part + 7, 15 * part + 8) if voiced[frame]]  # the middle lies between two frames
        assert change[around] == pytest.approx(semitone, abs=0.15)


def test_a_line_spans_the_voiced_part():
    voiced = np.zeros(100, dtype=bool)
    voiced[20:84] = True  # 64 frames: parts of 8
    line = along_sentence(tuple(range(8)), voiced)
    assert line[:24] == pytest.approx(0, abs=0.1)  # held before the first middle
    assert line[83:] == pytest.approx(7)
    assert np.diff(line[24:80]) == pytest.approx(1 / 8, abs=0.07)
    assert not along_sentence((1.0,) * 8, np.zeros(5, dtype=bool)).any()


def test_stress_is_decibels_in_time():
    world = voice()
    stress = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 4.0)
    louder, _ = perform(world, DURATIONS, Prosody(stress=stress))
    gain = 10 * np.log10(louder.envelope / world.envelope)  # (120, 513)
    assert gain == pytest.approx(np.tile(gain[:, :1], 513))  # the same at every frequency
    assert gain[:80] == pytest.approx(0, abs=0.1)
    assert gain[-1] == pytest.approx(4)


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
