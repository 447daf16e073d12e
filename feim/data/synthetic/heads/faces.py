"""People who do not exist, rendered with their 189 landmarks known: the morphable head, a look, hair, light and a camera."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feim.data.synthetic.heads.appearance import Look, linear, paint_skin, random_look
from feim.data.synthetic.heads.canvas import SIZE, Canvas, canvas_of, smooth
from feim.data.synthetic.heads.hair import Hair, grow, lashes, random_style, strand_texture
from feim.data.synthetic.heads.head import (
    IDENTITIES,
    PART_NAMES,
    Head,
    expressed,
    eye_centre,
    identified,
    load_head,
    random_identity,
    rotation_matrix,
    turned,
)
from feim.data.synthetic.heads.landmarks import (
    CURVES,
    Places,
    edges,
    front_grid,
    iris_radius,
    place_landmarks,
    pupil_distance,
    surface_path,
)
from feim.data.synthetic.heads.lighting import Scene, backdrop, light, lit_by, open_to_light, random_scene
from feim.data.synthetic.heads.raster import NOTHING, Fragments, interpolate, normals, rasterise, sample
from feim.signal.face_motion import INDEX, pose
from feim.signal.landmarks import LOWER_SEAM, PUPILS, UPPER_LIDS, UPPER_SEAM

TORSO, HAIR, LASHES = range(len(PART_NAMES), len(PART_NAMES) + 3)  # their numbers among the parts
FINER = 2  # pixels are averaged from this many times as many a side
MOUTH_COLOURS = {"gums": (176, 84, 84), "teeth": (232, 222, 204)}  # sRGB


@dataclass(frozen=True)
class Faces:
    """What every rendered person shares; made once.

    Attributes:
        head: the morphable head.
        places: the 189 landmarks on it.
        canvas: its texture, measured.
        openness: (V,) float32, how much of the sky each vertex of the mean head sees, 0 to 1.
        eyes: (V, 2) float32, how far right of and above the pupil each vertex of an eyeball's front lies at rest, in iris radii.
        torso: what continues the bust downwards: (N,) vertices to hang on, (N, 3) float32 offsets, (M, 3) int32 triangles, whose
            numbers go on from the head's.
        lids: the vertices along each upper lid's edge, the one on the picture's left first, from its outer corner.
    """

    head: Head
    places: Places
    canvas: Canvas
    openness: np.ndarray
    eyes: np.ndarray
    torso: tuple[np.ndarray, np.ndarray, np.ndarray]
    lids: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist, in front of a camera.

    Attributes:
        vertices: (V, 3) float32, the head at rest.
        habit: (47,) float32, how far each shape stands even at rest.
        look: the colours; skin: (SIZE, 2·SIZE, 4), painted.
        hair: its shell; strands: (256, 1024, 1), how light its strands are.
        scene: light, backdrop and camera.
    """

    vertices: np.ndarray
    habit: np.ndarray
    look: Look
    skin: np.ndarray
    hair: Hair
    strands: np.ndarray
    scene: Scene


@dataclass(frozen=True)
class Rendered:
    """A picture and what it shows.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        landmarks: (189, 2) float32, x and y in pixels (the first pixel's centre is 0.5).
        visible: (189,) bool, in the picture and not hidden by anything nearer.
    """

    image: np.ndarray
    landmarks: np.ndarray
    visible: np.ndarray


def load_faces(folder: str | Path) -> Faces:
    """Read ICT-FaceKit and measure it: some seconds. Raises as `load_head`."""
    return faces_of(load_head(folder))


