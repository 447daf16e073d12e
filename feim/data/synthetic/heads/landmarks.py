"""Where the 189 landmarks lie on the head: found from the London Set's mean shape and the head's own 68 landmark vertices.

Eyes, lips and the jaw line are matched along their curves, which both sets mark; ears at the head's outline; everything between
is carried over by the thin-plate spline through those, seen from the front, and lies on the foremost surface there.
"""

import heapq
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from feim.data.corpora.london import thin_plate_spline
from feim.data.synthetic.heads.head import PART_NAMES, Head, eye_centre
from feim.data.synthetic.heads.raster import rasterise
from feim.signal.landmarks import COUNT, EARS, IRISES, JAW, LOWER_LIDS, LOWER_LIP, LOWER_SEAM, PUPILS, UPPER_LIDS, UPPER_LIP, UPPER_SEAM

# The mean of the 66 training people's neutral faces in the London Set (DeBruine & Jones 2017, CC BY 4.0) and their mirror images:
# x right, y down, in distances between the pupils from the point midway between them.
# fmt: off
MEAN_SHAPE = np.array(
    [
        -0.500, 0.000, 0.500, 0.000, -0.501, -0.062, -0.578, -0.040, -0.596, 0.007, -0.574, 0.064, -0.502, 0.091,
        -0.430, 0.062, -0.409, 0.006, -0.426, -0.039, 0.501, -0.062, 0.426, -0.039, 0.409, 0.006, 0.430, 0.062,
        0.502, 0.091, 0.574, 0.064, 0.596, 0.007, 0.578, -0.040, -0.697, 0.031, -0.618, -0.032, -0.502, -0.062,
        -0.382, -0.028, -0.269, 0.058, 0.269, 0.058, 0.382, -0.028, 0.502, -0.062, 0.618, -0.032, 0.697, 0.031,
        -0.619, 0.081, -0.502, 0.097, -0.386, 0.077, 0.386, 0.077, 0.502, 0.097, 0.619, 0.081, -0.756, -0.026,
        -0.654, -0.097, -0.522, -0.124, -0.390, -0.107, -0.287, -0.041, 0.287, -0.041, 0.390, -0.107, 0.522, -0.124,
        0.654, -0.097, 0.756, -0.026, -0.563, 0.349, -0.387, 0.278, -0.257, 0.163, 0.257, 0.163, 0.387, 0.278,
        0.563, 0.349, -0.112, -0.075, -0.075, 0.057, -0.072, 0.194, -0.087, 0.330, -0.114, 0.474, 0.000, 0.705,
        0.112, -0.075, 0.075, 0.057, 0.072, 0.194, 0.087, 0.330, 0.114, 0.474, -0.247, 0.473, -0.287, 0.556,
        -0.284, 0.650, -0.203, 0.702, -0.205, 0.632, 0.247, 0.473, 0.287, 0.556, 0.284, 0.650, 0.203, 0.702,
        0.205, 0.632, -0.921, -0.122, -0.829, -0.282, -0.677, -0.357, -0.476, -0.352, -0.216, -0.257, -0.218, -0.172,
        0.218, -0.172, 0.216, -0.257, 0.476, -0.352, 0.677, -0.357, 0.829, -0.282, 0.921, -0.122, -0.716, -0.230,
        -0.502, -0.227, 0.502, -0.227, 0.716, -0.230, -0.398, 1.091, -0.253, 0.994, -0.117, 0.936, 0.000, 0.960,
        0.117, 0.936, 0.253, 0.994, 0.398, 1.091, -0.249, 1.073, -0.128, 1.059, 0.000, 1.068, 0.128, 1.059,
        0.249, 1.073, -0.249, 1.074, -0.129, 1.059, 0.000, 1.070, 0.129, 1.059, 0.249, 1.074, -0.288, 1.172,
        -0.161, 1.222, 0.000, 1.239, 0.161, 1.222, 0.288, 1.172, -1.106, 0.099, -1.092, 0.456, -1.035, 0.843,
        1.106, 0.099, 1.092, 0.456, 1.035, 0.843, -1.310, 0.004, -1.347, 0.218, -1.305, 0.454, -1.244, 0.676,
        -1.124, 0.848, 1.310, 0.004, 1.347, 0.218, 1.305, 0.454, 1.244, 0.676, 1.124, 0.848, -0.982, 1.086,
        -0.880, 1.330, -0.646, 1.589, -0.348, 1.758, 0.000, 1.824, 0.348, 1.758, 0.646, 1.589, 0.880, 1.330,
        0.982, 1.086, -1.055, -0.288, -0.966, -0.611, -0.870, -0.914, -0.658, -1.113, -0.348, -1.193, 0.000, -1.187,
        0.348, -1.193, 0.658, -1.113, 0.870, -0.914, 0.966, -0.611, 1.055, -0.288, -0.863, 1.890, -1.333, 1.112,
        -1.500, 0.049, -1.365, -0.588, -1.069, -1.120, -0.644, -1.505, 0.000, -1.686, 0.644, -1.505, 1.069, -1.120,
        1.365, -0.588, 1.500, 0.049, 1.333, 1.112, 0.863, 1.890, -0.383, 0.702, -0.483, 0.834, -0.549, 1.002,
        0.383, 0.702, 0.483, 0.834, 0.549, 1.002, -0.972, 0.331, -0.820, 0.460, -0.611, 0.522, 0.972, 0.331,
        0.820, 0.460, 0.611, 0.522, -0.087, 0.746, -0.107, 0.877, 0.087, 0.746, 0.107, 0.877, 0.000, 1.497,
        0.000, 1.634, -0.184, 1.396, 0.000, 1.354, 0.184, 1.396, -0.082, 0.646, -0.050, 0.689, 0.050, 0.689,
        0.082, 0.646, -0.359, 2.234, 0.359, 2.234, -1.106, 0.276, -1.066, 0.643, 1.106, 0.276, 1.066, 0.643,
    ]
).reshape(COUNT, 2)
# fmt: on
# The curves that both sets mark: landmarks here → numbers among the head's 68 vertices, along the curve.
CURVES = {
    UPPER_LIDS[0]: (36, 37, 38, 39),
    LOWER_LIDS[0]: (36, 41, 40, 39),
    UPPER_LIDS[1]: (45, 44, 43, 42),
    LOWER_LIDS[1]: (45, 46, 47, 42),
    UPPER_LIP: (48, 49, 50, 51, 52, 53, 54),
    LOWER_LIP: (48, 59, 58, 57, 56, 55, 54),
    UPPER_SEAM: (48, 60, 61, 62, 63, 64, 54),
    LOWER_SEAM: (48, 60, 67, 66, 65, 64, 54),
}
NOSTRILS = {170: 32, 172: 34}  # landmark → number among the 68: where the upper lip meets the nose
STEEP = 3.5  # depth to breadth; the face's side and the chin's underside are steeper, its front is not
FRONT = 640  # pixels on a side of the view in which the foremost surface is found


