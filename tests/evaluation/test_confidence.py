"""Student's t against the tables, and intervals that hold as often as they say when raters and sentences differ."""

import math
from itertools import product

import numpy as np
import pytest

from feim.evaluation.confidence import estimate, student_t_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "t"),
    [(0.975, 1, 12.7062), (0.975, 2, 4.3027), (0.975, 3, 3.1824), (0.975, 10, 2.2281), (0.975, 30, 2.0423), (0.95, 5, 2.0150)],
)
def test_quantiles_are_those_of_the_tables(probability, freedom, t):
    assert student_t_quantile(probability, freedom) == pytest.approx(t, abs=1e-4)


def test_many_degrees_of_freedom_are_normal():
    assert student_t_quantile(0.975, 20_000) == pytest.approx(1.95996, abs=3e-4)


def test_one_stimulus_is_the_usual_interval():
    found = estimate([1, 2, 3, 4, 5], raters=range(5), stimuli=["a"] * 5)
    assert (found.mean, found.answers, found.raters, found.stimuli) == (3, 5, 5, 1)
    assert found.half == pytest.approx(2.7764 * math.sqrt(2.5 / 5), rel=1e-4)


def test_one_rater_is_the_interval_over_stimuli():
    assert estimate([1, 2, 3, 4, 5], ["r"] * 5, range(5)).half == estimate([1, 2, 3, 4, 5], range(5), ["a"] * 5).half


def test_rater_effects_alone_give_the_interval_over_raters_means():
    means = [2, 3, 3, 4, 5]
    rows = [(mean, rater, stimulus) for rater, mean in enumerate(means) for stimulus in range(5)]
    assert estimate(*zip(*rows, strict=True)).half == pytest.approx(2.7764 * math.sqrt(np.var(means, ddof=1) / 5), rel=1e-4)


def test_both_effects_add_up():
    """x = rater + stimulus without noise: V(raters) + V(stimuli) − V(answers), by hand for a 3 × 3 table."""
    rows = [(r + s, r, s) for r, s in product(range(3), range(3))]
    expected = 1 / 3 + 1 / 3 - (12 / 8) / 9
    assert estimate(*zip(*rows, strict=True)).half == pytest.approx(4.3027 * math.sqrt(expected), rel=1e-4)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random, held, panels = np.random.default_rng(0), 0, 400
    raters, stimuli = np.repeat(range(10), 8), np.tile(range(8), 10)
    for _ in range(panels):
        table = 3 + 0.5 * random.normal(size=(10, 1)) + 0.5 * random.normal(size=(1, 8)) + 0.8 * random.normal(size=(10, 8))
        found = estimate(table.ravel(), raters, stimuli)
        held += abs(found.mean - 3) <= found.half
    assert 0.92 <= held / panels <= 0.99


def test_nothing_and_one_answer_have_no_interval():
    nothing, one = estimate([], [], []), estimate([4], ["r"], ["s"])
    assert math.isnan(nothing.mean)
    assert (one.mean, math.isnan(one.half)) == (4, True)
    assert nothing.as_dict() == {"mean": None, "half": None, "interval": None, "answers": 0, "raters": 0, "stimuli": 0}
    assert one.as_dict()["interval"] is None


def test_raters_who_stopped_early_weigh_by_what_they_answered():
    assert estimate([5, 5, 5, 1], ["a", "a", "a", "b"], [0, 1, 2, 0]).mean == 4
