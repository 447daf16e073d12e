"""Words are where their symbols are, as they were written."""

import numpy as np
import pytest

from feim.signal.spoken_words import Word, match_words, spoken_phonemes, spoken_words


def test_marks_and_blanks_count_with_their_letter():
    [[a, b], [c]] = spoken_phonemes("_ˈ_a_ː_b_ _c_._", np.arange(1, 16))
    assert (a.ipa, a.start, a.end) == ("ˈaː", pytest.approx(0.01), pytest.approx(0.28))
    assert (b.ipa, b.start, b.end) == ("b", pytest.approx(0.28), pytest.approx(0.45))
    assert (c.ipa, c.start, c.end) == ("c", pytest.approx(0.66), pytest.approx(0.91))


def test_words_are_as_they_are_written():
    words = spoken_words("Out of the blue!", "_a_ʊ_t_ _ə_v_ð_ə_ _b_l_u_ː_!_", [10] * 29)
    assert [(word.text, word.ipa) for word in words] == [("Out", "aʊt"), ("of the", "əvðə"), ("blue", "bluː")]
    assert [word.start for word in words] == pytest.approx([0.1, 0.9, 1.9])


@pytest.mark.parametrize("phonemes", ["", "_", "_._", "_ _"])
def test_no_sound_no_words(phonemes):
    assert spoken_words("", phonemes, [3] * len(phonemes)) == []


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


def test_a_word_is_a_stretch():
    assert Word("a", 0.0, 1.0) == Word("a", 0.0, 1.0, "")
