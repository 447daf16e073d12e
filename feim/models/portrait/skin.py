"""The skin bends with its points, and parts where lips and lids part: the photo's own pixels, moved.

Three smooth displacement fields lie one below another: above the eyes' slits, between eyes and mouth, below the mouth's slit. Each is a
thin-plate spline through the points of its own side, so that the skin of an upper lid never follows the lower one. In a frame, each
pixel looks for its origin through the field whose side it is on.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from feim.models.portrait.face_basis import FaceBasis, FittedFace
from feim.models.portrait.slits import Slit, slit
from feim.models.portrait.window import Window, window
from feim.models.portrait.wrinkles import Wrinkles, wrinkles
from feim.nn.warp import sample, spline_matrix, where_from
from feim.signal.landmarks import (
    COUNT,
    IRISES,
    LOWER_LIDS,
    LOWER_LIP,
    LOWER_SEAM,
    MOUTH,
    PUPILS,
    UPPER_LIDS,
    UPPER_LIP,
    UPPER_SEAM,
    interocular,
)

STEP = 6.0  # pixels from one place to the next where the fields are known
ROUNDS = 3  # of Newton's method: after these, pictures are those of five
AROUND = 0.25  # inter-pupil distances around all points, up to which the skin moves
BORDER = 24  # points along each side of that, which stay
CLEAR = 0.09  # inter-pupil distances around lips and lids, within which only landmarks move the skin

_EYES = {i for ring in IRISES for i in ring} | set(PUPILS)
_UPPER_LIDS = {i for lid in UPPER_LIDS for i in lid[1:-1]}
_LOWER_LIDS = {i for lid in LOWER_LIDS for i in lid[1:-1]}
_UPPER_LIP = set(UPPER_LIP[1:-1] + UPPER_SEAM[1:-1])
_LOWER_LIP = set(LOWER_LIP[1:-1] + LOWER_SEAM[1:-1])
LEFT_OUT = (_EYES | _LOWER_LIDS | _LOWER_LIP, _EYES | _UPPER_LIDS | _LOWER_LIP, _EYES | _UPPER_LIDS | _UPPER_LIP)  # of each field


@dataclass(frozen=True)
class Skin:
    """A photo's skin, ready to bend.

    Attributes:
        picture: (1, 3, S, S); place: the part of it that may move.
        fields: three of (rows · columns, P), what each of P points moves at each place of the grid; used: three of P, which points.
        grid: rows, columns; steps: (2,) pixels between columns and between rows.
        eyes, mouth: the slits' lines; wrinkles: folds that come and go.
    """

    picture: Tensor
    place: Window
    fields: tuple[Tensor, ...]
    used: tuple[Tensor, ...]
    grid: tuple[int, int]
    steps: Tensor
    eyes: Slit
    mouth: Slit
    wrinkles: Wrinkles

    def bent(self, rest: Tensor, now: Tensor, shapes: Tensor) -> Tensor:
        """(1, 3, S, S): the picture when the points (P, 2) at rest are `now` elsewhere, moved by shapes (47,)."""
        frame = self.picture.clone()
        picture = self._folded(shapes)
        moved = self.place.of(frame)
        above, between, below = self.origins(rest, now)
        found = above.lerp(between, self.eyes.below(now)).lerp(below, self.mouth.below(now))
        moved.copy_(self._seen(picture, found))
        for line, upper, lower in ((self.eyes, above, between), (self.mouth, between, below)):  # smooth edges where lips and lids meet
            (rows, columns), share = line.strip(now)
            if share.numel():
                sides = (self._seen(picture, side[:, rows, columns], rows.start, columns.start) for side in (upper, lower))
                moved[..., rows, columns] = torch.lerp(*sides, share)
        return frame

    def origins(self, rest: Tensor, now: Tensor) -> Tensor:
        """(3, 2, h, w) pixels: how far from each pixel of the place its origin lies, through each of the fields."""
        shift = ((now - rest) / self.steps).float()  # in cells of the grid
        displaced = torch.stack([field @ shift[used] for field, used in zip(self.fields, self.used, strict=True)])
        back = where_from(displaced.mT.reshape(3, 2, *self.grid), ROUNDS) * self.steps.float()[:, None, None]
        return F.interpolate(back, self.place.x.shape, mode="bilinear", align_corners=True)

    def _folded(self, shapes: Tensor) -> Tensor:
        """The picture with the folds that shapes (47,) draw."""
        light = self.wrinkles.light(shapes)
        if light is None:
            return self.picture
        picture = self.picture.clone()
        self.place.of(picture).mul_(light)
        return picture

    def _seen(self, picture: Tensor, origins: Tensor, row: int = 0, column: int = 0) -> Tensor:
        """(1, 3, h, w): a picture at the origins (2, h, w) of pixels from a row and a column of the place on."""
        corner = torch.tensor([self.place.columns.start + column, self.place.rows.start + row], dtype=torch.float32)
        return sample(picture, (origins + corner[:, None, None])[None])


def skin(basis: FaceBasis, picture: Tensor, face: FittedFace) -> Skin:
    """Prepare a picture (3, S, S) whose face was fitted in its pixels."""
    points = face.points[:, :2]
    place = window(points, AROUND * face.scale, picture.shape[-1])
    low = torch.tensor([place.columns.start, place.rows.start], dtype=torch.float64)
    extent = torch.tensor([place.x.shape[1] - 1, place.x.shape[0] - 1], dtype=torch.float64)
    columns, rows = (int(cells) + 1 for cells in (extent / STEP).ceil())
    ticks = (torch.linspace(0, 1, count, dtype=torch.float64) for count in (columns, rows))
    grid = torch.stack(torch.meshgrid(*ticks, indexing="xy"), dim=-1).reshape(-1, 2) * extent
    fields, chosen = [], []
    for left_out in LEFT_OUT:
        used = [i for i in range(COUNT) if i not in left_out] + _further(points, low, low + extent)
        centres = torch.cat([points[used] - low, _border() * extent])
        bending = spline_matrix(centres / extent.max(), grid / extent.max())
        fields.append(bending[:, : len(used)].float().contiguous())  # the border stays: its columns add nothing
        chosen.append(torch.tensor(used))
    lids = [tuple(zip(UPPER_LIDS[eye], LOWER_LIDS[eye], strict=True)) for eye in (0, 1)]
    eyes = slit(lids[0] + lids[1][::-1], points, place)
    mouth = slit(zip(UPPER_SEAM, LOWER_SEAM, strict=True), points, place)
    folds = wrinkles(basis, picture, face, place)
    steps = extent / torch.tensor([columns - 1, rows - 1])
    return Skin(picture[None].contiguous(), place, tuple(fields), tuple(chosen), (rows, columns), steps, eyes, mouth, folds)


def _border() -> Tensor:
    """(4 · BORDER, 2) along the unit square's edge."""
    ticks = torch.arange(BORDER, dtype=torch.float64) / BORDER
    zero, one = torch.zeros_like(ticks), torch.ones_like(ticks)
    sides = ((ticks, zero), (one, ticks), (1 - ticks, one), (zero, 1 - ticks))
    return torch.cat([torch.stack(side, dim=-1) for side in sides])


def _further(points: Tensor, low: Tensor, high: Tensor) -> list[int]:
    """The points of the skin that are clear of lips and lids, and between two corners."""
    between = float(interocular(points[:COUNT].numpy()))
    fine = [*MOUTH, *(i for lid in UPPER_LIDS + LOWER_LIDS for i in lid), *_EYES]
    nearest = torch.cdist(points[COUNT:], points[fine]).amin(1)
    inside = ((points[COUNT:] > low) & (points[COUNT:] < high)).all(1)
    return (torch.nonzero((nearest > CLEAR * between) & inside)[:, 0] + COUNT).tolist()
