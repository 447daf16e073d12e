"""Thoughts on a face over a film: any length, peaks on stressed words, the same from the same seed."""

from dataclasses import replace

import numpy as np
import pytest

from feim.expressing import LONGEST, OVERLAP, PEAK, course, expression_track, peaks, within
from feim.models import checkpoint
from feim.models.motion import MotionDiffusion
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import INDEX, SHAPES, at_rest
from feim.signal.gestures import perform
from feim.signal.muscles import UNITS, Muscle
from feim.signal.spoken_words import Word
from feim.thinking import Reasoning

SMILE = (Muscle(6, 0.5), Muscle(12, 0.75))
WORDS = (Word("I", 0.0, 0.1), Word("am", 0.1, 0.3), Word("so", 0.3, 0.6), Word("very happy", 2.0, 3.0))


def thought(muscles=SMILE, emotion="happy", intensity=3.0, words=("I", "am", "so", "very", "happy"), emphasis=()) -> Reasoning:
    return Reasoning("", (), emotion, intensity, muscles, words, emphasis, dict.fromkeys(EMOTIONS, 1 / 7))


@pytest.fixture(scope="module")
def network() -> MotionDiffusion:
    return checkpoint.load(MotionDiffusion, "motion")


@pytest.mark.parametrize("frames", [0, 1, 24, 125, LONGEST, LONGEST + 1, 1000])
def test_films_of_any_length(network, frames):
    track = expression_track(network, thought(), frames)
    assert track.shape == (frames, len(SHAPES))
    assert track.dtype == np.float32
    assert np.isfinite(track).all()
    if frames:
        assert 0 <= track.min() <= track.max() <= 1
        whole = perform(np.zeros((frames, len(SHAPES)), np.float32), track, at_rest(frames))
        assert whole.shapes.shape == (frames, len(SHAPES))


def test_what_was_thought_is_on_the_face(network):
    track = expression_track(network, thought(), 125, seed=2)
    smile, frown = INDEX["mouthSmile_L"], INDEX["browDown_L"]
    assert np.sort(track[:, smile])[-12:].mean() > 0.4
    assert track[:, frown].max() < 0.25


def test_no_thought_no_move(network):
    for calm in (thought(muscles=()), thought(intensity=0.0), thought((), "neutral", 0.0)):
        assert not expression_track(network, calm, 50).any()


def test_seeds(network):
    one, same, other = (expression_track(network, thought(), 60, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_stretches_fade_into_each_other(network):
    levels = course(network, thought(), 400, 0)
    assert levels.shape == (400, len(UNITS))
    jumps = np.abs(np.diff(levels, axis=0)).max(1)
    joints = [LONGEST - OVERLAP, LONGEST, 2 * LONGEST - 2 * OVERLAP]
    assert max(jumps[place] for place in joints) < 0.15


def test_moments_of_a_long_film():
    early, late, always = Muscle(1, 0.5, "early"), Muscle(2, 0.5, "late"), Muscle(4, 0.5)
    assert [m.unit for m in within((early, late, always), 0.1)] == [1, 4]
    assert [m.unit for m in within((early, late, always), 0.9)] == [2, 4]
    assert {m.moment for m in within((early, late, always), 0.9)} == {"throughout"}


def test_a_late_feeling_comes_late(network):
    levels = course(network, thought(tuple(replace(muscle, moment="late") for muscle in SMILE)), 600, 0)[:, UNITS.index(12)]
    assert levels[:150].mean() < 0.15
    assert levels[-150:].mean() > 0.3


def test_peaks_are_on_stressed_words(network):
    bumps = peaks(("SO", "happy"), WORDS, 100)
    assert bumps.max() == pytest.approx(1, abs=0.02)
    assert np.flatnonzero(bumps > 0.9).tolist() == [10, 11, 12, 61, 62, 63]  # around 0.45 s and 2.5 s
    assert not peaks(("missing",), WORDS, 100).any()
    assert not peaks(("so",), (), 100).any()
    calm, stressed = (expression_track(network, thought(emphasis=e), 100, WORDS, 3) for e in ((), (4,)))
    share = stressed[62] / np.maximum(calm[62], 1e-3)
    assert share[calm[62] > 0.1].max() == pytest.approx(1 + PEAK, abs=0.02)
    assert np.array_equal(calm[:40], stressed[:40])
