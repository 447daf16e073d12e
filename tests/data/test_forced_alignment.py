"""The aligner finds words where a synthesiser put them, and refuses texts that were not said."""

from itertools import pairwise

import numpy as np
import pytest

from feim.data.forced_alignment import Aligner, TextDoesNotFit, pronounce
from feim.data.phone_times import SILENCES
from feim.data.synthetic.engines import RULES

WORDS = "we have nothing left to eat but bread and butter"


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner()


@pytest.fixture(scope="module")
def utterance():
    return RULES[1].speak(WORDS)


def test_words_lie_where_the_synthesiser_said_them(aligner, utterance):
    aligned = aligner.align(utterance.wave, WORDS.split())
    assert [word.index for word in aligned if word.index is not None] == list(range(10))
    true = [phone.start for phone in utterance.phones if phone.name.lower() not in SILENCES]
    found = [phone.start for word in aligned if word.index is not None for phone in word.phones]
    assert abs(len(true) - len(found)) <= 2
    nearest = [min(abs(a - b) for b in true) for a in found]
    assert np.median(nearest) < 0.03
    assert all(0 <= word.start <= word.end <= len(utterance.wave) / 16_000 for word in aligned)
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(aligned))


def test_phones_fill_their_word(aligner, utterance):
    for word in aligner.align(utterance.wave, WORDS.split()):
        assert word.phones[0].start == word.start
        assert word.phones[-1].end == word.end


def test_alignment_of_one_recording_does_not_depend_on_those_before(aligner, utterance):
    first = aligner.align(utterance.wave, WORDS.split())
    with pytest.raises(TextDoesNotFit):
        aligner.align(utterance.wave[::2].copy(), WORDS.split())
    assert aligner.align(utterance.wave, WORDS.split()) == first


def test_another_text_does_not_fit(aligner, utterance):
    words = ["seventeen", "enormous", "chimneys", "displayed", "their", "brightness", "throughout", "february", "afternoons"]
    with pytest.raises(TextDoesNotFit):
        aligner.align(utterance.wave, words)


def test_unknown_words_are_pronounced_by_espeak():
    assert pronounce("blorp") == ["B", "L", "AO", "R", "P"]
