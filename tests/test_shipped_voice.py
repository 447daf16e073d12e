"""The voice that ships: it speaks, suits the face, and feels more when asked to. The rest is tested in miniature (test_studio.py)."""

from pathlib import Path

import numpy as np
import pytest

import feim
from feim.studio import Studio

FACES = Path(__file__).parents[1] / "assets" / "faces"
WOMAN, MAN = FACES / "average-woman-20s.jpg", FACES / "average-man-20s.jpg"


@pytest.fixture(scope="module")
def shipped() -> Studio:
    return feim.load()


def test_the_shipped_voice_speaks(shipped):
    speech = shipped.speak("The children ran down to the river.", WOMAN, "happy", 1.0)
    assert 1 < speech.timings["audio"] < 5
    assert 0.02 < np.sqrt(np.square(speech.waveform).mean()) < 0.3
    assert 0.2 < (speech.pitch > 0).mean() < 0.95
    assert np.array_equal(shipped.speak("The children ran down to the river.", WOMAN, "happy", 1.0).waveform, speech.waveform)


def test_the_shipped_voice_suits_the_face(shipped):
    woman, man = (shipped.speak("We were away all morning.", face) for face in (WOMAN, MAN))
    levels = [np.median(speech.pitch[speech.pitch > 0]) for speech in (woman, man)]
    assert levels[0] > 1.2 * levels[1]


def test_the_shipped_voice_grows_with_intensity(shipped):
    readings = [shipped.speak("We were away all morning.", WOMAN, "sad", intensity) for intensity in (0, 1, 30)]
    seconds = [speech.timings["audio"] for speech in readings]
    assert seconds == sorted(seconds)  # sad speech is slow
    assert seconds[2] > 1.05 * seconds[0]
