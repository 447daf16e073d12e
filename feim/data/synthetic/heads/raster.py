"""A triangle rasteriser: which surface does each pixel see, and what lies there? A z-buffer in compiled loops, on one thread."""

from dataclasses import dataclass

import numpy as np
from numba import njit

NOTHING = -1  # in place of a triangle's number
FARTHEST = np.float32(-3e38)  # in place of its depth


@dataclass(frozen=True)
class Fragments:
    """What every pixel of a picture sees.

    Attributes:
        triangle: (H, W) int32, the frontmost triangle's number, NOTHING where there is none.
        weights: (H, W, 3) float32, its corners' weights there; they add up to 1.
        depth: (H, W) float32, greater is nearer, FARTHEST where there is nothing.
    """

    triangle: np.ndarray
    weights: np.ndarray
    depth: np.ndarray


def rasterise(points: np.ndarray, triangles: np.ndarray, height: int, width: int, perspective: bool = False) -> Fragments:
    """Find the frontmost triangle at every pixel's centre.

    Args:
        points: (V, 3) x to the right and y down in pixels (the first pixel's centre is 0.5), then nearness: greater is nearer.
        triangles: (T, 3) numbers of points; both sides are seen.
        perspective: nearness is how much each point is enlarged, 1 / its distance from the camera; weights are then right for the
            surface in space. Otherwise they are right for the surface on the picture.

    Returns: Fragments; their depth is the nearness.
    """
    return Fragments(*_rasterise(points.astype(np.float32), triangles.astype(np.int32), height, width, perspective))


@njit(cache=True, fastmath=True)
def _rasterise(points, triangles, height, width, perspective):
    triangle = np.full((height, width), np.int32(NOTHING), np.int32)
    weights = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), FARTHEST, np.float32)
    for number in range(len(triangles)):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        ax, ay, bx, by, cx, cy = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0:
            continue
        left, right = max(0, int(np.ceil(min(ax, bx, cx) - 0.5))), min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        top, bottom = max(0, int(np.ceil(min(ay, by, cy) - 0.5))), min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        for row in range(top, bottom + 1):
            y = np.float32(row + 0.5)
            for column in range(left, right + 1):
                x = np.float32(column + 0.5)
                # Twice the areas that the pixel's centre spans with each side, as shares of the triangle's.
                u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                w = np.float32(1.0) - u - v
                if u < 0.0 or v < 0.0 or w < 0.0:
                    continue
                z = u * points[a, 2] + v * points[b, 2] + w * points[c, 2]
                if z > depth[row, column]:
                    depth[row, column] = z
                    triangle[row, column] = number
                    weights[row, column, 0], weights[row, column, 1], weights[row, column, 2] = u, v, w
    if perspective:
        for row in range(height):
            for column in range(width):
                number = triangle[row, column]
                if number >= 0:
                    u = weights[row, column, 0] * points[triangles[number, 0], 2]
                    v = weights[row, column, 1] * points[triangles[number, 1], 2]
                    w = weights[row, column, 2] * points[triangles[number, 2], 2]
                    total = u + v + w
                    weights[row, column, 0], weights[row, column, 1], weights[row, column, 2] = u / total, v / total, w / total
    return triangle, weights, depth


@njit(cache=True, fastmath=True)
def interpolate(triangle: np.ndarray, weights: np.ndarray, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at P places of a surface.

    Args:
        triangle: (P,) int32, which triangle each lies on.
        weights: (P, 3) float32, of its corners.
        triangles: (T, 3) int32.
        values: (V, C) float32 at the corners.

    Returns: (P, C) float32.
    """
    out = np.empty((len(triangle), values.shape[1]), np.float32)
    for place in range(len(triangle)):
        a, b, c = triangles[triangle[place], 0], triangles[triangle[place], 1], triangles[triangle[place], 2]
        u, v, w = weights[place, 0], weights[place, 1], weights[place, 2]
        for channel in range(values.shape[1]):
            out[place, channel] = u * values[a, channel] + v * values[b, channel] + w * values[c, channel]
    return out


@njit(cache=True, fastmath=True)
def sample(texture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A texture (H, W, C) float32 at places (P, 2) float32, x and y in its pixels (first centre 0.5), bilinear, clamped → (P, C)."""
    height, width, channels = texture.shape
    out = np.empty((len(places), channels), np.float32)
    for place in range(len(places)):
        x = min(max(places[place, 0] - np.float32(0.5), np.float32(0.0)), np.float32(width - 1.001))
        y = min(max(places[place, 1] - np.float32(0.5), np.float32(0.0)), np.float32(height - 1.001))
        column, row = int(x), int(y)
        right, down = x - column, y - row
        for channel in range(channels):
            above = texture[row, column, channel] * (1 - right) + texture[row, column + 1, channel] * right
            below = texture[row + 1, column, channel] * (1 - right) + texture[row + 1, column + 1, channel] * right
            out[place, channel] = above * (1 - down) + below * down
    return out


@njit(cache=True, fastmath=True)
def normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) float32 unit vectors: each point's mean over its triangles, by area; triangles (T, 3) run anticlockwise seen from outside."""
    out = np.zeros((len(points), 3), np.float32)
    for number in range(len(triangles)):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        px, py, pz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        qx, qy, qz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        for corner in (a, b, c):
            out[corner, 0] += x
            out[corner, 1] += y
            out[corner, 2] += z
    for point in range(len(points)):
        length = np.sqrt(out[point, 0] ** 2 + out[point, 1] ** 2 + out[point, 2] ** 2)
        if length > 0:
            out[point] /= length
    return out