@dataclass(frozen=True)
class Places:
    """Points on a head's surface.

    Attributes:
        corners: (N, 3) int, vertices.
        weights: (N, 3) float32 of them; they add up to 1.
    """

    corners: np.ndarray
    weights: np.ndarray

    def on(self, vertices: np.ndarray) -> np.ndarray:
        """Where they are on a posed head: (…, V, 3) → (…, N, 3)."""
        return (vertices[..., self.corners, :] * self.weights[..., None]).sum(-2)


def place_landmarks(head: Head) -> Places:
    """The 189 landmarks' places on a head's surface."""
    surface, eyes = _FrontView(head, PART_NAMES), _FrontView(head, ("eye_L", "eye_R"))
    known = _on_curves(head)
    for pupil, iris in zip(PUPILS, IRISES, strict=True):
        places = _iris(head, pupil, iris)
        known |= dict(zip((pupil, *iris), zip(*eyes.foremost(places), strict=True), strict=True))
    known |= {landmark: ((head.landmarks[number],) * 3, (1, 0, 0)) for landmark, number in NOSTRILS.items()}
    anchors = [landmark for landmark in known if landmark not in UPPER_SEAM[1:-1]]  # one with the lower seam on the mean shape
    target = np.stack([Places(*map(np.array, known[landmark])).on(head.neutral)[:2] for landmark in anchors])
    # The spline's small smoothing is meant for pixels: a hundred to the distance between the pupils.
    unit = 100 / pupil_distance(head)
    mean = torch.from_numpy(100 * MEAN_SHAPE)
    carried = thin_plate_spline(mean[anchors], torch.from_numpy(target * unit), mean).numpy() / unit  # (189, 2)
    corners, weights = surface.foremost(carried)
    rims = [landmark for ear in EARS for landmark in ear[4:7]]
    corners[rims], weights[rims] = surface.outermost(carried[rims])
    for landmark, (where, share) in known.items():
        corners[landmark], weights[landmark] = where, share
    mouth = head.neutral[head.landmarks[48:60], :2].mean(0)
    for landmark in JAW:  # the model's own jaw points lie before the edge that a picture shows
        edge = surface.edge(mouth, Places(corners[landmark], weights[landmark]).on(head.neutral)[:2])
        if edge is not None:
            corners[[landmark]], weights[[landmark]] = surface.foremost(edge[None])
    return Places(corners, weights)


