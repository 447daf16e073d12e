"""F1, against counts done by hand."""

import numpy as np
import pytest

from feim.nn.agreement import f1, f1_of_classes


def test_f1_of_sets():
    found, wanted = np.array([[True, True, False]]), np.array([[True, False, True]])
    assert f1(found, wanted) == pytest.approx(0.5)  # 1 hit, 1 too many, 1 missed
    assert f1(wanted, wanted) == 1
    assert f1(~wanted, wanted) == 0
    assert f1(np.zeros(3, bool), np.zeros(3, bool)) == 0


def test_f1_of_classes():
    truth, guess = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    weighted, plain, single = f1_of_classes(guess, truth, 3)
    assert single == pytest.approx([0.8, 2 / 3, 0])
    assert plain == pytest.approx(np.mean([0.8, 2 / 3, 0]))
    assert weighted == pytest.approx(0.75 * 0.8 + 0.25 * 2 / 3)
