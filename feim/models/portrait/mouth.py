"""What shows between the lips: upper teeth that stay with the head, lower teeth and tongue that go with the jaw, and the dark behind.

Drawn, not learnt: nobody's teeth. Sizes are those of adult crowns (Wheeler's Dental Anatomy), in inter-pupil distances of 63 mm; light
and colour are taken from the photo. A mouth that is open in the photo keeps what it shows there.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from feim.models.portrait.face_basis import FittedFace
from feim.models.portrait.window import Opening, Window, opening, window
from feim.nn.warp import sample
from feim.signal.landmarks import CHIN, LOWER_SEAM, UPPER_SEAM

# Widths from the middle outwards as they are seen from the front: incisors, canine, premolars, molar.
UPPER_CROWNS = (0.135, 0.103, 0.092, 0.062, 0.048, 0.045)
LOWER_CROWNS = (0.086, 0.093, 0.085, 0.066, 0.055, 0.05)
UPPER_SHOWS, LOWER_SHOWS = 0.045, -0.005  # below and above the lips' line at rest
UPPER_HEIGHT, LOWER_HEIGHT = 0.165, 0.14
ENAMEL = (1.21, 1.23, 1.17)  # beside the light of the eyes' white, which lids shade: as the front teeth of 23 smiling people are
GUM, TONGUE, THROAT = (0.72, 0.38, 0.37), (0.70, 0.36, 0.35), (0.24, 0.075, 0.07)


@dataclass(frozen=True)
class Mouth:
    """A photo's mouth.

    Attributes:
        place: the window it is painted in; reach: (2,) unit vector from corner to corner, origin: (2,) the lips' line at rest.
        unit: pixels between the pupils; light: (3,) of the eyes' white; colourful: 0 for a black-and-white photo, to 1.
        own: (1, 4, h, w) what the photo shows between the lips, with how much; all zero where they are closed.
    """

    place: Window
    reach: Tensor
    origin: Tensor
    unit: float
    light: Tensor
    colourful: float
    own: Tensor

    def paint(self, frame: Tensor, now: Tensor, carried: Tensor) -> None:
        """Into a frame (1, 3, S, S): points (P, 2) as the face shows them, and as the head alone would carry them."""
        shown = opening(self.place, now[list(UPPER_SEAM)], now[list(LOWER_SEAM)])
        alpha = shown.alpha
        if not alpha.any():
            return
        head = carried[UPPER_SEAM[3]] - self.origin
        jaw = (now - carried)[list(CHIN)].mean(0)
        inside = self._drawn(shown, head, head + jaw)
        if self.own[:, 3].any():
            offset = -head.float()[None, :, None, None].expand(1, 2, *alpha.shape)
            own = sample(self.own, offset.contiguous())[0]
            inside = inside.lerp(own[:3], own[3])
        part = self.place.of(frame)[0]
        part.copy_(part.lerp(inside, alpha))

    def _drawn(self, shown: Opening, head: Tensor, jaw: Tensor) -> Tensor:
        """(3, h, w)."""
        unit = self.unit
        x, y = self._axes(head)
        _, y_jaw = self._axes(jaw)
        deep = (shown.across - shown.upper) / unit
        shallow = (shown.lower - shown.across) / unit
        light = self.light[:, None, None]
        picture = light * _column(THROAT) * torch.ones_like(x)
        # tongue: a soft hill behind the lower teeth
        hill = 1 - (x / 0.30).square() - ((y_jaw - 0.08) / 0.21).square()
        body = light * _column(TONGUE) * (0.35 + 0.65 * hill.clamp(0, 1).sqrt())
        picture = picture.lerp(body, _step(hill, 0.0, 0.35))
        for crowns, edge, height, rows, down in (
            (LOWER_CROWNS, LOWER_SHOWS, LOWER_HEIGHT, y_jaw, 1),
            (UPPER_CROWNS, UPPER_SHOWS, UPPER_HEIGHT, y, -1),
        ):
            inward, shade, there = _row_of_teeth(x, (rows - edge) * down, crowns, height)
            gum = _step(inward, height * 0.62, height * 0.78)
            colour = (light * _column(ENAMEL)).lerp(light * _column(GUM), gum) * shade
            picture = picture.lerp(colour * (0.9 if down > 0 else 1.0), there)
        ambient = (0.55 + 0.45 * _step(deep, -0.01, 0.06)) * (0.7 + 0.3 * _step(shallow, -0.01, 0.04))  # lips keep light out
        return self._grey(picture * ambient).clamp(0, 1)

    def _axes(self, shift: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels' places in inter-pupil distances from the lips' line at rest, shifted with head or jaw."""
        dx = (self.place.x - float(self.origin[0] + shift[0])) / self.unit
        dy = (self.place.y - float(self.origin[1] + shift[1])) / self.unit
        c, s = (float(v) for v in self.reach)
        return dx * c + dy * s, dy * c - dx * s

    def _grey(self, picture: Tensor) -> Tensor:
        return picture.mean(0, keepdim=True).lerp(picture, self.colourful)


def _row_of_teeth(x: Tensor, inward: Tensor, crowns: tuple[float, ...], height: float) -> tuple[Tensor, Tensor, Tensor]:
    """How far inside the row each pixel lies from the biting edge; light and dark of its teeth; where the row is, 0 to 1."""
    ends = np.cumsum(crowns)
    edges = torch.tensor([0.0, *ends], dtype=torch.float32)
    aside = x.abs()
    number = (torch.bucketize(aside, edges) - 1).clamp(0, len(crowns) - 1)
    width = edges.diff()[number]
    place = (aside - edges[number]) / width - 0.5  # −0.5 to 0.5 across a tooth
    rounded = 0.010 * (2 * place.abs()) ** 3 + 0.05 * aside.square() + torch.tensor([0.0, 0.008, 0.0, 0.006, 0.01, 0.012])[number]
    inward = inward - rounded
    between = torch.exp(-(((0.5 - place.abs()) * width) / 0.006).square())
    round_arch = (1 - (aside / float(ends[-1])).clamp(0, 1).square()).clamp_min(0.05)
    shade = (1 - 0.16 * between) * (0.15 + 0.85 * round_arch.pow(1.2)) * (1 - 0.10 * (2 * place.abs()).square())
    there = _step(inward, -0.006, 0.010) * (1 - _step(aside, float(ends[-1]) - 0.03, float(ends[-1])))
    return inward, shade, there * (1 - _step(inward, height, height + 0.03))


def mouth(picture: Tensor, face: FittedFace, light: Tensor, colourful: float) -> Mouth:
    """Prepare the mouth of a picture (3, S, S) in [0, 1]."""
    points = face.points[:, :2]
    seam = list(UPPER_SEAM) + list(LOWER_SEAM)
    place = window(points[seam], 0.75 * face.scale, picture.shape[-1])
    corner, other = points[UPPER_SEAM[0]], points[UPPER_SEAM[-1]]
    reach = (other - corner) / (other - corner).norm()
    at_rest = opening(place, points[list(UPPER_SEAM)], points[list(LOWER_SEAM)])
    own = torch.cat([place.of(picture), at_rest.alpha[None]])[None]
    return Mouth(place, reach.float(), points[UPPER_SEAM[3]], face.scale, light, colourful, own)


def _column(colour: tuple[float, float, float]) -> Tensor:
    return torch.tensor(colour)[:, None, None]


def _step(x: Tensor, low: float, high: float) -> Tensor:
    """0 below low, 1 above high, smooth between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)
