"""What each shape does to a face's points: learnt from many heads, fitted to one photo.

The mean positions, the variation between people and the displacement of every shape are statistics of a morphable head's
identities (`python -m feim train portrait`). A photo's landmarks tell its pose and its proportions (scaled orthography,
POSIT's linear step: DeMenthon & Davis 1995); depth is the fitted head's.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.nn.warp import spline_matrix
from feim.signal.face_motion import SHAPES, FaceMotion
from feim.signal.landmarks import COUNT, FACE, LOWER_LIDS, LOWER_SEAM, MOUTH, UPPER_LIDS, UPPER_SEAM

RIGID = tuple(i for i in FACE if i not in MOUTH)  # what tells the pose, whatever the mouth does
RIDGE = 4e-4  # of the proportions, in squared inter-pupil distances: what landmarks a few percent off must not stretch
PIVOT = (0.0, 1.6, -1.2)  # where the head turns, the top of the neck, in inter-pupil distances from between the pupils
WIDENING = ("mouthSmile", "mouthStretch", "mouthDimple")
WIDEST = 1.12  # inter-pupil distances that a mouth gets wide: the widest of 66 smiling ones in the London Set, half of which reach 0.96
PARTING, PARTED = ("mouthUpperUp", "mouthLowerDown"), 0.05  # of the lips in a photo, from which it counts: landmarks are less exact below
LIGHT_SIDE = 96  # pixels of the map of a smile's light
MEETING = 0.85  # of the way down from the upper lid to the lower: where they meet in a blink


class FaceBasis(nn.Module):
    """Statistics of heads: positions and displacements of the 189 landmarks, then of further points of the skin.

    Lengths are in inter-pupil distances from midway between the pupils; x to the picture's right, y down, z towards the viewer.
    `smile_light` is the log of the light that a smile changes on the skin of the average face (smile_light.py).
    """

    @dataclass(frozen=True)
    class Config:
        points: int = COUNT + 150
        variations: int = 40

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.points, 3))
        self.register_buffer("variation", torch.zeros(config.variations, config.points, 3))  # by one standard deviation each
        self.register_buffer("shapes", torch.zeros(len(SHAPES), config.points, 3))
        self.register_buffer("smile_light", torch.zeros(LIGHT_SIDE, LIGHT_SIDE))


@dataclass(frozen=True)
class FittedFace:
    """A photo's face in depth, in pixels of the photo.

    Attributes:
        points: (P, 3), the landmarks where they were found, then further points of the skin; z towards the viewer.
        shapes: (47, P, 3), by which each shape moves them; pivot: (3,), what the head turns around.
        held: (47,), shapes that part the lips in the photo: they are what is asked for when nothing moves.
        turned: (3, 3), the rotation that the photo shows; scale: pixels between the pupils of a head like it, seen from the front.
    """

    points: Tensor
    shapes: Tensor
    held: Tensor
    pivot: Tensor
    turned: Tensor
    scale: float

    def moved(self, motion: FaceMotion) -> Tensor:
        """(F, P, 2): where the points are in every frame, in pixels."""
        further = torch.as_tensor(motion.shapes, dtype=self.points.dtype) - self.held
        shaped = self.points + torch.einsum("fs,spd->fpd", further, self.shapes)
        shaped = _apart(shaped)
        rotation = rotations(torch.as_tensor(motion.head, dtype=self.points.dtype))  # (F, 3, 3)
        return (torch.einsum("fij,fpj->fpi", rotation, shaped - self.pivot) + self.pivot)[..., :2]

    def carried(self, motion: FaceMotion) -> Tensor:
        """(F, P, 2): where the points would be if the head moved and the face did not: the upper teeth, the eyeballs."""
        rotation = rotations(torch.as_tensor(motion.head, dtype=self.points.dtype))
        return (torch.einsum("fij,pj->fpi", rotation, self.points - self.pivot) + self.pivot)[..., :2]


def fit(basis: FaceBasis, landmarks: Tensor) -> FittedFace:
    """Find pose and proportions of a face from its landmarks (189, 2), in pixels."""
    landmarks = landmarks.double()
    mean, variation, shapes = basis.mean.double(), basis.variation.double(), basis.shapes.double()
    proportions = torch.zeros(len(variation), dtype=torch.float64)
    rigid = list(RIGID)
    for _ in range(4):
        head = mean + torch.einsum("k,kpd->pd", proportions, variation)
        rotation, scale, shift = _pose(head[rigid], landmarks[rigid])
        seen = scale * variation[:, rigid] @ rotation[:2].T  # (K, R, 2)
        rest = landmarks[rigid] - (scale * mean[rigid] @ rotation[:2].T + shift)
        a = seen.flatten(1)  # (K, 2R)
        regular = RIDGE * scale**2 * len(rigid) * torch.eye(len(a), dtype=a.dtype)
        proportions = torch.linalg.solve(a @ a.T + regular, a @ rest.flatten())
    head = mean + torch.einsum("k,kpd->pd", proportions, variation)
    placed = scale * head @ rotation.T + torch.cat([shift, shift.new_zeros(1)])  # (P, 3)
    return _on_the_photo(placed, landmarks, scale * shapes @ rotation.T, rotation, float(scale), shift)


def _on_the_photo(placed: Tensor, landmarks: Tensor, shapes: Tensor, rotation: Tensor, scale: float, shift: Tensor) -> FittedFace:
    points = placed.clone()
    missed = landmarks - placed[:COUNT, :2]
    further = spline_matrix(placed[:COUNT, :2] / scale, placed[COUNT:, :2] / scale, smoothing=1e-2)
    points[:COUNT, :2] = landmarks
    points[COUNT:, :2] += further @ missed
    pivot = scale * rotation @ torch.tensor(PIVOT, dtype=torch.float64)
    pivot[:2] += shift
    shapes = _with_room(points, _closing(points, shapes), scale)
    return FittedFace(points, shapes, _held(points, shapes, scale), pivot, rotation, scale)


def _pose(head: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rotation (3, 3), scale and shift (2,) that bring head (N, 3) closest to what is seen (N, 2)."""
    centre, middle = head.mean(0), seen.mean(0)
    linear = torch.linalg.lstsq(head - centre, seen - middle).solution.T  # (2, 3)
    u, singular, vt = torch.linalg.svd(linear, full_matrices=False)
    rows, scale = u @ vt, singular.mean()
    rotation = torch.cat([rows, torch.linalg.cross(rows[0], rows[1])[None]])
    return rotation, scale, middle - scale * rows @ centre


