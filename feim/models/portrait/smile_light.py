"""What a smile does to the light on skin: a map over the average face, and where its places lie in a photo.

The map is a mean over many people who smile (`feim/training/smiles.py`): cheeks rise and catch light, the nasolabial folds and the corners
of the eyes fall into soft shadow. Drawn lines look like a pencil's beside it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from feim.models.portrait.face_basis import LIGHT_SIDE, FaceBasis, FittedFace
from feim.models.portrait.window import Window
from feim.nn.warp import spline_matrix
from feim.signal.action_units import expression
from feim.signal.face_motion import SHAPES
from feim.signal.landmarks import COUNT

MIDDLE, REACH = (0.0, 0.6), 1.2  # inter-pupil distances from midway between the pupils: the map's middle, and from there to its borders
BETWEEN = 0.35  # inter-pupil distances from the middle, within which a side's smile shows on the other side, too
LABELLED = float(expression("happy", 1.0)[SHAPES.index("mouthSmile_L")])  # how far from 0 to 1 the smile is whose light the map has
STEP = 6  # pixels of a photo from one place to the next where the map is looked up


def map_places() -> Tensor:
    """(LIGHT_SIDE², 2) float64: where the map's pixels lie on the average face, row by row, in inter-pupil distances."""
    ticks = REACH * torch.linspace(-1, 1, LIGHT_SIDE, dtype=torch.float64)
    x, y = torch.meshgrid(ticks + MIDDLE[0], ticks + MIDDLE[1], indexing="xy")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


def light_of_sides(basis: FaceBasis) -> Tensor:
    """(2, LIGHT_SIDE, LIGHT_SIDE): how much more light there is where the person's left and right side smile all they can."""
    on_left = (map_places()[:, 0].reshape(LIGHT_SIDE, LIGHT_SIDE) / BETWEEN + 1).div(2).clamp(0, 1).float()
    whole = (basis.smile_light / LABELLED).expm1()
    return torch.stack([on_left, 1 - on_left]) * whole


def on_photo(maps: Tensor, basis: FaceBasis, face: FittedFace, place: Window) -> Tensor:
    """Maps (K, LIGHT_SIDE, LIGHT_SIDE) of the average face as they lie on a fitted one: (K, h, w) of the window, 0 beyond them."""
    rows, columns = (-(-length // STEP) + 1 for length in place.x.shape)
    y = torch.linspace(float(place.y[0, 0]), float(place.y[-1, 0]), rows, dtype=torch.float64)
    x = torch.linspace(float(place.x[0, 0]), float(place.x[0, -1]), columns, dtype=torch.float64)
    looked_at = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(-1, 2)
    # Splines want lengths near one.
    matrix = spline_matrix(face.points[:COUNT, :2] / face.scale, looked_at / face.scale, smoothing=1e-3)
    average = matrix @ basis.mean[:COUNT, :2].double()  # (rows · columns, 2)
    inside = ((average - torch.tensor(MIDDLE, dtype=torch.float64)) / REACH).float().reshape(1, rows, columns, 2)
    inside = F.interpolate(inside.permute(0, 3, 1, 2), place.x.shape, mode="bilinear", align_corners=True).permute(0, 2, 3, 1)
    return F.grid_sample(maps[None].float(), inside, mode="bilinear", padding_mode="zeros", align_corners=True)[0]
