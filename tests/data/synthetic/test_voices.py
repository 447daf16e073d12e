"""Designed speakers are many and different, and sound as they were designed."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from feim.data.phone_times import PhonesDoNotFit
from feim.data.synthetic import voices
from feim.data.synthetic.engines import RULES, Utterance
from feim.data.synthetic.prosody import prosody_of
from feim.data.synthetic.voices import AGE_BANDS, LEVEL, PITCH, design_speakers, embody, read_text, speak, speak_as_teacher, take_apart
from feim.signal.text import NothingToSay
from feim.signal.world import track_pitch

TEXT = "We were away all morning, and nobody knew."


@pytest.fixture(scope="module")
def speakers():
    return design_speakers(12, engines=RULES)


@pytest.fixture(scope="module")
def reading():
    return read_text(RULES[0], TEXT)


def median_pitch(wave: np.ndarray) -> float:
    pitch = track_pitch(wave)
    return float(np.median(pitch[pitch > 0]))


# ---- the design -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [60, 96])
def test_speakers_are_spread_over_genders_ages_and_pitch(count):
    people = design_speakers(count, engines=RULES)
    groups = Counter((person.gender, person.age_band) for person in people)
    assert len(groups) == 6
    assert set(groups.values()) == {count // 6}
    assert len({person.name for person in people}) == count
    for (gender, age_band), (low, high) in PITCH.items():
        pitches = [person.pitch for person in people if (person.gender, person.age_band) == (gender, age_band)]
        assert low <= min(pitches) < low + 0.25 * (high - low)
        assert high >= max(pitches) > high - 0.25 * (high - low)
    for name in ("formants", "breath", "rate", "range", "colour"):
        assert len({getattr(person, name) for person in people}) > count // 2


def test_the_same_seed_designs_the_same_people(speakers):
    assert design_speakers(12, engines=RULES) == speakers
    assert design_speakers(12, seed=1, engines=RULES) != speakers


def test_crossed_voices_move_formants_towards_the_other_sex():
    for person in design_speakers(96, engines=RULES):
        if person.gender != person.engine.gender:
            assert (person.formants > 1.05) == (person.gender == "female")
        else:
            assert 0.9 <= person.formants <= 1.1
    assert any(person.gender != person.engine.gender for person in design_speakers(96, engines=RULES))


def test_age_bands_are_known():
    assert {band for _, band in PITCH} == set(AGE_BANDS) == set(voices.BREATH) == set(voices.RATE)


# ---- the voice ------------------------------------------------------------------------------------------------------------


def test_a_reading_fits_its_symbols(reading):
    assert reading.text == TEXT
    assert len(reading.durations) == len(reading.phonemes)
    assert sum(reading.durations) == reading.world.frames


@pytest.mark.parametrize("who", [0, 1, 2, 5])
def test_a_speaker_has_the_designed_pitch_and_pace(reading, speakers, who):
    speaker = speakers[who]
    wave, durations = speak(reading, speaker)
    assert wave.dtype == np.float32
    assert len(wave) == 160 * sum(durations)
    assert sum(durations) == pytest.approx(sum(reading.durations) / speaker.rate, abs=1)
    shift = median_pitch(wave) / median_pitch(RULES[0].speak(TEXT).wave)
    assert shift == pytest.approx(speaker.pitch / speaker.engine.pitch, rel=0.05)


def test_formants_and_colour_shape_the_envelope(reading, speakers):
    bright = embody(reading, replace(speakers[0], formants=1.2, colour=(0.0,) * 16, rate=1.0))
    plain = embody(reading, replace(speakers[0], formants=1.0, colour=(0.0,) * 16, rate=1.0))
    coloured = embody(reading, replace(speakers[0], formants=1.0, colour=(6.0,) * 16, rate=1.0))
    vowel = int(reading.world.envelope[:, :200].sum(1).argmax())
    hertz = np.arange(513)

    def centre(world) -> float:
        return float((hertz * world.envelope[vowel]).sum() / world.envelope[vowel].sum())

    assert centre(bright.world) > 1.1 * centre(plain.world)
    assert coloured.world.envelope == pytest.approx(plain.world.envelope * 10**0.6)
    assert plain.world.envelope == pytest.approx(reading.world.envelope, rel=1e-6)


def test_everybody_is_equally_loud(reading, speakers):
    for speaker in speakers[:3]:
        wave, _ = speak(reading, speaker)
        power = np.square(wave.reshape(-1, 160)).mean(1)
        assert np.sqrt(power[power > 1e-3 * power.max()].mean()) == pytest.approx(LEVEL, rel=0.25)
        assert np.abs(wave).max() <= 0.95 + 1e-6


@pytest.mark.parametrize("emotion", ["happy", "sad", "fearful"])
def test_an_emotion_follows_its_rule(reading, speakers, emotion):
    neutral, still = speak(reading, speakers[0])
    felt, moved = speak(reading, speakers[0], emotion, 0.5)
    rule = prosody_of(emotion, 0.5)
    assert sum(still) / sum(moved) == pytest.approx(rule.rate, rel=0.02)
    assert 12 * np.log2(median_pitch(felt) / median_pitch(neutral)) == pytest.approx(rule.level, abs=0.6)


def test_emotion_without_intensity_is_neutral(reading, speakers):
    assert np.array_equal(speak(reading, speakers[0], "angry", 0.0)[0], speak(reading, speakers[0])[0])


def test_a_teacher_says_the_same_twice(speakers):
    once, again = (speak_as_teacher("Good morning.", speakers[1], "happy", 1.0) for _ in range(2))
    assert np.array_equal(once, again)


def test_other_words_do_not_fit():
    said = RULES[0].speak("Completely different sentence about cheese.")
    with pytest.raises(PhonesDoNotFit):
        take_apart(Utterance(said.wave, said.phones), "You owe me a yellow yo-yo.")
    with pytest.raises(NothingToSay):
        read_text(RULES[0], "…")
