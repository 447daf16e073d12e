"""Two emotions, when, and a share, as the page has them → what the studio takes."""

import pytest

from feim.demo.answers import file_name
from feim.demo.mixture import AT_ONCE, IN_THE_END, felt
from feim.signal.emotion_arc import parse_arc


@pytest.mark.parametrize("when", [AT_ONCE, IN_THE_END])
@pytest.mark.parametrize("second", ["", None, "happy"])
def test_without_a_second_emotion_there_is_one(second, when):
    assert felt("happy", second, when, 30) == "happy"


@pytest.mark.parametrize(("share", "name"), [(30, "happy:0.7+sad:0.3"), (5, "happy:0.95+sad:0.05"), (95, "sad:0.95+happy:0.05")])
def test_at_the_same_time_the_second_has_its_share(share, name):
    assert parse_arc(felt("happy", "sad", AT_ONCE, share)).name == name


def test_in_the_end_there_is_all_of_it():
    assert parse_arc(felt("happy", "sad", IN_THE_END, 30)).name == "happy,sad"


def test_files_are_named_without_signs():
    names = [file_name(emotion) for emotion in ("sad", "sad:0.7+happy:0.3", "surprised,happy")]
    assert names == ["feim-sad", "feim-happy-sad", "feim-surprised-happy"]
