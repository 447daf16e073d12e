"""γ of every frame: even, drawn, or with the voice, which moves it around what was asked for and never beyond what a face shows."""

import numpy as np
import pytest

from feim.feeling import EVEN, USUAL, as_drawn, at_length, constant, heard_in, is_curve, parse_curve, with_the_voice
from feim.signal.action_units import strength
from feim.signal.emotion import InvalidIntensity
from feim.signal.emotion_arc import parse_arc

WAVY = (0.5 + 0.3 * np.sin(np.arange(60) / 5)).astype(np.float32)  # a track that varies
ALL = np.ones(60, bool)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 30.0])
def test_constant(gamma):
    shown = constant(gamma, 7)
    assert (shown.shape, shown.dtype) == ((7,), np.float32)
    assert set(shown) == {gamma}


def test_a_curve_is_spread_in_straight_lines():
    assert as_drawn([0, 10], 5) == pytest.approx([0, 2.5, 5, 7.5, 10])
    assert as_drawn((0, 10, 0), 5) == pytest.approx([0, 5, 10, 5, 0])
    assert as_drawn(range(31), 4) == pytest.approx([0, 10, 20, 30])
    assert as_drawn([3, 3], 100) == pytest.approx(np.full(100, 3))


@pytest.mark.parametrize("frames", [1, 2, 9, 400])
def test_a_curve_of_every_frame_stays_as_it_is(frames):
    drawn = np.random.default_rng(0).uniform(0, 30, max(2, frames))
    shown = as_drawn(drawn, frames)
    assert (shown.shape, shown.dtype) == ((frames,), np.float32)
    assert np.array_equal(shown, drawn[:frames].astype(np.float32))


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        ([], r"shape \(0,\)"),
        ([1.0], r"shape \(1,\) cannot be used; give two or more numbers"),
        ([[1, 2], [3, 4]], r"shape \(2, 2\)"),
        ([[1, 2], [3]], "is no curve of intensity"),
        ([1, np.nan], "intensity nan, number 2 of the curve, is out of range; use numbers from 0 to 30"),
        ([0, 1, 30.5], "intensity 30.5, number 3"),
        ([-1, 1], "intensity -1, number 1"),
        ([1, np.inf], "intensity inf, number 2"),
        (["much", 1], "is no curve"),
        ([None, 1], "out of range"),
        (["x" * 500, 1], "…"),
    ],
)
def test_what_is_no_curve(curve, said):
    with pytest.raises(InvalidIntensity, match=said) as raised:
        as_drawn(curve, 10)
    assert len(str(raised.value)) < 200


def test_numbers_are_no_curves():
    assert not any(is_curve(single) for single in (1, 1.0, "1", np.float32(1), np.array(1.0), None))
    assert all(is_curve(row) for row in ([], [1], (1, 2), np.zeros(3), np.zeros((2, 2))))
    assert parse_curve(np.array([1, 2])).tolist() == [1, 2]


def test_a_face_moves_with_the_voice_around_what_was_asked_for():
    shown = with_the_voice(WAVY, 1.0, ALL)
    assert (shown.shape, shown.dtype) == ((60,), np.float32)
    share = WAVY / np.percentile(WAVY, USUAL)
    assert strength(shown) == pytest.approx(strength(1.0) * share, abs=1e-5)
    assert np.array_equal(np.argsort(shown), np.argsort(WAVY))
    assert shown.min() < 1 < shown.max()
    assert strength(np.percentile(shown, USUAL)) == pytest.approx(strength(1.0), abs=0.01)


def test_no_face_goes_beyond_its_strongest():
    for gamma in (5.0, 15.0, 30.0):
        shown = with_the_voice(WAVY, gamma, ALL)
        assert 0 <= shown.min() < gamma
        assert shown.max() <= 30
    assert with_the_voice(WAVY, 30.0, ALL).max() == 30


def test_only_where_there_is_a_voice_tells_what_is_usual():
    track = np.concatenate([WAVY, np.full(200, 0.9, np.float32)])
    voiced = np.arange(260) < 60
    assert with_the_voice(track, 1.0, voiced)[:60] == pytest.approx(with_the_voice(WAVY, 1.0, ALL))


@pytest.mark.parametrize(
    ("track", "voiced"),
    [
        (np.full(60, 0.6, np.float32), ALL),
        (np.full(60, 0.0, np.float32), ALL),
        (0.5 + (WAVY - 0.5) * 0.99 * EVEN / WAVY.std(), ALL),
        (WAVY, ~ALL),
        (WAVY[:1], ALL[:1]),
    ],
)
def test_a_voice_that_says_nothing_about_when_leaves_the_face_even(track, voiced):
    assert set(with_the_voice(track, 2.5, voiced)) == {2.5}


def test_without_intensity_nothing_shows():
    assert not with_the_voice(WAVY, 0.0, ALL).any()


class StandIn:
    """A network that hears what it is told to."""

    def track(self, mel, pitch, weights):
        self.given = (mel.shape, pitch.shape, weights)
        return WAVY[: -(-mel.shape[1] // 4)]


@pytest.mark.parametrize(("samples", "frames"), [(238, 60), (240, 60), (237, 61), (1, 1), (5, 2)])
def test_the_network_hears_the_sound_and_what_is_felt(samples, frames):
    network = StandIn()
    shown = heard_in(network, np.zeros((128, samples)), np.full(samples + 1, 100.0), parse_arc("happy:0.7+sad:0.3", 1.0), frames)
    assert network.given[:2] == ((128, samples), (samples,))
    assert network.given[2] == pytest.approx({1: 0.7, 2: 0.3})
    assert shown.shape == (frames,)
    if samples > 200:
        assert shown.std() > 0


def test_lengths_are_made_to_agree():
    assert at_length(np.array([1, 2, 3]), 2).tolist() == [1, 2]
    assert at_length(np.array([1, 2, 3]), 5).tolist() == [1, 2, 3, 3, 3]
