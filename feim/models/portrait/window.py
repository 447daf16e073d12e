"""A small window around an eye or the mouth, with axes along and across its opening: what is painted there costs little."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from feim.nn.curves import SAMPLES, smooth

BEYOND = 1.25  # half-widths of an opening that its edges are known to, from the middle


@dataclass(frozen=True)
class Window:
    """Part of a square picture.

    Attributes:
        rows, columns: slices of the picture.
        x, y: (h, w) pixels' own coordinates in the picture.
    """

    rows: slice
    columns: slice
    x: Tensor
    y: Tensor

    def of(self, picture: Tensor) -> Tensor:
        """The window's part of (…, S, S), as a view."""
        return picture[..., self.rows, self.columns]


def window(points: Tensor, margin: float, size: int) -> Window:
    """Around points (N, 2) with a margin in pixels, inside a picture of `size`."""
    low = (points.amin(0) - margin).floor().clamp(0, size - 2).long()
    high = (points.amax(0) + margin).ceil().clamp(1, size - 1).long() + 1
    rows, columns = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
    y, x = torch.meshgrid(torch.arange(rows.start, rows.stop).float(), torch.arange(columns.start, columns.stop).float(), indexing="ij")
    return Window(rows, columns, x, y)


@dataclass(frozen=True)
class Opening:
    """An opening as one frame shows it, in a window: two edges over a line from corner to corner.

    Attributes:
        along: (h, w) from −1 at the corner on the picture's left to 1 at the other; across: (h, w) pixels below the line of the corners.
        upper, lower: (h, w) pixels, where the edges are above and below each pixel.
        upper_level, lower_level: (h, w), the cosine of each edge's slope there; half: pixels from the middle to a corner.
    """

    along: Tensor
    across: Tensor
    upper: Tensor
    lower: Tensor
    upper_level: Tensor
    lower_level: Tensor
    half: float

    @property
    def alpha(self) -> Tensor:
        """(h, w): 1 inside, 0 outside, the share of the pixel on the edges."""
        inside = torch.minimum((self.across - self.upper) * self.upper_level, (self.lower - self.across) * self.lower_level) + 0.5
        ends = (1 - self.along.abs()) * self.half + 0.5
        gap = (self.lower - self.upper).clamp(0, 1)  # what is shut shows nothing
        return torch.minimum(inside, ends).clamp(0, 1) * gap


def opening(place: Window, upper: Tensor, lower: Tensor) -> Opening:
    """The opening between two edges (N, 2) each, from corner to corner."""
    start, end = (upper[0] + lower[0]) / 2, (upper[-1] + lower[-1]) / 2
    middle, reach = (start + end) / 2, (end - start) / 2
    half = float(reach.norm().clamp_min(1e-3))
    x_axis = reach / half
    y_axis = torch.stack([-x_axis[1], x_axis[0]])
    dx, dy = place.x - float(middle[0]), place.y - float(middle[1])
    along = (dx * float(x_axis[0]) + dy * float(x_axis[1])) / half
    across = dx * float(y_axis[0]) + dy * float(y_axis[1])
    index = ((along + BEYOND) * (0.5 / BEYOND * (SAMPLES - 1))).round().clamp(0, SAMPLES - 1).long()
    found = []
    for edge in (upper, lower):
        line = smooth(((edge - middle) @ x_axis / half).numpy(), ((edge - middle) @ y_axis).numpy(), -BEYOND, BEYOND)
        slope = np.gradient(line) * ((SAMPLES - 1) / (2 * BEYOND * half))
        found += [torch.from_numpy(values.astype(np.float32))[index] for values in (line, 1 / np.hypot(1, slope))]
    return Opening(along, across, found[0], found[2], found[1], found[3], half)
