"""The picture of a sound shows what is in the Speech, where it is."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from feim.demo.pictures import COLUMNS, MOST_BOXES, draw, match_words, spoken_phonemes, spoken_words


def test_words_are_found_where_they_sound(speech):
    words = spoken_words(speech)
    assert " ".join(word.label for word in words).split() == ["Out", "of", "the", "blue", "a", "fox"]
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert words[-1].end <= len(speech.waveform) / speech.sample_rate + 1e-9


def test_marks_and_blanks_count_with_their_letter(speech):
    timed = replace(speech, phonemes=tuple("_ˈ_a_ː_b_ _c_._"), durations=np.arange(1, 16))
    [[a, b], [c]] = spoken_phonemes(timed)
    assert (a.label, a.start, a.end) == ("ˈaː", pytest.approx(0.01), pytest.approx(0.28))
    assert (b.label, b.start, b.end) == ("b", pytest.approx(0.28), pytest.approx(0.45))
    assert (c.label, c.start, c.end) == ("c", pytest.approx(0.66), pytest.approx(0.91))


@pytest.mark.parametrize(
    ("ipa", "written", "expected"),
    [
        (["aʊt", "əvðə", "bluː"], ["out", "of", "the", "blue"], ["out", "of the", "blue"]),
        (["hə", "loʊ"], ["hello"], ["hə", "loʊ"]),
        ([], [], []),
        (["aʊt", "əvðə", "bluː"] * 1000, ["out", "of", "the", "blue"] * 1000, ["out", "of the", "blue"] * 1000),
    ],
)
def test_words_run_together_share_a_group(ipa, written, expected):
    assert match_words(ipa, written) == expected


def test_picture_holds_every_part(speech):
    wave, words, sounds, mel, pitch = draw(speech).data
    assert wave.x.max() == pytest.approx(len(speech.waveform) / speech.sample_rate)
    assert list(words.text) == [word.label for word in spoken_words(speech)]
    assert len(sounds.text) == sum(len(word) for word in spoken_phonemes(speech))
    assert mel.z.shape == (128, min(COLUMNS, speech.mel.shape[1]))
    assert mel.z.max() == 255
    assert np.isfinite(pitch.y).sum() == (speech.pitch > 0).sum()


def test_long_speech_stays_small(studio):
    speech = studio.speak("A sentence that goes on, and then goes on again. " * 20)
    figure = draw(speech)
    assert sum(len(word) for word in spoken_phonemes(speech)) > MOST_BOXES
    assert len(figure.data[2].x) == 0
    assert len(figure.to_json()) < 1_000_000
