"""Hair as a shell over the skull, with a fringe and a curtain down the back for those who wear it long.

Lengths are in distances between the pupils, as in canvas.py.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from feim.data.synthetic.heads.appearance import noise_field
from feim.data.synthetic.heads.canvas import face_units, hairline_height, smooth
from feim.data.synthetic.heads.head import Head
from feim.data.synthetic.heads.landmarks import Places, pupil_distance
from feim.data.synthetic.heads.raster import normals
from feim.signal.landmarks import EARS

COLUMNS, ROWS = 48, 24  # of the curtain


@dataclass(frozen=True)
class Style:
    """How somebody wears their hair.

    Attributes:
        top, sides: how far it stands off the skull there.
        fringe: how far it hangs over the forehead.
        length: how far below the pupils it ends; 0 for hair that does not hang.
        front: degrees from straight ahead at which hanging hair starts: under 90 it covers the ears.
        lumps: how uneven it is, such as curls, 0 to 1.
    """

    top: float
    sides: float
    fringe: float
    length: float
    front: float
    lumps: float


def random_style(random: np.random.Generator) -> Style:
    """Shaved, short, full or long, about as often as one meets them."""
    kind = random.choice(("shaved", "short", "full", "long"), p=(0.1, 0.35, 0.2, 0.35))
    fringe = random.uniform(0.1, 0.45) if random.random() < 0.25 and kind != "shaved" else random.uniform(0, 0.04)
    top = {"shaved": (0.005, 0.02), "short": (0.06, 0.28), "full": (0.3, 0.7), "long": (0.08, 0.22)}[kind]
    sides = {"shaved": (0.005, 0.015), "short": (0.02, 0.14), "full": (0.2, 0.6), "long": (0.08, 0.18)}[kind]
    return Style(
        top=random.uniform(*top),
        sides=random.uniform(*sides),
        fringe=fringe,
        length=random.uniform(0.9, 3.2) if kind == "long" else 0.0,
        front=random.choice((72.0, 78.0, 108.0)),
        lumps=random.uniform(0.5, 1) if kind == "full" else random.uniform(0, 0.5),
    )


@dataclass(frozen=True)
class Hair:
    """A shell that follows the head.

    Attributes:
        bound: (N,) which of the head's vertices each of its own hangs on.
        offset: (N, 3) float32 from there, in the head's unit.
        triangles: (M, 3) int32 of its vertices.
        strand: (N, 2) float32 along which strand, and how far down it.
        cover: (N,) float32, below 0 where the skin shows through, at the hairline.
        skin: (M,) int32 which of the head's triangles lies under each of its own, −1 for none.
    """

    bound: np.ndarray
    offset: np.ndarray
    triangles: np.ndarray
    strand: np.ndarray
    cover: np.ndarray
    skin: np.ndarray


def grow(head: Head, places: Places, style: Style, random: np.random.Generator) -> Hair:
    """Hair in a style on the mean head; it follows every other."""
    points = face_units(head, places)
    landmarks = places.on(points)
    middle = landmarks[list(EARS[0] + EARS[1]), 2].mean() + 0.15  # the skull's axis, as for the hairline
    shell, height = _shell(head, points, landmarks, style, random)
    if not style.length:
        return shell
    curtain = _curtain(head, points, height, style, middle, random)
    return Hair(
        bound=np.concatenate([shell.bound, curtain.bound]),
        offset=np.concatenate([shell.offset, curtain.offset]),
        triangles=np.concatenate([shell.triangles, curtain.triangles + len(shell.bound)]),
        strand=np.concatenate([shell.strand, curtain.strand]),
        cover=np.concatenate([shell.cover, curtain.cover]),
        skin=np.concatenate([shell.skin, curtain.skin]),
    )


def _strands(points: np.ndarray) -> np.ndarray:
    """(N, 2) around the crown, the same on both sides of the parting so that no seam shows, and down from it."""
    around = np.arctan2(points[:, 0] - 0.25 * (points[:, 2] + 1.6).clip(0, 1), points[:, 2] + 1.6)
    return np.column_stack([np.abs(around) / np.pi, points[:, 1]]).astype(np.float32)


def _shell(head: Head, points: np.ndarray, landmarks: np.ndarray, style: Style, random: np.random.Generator) -> tuple[Hair, np.ndarray]:
    """The skin above the hairline, once more, further out."""
    height = hairline_height(points, landmarks)
    ragged = 0.06 * np.interp(points[:, 0], np.linspace(-1.5, 1.5, 61), random.standard_normal(61))
    brow = smooth(1.0, 0.7, np.abs(points[:, 0])) * (points[:, 2] > landmarks[:, 2].min())
    height = height + brow * (style.fringe + ragged * smooth(0.05, 0.2, np.float32(style.fringe)))
    skin = np.zeros(len(points), bool)
    skin[head.vertices_of("face", "back")] = True
    kept = skin & (height > -0.08) & (points[:, 1] > -1.6)
    under = np.flatnonzero(kept[head.triangles].any(1)).astype(np.int32)
    triangles = head.triangles[under]
    bound = np.unique(triangles)
    number = np.zeros(len(points), np.int32)
    number[bound] = np.arange(len(bound))
    lumps = np.interp(points[bound] @ np.array([7.0, 9.0, 8.0]) % 64, np.arange(65), random.standard_normal(65))
    up = smooth(0.5, 1.5, points[bound, 1])
    thick = (style.sides + (style.top - style.sides) * up) * (1 + 0.12 * style.lumps * lumps)
    thick = thick * smooth(-0.02, 0.3 + 0.3 * style.top, height[bound]) + 0.012
    outwards = normals(head.neutral, head.triangles)[bound]
    offset = outwards * (thick * pupil_distance(head))[:, None]
    cover = (height[bound] * 12).astype(np.float32)
    return Hair(bound, offset.astype(np.float32), number[triangles], _strands(points[bound]), cover, under), height


def _curtain(head: Head, points: np.ndarray, height: np.ndarray, style: Style, middle: float, random: np.random.Generator) -> Hair:
    """Hair that hangs from the sides and back of the skull."""
    angle = np.radians(np.concatenate([np.linspace(style.front, 180, COLUMNS // 2), np.linspace(180, 360 - style.front, COLUMNS // 2)]))
    down = np.linspace(0, 1, ROWS)[:, None]
    y = 0.75 - down * (0.75 + style.length + 0.12 * random.standard_normal(COLUMNS) * down)  # (ROWS, COLUMNS)
    out = style.sides + 0.06 * np.sin(np.outer(down, [5.0]) + random.uniform(0, 6)) * style.lumps
    flare = 0.18 * smooth(0.0, 0.45, down) * (style.front < 90)  # over the ears
    fold = 0.02 * np.interp(np.arange(COLUMNS), np.arange(0, COLUMNS, 2), random.standard_normal(COLUMNS // 2))
    wide = 1.22 + out + flare + fold
    deep = 1.62 + out - 0.35 * smooth(0.3, 0.9, down) + fold
    wide = wide * (1 - 0.12 * smooth(0.55, 1.0, down)) - 0.3 * smooth(0.2, 0.0, down)  # it comes out from under the shell
    hanging = np.stack([wide * np.sin(angle), y, middle - 0.1 + deep * np.cos(angle)], axis=-1).reshape(-1, 3)
    skull = np.flatnonzero(height > 0.1)
    top = hanging[:COLUMNS]
    roots = skull[np.square(points[skull][None] - top[:, None]).sum(-1).argmin(1)]
    bound = np.tile(roots, ROWS)
    row, column = np.mgrid[: ROWS - 1, : COLUMNS - 1]
    corner = (row * COLUMNS + column).ravel()
    triangles = np.concatenate(
        [np.column_stack([corner, corner + 1, corner + COLUMNS]), np.column_stack([corner + 1, corner + COLUMNS + 1, corner + COLUMNS])]
    )
    offset = (hanging - points[bound]) * pupil_distance(head)
    cover, under = np.full(len(bound), 9, np.float32), np.full(len(triangles), -1, np.int32)
    return Hair(bound, offset.astype(np.float32), triangles.astype(np.int32), _strands(hanging), cover, under)


def lashes(lid: np.ndarray, centre: np.ndarray, up: np.ndarray, length: float, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """An upper lid's lashes: they stand off the eyeball and bend up, wherever the lid is.

    Args: lid (N, 3), its edge from corner to corner; centre (3,) of the eyeball; up (3,), the head's own; length of the longest.
    Returns: (3·count, 3) float32 vertices and (count, 3) int32 triangles.
    """
    steps = np.linalg.norm(np.diff(lid, axis=0), axis=1)
    along = np.concatenate([[0], steps.cumsum()]) / steps.sum()
    places = np.linspace(0.06, 0.97, count)
    roots, ahead = (np.column_stack([np.interp(at, along, lid[:, axis]) for axis in range(3)]) for at in (places, places + 0.02))
    tangents = (ahead - roots) / np.linalg.norm(ahead - roots, axis=1, keepdims=True)
    away = (roots - centre) / np.linalg.norm(roots - centre, axis=1, keepdims=True) + 0.45 * up
    away += 0.5 * (0.5 - places)[:, None] * -tangents  # they fan out
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    tips = roots + away * (length * (0.45 + 0.55 * np.sin(np.pi * places)))[:, None]
    wide = 0.09 * length * tangents
    vertices = np.stack([roots - wide, roots + wide, tips], axis=1).reshape(-1, 3)
    return vertices.astype(np.float32), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def strand_texture(random: np.random.Generator) -> np.ndarray:
    """(256, 1024, 1) float32 around 1: lighter and darker strands, long downwards."""
    fine = np.asarray(Image.fromarray(noise_field(random, 8, 1024, 2)).resize((1024, 256), Image.Resampling.BICUBIC))
    locks = np.asarray(Image.fromarray(noise_field(random, 12, 1024, 12)).resize((1024, 256), Image.Resampling.BICUBIC))
    return (1 + 0.2 * fine + 0.2 * locks).clip(0.3, 1.9)[..., None].astype(np.float32)
