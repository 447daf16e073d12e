"""Labels of every corpus, and what a visitor may wish for."""

import math

import numpy as np
import pytest

from feim.signal.emotion import (
    EMOTIONS,
    LABELS,
    NEUTRAL,
    UNLABELLED,
    Emotion,
    InvalidIntensity,
    InvalidMixture,
    UnknownEmotion,
    parse_emotion,
    parse_intensity,
    parse_label,
)


def test_seven_emotions_and_the_null_token():
    assert EMOTIONS == ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
    assert EMOTIONS[NEUTRAL] == "neutral"
    assert UNLABELLED == 7


def test_no_label_means_two_things():
    labels = [label for names in LABELS.values() for label in names]
    assert len(labels) == len(set(labels))
    assert tuple(LABELS) == EMOTIONS


@pytest.mark.parametrize(
    ("label", "emotion"),
    [
        ("happy", "happy"),
        (" HAP ", "happy"),
        ("ANG", "angry"),
        ("fear", "fearful"),
        ("D", "disgusted"),
        ("Surprise", "surprised"),
        ("neu", "neutral"),
    ],
)
def test_every_corpus_label_becomes_ours(label, emotion):
    assert parse_label(label) == emotion


@pytest.mark.parametrize("label", ["joyous", "", "happy sad", None, 3])
def test_an_unknown_emotion_is_told_what_would_do(label):
    with pytest.raises(UnknownEmotion, match=r"unknown emotion .* use one of: neutral, happy, sad, angry, fearful, disgusted, surprised"):
        parse_label(label)


@pytest.mark.parametrize("intensity", [0, 1, 30, 0.5, "2.5", np.float32(7)])
def test_intensities_in_range(intensity):
    assert parse_intensity(intensity) == float(intensity)


@pytest.mark.parametrize("intensity", [-0.001, 30.001, math.nan, math.inf, -math.inf, "strong", None, [1, 2]])
def test_intensities_out_of_range(intensity):
    with pytest.raises(InvalidIntensity, match=r"out of range; use a number from 0 \(neutral\) to 30 \(strongest\)"):
        parse_intensity(intensity)


def test_a_wish_is_a_label_and_a_number():
    wish = parse_emotion("anger", "3")
    assert (wish.label, wish.intensity, wish.index) == ("angry", 3.0, 3)
    assert parse_emotion("neutral").intensity == 1.0


# ---- mixtures -------------------------------------------------------------------------------------------------------------


def test_a_mixture_is_written_in_three_ways_that_mean_the_same():
    wish = parse_emotion("happy:0.7+sad:0.3", 2)
    assert wish == parse_emotion(" sadness:3 + JOY:7 ", 2) == parse_emotion({"sad": 0.3, "happy": 0.7}, 2)
    assert wish.weights == (("happy", 0.7), ("sad", 0.3))
    assert (wish.label, wish.index, wish.intensity, wish.indices) == ("happy", 1, 2.0, {1: 0.7, 2: 0.3})
    assert wish.name == "happy:0.7+sad:0.3"
    assert parse_emotion("sad+surprised").weights == (("sad", 0.5), ("surprised", 0.5))


@pytest.mark.parametrize("alone", ["sad", "sad:1", "sad:0.2", {"sad": 5}, {"sad": 1, "happy": 0}, "sad:1+sadness:2", "sad+happy:0"])
def test_one_emotion_is_its_label(alone):
    assert parse_emotion(alone) == parse_emotion("sad") == Emotion("sad")
    assert parse_emotion(alone).weights == (("sad", 1.0),)
    assert parse_emotion(alone).name == "sad"


@pytest.mark.parametrize(
    ("mixture", "name"),
    [
        ("sad:1+happy:3", "happy:0.75+sad:0.25"),
        ("sad+happy", "happy:0.5+sad:0.5"),
        ("angry+happy+sad", "happy:0.334+sad:0.333+angry:0.333"),
        ({"happy": 1, "sad": 2}, "sad:0.667+happy:0.333"),
        ({"happy": 1, "sad": 1e-9}, "happy"),
    ],
)
def test_a_name_is_read_as_it_says(mixture, name):
    wish = parse_emotion(mixture)
    assert wish.name == name
    assert sum(weight for _, weight in wish.weights) == pytest.approx(1)
    assert parse_emotion(name).name == name
    assert dict(parse_emotion(name).weights) == pytest.approx({label: w for label, w in wish.weights if w > 0.001}, abs=1e-3)


@pytest.mark.parametrize(
    ("mixture", "said"),
    [
        ({}, "nothing is felt"),
        ("happy:0+sad:0", "nothing is felt"),
        ("happy:-1+sad:2", "'-1' is no weight of happy"),
        ("happy:nan", "'nan' is no weight of happy"),
        ({"happy": math.inf}, "inf is no weight"),
        ({"happy": None}, "None is no weight"),
        ("happy:much+sad:1", "'much' is no weight of happy; use positive numbers, such as happy:0.7"),
        ("happy:", "'' is no weight of happy"),
        ("happy:0.5+bored:0.5", "unknown emotion 'bored' in .* of: neutral, happy"),
        ("+", "unknown emotion ''"),
        ({3: 1.0}, "unknown emotion '3'"),
        ("happy+sad+angry+fearful", "4 emotions in .* at most 3"),
    ],
)
def test_what_cannot_be_mixed(mixture, said):
    with pytest.raises(InvalidMixture, match=said) as raised:
        parse_emotion(mixture)
    assert isinstance(raised.value, UnknownEmotion)
    assert "\n" not in str(raised.value)
