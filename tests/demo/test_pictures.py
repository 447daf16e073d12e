"""The picture of a sound shows what is in the Speech, where it is."""

from itertools import pairwise

import numpy as np
import pytest

from feim.demo.pictures import COLUMNS, MOST_BOXES, draw
from feim.signal.spoken_words import spoken_phonemes, spoken_words


def test_words_are_found_where_they_sound(speech):
    words = spoken_words(speech.text, speech.phonemes, speech.durations)
    assert " ".join(word.text for word in words).split() == ["Out", "of", "the", "blue", "a", "fox"]
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert words[-1].end <= len(speech.waveform) / speech.sample_rate + 1e-9


def test_picture_holds_every_part(speech):
    wave, words, sounds, mel, pitch = draw(speech).data
    assert wave.x.max() == pytest.approx(len(speech.waveform) / speech.sample_rate)
    assert list(words.text) == [word.text for word in spoken_words(speech.text, speech.phonemes, speech.durations)]
    assert len(sounds.text) == sum(len(word) for word in spoken_phonemes(speech.phonemes, speech.durations))
    assert mel.z.shape == (128, min(COLUMNS, speech.mel.shape[1]))
    assert mel.z.max() == 255
    assert np.isfinite(pitch.y).sum() == (speech.pitch > 0).sum()


def test_long_speech_stays_small(studio):
    speech = studio.speak("A sentence that goes on, and then goes on again. " * 20)
    figure = draw(speech)
    assert sum(len(word) for word in spoken_phonemes(speech.phonemes, speech.durations)) > MOST_BOXES
    assert len(figure.data[2].x) == 0
    assert len(figure.to_json()) < 1_000_000
