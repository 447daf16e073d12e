"""Statistics of ranks against values worked out by hand, and against counting every pair."""

import numpy as np
import pytest
import torch

from feim.nn.ranks import area_under_curve, ranks


def test_equal_values_share_their_mean_rank():
    assert ranks([30, 10, 20]).tolist() == [3, 1, 2]
    assert ranks([5, 5, 1, 5]).tolist() == [3, 3, 1, 3]


def test_area_under_curve_counts_pairs():
    random = np.random.default_rng(0)
    scores, positive = random.integers(0, 9, 40), random.random(40) < 0.4
    pairs = [(yes > no) + 0.5 * (yes == no) for yes in scores[positive] for no in scores[~positive]]
    assert 0 < np.mean(pairs) < 1
    assert area_under_curve(scores, positive) == pytest.approx(np.mean(pairs))
    assert area_under_curve(torch.from_numpy(scores), torch.from_numpy(positive)) == pytest.approx(np.mean(pairs))


def test_only_order_counts():
    scores, positive = [0.1, 0.2, 0.7, 0.9], [False, True, False, True]
    assert area_under_curve(scores, positive) == area_under_curve(np.exp(scores), positive) == 0.75


@pytest.mark.parametrize(("scores", "positive"), [([], []), ([1, 2], [True, True]), ([1, 2], [False, False]), ([1, np.nan], [True, False])])
def test_what_has_no_area(scores, positive):
    assert np.isnan(area_under_curve(scores, positive))
