"""The expression judge: which emotion a face shows, and how strongly, from how its landmarks differ from the same face at rest.

It grades talking faces, so it has learnt from other heads (rendered people), other expressions (what Du, Tao and Martinez 2014 saw 230
people do when asked for an emotion, unit by unit with its share of people) and never from a film that we made. What one unit does to a
face, it has learnt from the same morphable head as our renderer: it cannot tell whether that is right.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from feim.signal.emotion import EMOTIONS
from feim.signal.expressiveness import SEEN, displacements
from feim.signal.landmarks import LOWER_LIDS, UPPER_LIDS, interocular

LEAST = 0.02  # strength that a frame has at any rate


def differences(landmarks: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    """How a face differs from itself at rest: (189, 2), twice, of any place and size → (2 · SEEN,) in inter-pupil distances."""
    return displacements(landmarks, neutral).ravel()


class ExpressionJudge(nn.Module):
    """Differences of landmarks → the seven emotions and how strong what is shown is."""

    @dataclass(frozen=True)
    class Config:
        hidden: int = 48
        dropout: float = 0.2

    def __init__(self, config: "ExpressionJudge.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.register_buffer("deviation", torch.ones(2 * len(SEEN)))
        self.layers = nn.Sequential(
            nn.Linear(2 * len(SEEN), c.hidden), nn.GELU(), nn.Dropout(c.dropout), nn.Linear(c.hidden, c.hidden), nn.GELU(),
            nn.Linear(c.hidden, len(EMOTIONS) + 1),
        )  # fmt: skip

    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2 · SEEN) from `differences` → (B, 7) logits in the order of EMOTIONS; (B,) strength, 0 at rest, 1 at a strong actor's."""
        found = self.layers(seen / self.deviation)
        return found[:, :-1], found[:, -1]

    @torch.no_grad()
    def judge(self, landmarks: np.ndarray, neutral: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Faces (F, 189, 2) of one person, and the same person's at rest (189, 2) → probabilities (F, 7), strengths (F,)."""
        seen = np.stack([differences(face, neutral) for face in landmarks])
        logits, strength = self(torch.from_numpy(seen).float())
        return logits.softmax(-1).numpy(), strength.numpy()


def of_film(probabilities: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """What the judge says of a whole film: probabilities (F, 7) and strengths (F,) of its frames → (7,).

    Frames that show more count for more, by the square root. Of films of rendered people, whose emotion swells and is known, the judge
    finds .995 this way; .948 if all frames count the same, .962 if they count by the strength itself (210 films of 30 people).
    """
    counts = np.sqrt(strengths.clip(LEAST, None))
    return (counts[:, None] * probabilities).sum(0) / counts.sum()


def lid_heights(landmarks: np.ndarray) -> np.ndarray:
    """How far both eyes are open, in inter-pupil distances: (F, 189, 2) → (F,); blinks are no expression."""
    upper, lower = (landmarks[:, [row[2] for row in lids]] for lids in (UPPER_LIDS, LOWER_LIDS))
    return np.linalg.norm(upper - lower, axis=-1).mean(1) / interocular(landmarks)
