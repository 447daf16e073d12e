"""Light, backdrop and camera of a rendered picture. Colours are linear light."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from PIL import Image

from feim.data.synthetic.heads.raster import normals, rasterise

# Of a mesh's extent: what is this close does not hide a surface from the sky, or from a lamp, whose light may graze it.
SKY_BIAS, LAMP_BIAS = 0.02, 0.05


@dataclass(frozen=True)
class Scene:
    """What is around a head.

    Attributes:
        lamps: (L, 3) float32 unit vectors towards them; power: (L, 3) their colours.
        sky, ground: (3,) the light from above and from below.
        backdrop: (2, 3) its colours at two opposite edges; tilt: radians, which edges; clouds: how uneven it is; seed: of that.
        scale: the distance between the pupils of the mean head as a share of the picture's side.
        centre: (2,) where the point between the eyes is, as shares of the side.
        distance: of the camera, in the head's unit.
    """

    lamps: np.ndarray
    power: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    backdrop: np.ndarray
    tilt: float
    clouds: float
    seed: int
    scale: float
    centre: np.ndarray
    distance: float

    def project(self, vertices: np.ndarray, eyes: np.ndarray, size: int, unit: float = 6.2) -> np.ndarray:
        """(V, 3) in space → x and y in pixels and how much perspective enlarges each; eyes (3,): the point between them."""
        enlarged = 1 / (self.distance - (vertices[:, 2] - eyes[2]))
        across = self.distance * self.scale * size / unit * enlarged
        places = (vertices[:, :2] - eyes[:2]) * [1, -1] * across[:, None] + self.centre * size
        return np.column_stack([places, enlarged]).astype(np.float32)


def random_scene(random: np.random.Generator) -> Scene:
    """One to three lamps in front of or beside the head, a plain or uneven backdrop, a portrait's framing."""
    warmth = random.normal(0, 0.08)
    tint = np.exp(np.array([warmth, 0, -warmth]))
    side, height = random.uniform(-1.2, 1.2), random.uniform(-0.1, 1.0)
    key = np.array([np.sin(side), height, np.cos(side)])
    fill = np.array([-np.sin(side) * random.uniform(0.5, 1.2), random.uniform(-0.3, 0.6), 0.6])
    lamps = np.stack([key, fill]) / np.linalg.norm([key, fill], axis=1, keepdims=True)
    contrast = random.uniform(0.3, 0.95)
    exposure = random.uniform(0.8, 1.15)
    power = np.stack([tint * 1.35 * contrast, tint[::-1] * 0.5 * (1 - contrast)]) * exposure
    ambient = exposure * (0.95 - 0.75 * contrast)
    gray = random.uniform(0.02, 0.85)
    colour = gray * np.exp(random.uniform(0, 0.5) * random.normal(0, 1, 3))
    return Scene(
        lamps=lamps.astype(np.float32),
        power=power.astype(np.float32),
        sky=(ambient * random.uniform(0.9, 1.1, 3)).astype(np.float32),
        ground=(ambient * random.uniform(0.35, 0.75) * random.uniform(0.9, 1.1, 3)).astype(np.float32),
        backdrop=(colour * random.uniform(0.6, 1.3, (2, 1)) * random.uniform(0.9, 1.1, (2, 3))).clip(0, 1).astype(np.float32),
        tilt=random.uniform(0, 2 * np.pi),
        clouds=random.uniform(0, 0.5) if random.random() < 0.5 else 0.0,
        seed=int(random.integers(1 << 30)),
        scale=random.uniform(0.19, 0.27),
        centre=np.array([0.5, 0.44]) + random.normal(0, 0.02, 2),
        distance=random.uniform(55, 160),
    )


def backdrop(scene: Scene, size: int) -> np.ndarray:
    """(S, S, 3) float32."""
    y, x = np.mgrid[:size, :size].astype(np.float32) / size - 0.5
    share = (0.5 + x * np.float32(np.cos(scene.tilt)) + y * np.float32(np.sin(scene.tilt))).clip(0, 1)[..., None]
    plain = scene.backdrop[0] + share * (scene.backdrop[1] - scene.backdrop[0])
    coarse = np.random.default_rng(scene.seed).standard_normal((6, 6)).astype(np.float32)
    clouds = np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))[..., None]
    return plain * np.exp(scene.clouds * clouds)


