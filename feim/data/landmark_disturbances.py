"""What comes between a face and its picture: an open mouth's inside, glasses, things in the way, a backdrop, and the camera.

Pictures are (3, FRAME, FRAME) float32, 0 to 1; points (189, 2) in their pixels.
"""

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional as F

from feim.data.face_augmentation import blur, compress, recolour, relight
from feim.data.landmark_textures import between
from feim.models.landmarks import FRAME
from feim.signal.landmarks import EARS, LOWER_SEAM, UPPER_LIDS, UPPER_SEAM, interocular


def paint_mouth(face: Tensor, points: np.ndarray, random: np.random.Generator) -> Tensor:
    """Paint darkness, teeth and tongue into the opening between the lips."""
    unit = interocular(points)
    corners = points[list(UPPER_SEAM + LOWER_SEAM)]
    low, high = np.floor(corners.min(0)).astype(int) - 1, np.ceil(corners.max(0)).astype(int) + 2
    low, high = low.clip(0, FRAME), high.clip(0, FRAME)
    columns, rows = np.arange(low[0], high[0]), np.arange(low[1], high[1])
    above, below = between(points, UPPER_SEAM, LOWER_SEAM, columns, rows)
    opening = above + below  # (rows, columns): the same in each column
    shows = (above + 0.5).clip(0, 1) * (below + 0.5).clip(0, 1) * (opening / (0.03 * unit)).clip(0, 1)
    if not shows.any():
        return face
    across = 2 * (columns - points[UPPER_SEAM[0], 0]) / max(1.0, points[UPPER_SEAM[-1], 0] - points[UPPER_SEAM[0], 0]) - 1
    inside = random.uniform((0.04, 0.01, 0.01), (0.3, 0.12, 0.12))[:, None, None] * np.ones((1, *opening.shape))
    depth = np.exp(-above.clip(0) / (random.uniform(0.05, 0.4) * unit))
    inside = inside * (0.5 + 0.8 * depth)
    if random.random() < 0.5:
        tongue = (1 - (across / random.uniform(0.4, 0.8)) ** 2)[None] * random.uniform(0.1, 0.35) * unit - below
        colour = random.uniform((0.45, 0.15, 0.15), (0.8, 0.45, 0.45))[:, None, None]
        inside = inside + (tongue / 2).clip(0, 1) * (colour - inside)
    bright = random.uniform(0.5, 1.0) * np.array((1.0, random.uniform(0.9, 1), random.uniform(0.75, 0.95)))
    gaps = 1 - random.uniform(0, 0.25) * (np.abs(np.sin(across * random.uniform(9, 12))) < 0.2)
    enamel = bright[:, None, None] * (gaps * (1 - 0.55 * across**2).clip(0.1, 1))[None, None]
    for distance, length, share in ((above, random.uniform(0.06, 0.16), 0.8), (below, random.uniform(0.02, 0.1), 0.35)):
        if random.random() < share:
            edge = length * unit * (1 - 0.5 * across**2)[None] - distance
            shade = (0.65 + distance / (0.05 * unit)).clip(0, 1)
            inside = inside + (edge + 0.5).clip(0, 1) * (enamel * shade - inside)
    inside = torch.from_numpy((inside * (random.uniform(0.7, 1.1) * float(face.mean()) + 0.35)).clip(0, 1).astype(np.float32))
    here = face[:, low[1] : high[1], low[0] : high[0]]
    here += torch.from_numpy(shows.astype(np.float32)) * (inside - here)
    return face