def faces_of(head: Head) -> Faces:
    """Measure a head."""
    places = place_landmarks(head)
    ajar = expressed(head, head.neutral, pose(jawOpen=0.6, mouthUpperUp=0.4, mouthLowerDown=0.4), np.zeros(2))
    openness = open_to_light(head.neutral, head.triangles)
    mouth = head.vertices_of("gums", "teeth")
    openness[mouth] = open_to_light(ajar, head.triangles)[mouth]
    eyes = np.full((len(head.neutral), 2), 99, np.float32)
    for eye in head.eyes:
        centre = eye_centre(head.neutral[eye])
        front = eye[head.neutral[eye, 2] > centre[2]]
        eyes[front] = (head.neutral[front, :2] - centre[:2]) / iris_radius(head)
        openness[eye] = 1  # the lids' shadow is drawn, for the lids move
    neighbours = edges(head)
    lids = [surface_path(head.neutral, neighbours, head.landmarks[list(CURVES[lid])]) for lid in UPPER_LIDS]
    return Faces(head, places, canvas_of(head, places), openness, eyes, _torso(head), (lids[0], lids[1]))


def _torso(head: Head) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The skirt that continues the bust's open edge downwards, a little wider, so that no picture ends in air."""
    skin = head.triangles[head.part <= PART_NAMES.index("back")]
    sides = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    _, first, count = np.unique(np.sort(sides, axis=1), axis=0, return_index=True, return_counts=True)
    edge = sides[first[count == 1]]
    edge = edge[head.neutral[edge, 1].max(1) < head.neutral[head.landmarks[8], 1]]  # under the chin; eyes and mouth are open too
    bound = np.unique(edge)
    here, below = np.searchsorted(bound, edge[:, 0]), np.searchsorted(bound, edge[:, 1])
    here, below = here + len(head.neutral), below + len(head.neutral)
    offset = np.column_stack([0.2 * head.neutral[bound, 0], np.full(len(bound), -3 * pupil_distance(head)), np.zeros(len(bound))])
    triangles = np.concatenate([np.column_stack([edge[:, 1], edge[:, 0], here]), np.column_stack([edge[:, 1], here, below])])
    return bound, offset.astype(np.float32), triangles.astype(np.int32)


def random_person(faces: Faces, seed: int) -> Person:
    """The same person for the same seed."""
    random = np.random.default_rng(seed)
    vertices, look = identified(faces.head, random_identity(random)), random_look(random)
    return Person(
        vertices=vertices,
        habit=pose(eyeBlink=random.uniform(0, 0.2), jawOpen=_shut(faces, vertices)),  # the model's eyes are wide, its lips apart
        look=look,
        skin=paint_skin(faces.canvas, look),
        hair=grow(faces.head, faces.places, random_style(random), random),
        strands=strand_texture(random),
        scene=random_scene(random),
    )


def _shut(faces: Faces, vertices: np.ndarray) -> float:
    """How far the jaw must rise for a person's lips to meet, as a share of jawOpen."""

    def gap(points: np.ndarray) -> float:
        return float((points[list(UPPER_SEAM[2:5]), 1] - points[list(LOWER_SEAM[2:5]), 1]).mean())

    opening = gap(faces.places.on(faces.head.shapes[INDEX["jawOpen"]]))
    return float(np.clip(-1.3 * gap(faces.places.on(vertices)) / opening, -0.08, 0))  # a little more: lips are soft


def render(faces: Faces, person: Person, shapes: np.ndarray, gaze: np.ndarray, rotation: np.ndarray, size: int) -> Rendered:
    """One frame.

    Args:
        shapes: (47,), gaze: (2,) and rotation: (3,): a frame of FaceMotion.
        size: S, the picture's side in pixels.
    """
    head, scene, fine = faces.head, person.scene, FINER * size
    shapes = person.habit + (1 - person.habit) * shapes
    face = turned(head, expressed(head, person.vertices, shapes, gaze), rotation)
    mesh = _dressed(faces, person, face, rotation_matrix(rotation))
    points = scene.project(mesh.vertices, person.vertices[np.concatenate(head.eyes)].mean(0), fine)
    seen = rasterise(points, mesh.triangles, fine, fine, perspective=True)
    landmarks = faces.places.on(points)  # (189, 3)

    pixels = _pixels(faces, scene, mesh, seen)
    _paint_skin_and_mouth(pixels, faces, person)
    _paint_eyes(pixels, faces, person, mesh, landmarks)
    _paint_hair(pixels, person, mesh)
    picture = backdrop(scene, fine)
    picture[pixels.rows, pixels.columns] = light(scene, pixels.normal, pixels.colour, pixels.openness, pixels.gloss, pixels.lit)
    return Rendered(_developed(picture), landmarks[:, :2] / FINER, _visible(seen, landmarks))