def front_grid(head: Head, count: int) -> Places:
    """Points spread evenly over the skin as seen from the front, from the upper neck up: each the furthest from those before."""
    view = _FrontView(head, PART_NAMES)
    seen = np.unique(view.triangles[np.unique(view.seen.triangle[view.rows, view.columns])])
    lowest = head.neutral[head.landmarks[8], 1] - 0.5 * pupil_distance(head)  # below the chin
    skin = np.intersect1d(seen, head.vertices_of("face", "back"))
    skin = skin[head.neutral[skin, 1] > lowest]
    points = head.neutral[skin, :2]
    chosen = [int(np.linalg.norm(points - head.neutral[head.landmarks[30], :2], axis=1).argmin())]  # the tip of the nose
    away = np.full(len(points), np.inf)
    while len(chosen) < min(count, len(points)):
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(away.argmax()))
    return Places(np.repeat(skin[chosen][:, None], 3, axis=1), np.tile(np.float32([1, 0, 0]), (len(chosen), 1)))


def _on_curves(head: Head) -> dict[int, tuple]:
    """Landmarks on lids, lips and jaw → (corners, weights), as far along their curves as on the mean shape."""
    found: dict[int, tuple] = {}

    def put(landmark: int, path: np.ndarray, place: float) -> None:
        lengths = _lengths(head.neutral[path])
        after = int(np.searchsorted(lengths, place).clip(1, len(path) - 1))
        share = (place - lengths[after - 1]) / max(lengths[after] - lengths[after - 1], 1e-9)
        found[landmark] = ((path[after - 1], path[after], path[after]), (1 - share, share, 0))

    neighbours = edges(head)
    for landmarks, numbers in CURVES.items():
        path = surface_path(head.neutral, neighbours, head.landmarks[list(numbers)])
        for landmark, place in zip(landmarks, _lengths(MEAN_SHAPE[list(landmarks)]), strict=True):
            put(landmark, path, place)
    path = surface_path(head.neutral, neighbours, head.landmarks[:17])  # the jaw, from ear to ear
    middle = np.mean(_eye_centres(head), axis=0)[:2]
    for landmark in JAW:
        expected = middle + MEAN_SHAPE[landmark] * [1, -1] * pupil_distance(head)
        nearest = np.linalg.norm(head.neutral[path, :2] - expected, axis=1).argmin()
        put(landmark, path, _lengths(head.neutral[path])[nearest])
    return found


