"""The suite of Think-Before-Draw: what is asked for was never trained on, judges know truth, differences are paired."""

import numpy as np
import pytest

from feim.data.synthetic.muscle_films import COMPOUNDS, KNOWN, Combination, films
from feim.evaluation.motion.arms import ARMS, asked_for, compared, seen, shuffled
from feim.evaluation.motion.judge import right, taught
from feim.evaluation.motion.reading import reading
from feim.evaluation.motion.suite import differences
from feim.models import CHECKPOINTS, checkpoint
from feim.models.motion import MotionDiffusion
from feim.models.text_emotion import TextEmotion
from feim.nn.agreement import f1
from tests.training.recipes.test_text_emotion import put_meld


def units(film) -> Combination:
    return Combination(muscle.unit for muscle in film.muscles)


def test_what_is_asked_for_was_never_trained_on():
    known = {one for ones in KNOWN["train"].values() for one in ones}
    valid, test = asked_for("valid", 24), asked_for("test", 24)
    for found, compounds in ((valid, 16), (test, 24)):
        assert all(units(film) not in known for film in found.films)
        assert sum(len(labels) == 2 for labels in found.labels) == compounds
    assert not {units(film) for film in valid.films} & {units(film) for film in test.films}
    assert {units(film) for film in test.films} & {Combination(one) for one in COMPOUNDS.values()}


def test_true_films_show_what_was_asked_and_feel_so():
    test = asked_for("test", 60)
    levels = np.stack([film.levels for film in test.films])
    assert f1(seen(levels), test.wanted) > 0.99
    judge = taught(1400, 400)
    assert right(judge, levels, test.labels) > 0.6
    assert right(judge, levels, [("neutral",)] * len(levels)) < 0.1


def test_shuffled_muscles_are_of_another_emotion():
    given = [film for film in films("test", 28, 0, 50) if film.muscles]
    for film, muscles in zip(given, shuffled(given), strict=True):
        assert all(muscles != other.muscles for other in given if other.emotion == film.emotion)


def test_arms_are_compared_on_the_same_films():
    network = checkpoint.load(MotionDiffusion, "motion")
    found = compared(network, taught(700, 100), asked_for("test", 20), {arm: settings[1] for arm, settings in ARMS.items()})
    assert set(found) == {*ARMS, "shuffled"}
    assert found["two stages"]["F1"] > found["label"]["F1"] + 0.1
    assert found["two stages"]["F1"] > found["shuffled"]["F1"] + 0.1
    assert all(0 <= value <= 1 for arm in found.values() for value in arm.values())


def test_a_difference_must_exceed_its_floor_and_twice_its_error():
    def one(label, text):
        arm = {"natural": 0.5, "compound": 0.5, "frames": 0.5, "emotion": 0.9}
        return {name: arm | {"F1": value} for name, value in zip((*ARMS, "shuffled"), (label, text, text, text, label), strict=True)}

    sure = {"networks": [one(0.5, 0.72), one(0.52, 0.74)], "settings": {}, "films": 4, "judge on true films": 0.9}
    rows = {row.what: row for row in differences(sure)}
    gain = rows["AU text, one stage − label only"]
    assert gain.value == pytest.approx(0.22)
    assert (gain.bar, gain.reached) == (0.10, True)
    assert rows["two stages − one stage"].reached is False
    unsure = sure | {"networks": [one(0.5, 0.55), one(0.5, 0.95)]}
    gain = next(row for row in differences(unsure) if row.what == gain.what)
    assert gain.value == pytest.approx(0.25)
    assert gain.bar == pytest.approx(0.4)
    assert gain.reached is False


def test_reading_is_measured(tmp_path):
    rows = reading(checkpoint.load(TextEmotion, "text-emotion"), CHECKPOINTS / "text-emotion.safetensors", put_meld(tmp_path))
    assert rows[0].value > 0.3
    assert rows[3].reached
