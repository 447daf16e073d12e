"""The head's texture before it is painted: where lips, brows, lids, beard and the rest lie on it.

Lengths are in distances between the pupils, from the point midway between them: x to the person's left, y up, z ahead.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from feim.data.synthetic.heads.head import PART_NAMES, Head
from feim.data.synthetic.heads.landmarks import Places, edges, pupil_distance, surface_path
from feim.data.synthetic.heads.raster import interpolate, rasterise
from feim.signal.landmarks import BROWS, CHEEKS, EARS, HAIRLINE, PUPILS, UNDER_EYES

SIZE = 512  # texels on a side of the face's square; that of the back of the head lies to its right


@dataclass(frozen=True)
class Canvas:
    """What lies at each of its (SIZE, 2·SIZE) texels, the same for everybody.

    Attributes:
        position: (…, 3), on the mean head.
        lips, brows: distance into the lips and into the brows' outline, negative outside; brow_along, brow_across: along and
            across a brow from its outer end.
        lids: distance from the upper lids' edge.
        beard, cheeks, nose, under_eyes, ears, mouth_inside: how much each texel belongs there, 0 to 1.
    """

    position: np.ndarray
    lips: np.ndarray
    brows: np.ndarray
    brow_along: np.ndarray
    brow_across: np.ndarray
    lids: np.ndarray
    beard: np.ndarray
    cheeks: np.ndarray
    nose: np.ndarray
    under_eyes: np.ndarray
    ears: np.ndarray
    mouth_inside: np.ndarray


def face_units(head: Head, places: Places) -> np.ndarray:
    """(V, 3) the mean head's vertices in distances between the pupils, from the point midway between them."""
    return ((head.neutral - places.on(head.neutral)[list(PUPILS)].mean(0)) / pupil_distance(head)).astype(np.float32)


