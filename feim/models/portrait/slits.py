"""Where skin parts: a line of point pairs, upper and lower, that lie on each other where it is shut, and the opening between them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from feim.models.portrait.window import Window

SHARP = 0.05  # pixels of the passage where skin parts: between the two sides' origins lies what neither side shows
SPREAD = 0.6  # pixels that the passage from one side to the other widens with each pixel beyond the ends
BINS = 2  # of the line, a pixel


@dataclass(frozen=True)
class Slit:
    """One line across the face.

    Attributes:
        pairs: upper and lower point, from the picture's left to its right; where both are the same, an end.
        x_axis, y_axis: (2,) along the line at rest, and down from it; low: pixels along, where the bins begin; count: of the bins.
        across: (h, w) pixels below the picture's corner; bins: (h, w), which part of the line is above or below each pixel.
    """

    pairs: tuple[tuple[int, int], ...]
    x_axis: Tensor
    y_axis: Tensor
    low: float
    count: int
    across: Tensor
    bins: Tensor

    def lines(self, now: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (P, 2) → along (N,), upper and lower (N,): the pairs' coordinates on the slit's own axes, in pixels."""
        upper, lower = now[[a for a, _ in self.pairs]], now[[b for _, b in self.pairs]]
        return ((upper + lower) @ self.x_axis / 2).numpy(), (upper @ self.y_axis).numpy(), (lower @ self.y_axis).numpy()

    def below(self, now: Tensor) -> Tensor:
        """(h, w) from 0 above the line through `now` to 1 below it: sharp between its ends, and wider with the distance from them."""
        along, upper, lower = self.lines(now)
        places = np.arange(self.count) / BINS + self.low
        line = np.interp(places, along, (upper + lower) / 2)
        beyond = np.maximum(np.maximum(along[0] - places, places - along[-1]), 0)
        for (_, end), (start, _) in self._gaps(along):
            inside = (places > end) & (places < start)
            beyond[inside] = np.minimum(places - end, start - places)[inside]
        line, steep = torch.from_numpy(np.stack([line, 1 / (SHARP + SPREAD * beyond)]).astype(np.float32))
        return ((self.across - line[self.bins]) * steep[self.bins] + 0.5).clamp(0, 1)

    def strip(self, now: Tensor) -> tuple[tuple[slice, slice], Tensor]:
        """Rows and columns around the line between its ends, and (h, w) there as `below`, but with the share of each pixel on the line."""
        along, upper, lower = self.lines(now)
        places = np.arange(self.count) / BINS + self.low
        line = torch.from_numpy(np.interp(places, along, (upper + lower) / 2).astype(np.float32))[self.bins]
        inside = (self.across - line).abs() < 1
        inside &= (self.bins >= (along[0] - self.low) * BINS) & (self.bins <= (along[-1] - self.low) * BINS)
        if not inside.any():
            return (slice(0, 0), slice(0, 0)), self.across[:0, :0]
        part = tuple(slice(int(found[0]), int(found[-1]) + 1) for found in (torch.nonzero(inside.any(dim))[:, 0] for dim in (1, 0)))
        return part, ((self.across - line)[part] + 0.5).clamp(0, 1)

    def _gaps(self, along: np.ndarray) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """Between one eye and the other: where an end follows an end."""
        ends = [i for i, (a, b) in enumerate(self.pairs) if a == b]
        spans = [(along[ends[i]], along[ends[i + 1]]) for i in range(0, len(ends), 2)]
        return [((0, one[1]), (two[0], 0)) for one, two in zip(spans, spans[1:], strict=False)]


def slit(pairs: Iterable[tuple[int, int]], points: Tensor, place: Window) -> Slit:
    """The line through pairs of points (P, 2) at rest, for the pixels of a window."""
    pairs = tuple(pairs)
    reach = points[pairs[-1][0]] - points[pairs[0][0]]
    x_axis = reach / reach.norm()
    y_axis = torch.stack([-x_axis[1], x_axis[0]])
    along, across = (place.x * float(axis[0]) + place.y * float(axis[1]) for axis in (x_axis, y_axis))
    low = float(along.min())
    bins = ((along - low) * BINS).round().long()
    return Slit(pairs, x_axis, y_axis, low, int(bins.max()) + 1, across, bins)
