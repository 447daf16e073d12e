"""A space of emotions: neutral is its origin, the direction says which emotion it is, the distance from the origin how strong.

After the emotion-agnostic latent space of seed 003, trained on faces. It has one axis for each emotion, so that everything between two
of them is a mixture and a straight line from one to the other fades the one out as the other comes. `place` finds where a face is;
`shapes` says what a face does there, which for one emotion is its prototype (feim.signal.action_units).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.models.intensity import FaceIntensity
from feim.signal.action_units import expression, strength
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY, directions
from feim.signal.emotion_arc import Arc, Feelings, parse_arc
from feim.signal.expressiveness import SEEN, at_rest, displacements, steadied

AXES = EMOTIONS[1:]
ENOUGH = 2000  # frames of a film that tell how its face rests
END = 0.2  # share of a film's frames that are at one end of a movement
TELLING = 12.0  # how much likelier the nearest emotion is than one that is a whole strength further away, as a logarithm


class EmotionSpace(nn.Module):
    """How a face differs from itself at rest → its place in the space of emotions."""

    @dataclass(frozen=True)
    class Config:
        hidden: int = 48
        dropout: float = 0.1

    def __init__(self, config: "EmotionSpace.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.register_buffer("deviation", torch.ones(2 * len(SEEN)))
        self.layers = nn.Sequential(
            nn.Linear(2 * len(SEEN), c.hidden), nn.GELU(), nn.Dropout(c.dropout), nn.Linear(c.hidden, c.hidden), nn.GELU(),
            nn.Linear(c.hidden, len(AXES)),
        )  # fmt: skip
        self.intensity = FaceIntensity()  # the same faces' pseudo-labels, for whom emotions have no names

    def forward(self, seen: Tensor) -> Tensor:
        """Displacements (…, 2 · SEEN), from feim.signal.expressiveness → places (…, 6)."""
        return self.layers(seen / self.deviation)

    @torch.no_grad()
    def place(self, landmarks: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Faces (F, 189, 2) of one person, and the same person's at rest (189, 2) → (F, 6)."""
        return self(torch.from_numpy(displacements(landmarks, rest)).flatten(1)).numpy()

    def rest_of(self, landmarks: np.ndarray) -> np.ndarray:
        """How a face rests that was only seen in one film: (F, 189, 2) → (189, 2).

        It may feel something most of the time. So it is one of five faces: the middle of all, and those at the ends of its two largest
        movements; that beside which the film shows most of one emotion. Beside a face that does not rest, others do what no emotion does.
        """
        landmarks = landmarks[:: -(-len(landmarks) // ENOUGH)]
        still = steadied(landmarks, at_rest(landmarks))
        middle = np.median(still, axis=0)
        moved = displacements(still, middle).reshape(len(still), -1)
        _, _, movements = np.linalg.svd(moved - moved.mean(0), full_matrices=False)
        few = max(1, round(END * len(still)))
        order = np.argsort(moved @ movements[:2].T, axis=0)  # (F, 2)
        ends = [np.median(still[rows], axis=0) for along in order.T for rows in (along[:few], along[-few:])]
        return max([middle, *ends], key=lambda rest: self.place(landmarks, rest).max(-1).clip(0, None).mean())


def at(feelings: Feelings | Arc, intensity: float | np.ndarray = 1.0) -> np.ndarray:
    """Where an emotion, or a mixture, is at γ, or the way from one to the next over F frames: one number or (F,) → (6,) or (F, 6).

    At the same γ everything is as far from the origin; what is neutral in a mixture brings it nearer. With one number, of several
    emotions one after another, the middle of their way.

    Raises: UnknownEmotion, InvalidMixture.
    """
    gamma = np.asarray(intensity, float)
    places = strength(gamma.reshape(-1, 1)) * directions(parse_arc(feelings).weights(gamma.size))  # (F, 6)
    return places.reshape(*gamma.shape, len(AXES))


def shapes(place: np.ndarray) -> np.ndarray:
    """What a face does there: (…, 6) → (…, 47), the emotions' prototypes by how far along each the place is, none beyond its end."""
    prototypes = np.stack([expression(label, MAX_INTENSITY) for label in AXES])  # (6, 47)
    return (place.clip(0, None) @ prototypes).clip(0, 1).astype(np.float32)


def intensity_of(place: np.ndarray) -> np.ndarray:
    """How strong whatever is felt there is: (…, 6) → (…,), the norm."""
    return np.linalg.norm(place, axis=-1)


def probabilities(place: np.ndarray) -> np.ndarray:
    """Which emotion a place means: (…, 6) → (…, 7) in the order of EMOTIONS; the nearer to an emotion's middle, the likelier.

    Neutral's is the origin; the others' are halfway up their axes.
    """
    middles = np.concatenate([np.zeros((1, len(AXES))), np.eye(len(AXES)) / 2])  # (7, 6)
    away = np.square(np.asarray(place)[..., None, :] - middles).sum(-1)
    logits = -TELLING * away
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    return chances / chances.sum(-1, keepdims=True)


def space_losses(guess: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """Stretches of films (B, F, 6) each → named losses and "loss", their sum.

    Direction: the angle between them, where anything is felt; norm: how strong; smooth: a face that moves little stays where it is.
    """
    length = truth.norm(dim=-1)
    cosine = F.cosine_similarity(guess, truth, dim=-1)
    direction = ((1 - cosine) * length).sum() / length.sum().clamp_min(1e-6)
    norm = (guess.norm(dim=-1) - length).abs().mean()
    off = (guess - truth).abs().mean()
    smooth = (guess.diff(dim=1) - truth.diff(dim=1)).square().sum(-1).mean()
    return {"loss": direction + norm + off + 4 * smooth, "direction": direction, "norm": norm, "off": off, "smooth": smooth}
