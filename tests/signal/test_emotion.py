"""Labels of every corpus, and what a visitor may wish for."""

import math

import numpy as np
import pytest

from feim.signal.emotion import (
    EMOTIONS,
    LABELS,
    NEUTRAL,
    UNLABELLED,
    InvalidIntensity,
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
