"""A made-up head in ICT-FaceKit's two layouts: an egg with two eyeballs, gums and teeth inside, and shapes that move what they name."""

import json
from pathlib import Path

import numpy as np

from feim.data.synthetic.heads.head import IDENTITIES, LOOKS, PARTS
from feim.signal.face_motion import SHAPES

AXES = np.array([7.5, 11.0, 10.0])  # of the egg, about as large as the real head
EGG = 48  # its vertices around and down
EYES = np.array([[-3.1, 3.6, 7.7], [3.1, 3.6, 7.7]])  # the person's right one first
MATERIALS = tuple(PARTS)
# Half of the usual 68 landmarks, x and y: jaw, brow, nose, eye, mouth; the other half mirrors them.
JAW = [(-7.2, 2.4), (-7.0, 1.0), (-6.8, -0.6), (-6.5, -2.2), (-5.7, -4.4), (-4.6, -5.8), (-3.2, -7.0), (-1.6, -7.8), (0, -8.2)]
BROW = [(-5.6, 5.2), (-4.8, 5.9), (-3.8, 6.2), (-2.4, 6.1), (-1.2, 5.8)]
NOSE = [(0, 3.7), (0, 2.6), (0, 1.6), (0, 0.4), (-1.2, -1.1), (-0.6, -1.1), (0, -1.2)]
EYE = [(-4.5, 3.4), (-3.8, 4.3), (-2.6, 4.3), (-1.7, 3.2), (-2.6, 2.8), (-3.8, 2.8)]
OUTER_LIPS = [(-2.5, -3.5), (-1.7, -2.8), (-0.7, -2.5), (0, -2.5)]
LOWER_LIPS = [(0, -4.5), (-1.0, -4.4), (-1.8, -4.1)]
INNER_LIPS = [(-2.2, -3.5), (-1.0, -3.2), (0, -3.2)]
INNER_LOWER = [(0, -3.8), (-1.0, -3.8)]


def _mirror(points: list) -> list:
    return [(-x, y) for x, y in points]


def landmark_template() -> np.ndarray:
    """(68, 2) in the usual order, the person's right first."""
    eye = _mirror(EYE)
    return np.array([
        *JAW, *_mirror(JAW[:-1])[::-1],
        *BROW, *_mirror(BROW)[::-1],
        *NOSE, *_mirror(NOSE[4:6])[::-1],
        *EYE, *(eye[k] for k in (3, 2, 1, 0, 5, 4)),
        *OUTER_LIPS, *_mirror(OUTER_LIPS[:3])[::-1], *_mirror(LOWER_LIPS[1:])[::-1], *LOWER_LIPS,
        *INNER_LIPS, *_mirror(INNER_LIPS[:2])[::-1], *_mirror(INNER_LOWER[1:]), *INNER_LOWER,
    ])  # fmt: skip


def _ball(centre: np.ndarray, axes: np.ndarray, around: int, down: int, bottom: float = np.pi) -> tuple[np.ndarray, np.ndarray]:
    """An egg's vertices and quads, open at the bottom unless `bottom` is π; quads run anticlockwise seen from outside."""
    polar, azimuth = np.meshgrid(np.linspace(0.02, bottom - 0.02, down), np.linspace(0, 2 * np.pi, around, endpoint=False), indexing="ij")
    points = np.stack([np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], -1).reshape(-1, 3)
    row, column = (part.ravel() for part in np.mgrid[: down - 1, :around])
    right = (column + 1) % around
    quads = np.column_stack([row * around + column, (row + 1) * around + column, (row + 1) * around + right, row * around + right])
    return centre + points * axes, quads


