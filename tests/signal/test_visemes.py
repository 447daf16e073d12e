"""Phones on a mouth: every symbol has a shape, contacts are made however short, neighbours colour each other, and emotions leave room."""

import numpy as np
import pytest

from feim.signal.action_units import expression, lip_gap
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import INDEX
from feim.signal.text import LETTERS, SYMBOLS, phonemise
from feim.signal.visemes import MOUTH, VISEMES, face_of, mouth_of, speech_level, visemes, with_expression

JAW, PUCKER, ROLL = (INDEX[name] for name in ("jawOpen", "mouthPucker", "mouthRollLower"))
SENTENCES = {
    "en-us": "Maybe five brown foxes jump over the lazy dog; we thought of a unique measure.",
    "pl": "Wpadła ćma do mleka, a w Szczebrzeszynie chrząszcz brzmi w trzcinie i źdźbłach — pięć żółtych bąków.",
}


def said(symbols: str, frames: int = 10, **others: int) -> np.ndarray:
    """Each letter `frames` long, or as long as `others` say."""
    return visemes(symbols, [others.get(s, frames if s in LETTERS or s in " .," else 0) for s in symbols])


def test_every_letter_has_one_shape():
    assert sorted("".join(VISEMES)) == sorted(LETTERS)


@pytest.mark.parametrize("language", SENTENCES)
def test_whatever_text_becomes_moves_the_mouth(language):
    symbols = phonemise(SENTENCES[language], language)
    shapes = said(symbols)
    assert shapes.shape[1] == 47
    assert shapes.dtype == np.float32
    assert np.isfinite(shapes).all()
    assert shapes.min() >= 0
    assert 0.2 < shapes.max() < 0.9
    assert np.allclose(face_of(mouth_of(shapes))[:, PUCKER], shapes[:, PUCKER], atol=1e-6)


def test_no_symbol_is_unknown():
    assert visemes(SYMBOLS, [4] * len(SYMBOLS)).shape == (len(SYMBOLS), 47)
    with pytest.raises(KeyError, match="§"):
        visemes("§", [4])


def test_long_speech_is_its_parts():
    symbols = phonemise(SENTENCES["en-us"]) * 6
    whole = said(symbols, 8)
    shifted = visemes("." + symbols, [600, *(8 if s in LETTERS or s in " .," else 0 for s in symbols)])
    assert len(whole) > 3 * 250
    assert np.allclose(shifted[200:], whole[50:], atol=1e-4)  # cut into pieces at other places


@pytest.mark.parametrize(("total", "frames"), [(0, 0), (1, 1), (4, 1), (5, 2), (400, 100)])
def test_four_frames_of_sound_are_one_of_film(total, frames):
    assert visemes("a", [total]).shape == (frames, 47)


def test_silence_is_at_rest():
    shapes = visemes("_ a .", [100, 0, 20, 0, 200])
    assert not visemes("_.", [40, 40]).any()
    assert abs(shapes[:15]).max() < 0.01
    assert abs(shapes[-30:]).max() < 0.02
    assert shapes[26, JAW] > 0.2


@pytest.mark.parametrize("letter", "pbm")
@pytest.mark.parametrize("frames", [1, 2, 4, 8, 15])
@pytest.mark.parametrize("vowels", ["aa", "ui", "oæ"])
def test_bilabials_shut_the_lips_however_short(letter, frames, vowels):
    for shift in range(4):  # wherever the film's frames fall
        shapes = visemes(vowels[0] + letter + vowels[1], [12 + shift, frames, 12])
        gap = lip_gap(shapes)
        middle = int((12 + shift + frames / 2) / 4)
        assert gap[middle - 1 : middle + 2].min() <= 1e-6
        assert gap[1] > 0.2
        assert gap[-2] > 0.2


@pytest.mark.parametrize("letter", "fv")
@pytest.mark.parametrize("frames", [1, 4, 10])
def test_labiodentals_bring_the_lower_lip_to_the_teeth(letter, frames):
    shapes = visemes("a" + letter + "a", [12, frames, 12])
    touching = shapes[shapes[:, ROLL].argmax()]
    # ICT-FaceKit's lower lip, cm up from rest: not lower than a millimetre below the resting edge of the upper teeth
    lower_lip = -3.52 * touching[JAW] - 0.68 * touching[INDEX["mouthLowerDown_L"]] + 0.37 * touching[ROLL]
    assert touching[ROLL] > 0.5
    assert lower_lip > -0.1


def test_vowels_open_as_phonetics_has_them():
    open_, mid, close = (said(f" {v} ", 30)[11, JAW] for v in "aɛi")
    assert open_ > mid > close > 0.05
    rounded, spread = said(" u ", 30)[11], said(" i ", 30)[11]
    assert rounded[PUCKER] > 0.5 > 0.1 > spread[PUCKER]
    assert spread[INDEX["mouthStretch_L"]] > 0.2 > rounded[INDEX["mouthStretch_L"]]