def rotations(angles: Tensor) -> Tensor:
    """(F, 3) radians of yaw to the person's left, pitch up and roll to the person's left shoulder → (F, 3, 3); x right, y down, z near."""
    yaw, pitch, roll = angles.unbind(-1)
    one, none = torch.ones_like(yaw), torch.zeros_like(yaw)

    def matrix(*rows: tuple[Tensor, ...]) -> Tensor:
        return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)

    around_y = matrix((yaw.cos(), none, yaw.sin()), (none, one, none), (-yaw.sin(), none, yaw.cos()))  # the nose goes to the right
    around_x = matrix((one, none, none), (none, pitch.cos(), -pitch.sin()), (none, pitch.sin(), pitch.cos()))  # the nose goes up
    around_z = matrix((roll.cos(), -roll.sin(), none), (roll.sin(), roll.cos(), none), (none, none, one))
    return around_z @ around_y @ around_x


def _closing(points: Tensor, shapes: Tensor) -> Tensor:
    """A blink shuts these eyes, however wide they are: the lids' own way in place of the average one."""
    shapes = shapes.clone()
    for side, upper, lower in (
        ("R", UPPER_LIDS[0], LOWER_LIDS[0]),
        ("L", UPPER_LIDS[1], LOWER_LIDS[1]),
    ):  # the person's right is on the left
        blink = shapes[SHAPES.index(f"eyeBlink_{side}")]
        for above, below in zip(upper[1:-1], lower[1:-1], strict=True):
            meeting = points[above] + MEETING * (points[below] - points[above])
            blink[above], blink[below] = meeting - points[above], meeting - points[below]
    return shapes


def _with_room(points: Tensor, shapes: Tensor, scale: float) -> Tensor:
    """A mouth that is wide already, as in a smile, has less way to go."""
    shapes = shapes.clone()
    corners = [UPPER_SEAM[0], UPPER_SEAM[-1]]
    width = (points[corners[1]] - points[corners[0]]).norm()
    for name in WIDENING:
        sides = [SHAPES.index(f"{name}_{side}") for side in "LR"]
        grown = points[corners] + shapes[sides][:, corners].sum(0)
        growth = (grown[1] - grown[0]).norm() - width
        shapes[sides] *= ((WIDEST * scale - width) / growth.clamp_min(1e-6)).clamp(0, 1)
    return shapes


def _held(points: Tensor, shapes: Tensor, scale: float) -> Tensor:
    """(47,): how far raised upper and lowered lower lip explain the gap between the lips; nothing where it is narrow."""
    held = torch.zeros(len(shapes), dtype=points.dtype)
    middle = len(UPPER_SEAM) // 2
    gap = float((points[LOWER_SEAM[middle], :2] - points[UPPER_SEAM[middle], :2]).norm())
    parting = [SHAPES.index(f"{name}_{side}") for name in PARTING for side in "LR"]
    each = shapes[parting].sum(0)
    most = float((each[LOWER_SEAM[middle], :2] - each[UPPER_SEAM[middle], :2]).norm())
    if gap > PARTED * scale and most > 0:
        held[parting] = min(1.0, gap / most)
    return held


def _apart(points: Tensor) -> Tensor:
    """Lips press on each other, they do not pass through: (F, P, 3) → the same, seams that crossed brought together."""
    upper, lower = list(UPPER_SEAM[1:-1]), list(LOWER_SEAM[1:-1])
    corner, other = points[:, UPPER_SEAM[0], :2], points[:, UPPER_SEAM[-1], :2]
    across = F.normalize(other - corner, dim=-1)
    down = torch.stack([-across[:, 1], across[:, 0]], dim=-1)  # (F, 2)
    gap = torch.einsum("fpd,fd->fp", (points[:, lower] - points[:, upper])[..., :2], down)  # (F, 5)
    push = gap.clamp_max(0)[..., None] * down[:, None] / 2  # (F, 5, 2), up
    points = points.clone()
    points[:, upper, :2] += push
    points[:, lower, :2] -= push
    return points