@dataclass(frozen=True)
class _Mesh:
    """All that is drawn: the head, then the torso, the hair, and the lashes of each eye.

    Attributes:
        vertices: (W, 3); triangles: (T, 3) of them; part: (T,) which part each is of.
        skin: (T,) the triangle of the head whose paint lies there or underneath, NOTHING for none.
        hair: the number of the hair's first vertex.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    part: np.ndarray
    skin: np.ndarray
    hair: int


def _dressed(faces: Faces, person: Person, face: np.ndarray, turn: np.ndarray) -> _Mesh:
    """A posed head (V, 3), turned by (3, 3), with all that hangs on it."""
    head, hair, (bound, offset, skirt) = faces.head, person.hair, faces.torso
    length = (0.03 + 0.08 * person.look.lashes) * pupil_distance(head)
    fringes = [lashes(face[lid], eye_centre(face[eye]), turn[:, 1], length) for lid, eye in zip(faces.lids, head.eyes, strict=True)]
    (left, left_lashes), (right, right_lashes) = fringes
    vertices = [face, face[bound] + offset, face[hair.bound] + hair.offset @ turn.T, left, right]
    _, on_hair, on_left, on_right = np.cumsum([len(mesh) for mesh in vertices[:-1]])
    triangles = [head.triangles, skirt, hair.triangles + on_hair, left_lashes + on_left, right_lashes + on_right]
    counts = [len(skirt), len(hair.triangles), len(left_lashes) + len(right_lashes)]
    of_skin = np.where(head.part <= PART_NAMES.index("back"), np.arange(len(head.part)), NOTHING)
    skin = [of_skin, np.full(counts[0], NOTHING), hair.skin, np.full(counts[2], NOTHING)]
    return _Mesh(
        vertices=np.concatenate(vertices),
        triangles=np.concatenate(triangles).astype(np.int32),
        part=np.concatenate([head.part, np.repeat(np.int8([TORSO, HAIR, LASHES]), counts)]),
        skin=np.concatenate(skin).astype(np.int32),
        hair=int(on_hair),
    )


def _developed(picture: np.ndarray) -> np.ndarray:
    """(FINER·S, FINER·S, 3) linear light → (S, S, 3) uint8 sRGB; bright light fades to white as on film."""
    picture = sum(picture[row::FINER, column::FINER] for row in range(FINER) for column in range(FINER)) / np.float32(FINER**2)
    bright = np.maximum(picture - np.float32(0.6), 0)
    exposed = np.minimum(picture, np.float32(0.6)) + np.float32(0.4) * (1 - np.exp(bright / np.float32(-0.4)))
    return (255 * exposed ** np.float32(1 / 2.2)).round().astype(np.uint8)


@dataclass(frozen=True)
class _Pixels:
    """The P pixels that show a person; painters fill in the colours of their parts.

    Attributes:
        rows, columns: (P,) of the picture.
        triangle: (P,) and weights: (P, 3), what each shows; part: (P,) of which part, by number.
        skin: (P,) the triangle of the head whose paint lies there or underneath, NOTHING for none.
        normal: (P, 3); openness, lit, gloss: (P,); colour: (P, 3), as `light` takes them.
    """

    rows: np.ndarray
    columns: np.ndarray
    triangle: np.ndarray
    weights: np.ndarray
    part: np.ndarray
    skin: np.ndarray
    normal: np.ndarray
    openness: np.ndarray
    lit: np.ndarray
    colour: np.ndarray
    gloss: np.ndarray


def _pixels(faces: Faces, scene: Scene, mesh: _Mesh, seen: Fragments) -> _Pixels:
    rows, columns = np.nonzero(seen.triangle != NOTHING)
    triangle, weights = seen.triangle[rows, columns], seen.weights[rows, columns]
    openness = np.ones(len(mesh.vertices), np.float32)
    openness[: len(faces.openness)] = faces.openness
    reached = lit_by(scene.lamps[0], mesh.vertices, mesh.triangles)
    values = interpolate(triangle, weights, mesh.triangles, np.column_stack([normals(mesh.vertices, mesh.triangles), openness, reached]))
    return _Pixels(
        rows=rows,
        columns=columns,
        triangle=triangle,
        weights=weights,
        part=mesh.part[triangle],
        skin=mesh.skin[triangle],
        normal=values[:, :3],
        openness=values[:, 3],
        lit=values[:, 4],
        colour=np.empty((len(triangle), 3), np.float32),
        gloss=np.empty(len(triangle), np.float32),
    )


def _paint_skin_and_mouth(pixels: _Pixels, faces: Faces, person: Person) -> None:
    here = pixels.skin != NOTHING
    uv = interpolate(pixels.skin[here], pixels.weights[here], faces.head.uv_triangles, faces.head.uv)
    painted = sample(person.skin, np.column_stack([uv[:, 0] * SIZE, (1 - uv[:, 1]) * SIZE]).astype(np.float32))
    pixels.colour[here], pixels.gloss[here] = painted[:, :3], painted[:, 3]
    for name, srgb in MOUTH_COLOURS.items():
        here = pixels.part == PART_NAMES.index(name)
        pixels.colour[here], pixels.gloss[here] = linear(srgb), 0.6
    here = pixels.part == TORSO
    pixels.colour[here], pixels.gloss[here] = person.look.cloth, 0


def _paint_eyes(pixels: _Pixels, faces: Faces, person: Person, mesh: _Mesh, landmarks: np.ndarray) -> None:
    unit = np.linalg.norm(landmarks[PUPILS[1], :2] - landmarks[PUPILS[0], :2])
    for side, name in enumerate(("eye_R", "eye_L")):  # the one on the picture's left first
        here = pixels.part == PART_NAMES.index(name)
        pixels.colour[here] = _eye(interpolate(pixels.triangle[here], pixels.weights[here], mesh.triangles, faces.eyes), person.look)
        pixels.gloss[here] = 0.9
        # The lid's shadow, finer than vertices could carry it.
        lid = landmarks[list(UPPER_LIDS[side])]
        lid = lid[lid[:, 0].argsort()]
        below = (pixels.rows[here] + 0.5 - np.interp(pixels.columns[here] + 0.5, lid[:, 0], lid[:, 1])) / unit
        pixels.openness[here] = 0.35 + 0.65 * smooth(-0.01, 0.09, below)
        pixels.lit[here] = 1


def _paint_hair(pixels: _Pixels, person: Person, mesh: _Mesh) -> None:
    """Strands, and between them at the hairline the skin underneath."""
    pixels.colour[pixels.part == LASHES], pixels.gloss[pixels.part == LASHES] = 0.3 * person.look.hair, 0
    here, hair = pixels.part == HAIR, person.hair
    carried = np.column_stack([hair.strand, hair.cover])
    strand = interpolate(pixels.triangle[here], pixels.weights[here], mesh.triangles - mesh.hair, carried)
    shade = sample(person.strands, np.column_stack([strand[:, 0] * 1023, (2 - strand[:, 1]) * 40 % 255]).astype(np.float32))
    cover = smooth(-0.7, 0.9, strand[:, 2] + 1.5 * (shade[:, 0] - 1))[:, None]
    below = np.where(pixels.skin[here, None] != NOTHING, pixels.colour[here], 0)
    pixels.colour[here] = below + cover * (person.look.hair * shade - below)
    pixels.normal[here, 0] += 0.9 * (shade[:, 0] - 1)  # each lock catches the light for itself
    pixels.gloss[here] = 0.3


def _eye(where: np.ndarray, look: Look) -> np.ndarray:
    """(P, 3) the colour at places (P, 2) of an eyeball's front, in iris radii from its pupil."""
    radius = np.hypot(where[:, 0], where[:, 1])[:, None]
    angle = np.arctan2(where[:, 1], where[:, 0])[:, None]
    fibres = 1 + 0.18 * np.sin(23 * angle + 3 * np.sin(5 * angle)) * np.sin(9 * angle) + 0.25 * (radius - 0.6)
    iris = look.iris * fibres * (1.25 - 0.75 * smooth(0.72, 1.0, radius)) + np.float32([0.03, 0.015, 0.0]) * smooth(0.6, 0.4, radius)
    white = linear((214, 205, 198)) * (1 - smooth(1.2, 2.6, radius) * np.float32([0.12, 0.32, 0.32]))
    colour = iris + smooth(0.93, 1.07, radius) * (white - iris)
    return colour * smooth(look.pupil - 0.06, look.pupil + 0.05, radius) + np.float32(0.004)


