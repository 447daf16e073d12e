"""Means of crossed opinions with 95 % confidence: every rater hears the same sentences, so two answers are seldom independent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A mean and how sure it is.

    Attributes:
        mean: over all answers, nan if there are none.
        half: half the width of the 95 % interval, nan where fewer than two raters and fewer than two stimuli answered for it.
        answers, raters, stimuli: how many it rests on.
    """

    mean: float
    half: float
    answers: int
    raters: int
    stimuli: int

    def as_dict(self) -> dict:
        """For JSON: what is undefined is null."""
        mean, half = (None if math.isnan(value) else round(value, 4) for value in (self.mean, self.half))
        interval = None if mean is None or half is None else [round(mean - half, 4), round(mean + half, 4)]
        return {"mean": mean, "half": half, "interval": interval, "answers": self.answers, "raters": self.raters, "stimuli": self.stimuli}


def estimate(values: Sequence[float], raters: Sequence, stimuli: Sequence) -> Estimate:
    """The mean of (answers,) values, each by one of the raters on one of the stimuli, with Student's t interval over both.

    The variance of the mean is that of two-way clusters (Cameron, Gelbach and Miller 2011): over raters, plus over stimuli, minus over
    single answers, and never less than either alone; the degrees of freedom are those of the smaller group. Raters who stopped early
    weigh by what they answered. With one stimulus it is the usual interval over raters' means, and with one rater the one over stimuli.
    """
    x = np.asarray(values, dtype=float)
    by_rater, by_stimulus = _groups(raters), _groups(stimuli)
    counts = (len(x), int(by_rater.max(initial=-1)) + 1, int(by_stimulus.max(initial=-1)) + 1)
    if not len(x):
        return Estimate(math.nan, math.nan, *counts)
    repeated = [group for group in (by_rater, by_stimulus) if group.max() > 0]
    if not repeated:
        return Estimate(float(x.mean()), math.nan, *counts)
    alone = [_clustered_variance(x, group) for group in repeated]
    both = sum(alone) - _clustered_variance(x, np.arange(len(x))) if len(alone) == 2 else 0.0
    freedom = min(int(group.max()) for group in repeated)
    half = student_t_quantile(0.975, freedom) * math.sqrt(max(both, *alone, 0.0))
    return Estimate(float(x.mean()), half, *counts)


def _groups(labels: Sequence) -> np.ndarray:
    """Labels of any kind → (answers,) numbers from 0."""
    number = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    return np.array([number[label] for label in labels], dtype=int)


def _clustered_variance(x: np.ndarray, group: np.ndarray) -> float:
    """Of the mean of x when answers of one group go together; if balanced, the variance of the groups' means over their number."""
    groups = int(group.max()) + 1
    sums = np.bincount(group, weights=x - x.mean())
    return groups / (groups - 1) * float((sums**2).sum()) / len(x) ** 2


def student_t_quantile(probability: float, freedom: int) -> float:
    """The t below which Student's distribution with `freedom` ≥ 1 degrees holds `probability` in [0.5, 1).

    Exact for whole degrees of freedom: P(|T| ≤ t) is a finite sum over cos θ, tan θ = t / √freedom (Abramowitz and Stegun 26.7.3, 26.7.4),
    and is inverted by halving.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        theta = (low + high) / 2
        low, high = (theta, high) if _within(theta, freedom) < 2 * probability - 1 else (low, theta)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _within(theta: float, freedom: int) -> float:
    """P(|T| ≤ √freedom · tan θ)."""
    cosine = math.cos(theta)
    term, total = (cosine, 0.0) if freedom % 2 else (1.0, 0.0)
    for power in range(freedom % 2, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    total *= math.sin(theta)
    return 2 / math.pi * (theta + total) if freedom % 2 else total
