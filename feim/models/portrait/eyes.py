"""The eyeball behind the lids: the photo's own, continued a little under the skin, so that it can look elsewhere and open wider."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from feim.models.portrait.face_basis import FittedFace
from feim.models.portrait.window import Window, opening, window
from feim.nn.warp import sample
from feim.signal.landmarks import CHEEKS, IRISES, LOWER_LIDS, PUPILS, UPPER_LIDS

RADIUS = 0.19  # of an eyeball, in inter-pupil distances of 63 mm
LASHES = 0.025  # inter-pupil distances under the upper lid that its lashes and shadow darken
ROUNDS = 14  # of one pixel each, by which the eyeball goes on under the lids
SHADE = 0.35  # light that a lid takes from the eyeball at its edge when it comes down


@dataclass(frozen=True)
class Eye:
    """One eye.

    Attributes:
        upper, lower, pupil: its points; place: its window; unit: pixels between the pupils; rest: (P, 2) points of the photo.
        ball: (1, 3, h, w), as the photo shows it; wide: without the lashes and the shadow of the upper lid, for when that rises.
    """

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    pupil: int
    place: Window
    ball: Tensor
    wide: Tensor
    unit: float
    rest: Tensor

    def paint(self, frame: Tensor, now: Tensor, carried: Tensor, gaze: Tensor) -> None:
        """Into a frame (1, 3, S, S): points (P, 2) as the face shows them and as the head carries them, gaze (2,) radians."""
        shown = opening(self.place, now[list(self.upper)], now[list(self.lower)])
        shift = carried[self.pupil] - self.rest[self.pupil] + RADIUS * self.unit * torch.stack([gaze[0].sin(), -gaze[1].sin()])
        offset = -shift.float()[None, :, None, None].expand(1, 2, *self.place.x.shape)
        lowered = float((now - carried)[self.upper[len(self.upper) // 2], 1]) / self.unit
        risen = min(1.0, max(0.0, -lowered / LASHES))
        ball = sample(self.ball.lerp(self.wide, risen), offset.contiguous())[0]
        shade = SHADE * min(1.0, max(0.0, lowered / 0.05)) * torch.exp(-(shown.across - shown.upper).clamp_min(0) / (0.03 * self.unit))
        part = self.place.of(frame)[0]
        part.copy_(part.lerp(ball * (1 - shade), shown.alpha))


def eyes(picture: Tensor, face: FittedFace) -> list[Eye]:
    """Prepare both eyes of a picture (3, S, S)."""
    points = face.points[:, :2]
    made = []
    for upper, lower, pupil, iris in zip(UPPER_LIDS, LOWER_LIDS, PUPILS, IRISES, strict=True):
        place = window(points[list(upper + lower)], 0.22 * face.scale, picture.shape[-1])
        shown = opening(place, points[list(upper)], points[list(lower)])
        clear = shown.across - shown.upper > LASHES * face.scale
        seen = place.of(picture)[None], points[pupil], points[list(iris)], place
        balls = [_continued(*seen, known) for known in (shown.alpha > 0.5, (shown.alpha > 0.5) & clear)]
        made.append(Eye(upper, lower, pupil, place, *balls, face.scale, points))
    return made


def light_of(picture: Tensor, face: FittedFace) -> Tensor:
    """(3,): the colour of the light on the face, as the whites of the eyes show it."""
    points = face.points[:, :2]
    seen = []
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        place = window(points[list(upper + lower)], 1.0, picture.shape[-1])
        inside = opening(place, points[list(upper)], points[list(lower)]).alpha > 0.9
        seen.append(place.of(picture)[:, inside])
    pixels = torch.cat(seen, dim=1)
    if pixels.shape[1] < 8:
        return torch.full((3,), 0.8)
    level = pixels.mean(0)
    bright = pixels[:, (level >= level.quantile(0.7)) & (level <= level.quantile(0.95))].mean(1)
    cheeks = torch.stack(
        [picture[:, y, x] for x, y in points[[i for side in CHEEKS for i in side]].long().clamp(0, picture.shape[-1] - 1).tolist()]
    )
    grey = torch.maximum(1.15 * bright.mean(), cheeks.mean(1).quantile(0.75)).clamp(0.5, 0.92)
    return (bright / bright.mean().clamp_min(1e-3)).clamp(0.8, 1.2) * grey


def _continued(ball: Tensor, pupil: Tensor, iris: Tensor, place: Window, known: Tensor) -> Tensor:
    """Under the lids: the iris as it is on the pupil's other side, and the white ring by ring as the mean of its neighbours."""
    mirrored = torch.stack([torch.zeros_like(place.y), 2 * (float(pupil[1]) - place.y)])[None]  # upside down about the pupil
    other, there = sample(ball, mirrored), sample(known[None, None].float(), mirrored)[0, 0] > 0.99
    radius = float((iris - pupil).norm(dim=1).median())
    inside = (place.x - float(pupil[0])).square() + (place.y - float(pupil[1])).square() < radius**2
    ball = torch.where(~known & inside & there, other, ball)
    known = (known | (inside & there))[None, None].float()
    kernel = torch.ones(1, 1, 3, 3)
    for _ in range(ROUNDS):
        count = F.conv2d(known, kernel, padding=1)
        mean = F.conv2d((ball * known).transpose(0, 1), kernel, padding=1).transpose(0, 1) / count.clamp_min(1)
        ball = torch.where(known > 0, ball, mean)
        known = (count > 0).float()
    return ball
