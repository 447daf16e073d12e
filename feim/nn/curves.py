"""A smooth line through a few points that never overshoots: monotone cubic Hermite interpolation (Fritsch & Carlson 1980)."""

import numpy as np

SAMPLES = 513


def smooth(x: np.ndarray, y: np.ndarray, low: float = -1.25, high: float = 1.25) -> np.ndarray:
    """(SAMPLES,) values at equal distances from low to high, through (x, y) of N ≥ 2 points; straight on beyond them as at the ends."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    keep = np.concatenate([[True], np.diff(x) > 1e-6])
    x, y = x[keep], y[keep]
    if len(x) < 2:
        return np.full(SAMPLES, y[0])
    step, rise = np.diff(x), np.diff(y)
    slope = rise / step
    product, total = slope[:-1] * slope[1:], slope[:-1] + slope[1:]
    inner = np.divide(2 * product, total, out=np.zeros_like(total), where=product > 0)  # the harmonic mean; flat where the slope turns
    tangent = np.concatenate([[slope[0]], inner, [slope[-1]]])
    at = np.linspace(low, high, SAMPLES)
    i = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    t = np.clip((at - x[i]) / step[i], 0, 1)
    # Hermite's four polynomials
    value = (1 + 2 * t) * (1 - t) ** 2 * y[i] + t * (1 - t) ** 2 * step[i] * tangent[i]
    return value + t**2 * (3 - 2 * t) * y[i + 1] + t**2 * (t - 1) * step[i] * tangent[i + 1]
