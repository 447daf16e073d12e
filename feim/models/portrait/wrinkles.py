"""Skin that folds where muscles push it together: light and shadow that appear with a shape and go with it.

A smile's is measured (smile_light). Of the other folds, where they run is anatomy (Ekman & Friesen's FACS manual describes each unit's);
how they are lit is drawn: a dark fold with a light ridge above it. All are painted on the skin at rest and bend with it. Hair and glasses
take none: only what has the cheeks' colour.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from feim.models.portrait.face_basis import FaceBasis, FittedFace
from feim.models.portrait.smile_light import light_of_sides, on_photo
from feim.models.portrait.window import Window
from feim.signal.face_motion import pose
from feim.signal.landmarks import CHEEKS

FOLD, RIDGE = 0.017, 0.037  # inter-pupil distances: half-widths of a fold's dark and of the light above it
DEPTH, LIGHT = 0.25, 0.09  # of the skin's light that a whole fold takes, and that its ridge gives
SKIN = 0.16  # how far from the cheeks' colour skin may be, as a share of white
AT_WHOLE = 0.8  # of its shapes, where a fold is as deep as it gets


@dataclass(frozen=True)
class Fold:
    """Lines, and the shapes that draw them.

    Attributes:
        by: (47,) weights of the shapes, of which the sum tells how deep the fold is; depth: beside the deepest.
        lines: each of points (landmark, right, down), or of two landmarks' middle ((a, b), right, down), in inter-pupil distances.
    """

    by: np.ndarray
    depth: float
    lines: tuple[tuple, ...]


def _both(line: tuple, other: tuple) -> tuple[tuple, ...]:
    """The same line on both sides: landmarks of the other side in place of these, mirrored."""
    mirrored = tuple((point, -right, down) for point, (_, right, down) in zip(other, line, strict=True))
    return line, mirrored


_FROWN = _both(((76, 0.10, 0.02), (75, 0.09, -0.04), (75, 0.06, -0.13)), (77, 78, 78))
_FOREHEAD = tuple(
    ((73, 0.02, up), (75, 0.02, up - 0.02), ((75, 78), 0.0, up - 0.005), (78, -0.02, up - 0.02), (80, -0.02, up))
    for up in (-0.16, -0.27, -0.39)
)
_NOSE = tuple(side for down in (-0.02, 0.06) for side in _both(((51, 0.03, down), (51, -0.05, down + 0.05)), (57, 57)))
_PULLED = _both(((104, -0.10, 0.0), (104, -0.12, 0.10), (176, -0.16, 0.08)), (108, 108, 178))

FOLDS = (
    Fold(pose(browDown=0.5), 1.0, _FROWN),  # corrugator: AU 4
    Fold(pose(browInnerUp=0.35, browOuterUp=0.35), 0.7, _FOREHEAD),  # frontalis: AU 1 + 2
    Fold(pose(noseSneer=0.5), 0.8, _NOSE),  # AU 9
    Fold(pose(mouthFrown=0.4, mouthStretch=0.2), 0.45, _PULLED),  # depressor anguli oris: AU 15, 20
)


@dataclass(frozen=True)
class Wrinkles:
    """A photo's folds: by (K, 47), what of each shape makes them whole, and the light that they then give, (K, h, w) of the window."""

    by: Tensor
    maps: Tensor

    def light(self, shapes: Tensor) -> Tensor | None:
        """(h, w) factors of the skin's light at shapes (47,); None where nothing folds."""
        depth = (self.by @ shapes).clamp(0, 1)
        return 1 + torch.einsum("k,khw->hw", depth, self.maps) if depth.any() else None


def wrinkles(basis: FaceBasis, picture: Tensor, face: FittedFace, place: Window) -> Wrinkles:
    """Prepare the folds of a picture (3, S, S) in a window of it."""
    drawn = torch.stack([fold.depth * _drawn(fold, face, place) for fold in FOLDS])
    by = [fold.by / AT_WHOLE for fold in FOLDS] + [pose(**{f"mouthSmile_{side}": 1.0}) for side in "LR"]
    smiling = on_photo(light_of_sides(basis), basis, face, place)
    return Wrinkles(torch.from_numpy(np.stack(by)), torch.cat([drawn, smiling]) * _skin(picture, face, place))


def _drawn(fold: Fold, face: FittedFace, place: Window) -> Tensor:
    """(h, w): −DEPTH in a fold, up to LIGHT on its ridge."""
    points, unit = face.points[:, :2], face.scale
    right = face.turned[0, :2] / face.turned[0, :2].norm()
    down = torch.stack([-right[1], right[0]])
    light = torch.zeros_like(place.x)
    for line in fold.lines:
        stops = []
        for landmark, aside, below in line:
            start = points[landmark] if isinstance(landmark, int) else points[list(landmark)].mean(0)
            stops.append(start + unit * (aside * right + below * down))
        distance, along, side = _from_line(place, torch.stack(stops).float())
        fade = (along * (1 - along) * 4).clamp(0, 1).sqrt()  # lines run out
        across = distance / unit
        dark = torch.exp(-0.5 * (across / FOLD).square())
        ridge = torch.exp(-0.5 * ((across - RIDGE) / (0.6 * RIDGE)).square()) * (side < 0)
        light = light + fade * (LIGHT * ridge - DEPTH * dark)
    return light.clamp(-DEPTH, LIGHT)


def _from_line(place: Window, stops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Distance (h, w) in pixels from a line through stops (N, 2); how far along it, 0 to 1; which side: below 0 to its left."""
    best, along, side = torch.full_like(place.x, 1e9), torch.zeros_like(place.x), torch.zeros_like(place.x)
    lengths = (stops[1:] - stops[:-1]).norm(dim=1)
    begun = 0.0
    for start, end, length in zip(stops[:-1], stops[1:], lengths.tolist(), strict=True):
        reach = (end - start) / max(length, 1e-6)
        dx, dy = place.x - float(start[0]), place.y - float(start[1])
        t = dx * float(reach[0]) + dy * float(reach[1])
        inside = t.clamp(0, length)
        distance = ((dx - inside * float(reach[0])).square() + (dy - inside * float(reach[1])).square()).sqrt()
        nearer = distance < best
        best = torch.where(nearer, distance, best)
        along = torch.where(nearer, (begun + inside) / float(lengths.sum()), along)
        side = torch.where(nearer, dy * float(reach[0]) - dx * float(reach[1]), side)
        begun += length
    return best, along, side


def _skin(picture: Tensor, face: FittedFace, place: Window) -> Tensor:
    """(h, w): 1 where the picture, a little blurred, has the cheeks' colour, 0 where it is far from it."""
    cheeks = [i for side in CHEEKS for i in side]
    size = picture.shape[-1]
    colours = torch.stack([picture[:, y, x] for x, y in face.points[cheeks, :2].long().clamp(0, size - 1).tolist()])
    seen = place.of(picture)
    blurred = F.avg_pool2d(seen[None], 5, stride=1, padding=2, count_include_pad=False)[0]
    # Light and shadow count less than colour.
    level, usual = blurred.mean(0), colours.mean()
    tint = blurred / level.clamp_min(0.05) - (colours.mean(0) / usual)[:, None, None]
    away = 0.35 * tint.abs().mean(0) + 0.5 * (level - usual).abs()
    return 1 - ((away - 0.6 * SKIN) / (0.4 * SKIN)).clamp(0, 1)