def put_on_glasses(face: Tensor, points: np.ndarray, random: np.random.Generator) -> Tensor:
    unit = interocular(points)
    layer = Image.new("RGBA", (2 * FRAME, 2 * FRAME))  # drawn at twice the size
    draw = ImageDraw.Draw(layer)
    frame = (*random.integers(0, 110, 3).tolist(), 255)
    lens = (*random.integers(0, 255, 3).tolist(), int(random.choice([0, 25, 110], p=[0.6, 0.3, 0.1])))
    thick = int(random.integers(2, 8))
    width, height = random.uniform(0.33, 0.46) * unit, random.uniform(0.2, 0.38) * unit
    middle = [points[list(lids)].mean(0) + np.array([0, 0.06 * unit]) for lids in UPPER_LIDS]
    for x, y in middle:
        box = tuple(float(v) for v in (2 * (x - width), 2 * (y - height), 2 * (x + width), 2 * (y + height)))
        draw.rounded_rectangle(box, random.uniform(0.3, 1) * 2 * height, fill=lens, outline=frame, width=thick)
    (x0, y0), (x1, y1) = middle
    lines = [
        ((x0 + width, y0), (x1 - width, y1)),
        ((x0 - width, y0), tuple(points[EARS[0][0]])),
        ((x1 + width, y1), tuple(points[EARS[1][0]])),
    ]
    for start, end in lines:
        draw.line([2 * start[0], 2 * start[1], 2 * end[0], 2 * end[1]], fill=frame, width=thick)
    pixels = torch.from_numpy(np.asarray(layer.reduce(2)).astype(np.float32) / 255).permute(2, 0, 1)
    return face + pixels[3:] * (pixels[:3] - face)


def random_background(random: np.random.Generator) -> Tensor:
    """Colour fields of every size with, sometimes, hard edges: (3, FRAME, FRAME)."""
    picture = torch.full((3, FRAME, FRAME), 0.0) + torch.from_numpy(random.uniform(0, 1, (3, 1, 1)).astype(np.float32))
    for cells in random.choice([2, 3, 5, 9, 17, 40, 90], size=random.integers(0, 4), replace=False):
        field = torch.from_numpy(random.normal(0, 1, (1, 3, cells, cells)).astype(np.float32))
        if random.random() < 0.5:
            field = field.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        mode = "bilinear" if random.random() < 0.6 else "nearest"
        picture = picture + random.uniform(0.05, 0.3) * F.interpolate(field, (FRAME, FRAME), mode=mode)[0]
    return picture.clamp(0, 1)


def occlude(face: Tensor, random: np.random.Generator) -> Tensor:
    """Something before a part of the face: a hand's size, of one colour or pattern."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, FRAME), torch.linspace(-1, 1, FRAME), indexing="ij")
    angle, (cx, cy) = random.uniform(0, np.pi), random.uniform(-0.7, 0.7, 2)
    along, athwart = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle), (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
    mask = ((along / random.uniform(0.1, 0.6)) ** 4 + (athwart / random.uniform(0.06, 0.2)) ** 4 < 1).float()
    return face + mask * (random_background(random) - face)


def spoil(face: Tensor, random: np.random.Generator) -> Tensor:
    """The turned face as it is, its parts shuffled, upside down, half covered, or none."""
    kind = random.integers(6)
    if kind == 0:
        tiles = [face[:, 64 * i : 64 * i + 64, 64 * j : 64 * j + 64] for i in range(4) for j in range(4)]
        order = random.permutation(16)
        return torch.cat([torch.cat([tiles[order[4 * i + j]] for j in range(4)], 2) for i in range(4)], 1)
    if kind == 1:
        return face.flip(1)
    if kind == 2:
        return random_background(random)
    return face


def photograph(face: Tensor, random: np.random.Generator) -> Tensor:
    """The picture's border, light, colours, sharpness, noise and compression."""
    if random.random() < 0.15:  # beyond the picture's border its last pixels are repeated
        side, cut = random.integers(4), int(random.integers(10, 70))
        face = face.rot90(int(side), (1, 2)).clone()
        face[:, :cut] = face[:, cut : cut + 1]
        face = face.rot90(-int(side), (1, 2))
    face = relight(recolour(face.clamp(0, 1)[None], random), random)
    kind = random.random()
    if kind < 0.3:
        face = blur(face, random)
    elif kind < 0.5:  # sharpened, as phones do
        soft = F.avg_pool2d(F.pad(face, (1, 1, 1, 1), mode="replicate"), 3, 1)
        face = face + random.uniform(0.3, 1.2) * (face - soft)
    noise = torch.from_numpy(random.standard_normal(face.shape, dtype=np.float32))
    face = (face + abs(random.normal(0, 0.02)) * noise).clamp(0, 1)
    return (compress(face, random) if random.random() < 0.3 else face)[0]
