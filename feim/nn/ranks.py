"""Statistics of ranks: what order says, whatever the scale. Pure functions."""

from collections.abc import Sequence

import numpy as np


def ranks(values: Sequence[float]) -> np.ndarray:
    """(N,) → (N,) ranks from 1; equal values share their mean rank."""
    _, group, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[group]


def area_under_curve(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Probability that a positive case scores above a negative one, ties counting half (Mann and Whitney 1947).

    Args: scores (N,); positive (N,), which of them should be high.
    Returns: 0 to 1; nan without both kinds, or with an undefined score.
    """
    scores, positive = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    yes, no = int(positive.sum()), int((~positive).sum())
    if not yes or not no or np.isnan(scores).any():
        return float("nan")
    return float((ranks(scores)[positive].sum() - yes * (yes + 1) / 2) / (yes * no))
