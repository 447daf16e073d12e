"""The morphable head of ICT-FaceKit (Li et al. 2020, arXiv:2004.12170; MIT licence): identities, expressions, eyes and turning.

Two layouts are read: the repository's own (github.com/USC-ICT/ICT-FaceKit: FaceXModel with one OBJ file for each shape), and one
ict_facekit.npz of the same arrays. Lengths are the model's own, about a centimetre; x to the person's left, y up, z ahead.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from feim.signal.face_motion import SHAPES

IDENTITIES = 60
LOOKS = tuple(f"eyeLook{way}_{side}" for way in ("Down", "In", "Out", "Up") for side in "LR")  # what the lids do when the eyes turn
# What is drawn, by its material. Left out: the lashes' cards, the wet line and the shadow planes over the eye, which need transparency,
# and the second eyeball within each eye; the outer one's front carries iris and pupil as paint.
PARTS = {
    "M_Face": "face",
    "M_BackHead": "back",
    "M_GumsTongue": "gums",
    "M_Teeth": "teeth",
    "M_ScleraLeft": "eye_L",
    "M_ScleraRight": "eye_R",
}
PART_NAMES = tuple(PARTS.values())
FULL_LOOK = 0.52  # radians of gaze at which a lid's eyeLook shape is at its end
NECK_JOINT = np.array([0.0, -2.0, -1.0], np.float32)  # what the head turns about, measured on the neutral mesh: under the ears
ADDRESS = "github.com/USC-ICT/ICT-FaceKit"


@dataclass(frozen=True)
class Head:
    """A mesh and the ways it can change.

    Attributes:
        neutral: (V, 3) float32, the mean face at rest.
        shapes: (47, V, 3) float32, what each of face_motion.SHAPES adds at its end.
        looks: (8, V, 3) float32, the same for LOOKS.
        identities: (60, V, 3) float32, what one standard deviation of each identity component adds.
        triangles: (T, 3) int32 numbers of vertices, anticlockwise seen from outside.
        part: (T,) int8, which of PART_NAMES each belongs to.
        uv: (U, 2) float32 texture coordinates; each part has a unit square of its own.
        uv_triangles: (T, 3) int32 numbers of texture coordinates.
        landmarks: (68,) int, the vertices of the usual 68 landmarks.
    """

    neutral: np.ndarray
    shapes: np.ndarray
    looks: np.ndarray
    identities: np.ndarray
    triangles: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    uv_triangles: np.ndarray
    landmarks: np.ndarray

    @cached_property
    def eyes(self) -> tuple[np.ndarray, np.ndarray]:
        """The vertices of each eyeball, the one on the picture's left first."""
        return self.vertices_of("eye_R"), self.vertices_of("eye_L")

    def vertices_of(self, *parts: str) -> np.ndarray:
        """(…,) the vertices of some parts, each once, in order."""
        return np.unique(self.triangles[np.isin(self.part, [PART_NAMES.index(part) for part in parts])])


def load_head(folder: str | Path) -> Head:
    """Read ICT-FaceKit in either layout. Raises FileNotFoundError, with where to get it; ValueError when a shape is missing."""
    folder = Path(folder)
    inside = folder / "FaceXModel" if (folder / "FaceXModel").is_dir() else folder
    if (folder / "ict_facekit.npz").is_file():
        arrays = _read_npz(folder / "ict_facekit.npz")
    elif (inside / "generic_neutral_mesh.obj").is_file():
        arrays = _read_objs(inside)
    else:
        layouts = "ict_facekit.npz or FaceXModel/generic_neutral_mesh.obj"
        raise FileNotFoundError(f"{folder} has no ICT-FaceKit ({layouts}); get it from {ADDRESS}")
    indices = next((place / "vertex_indices.json" for place in (inside, folder) if (place / "vertex_indices.json").is_file()), None)
    if indices is None:
        raise FileNotFoundError(f"{folder} has no vertex_indices.json of ICT-FaceKit; get it from {ADDRESS}")
    missing = [name for name in SHAPES + LOOKS if name not in arrays["expression"]]
    if missing or len(arrays["identity"]) < IDENTITIES:
        raise ValueError(f"{folder} lacks {', '.join(missing) or 'identities'}; get the whole of ICT-FaceKit from {ADDRESS}")
    return Head(
        neutral=arrays["neutral"],
        shapes=np.stack([arrays["expression"][name] for name in SHAPES]).astype(np.float32),
        looks=np.stack([arrays["expression"][name] for name in LOOKS]).astype(np.float32),
        identities=np.asarray(arrays["identity"][:IDENTITIES], np.float32),
        landmarks=np.array(json.loads(indices.read_text())["idx_to_landmark_verts"]),
        **_drawn(arrays["quads"], arrays["quads_uv"], arrays["materials"]),
        uv=arrays["uv"],
    )


def _drawn(quads: np.ndarray, quads_uv: np.ndarray, materials: np.ndarray) -> dict[str, np.ndarray]:
    """Quads (F, 4; −1 pads a triangle) of the parts that are drawn, as triangles."""
    kept = np.isin(materials, list(PARTS))
    quads, quads_uv, materials = quads[kept], quads_uv[kept], materials[kept]
    second = quads[:, 3] >= 0
    part = np.array([PART_NAMES.index(PARTS[material]) for material in materials], np.int8)
    return {
        "triangles": np.concatenate([quads[:, :3], quads[second][:, [0, 2, 3]]]).astype(np.int32),
        "uv_triangles": np.concatenate([quads_uv[:, :3], quads_uv[second][:, [0, 2, 3]]]).astype(np.int32),
        "part": np.concatenate([part, part[second]]),
    }


