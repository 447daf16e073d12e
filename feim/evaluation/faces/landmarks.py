"""How far landmarks are off on people that the network never saw, beside the bars."""

import numpy as np

from feim.evaluation.faces.material import Material
from feim.evaluation.report import Row
from feim.models.landmarks import LandmarkNetwork, locate
from feim.signal.landmarks import FACE, FEATURES, landmark_error

FEATURES_OFF, FACE_OFF = 0.03, 0.05  # of the distance between the pupils


def landmarks(network: LandmarkNetwork, material: Material) -> list[Row]:
    """Mean error over held-out neutral portraits."""
    found = np.stack([locate(network, sitter.photo, sitter.face) for sitter in material.sitters])
    true = np.stack([sitter.landmarks for sitter in material.sitters])
    rows = []
    for name, points, bar in (("eyes, brows, nose, mouth", FEATURES, FEATURES_OFF), ("whole face", FACE, FACE_OFF)):
        errors = landmark_error(found, true, points)
        note = f"{len(errors)} people, {len(points)} points; best {errors.min():.3f}, worst {errors.max():.3f}"
        rows.append(Row(f"landmark error, {name}", float(errors.mean()), bar, at_most=True, digits=3, note=note))
    return rows
