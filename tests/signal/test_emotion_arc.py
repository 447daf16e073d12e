"""Emotions one after another: what was asked for at the ends, a smooth way between, and the same strength all along."""

import numpy as np
import pytest

from feim.models.emotion_space import at, intensity_of, shapes
from feim.signal.action_units import expression, strength
from feim.signal.emotion import EMOTIONS, InvalidIntensity, InvalidMixture, UnknownEmotion
from feim.signal.emotion_arc import STATIONS, Arc, parse_arc

HAPPY, SAD, SURPRISED = (EMOTIONS.index(label) for label in ("happy", "sad", "surprised"))


@pytest.mark.parametrize("wish", ["happy", "joy", {"happy": 3}, ["happy"], ("happy",)])
def test_one_emotion_is_felt_throughout(wish):
    arc = parse_arc(wish, 2.0)
    assert (arc.name, arc.intensity, arc.labels) == ("happy", 2.0, ("happy",))
    assert np.array_equal(arc.weights(5), np.tile(np.eye(7, dtype=np.float32)[HAPPY], (5, 1)))


@pytest.mark.parametrize("wish", ["surprised,happy", " surprised , joy ", ["surprised", "happy"], ("sur", {"happy": 1})])
def test_several_begin_and_end_as_they_were_asked_for(wish):
    arc = parse_arc(wish, 3.0)
    assert (arc.name, arc.labels) == ("surprised,happy", ("surprised", "happy"))
    weights = arc.weights(51)
    assert weights[0, SURPRISED] == weights[-1, HAPPY] == 1
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert (np.diff(weights[:, SURPRISED]) <= 0).all()
    assert weights[25, [SURPRISED, HAPPY]] == pytest.approx([0.5, 0.5])
    assert np.abs(np.diff(weights[:, HAPPY], 2)).max() < 0.01  # no corner
    assert weights[5, SURPRISED] > 0.95  # it stays a while


def test_what_is_written_is_read():
    for name in ("neutral", "happy:0.7+sad:0.3", "surprised,happy:0.7+sad:0.3,neutral"):
        assert parse_arc(name).name == name
    assert parse_arc(parse_arc("sad,happy", 4)) == parse_arc("sad,happy", 4)


def test_each_station_has_its_place():
    arc = parse_arc("sad,happy,surprised")
    for place, index in ((0, SAD), (0.5, HAPPY), (1, SURPRISED)):
        felt = arc.at(place)
        assert (felt.index, dict(felt.weights)[EMOTIONS[index]]) == (index, 1)
    assert dict(arc.at(0.25).weights) == pytest.approx({"sad": 0.5, "happy": 0.5})
    assert arc.at(0.1).intensity == 1
    assert arc.with_intensity(5).at(0.1).intensity == 5


def test_films_of_any_length():
    assert parse_arc("sad,happy").weights(0).shape == (0, 7)
    assert parse_arc("sad,happy").weights(1)[0, [SAD, HAPPY]] == pytest.approx([0.5, 0.5])


def test_a_face_feels_as_strongly_all_along():
    """The way between two emotions leads around the origin, which is neutral; and its ends are the emotions' own."""
    places = at("sad,happy", np.full(40, 5.0))
    np.testing.assert_allclose(intensity_of(places), strength(5.0), rtol=1e-6)
    np.testing.assert_allclose(shapes(places)[[0, -1]], [expression("sad", 5.0), expression("happy", 5.0)], atol=1e-6)
    fading = intensity_of(at("sad,neutral", np.full(40, 5.0)))
    assert (np.diff(fading) <= 1e-9).all()
    assert fading[-1] == 0
    swelling = np.linspace(0, 30, 40)
    np.testing.assert_allclose(intensity_of(at("sad,happy", swelling)), strength(swelling), atol=1e-6)


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        ("happy,", InvalidMixture, "there is nothing between two commas of 'happy,'; use emotions, such as surprised,happy"),
        (["happy", ""], InvalidMixture, "nothing between two commas"),
        ([], InvalidMixture, f"0 emotions one after another cannot be shown; use 1 to {STATIONS}"),
        (["happy"] * (STATIONS + 1), InvalidMixture, f"{STATIONS + 1} emotions one after another"),
        ("happy,bored", UnknownEmotion, "unknown emotion 'bored'; use one of"),
        ("happy,sad:-1", InvalidMixture, "'-1' is no weight of sad"),
    ],
)
def test_what_cannot_be_felt_is_refused(wish, error, words):
    with pytest.raises(error, match=words):
        parse_arc(wish)
    with pytest.raises(InvalidIntensity, match="31 is out of range"):
        parse_arc("happy,sad", 31)


def test_nothing_said_is_neutral():
    assert Arc().name == "neutral"