class _FrontView:
    """The head seen from the front, without perspective: what lies foremost at a place."""

    def __init__(self, head: Head, parts: tuple[str, ...]):
        triangles = head.triangles[np.isin(head.part, [PART_NAMES.index(part) for part in parts])]
        low, high = head.neutral.min(0), head.neutral.max(0)
        self.corner, self.scale = np.array([low[0], high[1]]), FRONT / (high - low)[:2].max()
        points = np.column_stack([self._pixels(head.neutral[:, :2]), head.neutral[:, 2]])
        self.seen = rasterise(points, triangles, FRONT, FRONT)
        self.triangles = triangles
        self.rows, self.columns = np.nonzero(self.seen.triangle >= 0)

    def _pixels(self, places: np.ndarray) -> np.ndarray:
        return (places - self.corner) * self.scale * [1, -1]

    def foremost(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Corners (N, 3) and weights (N, 3) at places (N, 2); beside the head, its nearest point."""
        at = self._pixels(places) - 0.5
        away = [np.square(self.columns - x) + np.square(self.rows - y) for x, y in at]  # N × (P,)
        return self._at(np.array([distance.argmin() for distance in away]))

    def outermost(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same at the outline to the side of each place, at its height."""
        at = self._pixels(places) - 0.5
        side = np.sign(places[:, :1])
        away = np.abs(at[:, 1:] - self.rows) * FRONT - side * self.columns  # (N, P)
        return self._at(away.argmin(1))

    def edge(self, start: np.ndarray, place: np.ndarray) -> np.ndarray | None:
        """Where, on the way from a place (2,) further away from start (2,), up to a quarter, the surface first falls away STEEPly."""
        way = start + np.linspace(1, 1.25, FRONT)[:, None] * (place - start)
        columns, rows = np.floor(self._pixels(way)).astype(int).clip(0, FRONT - 1).T
        depth, ahead = self.seen.depth[rows, columns], FRONT // 10
        falls = np.flatnonzero(depth[:-ahead] - depth[ahead:] > STEEP * np.linalg.norm(way[ahead] - way[0]))
        return way[falls[0] + ahead // 2] if len(falls) else None

    def _at(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = self.rows[pixels], self.columns[pixels]
        return self.triangles[self.seen.triangle[rows, columns]], self.seen.weights[rows, columns]


def _iris(head: Head, pupil: int, iris: tuple[int, ...]) -> np.ndarray:
    """(9, 2) pupil and iris rim from the front, the rim as wide as on the mean shape."""
    centre = _eye_centres(head)[PUPILS.index(pupil)][:2]
    ring = (MEAN_SHAPE[list(iris)] - MEAN_SHAPE[pupil]) * [1, -1]
    return centre + np.concatenate([np.zeros((1, 2)), iris_radius(head) * ring / np.linalg.norm(ring, axis=1, keepdims=True)])


def _eye_centres(head: Head) -> np.ndarray:
    """(2, 3), the one on the picture's left first."""
    return np.stack([eye_centre(head.neutral[eye]) for eye in head.eyes]).astype(np.float64)


def pupil_distance(head: Head) -> float:
    """Of the mean face, in the head's own unit."""
    right, left = _eye_centres(head)
    return float(left[0] - right[0])


def iris_radius(head: Head) -> float:
    """Of the mean face, in the head's own unit, from the mean shape."""
    rings = [np.linalg.norm(MEAN_SHAPE[list(iris)] - MEAN_SHAPE[pupil], axis=1).mean() for pupil, iris in zip(PUPILS, IRISES, strict=True)]
    return float(np.mean(rings)) * pupil_distance(head)


def _lengths(points: np.ndarray) -> np.ndarray:
    """(N,) how far along a curve (N, D) each of its points is, 0 to 1."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0], steps.cumsum()]) / max(steps.sum(), 1e-9)


def edges(head: Head) -> dict[int, set[int]]:
    """Which vertices the triangles' sides lead to from each."""
    neighbours: dict[int, set[int]] = {}
    for a, b, c in head.triangles.tolist():
        for one, other in ((a, b), (b, c), (c, a)):
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    return neighbours


def surface_path(points: np.ndarray, neighbours: dict[int, set[int]], stops: np.ndarray) -> np.ndarray:
    """The shortest way along the edges through some vertices: (N,) numbers → (M,) numbers."""
    path = [int(stops[0])]
    for start, end in pairwise(stops.tolist()):
        path += _shortest(points, neighbours, start, end)[1:]
    return np.array(path)


def _shortest(points: np.ndarray, neighbours: dict[int, set[int]], start: int, end: int) -> list[int]:
    """Dijkstra's algorithm."""
    before, best, queue = {start: start}, {start: 0.0}, [(0.0, start)]
    while queue:
        length, here = heapq.heappop(queue)
        if here == end:
            break
        for there in neighbours[here]:
            further = length + math.dist(points[there], points[here])
            if further < best.get(there, np.inf):
                best[there], before[there] = further, here
                heapq.heappush(queue, (further, there))
    path = [end]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
