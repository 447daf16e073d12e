"""Any photo that speaks: the photo's own pixels follow the points of its face, after Averbuch-Elor et al. 2017.

A face is fitted to the photo's landmarks once (face_basis); then every frame bends and folds the skin (skin, wrinkles), paints the
eyeballs behind the lids (eyes) and the mouth's inside behind the lips (mouth). Identity survives because nothing is resynthesised.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from feim.models.portrait.eyes import Eye, eyes, light_of
from feim.models.portrait.face_basis import FaceBasis, FittedFace, fit
from feim.models.portrait.mouth import Mouth, mouth
from feim.models.portrait.skin import Skin, skin
from feim.signal.face_motion import FaceMotion

__all__ = ["FaceBasis", "Portrait", "portrait"]
COLOURFUL = 0.06  # mean difference between channels, as a share of white, from which a photo counts as coloured


@dataclass(frozen=True)
class Portrait:
    """A square photo (S, S, 3) uint8 whose face, with its landmarks (189, 2) there, can move."""

    photo: np.ndarray
    landmarks: np.ndarray
    face: FittedFace
    skin: Skin
    eyes: list[Eye]
    mouth: Mouth

    @torch.inference_mode()
    def frames(self, motion: FaceMotion) -> Iterator[np.ndarray]:
        """(S, S, 3) uint8, one for each frame of the motion."""
        rest = self.face.points[:, :2]
        gaze = torch.as_tensor(motion.gaze, dtype=rest.dtype)
        shapes = torch.as_tensor(motion.shapes, dtype=torch.float32)
        for now, carried, look, drawn in zip(self.face.moved(motion), self.face.carried(motion), gaze, shapes, strict=True):
            frame = self.skin.bent(rest, now, drawn)
            for eye in self.eyes:
                eye.paint(frame, now, carried, look)
            self.mouth.paint(frame, now, carried)
            yield (frame[0] * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


@torch.inference_mode()
def portrait(basis: FaceBasis, photo: np.ndarray, landmarks: np.ndarray) -> Portrait:
    """Prepare a square photo (S, S, 3) uint8 whose face's landmarks (189, 2) lie at these pixels."""
    picture = torch.tensor(photo).permute(2, 0, 1).float() / 255
    face = fit(basis, torch.from_numpy(landmarks))
    colourful = min(1.0, float((picture.amax(0) - picture.amin(0)).mean()) / COLOURFUL)
    return Portrait(
        photo, landmarks, face, skin(basis, picture, face), eyes(picture, face), mouth(picture, face, light_of(picture, face), colourful)
    )
