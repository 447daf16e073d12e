"""How a face moves: what every animator writes and every renderer reads, 25 times a second.

The shapes are those that face trackers and ICT-FaceKit (Li et al. 2020, MIT licence) share; 0 is at rest, 1 as far as the muscle goes.
Left and right are the person's own, as there.
"""

from dataclasses import dataclass, replace

import numpy as np

FRAME_RATE = 25  # of every film, frames per second
BOTH = ("browDown", "browOuterUp", "cheekPuff", "cheekRaiser", "cheekSquint", "eyeBlink", "eyeSquint", "eyeWide", "browInnerUp",
        "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer")  # fmt: skip
MIDDLE = ("jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight",
          "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper")  # fmt: skip
SHAPES = tuple(f"{name}_{side}" for name in BOTH for side in "LR") + MIDDLE  # 47
INDEX = {name: number for number, name in enumerate(SHAPES)}


@dataclass(frozen=True)
class FaceMotion:
    """A face over F frames.

    Attributes:
        shapes: (F, 47) float32, how far each of SHAPES goes.
        gaze: (F, 2) radians, where the eyes look, to the person's left and up.
        head: (F, 3) radians, how the head is turned: to the person's left (yaw), up (pitch), to the person's left shoulder (roll).
    """

    shapes: np.ndarray
    gaze: np.ndarray
    head: np.ndarray

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, frames: slice) -> "FaceMotion":
        return FaceMotion(self.shapes[frames], self.gaze[frames], self.head[frames])

    def __add__(self, other: "FaceMotion") -> "FaceMotion":
        """Two motions of the same length at once, such as speech and a smile."""
        return FaceMotion(self.shapes + other.shapes, self.gaze + other.gaze, self.head + other.head)

    def limited(self) -> "FaceMotion":
        """No shape beyond its end."""
        return replace(self, shapes=self.shapes.clip(0, 1))


def at_rest(frames: int) -> FaceMotion:
    """Nothing moves."""
    return FaceMotion(np.zeros((frames, len(SHAPES)), np.float32), np.zeros((frames, 2), np.float32), np.zeros((frames, 3), np.float32))


def pose(**shapes: float) -> np.ndarray:
    """(47,) float32 of named shapes; a name without its side, such as mouthSmile, moves both. Raises: KeyError for unknown names."""
    made = np.zeros(len(SHAPES), np.float32)
    for name, amount in shapes.items():
        for full in (f"{name}_L", f"{name}_R") if name in BOTH else (name,):
            made[INDEX[full]] = amount
    return made
