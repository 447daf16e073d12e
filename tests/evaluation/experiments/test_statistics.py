"""Means and their errors, against the formulas written out."""

import numpy as np
import pytest

from feim.evaluation.experiments.statistics import Mean, difference, mean, ratio
from feim.evaluation.metrics import word_error_margin


def test_a_mean_and_its_error():
    found = mean([1.0, 2.0, 4.0, 5.0])
    assert found == Mean(3.0, pytest.approx(np.std([1, 2, 4, 5], ddof=1) / 2), 4)
    assert found.half == pytest.approx(3.182446 * found.error)  # t, three degrees of freedom
    assert found.told() == "3.00 ± 0.91 (SE)"


def test_undefined_values_are_left_out():
    assert mean([1.0, float("nan"), 3.0]).count == 2
    assert mean([None, 2.0]).value == 2.0  # as JSON gives them back
    assert np.isnan(mean([]).value)
    assert np.isnan(mean([1.0]).half)


def test_a_ratio_weighs_by_length():
    found = ratio([1, 0], [2, 6])
    assert found.value == pytest.approx(1 / 8)
    assert ratio([1, 2, 3], [10, 20, 30]).error == pytest.approx(0)  # every sentence has the same rate
    assert np.isnan(ratio([], []).value)


def test_a_ratio_of_paired_errors_agrees_with_the_metrics_own():
    said, first, second = ["one two three", "four five", "six"], ["one two", "four five", "six"], ["one two three", "four", "seven"]
    gained = [1 - 0, 0 - 1, 0 - 1]
    assert ratio(gained, [3, 2, 1]).error == pytest.approx(word_error_margin(said, first, second))


def test_independent_errors_add_in_squares():
    assert difference(Mean(5.0, 3.0, 10), Mean(1.0, 4.0, 8)) == Mean(4.0, 5.0, 8)