def _read_npz(path: Path) -> dict:
    with np.load(path) as stored:
        return {
            "neutral": stored["neutral"].astype(np.float32),
            "expression": dict(zip(stored["expression_names"].tolist(), stored["expression"], strict=True)),
            "identity": stored["identity"],
            "quads": stored["quads"],
            "quads_uv": stored["quads_uv"],
            "uv": stored["uv"].astype(np.float32),
            "materials": stored["material_names"][stored["quad_material"]],
        }


def _read_objs(folder: Path) -> dict:
    """The repository's folder: the neutral mesh, identity000.obj …, and one file named after each expression."""
    lines = (folder / "generic_neutral_mesh.obj").read_text().splitlines()
    neutral = _numbers(lines, "v ")
    quads, quads_uv, materials, material = [], [], [], ""
    for line in lines:
        if line.startswith("usemtl"):
            material = line.split()[1]
        elif line.startswith("f "):
            corners = [[int(number or 0) - 1 for number in corner.split("/")[:2]] for corner in line.split()[1:5]]
            corners += [[-1, -1]] * (4 - len(corners))
            quads.append([vertex for vertex, _ in corners])
            quads_uv.append([place for _, place in corners])
            materials.append(material)

    def added(path: Path) -> np.ndarray:
        return _numbers(path.read_text().splitlines(), "v ") - neutral

    return {
        "neutral": neutral,
        "expression": {name: added(folder / f"{name}.obj") for name in SHAPES + LOOKS if (folder / f"{name}.obj").is_file()},
        "identity": [added(path) for path in sorted(folder.glob("identity[0-9][0-9][0-9].obj"))[:IDENTITIES]],
        "quads": np.array(quads),
        "quads_uv": np.array(quads_uv),
        "uv": _numbers(lines, "vt ")[:, :2],
        "materials": np.array(materials),
    }


def _numbers(lines: list[str], kind: str) -> np.ndarray:
    """(…, 3) float32 of an OBJ file's lines that start with `kind`."""
    return np.array([line.split()[1:4] for line in lines if line.startswith(kind)], np.float32)


def random_identity(random: np.random.Generator) -> np.ndarray:
    """(60,) float32: a plausible face, its components as often as far from the mean as in the scans the model was made of."""
    return random.standard_normal(IDENTITIES).clip(-2, 2).astype(np.float32)


def identified(head: Head, identity: np.ndarray) -> np.ndarray:
    """One person at rest: identity (60,) in standard deviations → vertices (V, 3) float32."""
    return head.neutral + np.tensordot(identity.astype(np.float32), head.identities, 1)


def posed(head: Head, person: np.ndarray, shapes: np.ndarray, gaze: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """One frame of a person.

    Args:
        person: (V, 3), as `identified` gives it.
        shapes: (47,), gaze: (2,) and rotation: (3,): a frame of FaceMotion.

    Returns: (V, 3) float32. The neck follows the head, less and less towards the shoulders, which stay.
    """
    return turned(head, expressed(head, person, shapes, gaze), rotation)


def expressed(head: Head, person: np.ndarray, shapes: np.ndarray, gaze: np.ndarray) -> np.ndarray:
    """As `posed`, with the head held straight."""
    moving = np.flatnonzero(shapes)
    vertices = person + np.tensordot(shapes[moving].astype(np.float32), head.shapes[moving], 1)
    looks = lids_of_gaze(shapes, gaze)
    moving = np.flatnonzero(looks)
    vertices += np.tensordot(looks[moving], head.looks[moving], 1)
    turn = rotation_matrix(np.array([gaze[0], gaze[1], 0.0]))
    for eye in head.eyes:
        centre = eye_centre(vertices[eye])
        vertices[eye] = (vertices[eye] - centre) @ turn.T + centre
    return vertices


def lids_of_gaze(shapes: np.ndarray, gaze: np.ndarray) -> np.ndarray:
    """(8,) float32, how far each of LOOKS goes: lids follow the eyes, except as far as a blink has already shut them."""
    left, up = np.clip(np.asarray(gaze) / FULL_LOOK, -1, 1)
    shut = {side: float(shapes[SHAPES.index(f"eyeBlink_{side}")]) for side in "LR"}
    amounts = {"Down": (-up, -up), "In": (-left, left), "Out": (left, -left), "Up": (up, up)}
    return np.array([max(amounts[name[7:-2]]["LR".index(name[-1])], 0) * (1 - shut[name[-1]]) for name in LOOKS], np.float32)


def eye_centre(eye: np.ndarray) -> np.ndarray:
    """(3,) the middle of an eyeball (E, 3): that of the sphere through its back half, where the cornea does not bulge."""
    back = eye[eye[:, 2] < np.median(eye[:, 2])].astype(np.float64)
    # |p − c|² = r², linear in c and r² − |c|²
    solution = np.linalg.lstsq(np.column_stack([2 * back, np.ones(len(back))]), (back**2).sum(1), rcond=None)[0]
    return solution[:3].astype(np.float32)


def turned(head: Head, vertices: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Turn the head on its neck: vertices (V, 3), rotation (3,) yaw, pitch, roll in radians → (V, 3)."""
    # From the chin's height up all of the turn, at the collar none of it; the neck's front is lower than its back.
    share = ((head.neutral[:, 1] + 0.25 * head.neutral[:, 2] + 13) / 6).clip(0, 1)
    share = (share * share * (3 - 2 * share))[:, None]
    moved = (vertices - NECK_JOINT) @ rotation_matrix(rotation).T + NECK_JOINT
    return vertices + share * (moved - vertices)


def rotation_matrix(rotation: np.ndarray) -> np.ndarray:
    """(3, 3) float32 of yaw to the person's left, pitch up, roll to the person's left shoulder, in radians; roll is done first."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(rotation), np.sin(rotation)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return (yaw @ pitch @ roll).astype(np.float32)
