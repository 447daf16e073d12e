"""Means with their standard errors, and differences of them. Pure functions over one value per sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feim.evaluation.confidence import student_t_quantile


@dataclass(frozen=True)
class Mean:
    """A mean, its standard error (nan for a single value), and how many values it rests on."""

    value: float
    error: float
    count: int

    @property
    def half(self) -> float:
        """Half of the 95 % interval, Student's t."""
        return student_t_quantile(0.975, self.count - 1) * self.error if self.count > 1 else math.nan

    def told(self, format: str = ".2f") -> str:
        """As printed: mean ± standard error."""
        return f"{self.value:{format}} ± {self.error:{format.lstrip('+')}} (SE)"


def mean(values: Sequence[float]) -> Mean:
    """Of (N,) values, without the undefined ones; nan where none is left. Paired differences are given as one value per pair."""
    x = np.asarray(values, dtype=float)
    x = x[~np.isnan(x)]
    if not len(x):
        return Mean(math.nan, math.nan, 0)
    return Mean(float(x.mean()), float(x.std(ddof=1) / np.sqrt(len(x))) if len(x) > 1 else math.nan, len(x))


def ratio(parts: Sequence[float], wholes: Sequence[float]) -> Mean:
    """Σ parts / Σ wholes, as a word error rate is, with the ratio estimator's error (Cochran 1977, eq. 2.46)."""
    parts, wholes = np.asarray(parts, dtype=float), np.asarray(wholes, dtype=float)
    count = len(wholes)
    if not wholes.sum():
        return Mean(math.nan, math.nan, count)
    value = parts.sum() / wholes.sum()
    left = parts - value * wholes
    return Mean(float(value), float(np.sqrt(count / (count - 1) * np.square(left).sum()) / wholes.sum()) if count > 1 else math.nan, count)


def difference(first: Mean, second: Mean) -> Mean:
    """first − second of independent samples."""
    return Mean(first.value - second.value, math.hypot(first.error, second.error), min(first.count, second.count))
