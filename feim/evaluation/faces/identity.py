"""Whether it is still the same person, and the rest of the photo untouched."""

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from feim.evaluation.faces.material import Material
from feim.evaluation.report import Row
from feim.models.embeddings import crop_to_tensor
from feim.signal.emotion import EMOTIONS
from feim.signal.face import FaceNotFound, find_face
from feim.signal.landmarks import EARS, FACE, HEAD
from feim.studio import Studio

SAME, UNTOUCHED = 0.9, 2.0  # cosine; levels of 255
AROUND = 0.10  # of the head's size, that still counts as face


def identity(studio: Studio, material: Material) -> list[Row]:
    """Cosine of the face network's vectors of a frame and of the photo, γ = 1, and how much the background changes.

    The frames lie evenly over each film; a face that is not found again in one counts as −1.
    """
    alike, changed, strangers, previous = [], [], [], None
    for number, sitter in enumerate(material.sitters):
        emotion = EMOTIONS[1 + number % (len(EMOTIONS) - 1)]
        speech = studio.speak(material.texts[number % len(material.texts)], sitter.photo, emotion, 1.0, seed=number)
        talking = studio.animate(sitter.photo, speech, seed=number)
        still, outside = talking.still, _outside(talking.landmarks, talking.still.shape[0])
        vector = _vector(studio, still)
        for index in np.linspace(0, len(talking.frames) - 1, material.extent.frames).astype(int):
            frame = talking.frames[int(index)]
            alike.append(_cosine(vector, _vector(studio, frame)))
            changed.append(float(np.abs(frame[outside].astype(int) - still[outside]).mean()))
        if previous is not None and vector is not None:
            strangers.append(_cosine(vector, previous))
        previous = vector
    note = f"{len(alike)} frames of {len(material.sitters)} people, six emotions; lowest {min(alike):.2f}"
    others = f"two different people: {np.mean(strangers):.2f}" if strangers else ""
    return [
        Row("identity kept, cosine to the photo, γ = 1", float(np.mean(alike)), SAME, note=f"{note}; {others}"),
        Row("change outside the head, of 255", float(np.mean(changed)), UNTOUCHED, at_most=True, note=f"worst frame {max(changed):.2f}"),
    ]


def _vector(studio: Studio, picture: np.ndarray) -> torch.Tensor | None:
    try:
        crop = find_face(picture).crop
    except FaceNotFound:
        return None
    return studio.faces(crop_to_tensor(crop)[None].to(studio.faces.mean.device))[0].cpu()


def _cosine(one: torch.Tensor | None, other: torch.Tensor | None) -> float:
    return -1.0 if one is None or other is None else float(cosine_similarity(one, other, dim=0))


def _outside(landmarks: np.ndarray, size: int) -> np.ndarray:
    """(S, S) bool: beyond an ellipse around face, ears and hair."""
    head = landmarks[[*FACE, *HEAD, *(i for ear in EARS for i in ear)]]
    low, high = head.min(0), head.max(0)
    middle, reach = (low + high) / 2, (high - low) / 2 * (1 + 2 * AROUND)
    y, x = np.mgrid[:size, :size]
    return ((x - middle[0]) / reach[0]) ** 2 + ((y - middle[1]) / reach[1]) ** 2 > 1