def _visible(seen: Fragments, landmarks: np.ndarray) -> np.ndarray:
    """(189,) whether each lies in the picture and nothing in it is clearly nearer there."""
    size = len(seen.triangle)
    columns, rows = np.floor(landmarks[:, :2]).astype(int).T
    inside = (columns >= 0) & (columns < size) & (rows >= 0) & (rows < size)
    depth = seen.depth[rows.clip(0, size - 1), columns.clip(0, size - 1)]
    return inside & (landmarks[:, 2] > depth * 0.997)


def landmark_basis(head: Head, people: int = 200, seed: int = 0, grid: int = 150) -> dict[str, np.ndarray]:
    """How the 189 landmarks lie and move on a head, averaged over random people.

    In distances between the pupils from the point midway between them; x to the picture's right, y down, z towards the viewer.

    Returns: mean (189, 3); shapes (47, 189, 3), what each of face_motion.SHAPES adds at its end; identity (60, 189, 3), what a
        standard deviation of each identity component adds; grid_mean (G, 3) and grid_shapes (47, G, 3), the same for points
        spread evenly over face and upper neck.
    """
    random = np.random.default_rng(seed)
    landmarks, spread = place_landmarks(head), front_grid(head, grid)
    identities = [random_identity(random) for _ in range(people)]

    def at(places: Places, identity: np.ndarray) -> tuple[np.ndarray, float]:
        """Places (N, 3) on one person, and that person's unit."""
        vertices = identified(head, identity)
        pupils = landmarks.on(vertices)[list(PUPILS)]
        unit = float(np.linalg.norm(pupils[1] - pupils[0]))
        return (places.on(vertices) - pupils.mean(0)) * [1, -1, 1] / unit, unit

    unit = 1 / np.mean([1 / at(landmarks, identity)[1] for identity in identities])
    axes = np.eye(IDENTITIES)
    found = {
        "mean": np.mean([at(landmarks, identity)[0] for identity in identities], axis=0),
        "shapes": landmarks.on(head.shapes) * [1, -1, 1] / unit,
        "identity": np.stack([(at(landmarks, axis)[0] - at(landmarks, -axis)[0]) / 2 for axis in axes]),
        "grid_mean": np.mean([at(spread, identity)[0] for identity in identities], axis=0),
        "grid_shapes": spread.on(head.shapes) * [1, -1, 1] / unit,
    }
    return {name: values.astype(np.float32) for name, values in found.items()}
