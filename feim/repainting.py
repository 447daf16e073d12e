"""The other renderer: the seed's GAN paints every frame of the face anew at 128², and super-resolution makes it four times larger.

The portrait renderer (feim.animating) moves the photo's own pixels; this one knows of the photo only what its encoder tells, so it shows
what the published system can do: hair, skin and light move with the face, and identity is as good as the training was.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch.nn import functional as F

from feim.animating import Frames, PreparedFace, Sound, TalkingHead
from feim.feeling import constant
from feim.models.super_resolution import CompactNetwork, enlarge
from feim.models.talking_face import TalkingFace, frames_of, picture_of, stream
from feim.signal.emotion_arc import Arc
from feim.signal.face import CANONICAL, CROP, align, similarity
from feim.signal.face_motion import FRAME_RATE

ENLARGED_AT_ONCE = 8  # frames


@dataclass(frozen=True)
class Painter:
    """The networks that paint: the generator of 128² pixels, and what enlarges them."""

    generator: TalkingFace
    enlarger: CompactNetwork

    def paint(
        self, face: np.ndarray, waveform: np.ndarray, arc: Arc, gamma: np.ndarray, seed: int, size: int, part: slice
    ) -> Iterator[np.ndarray]:
        """Frames `part` of the film, (S, S, 3) uint8 each. The film begins at its beginning: the generator remembers what it painted."""
        stretches = stream(self.generator, face, waveform, arc, gamma, seed)
        small = (frame for stretch in stretches for frame in stretch)
        wanted = islice(small, part.start, part.stop)
        while some := list(islice(wanted, ENLARGED_AT_ONCE)):
            yield from resized(enlarge(self.enlarger, np.stack(some)), size)


def repainted(
    painter: Painter,
    looked_at: PreparedFace,
    sound: Sound,
    arc: Arc,
    seed: int,
    clock: dict[str, float],
    intensity: np.ndarray | None = None,
) -> TalkingHead:
    """Put a photo's face and what it says together; clock: seconds spent so far; intensity: (F,) γ, without it the arc's own."""
    began = time.perf_counter()
    face, size = looked_at.face, looked_at.size
    upright = similarity(face.points, CANONICAL)
    there = (looked_at.landmarks @ upright[:, :2].T + upright[:, 2] + 0.5) * size / CROP - 0.5
    still, picture, count = resized(align(looked_at.image, face.points)[None], size)[0], picture_of(face), frames_of(sound.waveform)
    gamma = constant(arc.intensity, count) if intensity is None else intensity
    frames = Frames(count, lambda part: painter.paint(picture, sound.waveform, arc, gamma, seed, size, part))
    clock = clock | {"motion": clock["motion"] + time.perf_counter() - began, "video": count / FRAME_RATE}
    clock["total"] = clock["face"] + clock["motion"]
    return TalkingHead(frames, still, there, None, gamma, sound.waveform, sound.cues, clock, arc.name, seed, "gan", looked_at.notes)


def resized(frames: np.ndarray, size: int) -> np.ndarray:
    """(F, H, H, 3) uint8 → (F, S, S, 3) uint8, antialiased."""
    if frames.shape[1] == size:
        return frames
    pixels = torch.tensor(frames).movedim(-1, 1).float()
    smooth = F.interpolate(pixels, (size, size), mode="bicubic", antialias=True, align_corners=False)
    return smooth.round().clamp(0, 255).byte().movedim(1, -1).numpy()
