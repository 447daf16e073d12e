"""How people smile for a photograph: where their points go, and what becomes of the light on their skin. Means over many, for portraits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.functional import gaussian_blur

from feim.data.corpora.london import FEWEST_PEOPLE, Person
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.portrait import FaceBasis, fit
from feim.models.portrait.face_basis import LIGHT_SIDE as SIDE
from feim.models.portrait.smile_light import BETWEEN, MIDDLE, REACH, map_places
from feim.nn.warp import spline_matrix
from feim.signal.action_units import expression
from feim.signal.expressiveness import STEADY
from feim.signal.face import find_face, read_image, similarity
from feim.signal.face_motion import SHAPES
from feim.signal.landmarks import (
    CHEEKS,
    CHIN,
    COUNT,
    EARS,
    JAW,
    LOWER_LIDS,
    LOWER_LIP,
    MIRROR,
    MOUTH,
    NOSE,
    PHILTRUM,
    UPPER_LIDS,
    UPPER_LIP,
)

SMILE = tuple(SHAPES.index(f"mouthSmile_{side}") for side in "LR")
SMILING = (*MOUTH, *PHILTRUM, *NOSE, *CHIN, *JAW, *CHEEKS[0], *CHEEKS[1])  # what a lip corner pulls along
LOCAL = 0.3  # inter-pupil distances: light that changes over longer ways is the lamp's
DARKEST = 0.02  # of white
NOSTRILS = (61, 62, 63, 64, 180, 181, 69, 68, 67, 66)  # the nose's lower end
EDGE = 1.5  # pixels of the map over which it fades towards lips, eyes, nostrils and the face's outline


@dataclass(frozen=True)
class Smile:
    """One person's two photos: (189, 2) landmarks of both in the neutral one's pixels, and (SIDE, SIDE) log of the light that changed."""

    neutral: np.ndarray
    smiling: np.ndarray
    light: Tensor


def smile_of(network: LandmarkNetwork, basis: FaceBasis, person: Person) -> Smile:
    """A person's smile as the landmark network sees it."""
    photos = [read_image(person.images[name]) for name in ("neutral", "smiling")]
    neutral, smiling = (locate(network, photo, find_face(photo)) for photo in photos)
    at_rest, then = (_light(basis, photo, marks) for photo, marks in zip(photos, (neutral, smiling), strict=True))
    turn = similarity(smiling[[*STEADY]], neutral[[*STEADY]])
    return Smile(neutral, smiling @ turn[:, :2].T + turn[:, 2], then - at_rest)


def with_real_smile(basis: FaceBasis, smiles: Sequence[Smile]) -> Tensor:
    """The basis' shapes, mouthSmile among them such that a happy face, γ = 1, does what people do who smile for a photograph.

    It goes the way that their smiles go on average, and as far as leaves the least share of each one's own smile: how far they went
    differs tenfold between them, and the faintest counts as much as the widest. Depth stays the head's: photos do not tell it.

    Args: smiles: of eight people or more, from the front.
    Returns: (47, P, 3). Raises: ValueError for fewer people.
    """
    _refuse_few(smiles)
    amounts = torch.from_numpy(expression("happy", 1.0)).double()  # (47,)
    moved = torch.stack([_moved(basis, amounts, smile) for smile in smiles], dim=1)
    real, ours = moved[0], moved[1].mean(0)  # (N, 189, 2), (189, 2)
    missing = _how_far(real[:, list(SMILING)]) * real.mean(0) - ours
    missing = (missing + missing[list(MIRROR)] * torch.tensor([-1, 1])) / 2
    missing[[i for i in range(COUNT) if i not in SMILING]] = 0
    mean = basis.mean[:, :2].double()
    missing = torch.cat([missing, spline_matrix(mean[:COUNT], mean[COUNT:], smoothing=1e-2) @ missing])  # (P, 2)
    on_left = ((mean[:, 0] / BETWEEN + 1) / 2).clamp(0, 1)[:, None]  # the person's left is on the picture's right
    shapes = basis.shapes.clone()
    for side, share in zip(SMILE, (on_left, 1 - on_left), strict=True):
        shapes[side, :, :2] += (share * missing / amounts[side]).float()
    return shapes


