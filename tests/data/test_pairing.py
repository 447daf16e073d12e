"""Pairs follow gender and age, whatever the order, and spread over the voices."""

from collections import Counter

import pytest

from feim.data.clip import Clip
from feim.data.pairing import Described, describe_speakers, pair_faces_with_voices

VOICES = [Described(f"{gender}-{age}", gender, age) for gender in ("female", "male") for age in (23.0, 37.0, 55.0)]


def test_gender_is_kept_and_age_is_the_closest():
    faces = [Described("anna", "female", 25.0), Described("ben", "male", 60.0), Described("cleo", "female", 40.0)]
    assert pair_faces_with_voices(faces, VOICES) == {"anna": "female-23.0", "ben": "male-55.0", "cleo": "female-37.0"}


def test_the_order_of_people_does_not_matter():
    faces = [Described(f"{number:02d}", ("female", "male")[number % 2], 20.0 + number) for number in range(20)]
    assert pair_faces_with_voices(faces, VOICES) == pair_faces_with_voices(faces[::-1], VOICES[::-1])


def test_voices_are_shared_only_when_they_run_out():
    faces = [Described(str(number), "female", 30.0) for number in range(9)]
    uses = Counter(pair_faces_with_voices(faces, VOICES).values())
    assert set(uses) == {"female-23.0", "female-37.0", "female-55.0"}
    assert uses["female-37.0"] >= uses["female-55.0"]


def test_an_unknown_age_fits_every_voice():
    assert pair_faces_with_voices([Described("x", "male")], VOICES)["x"].startswith("male")


def test_a_gender_without_voices_is_named():
    with pytest.raises(ValueError, match="no male voice for face ben"):
        pair_faces_with_voices([Described("ben", "male", 30.0)], VOICES[:3])


def test_speakers_are_described_once_and_unknown_genders_left_out():
    def clip(name: str, speaker: str, gender: str | None) -> Clip:
        return Clip(name, "c", speaker, "en-us", "hi", "none", gender=gender, age=30.0)

    clips = [clip("1", "b", "male"), clip("2", "a", "female"), clip("3", "b", "male"), clip("4", "c", None)]
    assert describe_speakers(clips) == [Described("a", "female", 30.0), Described("b", "male", 30.0)]
