"""Two emotions and a share, as the page has them → what the studio takes."""

import pytest

from feim.demo.answers import file_name
from feim.demo.mixture import mixed
from feim.signal.emotion import parse_emotion


@pytest.mark.parametrize("second", ["", None, "happy"])
def test_without_a_second_emotion_there_is_no_mixture(second):
    assert mixed("happy", second, 30) == "happy"


@pytest.mark.parametrize(("share", "name"), [(30, "happy:0.7+sad:0.3"), (5, "happy:0.95+sad:0.05"), (95, "sad:0.95+happy:0.05")])
def test_the_second_has_its_share(share, name):
    assert parse_emotion(mixed("happy", "sad", share)).name == name


def test_files_are_named_without_signs():
    assert [file_name(emotion) for emotion in ("sad", "sad:0.7+happy:0.3")] == ["feim-sad", "feim-happy-sad"]
