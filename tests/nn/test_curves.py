"""A smooth line goes through its points, rises where they rise, and overshoots nowhere."""

import numpy as np
import pytest

from feim.nn.curves import SAMPLES, smooth


def at(line: np.ndarray, place: float) -> float:
    return float(line[round((place + 1.25) / 2.5 * (SAMPLES - 1))])


def test_a_straight_line_stays_straight():
    line = smooth(np.array([-1.0, -0.2, 1.0]), np.array([-2.0, -0.4, 2.0]))
    inside = np.linspace(-1.25, 1.25, SAMPLES)
    assert line[np.abs(inside) <= 1] == pytest.approx(2 * inside[np.abs(inside) <= 1], abs=1e-9)


def test_it_goes_through_its_points_and_never_beyond_them():
    x, y = np.array([-1, -0.5, 0, 0.5, 1.0]), np.array([0, 3, 3, 1, 0.0])
    line = smooth(x, y)
    for place, value in zip(x, y, strict=True):
        assert at(line, place) == pytest.approx(value, abs=0.02)
    assert line.max() <= 3
    assert line.min() >= 0


def test_points_in_disorder_and_two_in_one_place():
    assert np.array_equal(smooth(np.array([1.0, -1.0, 0.0]), np.array([0.0, 0, 2])), smooth(np.array([-1.0, 0, 1]), np.array([0.0, 2, 0])))
    assert np.isfinite(smooth(np.array([0.5, 0.5, 0.5]), np.array([1.0, 2, 3]))).all()