def mean_light(basis: FaceBasis, smiles: Sequence[Smile]) -> Tensor:
    """(SIDE, SIDE): the mean of the log of the light that smiles change on skin, the same on both sides; 0 off it.

    Raises: ValueError for fewer than eight people.
    """
    _refuse_few(smiles)
    light = torch.stack([smile.light for smile in smiles]).mean(0) * _skin(basis)
    return (light + light.flip(-1)) / 2


def _refuse_few(smiles: Sequence[Smile]) -> None:
    if len(smiles) < FEWEST_PEOPLE:
        raise ValueError(f"the smile of {len(smiles)} people could be somebody's; use at least {FEWEST_PEOPLE}")


def _light(basis: FaceBasis, photo: np.ndarray, marks: np.ndarray) -> Tensor:
    """(SIDE, SIDE): the log of a photo's luminance where the average face's places lie on it, less what changes slowly."""
    mean = basis.mean[:COUNT, :2].double()
    places = spline_matrix(mean, map_places(), smoothing=1e-3) @ torch.from_numpy(marks).double()  # (SIDE², 2) pixels
    height, width = photo.shape[:2]
    grid = (places / torch.tensor([width - 1, height - 1]) * 2 - 1).float().reshape(1, SIDE, SIDE, 2)
    luminance = torch.from_numpy(np.array(Image.fromarray(photo).convert("L"))).float()[None, None] / 255
    cell = max(1, round(float((places[1] - places[0]).norm())))
    seen = F.grid_sample(F.avg_pool2d(luminance, cell, 1, cell // 2, count_include_pad=False), grid, align_corners=True)[0]
    light = seen.clamp_min(DARKEST).log()
    sigma = LOCAL / (2 * REACH) * SIDE
    return (light - gaussian_blur(light, 2 * int(2.5 * sigma) + 1, sigma))[0]


def _skin(basis: FaceBasis) -> Tensor:
    """(SIDE, SIDE): 1 on the average face's skin below the brows, 0 on lips, eyes, nostrils and beyond the face, smooth between."""
    points = ((basis.mean[:COUNT, :2] - torch.tensor(MIDDLE)) / REACH + 1) / 2 * (SIDE - 1)
    around = (*EARS[0][:3], *JAW, *EARS[1][2::-1])
    lids = ((*upper, *lower[::-1]) for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True))
    holes = sum(_polygon(points[[*line]]) for line in ((*UPPER_LIP, *LOWER_LIP[::-1]), NOSTRILS, *lids))
    beyond = torch.maximum(1 - _polygon(points[[*around]]), holes.clamp_max(1))
    wider = F.max_pool2d(F.pad(beyond[None], [round(EDGE)] * 4, value=1.0), 2 * round(EDGE) + 1, 1)
    return 1 - gaussian_blur(wider, 4 * round(EDGE) + 1, EDGE)[0]


def _polygon(points: Tensor) -> Tensor:
    """(SIDE, SIDE): 1 inside."""
    picture = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(picture).polygon([tuple(point) for point in points.tolist()], fill=1)
    return torch.from_numpy(np.array(picture)).float()


def _how_far(real: Tensor) -> float:
    """How much of the mean of people's ways (N, S, 2) leaves, on average over people, the least share of their own."""
    steps = torch.linspace(0.3, 1.5, 121, dtype=torch.float64)
    left = (steps[:, None, None, None] * real.mean(0) - real).norm(dim=-1).mean(-1) / real.norm(dim=-1).mean(-1)  # (121, N)
    return float(steps[left.mean(1).argmin()])


def _moved(basis: FaceBasis, amounts: Tensor, smile: Smile) -> Tensor:
    """(2, 189, 2), how points move in the photos and by `amounts` (47,) of the shapes, in inter-pupil distances along the head's axes."""
    face = fit(basis, torch.from_numpy(smile.neutral))
    ours = torch.einsum("s,spd->pd", amounts, face.shapes)[:COUNT, :2]
    return torch.stack([torch.from_numpy(smile.smiling - smile.neutral), ours]) @ face.turned[:2, :2] / face.scale