def tiny_arrays() -> dict[str, np.ndarray]:
    """What ict_facekit.npz holds."""
    egg, egg_quads = _ball(np.zeros(3), AXES, EGG, EGG, bottom=2.9)
    eyes = [_ball(centre, np.full(3, 1.5), 16, 16) for centre in EYES]
    inside = np.array([[-2.0, -3, 3], [2, -3, 3], [2, -5, 3], [-2, -5, 3]])
    vertices = np.concatenate([egg, eyes[1][0], eyes[0][0], inside, inside + np.array([0, 0, 2])])
    starts = np.cumsum([0, len(egg), len(eyes[1][0]), len(eyes[0][0]), 4])
    front = egg[egg_quads].mean(1)[:, 2] > 0
    groups = [
        ("M_Face", egg_quads[front]),
        ("M_BackHead", egg_quads[~front]),
        ("M_ScleraLeft", eyes[1][1] + starts[1]),
        ("M_ScleraRight", eyes[0][1] + starts[2]),
        ("M_GumsTongue", np.array([[0, 1, 2, -1 - starts[3]]]) + starts[3]),  # one triangle
        ("M_Teeth", np.array([[3, 2, 1, 0]]) + starts[4]),
    ]
    names = sorted({*MATERIALS, "M_EyeLashes"})
    quads = np.concatenate([quads for _, quads in groups])
    uv = np.concatenate([vertices[:, :2] / 24 + 0.5, vertices[:, :2] / 24 + [1.5, 0.5]])  # in the face's square, in the back's
    quads_uv = np.where(
        (quads >= 0) & np.concatenate([np.full((len(q), 1), name == "M_BackHead") for name, q in groups]), quads + len(vertices), quads
    )
    expression = np.zeros((len(SHAPES) + len(LOOKS), len(vertices), 3), np.float16)
    x, y, z = egg.T
    ahead = z > 0
    chin = np.zeros(len(vertices), bool)
    chin[: len(egg)] = ahead & (y < -3.5) & (y > -9)
    expression[SHAPES.index("jawOpen"), chin, 1] = -2
    for side, sign in (("L", 1), ("R", -1)):
        lid = np.zeros(len(vertices), bool)
        lid[: len(egg)] = ahead & (np.abs(x - sign * 3.1) < 1.5) & (y > 3.4) & (y < 4.6)
        expression[SHAPES.index(f"eyeBlink_{side}"), lid, 1] = -1
        expression[len(SHAPES) + LOOKS.index(f"eyeLookUp_{side}"), lid, 1] = 0.25
        corner = np.zeros(len(vertices), bool)
        corner[: len(egg)] = ahead & (np.hypot(x - sign * 2.5, y + 3.5) < 1)
        expression[SHAPES.index(f"mouthSmile_{side}"), corner] = [0.8 * sign, 0.5, 0]
    identity = np.zeros((IDENTITIES, len(vertices), 3), np.float16)
    for component in range(IDENTITIES):  # wider, taller, deeper heads, less and less
        identity[component, :, component % 3] = 0.03 * vertices[:, component % 3] / (1 + component // 3)
    return {
        "neutral": vertices.astype(np.float32),
        "expression": expression,
        "expression_names": np.array(SHAPES + LOOKS),
        "identity": identity,
        "quads": quads.astype(np.int32),
        "uv": uv.astype(np.float32),
        "quads_uv": quads_uv.astype(np.int32),
        "quad_material": np.concatenate([np.full(len(q), names.index(name), np.int8) for name, q in groups]),
        "material_names": np.array(names),
    }


def write_indices(folder: Path, vertices: np.ndarray) -> None:
    """vertex_indices.json: the foremost vertices of the egg nearest to the template."""
    egg = np.flatnonzero((np.arange(len(vertices)) < EGG * EGG) & (vertices[:, 2] > -1))
    numbers = [int(egg[np.linalg.norm(vertices[egg, :2] - place, axis=1).argmin()]) for place in landmark_template()]
    (folder / "vertex_indices.json").write_text(json.dumps({"idx_to_landmark_verts": numbers}))


def write_npz(folder: Path) -> Path:
    """The packed layout."""
    arrays = tiny_arrays()
    np.savez(folder / "ict_facekit.npz", **arrays)
    write_indices(folder, arrays["neutral"])
    return folder


def write_objs(folder: Path) -> Path:
    """The repository's layout: FaceXModel with one OBJ file for each shape."""
    arrays = tiny_arrays()
    model = folder / "FaceXModel"
    model.mkdir(parents=True)

    def write(name: str, vertices: np.ndarray) -> None:
        lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
        if name == "generic_neutral_mesh":
            lines += faces
        (model / f"{name}.obj").write_text("\n".join(lines))

    faces, material = [f"vt {u:.6f} {v:.6f}" for u, v in arrays["uv"]], None
    for corners, places, number in zip(arrays["quads"], arrays["quads_uv"], arrays["quad_material"], strict=True):
        if number != material:
            faces.append(f"usemtl {arrays['material_names'][number]}")
            material = number
        faces.append("f " + " ".join(f"{a + 1}/{b + 1}" for a, b in zip(corners, places, strict=True) if a >= 0))
    write("generic_neutral_mesh", arrays["neutral"])
    for name, added in zip(arrays["expression_names"], arrays["expression"], strict=True):
        write(name, arrays["neutral"] + added)
    for number, added in enumerate(arrays["identity"]):
        write(f"identity{number:03d}", arrays["neutral"] + added)
    write_indices(model, arrays["neutral"])
    return folder