def hairline_height(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """How far points (…, 3) of the skull lie over the hairline: through its landmarks in front, over the ears, down to the nape.

    Args: points and landmarks (189, 3), both in distances between the pupils.
    """
    row = landmarks[list(HAIRLINE)]
    middle = landmarks[list(EARS[0] + EARS[1]), 2].mean() + 0.15  # the skull's axis, a little before the ears

    def around(places: np.ndarray) -> np.ndarray:
        return np.degrees(np.arctan2(np.abs(places[..., 0]), places[..., 2] - middle))

    height = [np.mean(pair) for pair in zip(row[:6, 1], row[5:][::-1, 1], strict=True)][::-1]  # from the middle out, both sides alike
    angle = np.maximum.accumulate([np.mean(pair) for pair in zip(around(row[:6]), around(row[5:][::-1]), strict=True)][::-1])
    angle = angle + np.arange(len(angle)) * 1e-3
    # Behind the temple: a sideburn, over the ear, down behind it, the nape.
    edge = max(angle[-1] + 4, 82.0)
    angle, height = [*angle, edge, 93, 112, 132, 180], [*height, -0.25, 0.12, 0.12, -0.95, -1.35]
    return points[..., 1] - np.interp(around(points), angle, height)


def canvas_of(head: Head, places: Places) -> Canvas:
    """Measure the head's texture."""
    points = face_units(head, places)
    landmarks = places.on(points)
    position = _positions(head, points)
    shape = position.shape[:2]
    flat = position.reshape(-1, 3)
    neighbours = edges(head)

    def curve(*numbers: int) -> np.ndarray:
        return points[surface_path(head.neutral, neighbours, head.landmarks[list(numbers)])]

    outline = np.concatenate([curve(*range(48, 55)), curve(*range(54, 60), 48)])
    lips = _inside(flat, outline, reach=0.5)
    brows, along, across = _brows(flat, landmarks)
    lids = np.minimum(_away(flat, curve(36, 37, 38, 39), 0.2), _away(flat, curve(45, 44, 43, 42), 0.2))
    x, y, z = flat.T
    ear = np.minimum.reduce([_away(flat, landmarks[list(row)], 1.0) for row in EARS])
    spots = {name: _spots(flat, landmarks[list(rows)], reach) for name, rows, reach in (
        ("cheeks", CHEEKS[0][4:] + CHEEKS[1][4:], 0.33),
        ("under_eyes", UNDER_EYES[0] + UNDER_EYES[1], 0.17),
        ("nose", (54, 60), 0.18),
    )}  # fmt: skip
    # A beard grows below a line from the moustache over the cheek to the sideburn, as far as the upper neck.
    top = np.interp(np.abs(x), [0, 0.3, 0.45, 0.8, 1.05, 1.2], [-0.72, -0.74, -0.95, -0.85, -0.5, -0.2])
    beard = smooth(0.12, -0.06, y - top) * smooth(-2.35, -2.0, y + 0.1 * z) * smooth(-1.5, -1.2, z)
    # The back of the head's charts also hold the bag behind the lips.
    inside_mouth = (np.arange(flat.shape[0]) % shape[1] >= SIZE) & (np.abs(x) < 0.8) & (y > -1.9) & (y < -0.5) & (z > -1.6)
    fields = {
        "lips": lips,
        "brows": brows,
        "brow_along": along,
        "brow_across": across,
        "lids": lids,
        "beard": beard * (lips < 0),
        "ears": smooth(0.3, 0.1, ear) * (np.abs(x) > 1.1),
        "mouth_inside": inside_mouth,
        **spots,
    }
    return Canvas(position=position, **{name: np.asarray(field, np.float32).reshape(shape) for name, field in fields.items()})


def _brows(points: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P,) each: how far points (P, 3) lie within the nearer brow, along it from its outer end, and across it, in its lengths."""
    within, along, across = np.full(len(points), -1.0), np.zeros(len(points)), np.zeros(len(points))
    for brow in BROWS:
        outline = landmarks[list(brow)]
        axis = (outline[[4, 5]].mean(0) - outline[0])[:2]
        here = _inside(points, outline, reach=0.3)
        nearer, offset = here > within, (points[:, :2] - outline[0, :2]) / np.square(axis).sum()
        within = np.maximum(within, here)
        along = np.where(nearer, offset @ axis, along)
        across = np.where(nearer, offset @ np.array([-axis[1], axis[0]]) * np.sign(axis[0]), across)
    return within, along, across


def _positions(head: Head, points: np.ndarray) -> np.ndarray:
    """(SIZE, 2·SIZE, 3) which point of the head each texel shows, and a margin around the charts."""
    skin = np.isin(head.part, [PART_NAMES.index("face"), PART_NAMES.index("back")])
    places = np.column_stack([head.uv[:, 0] * SIZE, (1 - head.uv[:, 1]) * SIZE, np.zeros(len(head.uv))])
    seen = rasterise(places, head.uv_triangles[skin], SIZE, 2 * SIZE)
    known = seen.triangle >= 0
    position = np.zeros((SIZE, 2 * SIZE, 3), np.float32)
    position[known] = interpolate(seen.triangle[known], seen.weights[known], head.triangles[skin], points)
    for _ in range(8):  # texels, so that sampling at a chart's edge finds skin
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            moved, there = np.roll(position, step, axis), np.roll(known, step, axis)
            new = there & ~known
            position[new] = moved[new]
            known = known | new
    return position


@njit(cache=True, fastmath=True)
def _away(points: np.ndarray, curve: np.ndarray, reach: float) -> np.ndarray:
    """(P,) distance of points (P, 3) from the curve through (N, 3), float32; no more than reach."""
    out = np.full(len(points), np.float32(reach))
    low = np.array([curve[:, axis].min() - reach for axis in range(3)])
    high = np.array([curve[:, axis].max() + reach for axis in range(3)])
    for point in range(len(points)):
        x, y, z = points[point, 0], points[point, 1], points[point, 2]
        if x < low[0] or x > high[0] or y < low[1] or y > high[1] or z < low[2] or z > high[2]:
            continue
        best = out[point] ** 2
        for number in range(len(curve) - 1):
            ax, ay, az = curve[number, 0], curve[number, 1], curve[number, 2]
            dx, dy, dz = curve[number + 1, 0] - ax, curve[number + 1, 1] - ay, curve[number + 1, 2] - az
            length = max(dx * dx + dy * dy + dz * dz, np.float32(1e-12))
            share = min(max(((x - ax) * dx + (y - ay) * dy + (z - az) * dz) / length, np.float32(0)), np.float32(1))
            best = min(best, (x - ax - share * dx) ** 2 + (y - ay - share * dy) ** 2 + (z - az - share * dz) ** 2)
        out[point] = np.sqrt(best)
    return out


def _inside(points: np.ndarray, outline: np.ndarray, reach: float) -> np.ndarray:
    """(P,) how far points lie within a closed outline (N, 3), negative outside; inside is judged from the front."""
    closed = np.concatenate([outline, outline[:1]])
    away = _away(points, closed, reach)
    near = np.flatnonzero(((points[:, :2] > closed[:, :2].min(0)) & (points[:, :2] < closed[:, :2].max(0))).all(1))
    x, y = points[near, 0], points[near, 1]
    crossings = np.zeros(len(near), int)
    for (ax, ay, _), (bx, by, _) in zip(closed[:-1], closed[1:], strict=True):
        crosses = (ay > y) != (by > y)
        crossings += crosses & (x < (bx - ax) * (y - ay) / (by - ay if by != ay else 1) + ax)
    within = np.zeros(len(points), bool)
    within[near] = (crossings % 2 == 1) & (points[near, 2] > outline[:, 2].min() - 0.35)
    return np.where(within, away, -away)


def _spots(points: np.ndarray, centres: np.ndarray, reach: float) -> np.ndarray:
    """(P,) 1 at any of the centres (N, 3), fading over `reach`."""
    return np.maximum.reduce([np.exp(-np.square(points - centre).sum(1) / reach**2) for centre in centres])


def smooth(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 up to low, 1 from high on, a smooth step between."""
    share = ((value - low) / (high - low)).clip(0, 1)
    return share * share * (3 - 2 * share)