@njit(cache=True, fastmath=True)
def _light(normal, colour, openness, gloss, lit, lamps, power, sky, ground):
    out = np.empty_like(colour)
    for place in range(len(normal)):
        nx, ny, nz = normal[place, 0], normal[place, 1], normal[place, 2]
        length = max(np.sqrt(nx * nx + ny * ny + nz * nz), np.float32(1e-6))
        if nz < 0.0:  # seen from inside or past the outline
            length = -length
        nx, ny, nz = nx / length, ny / length, nz / length
        up = np.float32(0.5) + np.float32(0.5) * ny
        for channel in range(3):
            out[place, channel] = openness[place] * (ground[channel] + up * (sky[channel] - ground[channel])) * colour[place, channel]
        for lamp in range(len(lamps)):
            lx, ly, lz = lamps[lamp, 0], lamps[lamp, 1], lamps[lamp, 2]
            facing = nx * lx + ny * ly + nz * lz
            half = np.sqrt(lx * lx + ly * ly + (lz + np.float32(1.0)) ** 2)  # between lamp and viewer (Blinn 1977)
            shine = max(np.float32(0.0), (nx * lx + ny * ly + nz * (lz + np.float32(1.0))) / half) if facing > 0 else np.float32(0.0)
            smoothness = gloss[place] * gloss[place]
            shine = shine ** (np.float32(8.0) + np.float32(250.0) * smoothness) * (np.float32(0.2) * gloss[place] + smoothness * smoothness)
            shade = np.float32(0.4) + np.float32(0.6) * openness[place]
            if openness[place] < 0.4:
                shade *= openness[place] / np.float32(0.4)
            if lamp == 0:
                shade *= lit[place]
            for channel in range(3):
                wrap = np.float32(0.28) if channel == 0 else np.float32(0.14)  # red light comes out of skin further round the terminator
                diffuse = max(np.float32(0.0), (facing + wrap) / (1 + wrap))
                out[place, channel] += shade * power[lamp, channel] * (diffuse * colour[place, channel] + shine)
    return out


def light(scene: Scene, normal: np.ndarray, colour: np.ndarray, openness: np.ndarray, gloss: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """The light from P places of a surface: soft and glossy reflection of the lamps, soft reflection of sky and ground.

    Args:
        normal: (P, 3); colour: (P, 3); openness: (P,) share of the sky that is seen; gloss: (P,) 0 to 1;
            lit: (P,) how much of the first lamp reaches it.

    Returns: (P, 3) float32.
    """
    return _light(normal, colour, openness, gloss, lit, scene.lamps, scene.power, scene.sky, scene.ground)


def open_to_light(vertices: np.ndarray, triangles: np.ndarray, directions: int = 48, side: int = 192) -> np.ndarray:
    """(V,) float32: the share of the directions before a surface from which each vertex is not hidden by the rest."""
    number = np.arange(directions) + 0.5
    polar, azimuth = np.arccos(1 - 1.6 * number / directions), np.pi * (1 + 5**0.5) * number  # an even spiral, little from behind
    seen, faced = np.zeros(len(vertices), np.float32), np.zeros(len(vertices), np.float32)
    outwards = normals(vertices, triangles)
    for theta, phi in zip(polar, azimuth, strict=True):
        ahead = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
        points = _seen_from(ahead, vertices, side)
        depth = rasterise(points, triangles, side, side).depth
        columns, rows = points[:, :2].astype(int).clip(0, side - 1).T
        weight = (outwards @ ahead).clip(0, 1)
        faced += weight
        seen += weight * (points[:, 2] > depth[rows, columns] - SKY_BIAS)
    return (seen / np.maximum(faced, 1e-3)).astype(np.float32)


def lit_by(lamp: np.ndarray, vertices: np.ndarray, triangles: np.ndarray, side: int = 160) -> np.ndarray:
    """(V,) float32, how much of a far lamp in a direction (3,) reaches each vertex past the rest, with a soft edge (Williams 1978)."""
    points = _seen_from(lamp, vertices, side)
    depth = rasterise(points, triangles, side, side).depth
    columns, rows = points[:, :2].astype(int).clip(1, side - 2).T
    reached = np.zeros(len(vertices), np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            reached += points[:, 2] > depth[rows + down, columns + right] - LAMP_BIAS
    return reached / 9


def _seen_from(ahead: np.ndarray, vertices: np.ndarray, side: int) -> np.ndarray:
    """(V, 3) vertices in a picture of `side` pixels that holds them all, looked at from a direction (3,); nearness −1 to 1."""
    middle = (vertices.max(0) + vertices.min(0)) / 2
    reach = np.sqrt(np.square(vertices - middle) @ np.ones(3, vertices.dtype)).max()
    right = np.cross([0, 1, 0], ahead)
    right /= np.linalg.norm(right)
    view = np.stack([right, np.cross(right, ahead), ahead]) / reach * [[side / 2], [side / 2], [1]]
    return (vertices - middle) @ view.T.astype(vertices.dtype) + np.array([side / 2, side / 2, 0], vertices.dtype)