def test_a_consonant_takes_the_rounding_of_its_vowel():
    assert said("uku")[3, PUCKER] > 0.4
    assert said("iki")[3, PUCKER] < 0.05
    assert said("ikw", 12)[4, PUCKER] > said("wki", 12)[4, PUCKER] > 0.05  # lips round ahead of time more than they linger


def test_stress_and_length():
    assert said("ˈa")[1, JAW] > 1.1 * said("a")[1, JAW]
    assert np.array_equal(visemes("aː", [10, 10]), visemes("a", [20]))
    assert np.array_equal(visemes("_a_k_", [0, 10, 4, 10, 0]), visemes("ak", [14, 10]))
    assert said("tʲ")[1, INDEX["mouthStretch_L"]] > said("t")[1, INDEX["mouthStretch_L"]]


def test_a_short_gap_between_words_is_no_rest():
    joined, apart = (visemes("a a", [20, gap, 20]) for gap in (4, 60))
    assert joined[5, JAW] > 0.9 * joined[3, JAW]
    assert apart[12, JAW] < 0.1


def test_louder_syllables_open_further_but_shut_as_tightly():
    symbols, durations = "apapa", [20, 8, 20, 8, 20]
    level = np.repeat([-20.0, -20.0, -8.0], [28, 20, 28])
    plain, loud = visemes(symbols, durations), visemes(symbols, durations, level)
    assert loud[16, JAW] > 1.1 * plain[16, JAW]
    assert loud[16, JAW] < 1.3 * plain[16, JAW]
    assert lip_gap(loud)[[5, 6, 12, 13]].min() <= 1e-6
    assert np.isfinite(visemes(symbols, durations, np.full(76, -100.0))).all()


def test_level_of_a_sound_twice_as_loud():
    mel = np.random.default_rng(0).normal(-5, 1, (128, 7))
    assert np.allclose(speech_level(mel + np.log(2)) - speech_level(mel), 6.02, atol=0.01)


def test_durations_must_fit():
    with pytest.raises(ValueError, match="2 symbols with 3 durations"):
        visemes("ab", [1, 2, 3])


def test_an_emotion_that_is_none_changes_nothing():
    shapes = said(phonemise(SENTENCES["en-us"]))
    assert np.allclose(with_expression(shapes, expression("neutral")), shapes, atol=1e-6)


def test_an_expression_alone_is_whole():
    still = np.zeros((10, 47))
    for label in EMOTIONS:
        assert np.allclose(with_expression(still, expression(label, 5)), expression(label, 5), atol=1e-6)


@pytest.mark.parametrize("label", EMOTIONS)
@pytest.mark.parametrize("intensity", [1, 5, 30])
def test_lips_shut_through_any_emotion(label, intensity):
    shapes = said(phonemise("Papa mumbles about a bumpy map, baby."))
    shut = lip_gap(shapes) <= 1e-6
    assert shut.sum() > 8
    assert lip_gap(with_expression(shapes, expression(label, intensity)))[shut].max() <= 1e-5


def test_surprise_leaves_the_jaw_to_speech():
    shapes = said(" " + "tata" * 5 + " " * 12)
    both = with_expression(shapes, expression("surprised", 5))
    assert both[-8:, JAW].mean() == pytest.approx(expression("surprised", 5)[JAW], abs=0.02)  # speech is over: the jaw drops
    assert both[8:40, JAW].mean() < 0.7 * (shapes[8:40, JAW].mean() + expression("surprised", 5)[JAW])
    assert np.allclose(both[:, INDEX["browOuterUp_L"]], expression("surprised", 5)[INDEX["browOuterUp_L"]], atol=1e-6)


def test_a_smile_widens_vowels_and_rounding_weakens_it():
    smile = expression("happy", 5)[INDEX["mouthSmile_L"]]
    spread, rounded = (with_expression(said(v * 5), expression("happy", 5))[6] for v in "iu")
    assert spread[INDEX["mouthSmile_L"]] == pytest.approx(smile, abs=0.02)
    assert 0.4 * smile < rounded[INDEX["mouthSmile_L"]] < 0.8 * smile
    assert rounded[PUCKER] < said("uuuuu")[6, PUCKER]


def test_a_nearly_pressed_mouth_is_shut():
    guess = np.zeros((2, len(MOUTH)))
    guess[:, MOUTH.index("jawOpen")] = 0.2
    guess[1, MOUTH.index("mouthPress")] = 0.3
    ajar, shut = lip_gap(face_of(guess))
    assert ajar > 0.5
    assert abs(shut) < 1e-6
