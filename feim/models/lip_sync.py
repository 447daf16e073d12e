"""The sync network: whether a mouth and a voice belong together, and by how much one of them is late.

After SyncNet (Chung & Zisserman 2016): two towers, one for a mouth's movement and one for the sound of the same time, whose vectors lie
near each other where both belong together. It is trained as a choice among many times (Chung, Chung & Kang 2019, "Perfect match"). It
sees landmarks in place of pixels, so that rendered, generated and filmed mouths look alike to it.

It judges talking faces, so it shares no weights with what moves their lips. But it, too, has learnt from the rules of feim.signal.visemes
what mouths do: that real lips agree with it shows on filmed people (`python -m feim evaluate talking-face --data DATA`).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.models.lip_motion import MEL_CENTRE, MEL_SPREAD, STEPS, TemporalBlock
from feim.signal.audio import N_MELS
from feim.signal.expressiveness import STEADY
from feim.signal.face import similarity
from feim.signal.landmarks import CHIN, JAW, MIRROR, MOUTH, PUPILS, interocular

FURTHEST = 10  # frames that sound and mouth are shifted by; SyncNet takes 15, for which short sentences have no room
NEAR = 0.4  # how right the frame before and the one after are, beside the right one: no two people's lips are equally early
LEAST_MOVEMENT = 0.005  # inter-pupil distances: what landmarks of a still mouth jitter by
_PAIRS = tuple((point, MIRROR[point]) for point in (*MOUTH, *CHIN, *JAW) if point <= MIRROR[point])
CHANNELS = len(_PAIRS)
OF_CHIN = np.array([one not in MOUTH for one, _ in _PAIRS])  # (CHANNELS,) bool: of chin and jaw, which a beard hides
BANDS = 32  # of the sound: neighbouring mel bands are taken together, because lips do not follow the harmonics of a voice


class TooShort(ValueError):
    """There is not enough film or sound to compare."""


@dataclass(frozen=True)
class Sync:
    """How mouth and sound of a film go together.

    Attributes:
        distances: (2 · FURTHEST + 1,) mean distance of their vectors with the sound taken from −FURTHEST to FURTHEST frames later.
    """

    distances: np.ndarray

    @property
    def offset(self) -> int:
        """By how many frames the sound comes after the mouth."""
        return int(self.distances.argmin()) - FURTHEST

    @property
    def confidence(self) -> float:
        """The median distance minus the least one (SyncNet's LSE-C); near 0 where nothing belongs together."""
        return float(np.median(self.distances) - self.distances.min())


def mouth_movement(landmarks: np.ndarray) -> np.ndarray:
    """What a film's mouth does, whoever it belongs to and however the head moves.

    The landmarks of each frame are brought to the first one's by what speech does not move; left and right are taken together, and what
    is left is how much lower the points are than their mean over the film. How wide a mouth is, is left out: filmed people's is mostly
    that of their feelings, and goes with what they say hardly, or otherwise than the rules say.

    Args: landmarks (F, 189, 2) in pixels of the frames.
    Returns: (F, CHANNELS) float32 in inter-pupil distances.
    """
    first = landmarks[0]
    steady = np.stack([_onto(frame, first) for frame in landmarks])  # (F, 189, 2)
    middle = steady.mean(0)
    across = (middle[PUPILS[1]] - middle[PUPILS[0]]) / interocular(middle) ** 2
    return lowered((steady - middle) @ np.array([-across[1], across[0]]))  # along the face, down from a line through the pupils


def lowered(down: np.ndarray) -> np.ndarray:
    """How far each landmark went down (…, 189) → (…, CHANNELS) float32: what both sides of the mouth share."""
    one, other = (list(side) for side in zip(*_PAIRS, strict=True))
    return ((down[..., one] + down[..., other]) / 2).astype(np.float32)


def _onto(frame: np.ndarray, first: np.ndarray) -> np.ndarray:
    turn = similarity(frame[[*STEADY]], first[[*STEADY]])
    return frame @ turn[:, :2].T + turn[:, 2]


class LipSync(nn.Module):
    """Movements of mouths, and log-mel spectrograms → unit vectors, 25 a second."""

    @dataclass(frozen=True)
    class Config:
        channels: int = 40
        dilations: tuple[int, ...] = (1, 2, 3)  # of each tower's blocks
        embedding: int = 32
        dropout: float = 0.05

    def __init__(self, config: "LipSync.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.enter_mouth = nn.Conv1d(CHANNELS, c.channels, 3)
        self.enter_sound = nn.Conv1d(BANDS, c.channels, 3)
        self.slow = nn.Conv1d(c.channels, c.channels, 2 * STEPS, stride=STEPS)  # to the video's rate
        self.mouth_blocks, self.sound_blocks = (
            nn.ModuleList(TemporalBlock(c.channels, dilation, False, c.dropout) for dilation in c.dilations) for _ in range(2)
        )
        self.leave_mouth, self.leave_sound = (nn.Conv1d(c.channels, c.embedding, 1) for _ in range(2))
        self.sharpness = nn.Parameter(torch.tensor(2.0))  # ln of how much cosines count
        self.reach = 1 + sum(c.dilations)  # frames that a vector reads to both sides of its own

    def forward(self, movement: Tensor, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `sync_losses` needs of films and their sound."""
        return self.see(movement), self.hear(mel), self.sharpness

    def see(self, movement: Tensor) -> Tensor:
        """Mouths (B, F, CHANNELS), from `mouth_movement` → (B, F − 2 · reach, embedding), whatever the size of a film's movement."""
        size = movement.square().mean((1, 2), keepdim=True).sqrt().clamp_min(LEAST_MOVEMENT)
        h = F.gelu(self.enter_mouth((movement / size).transpose(1, 2)))  # (B, C, F − 2)
        return self._leave(h, self.mouth_blocks, self.leave_mouth)

    def hear(self, mel: Tensor) -> Tensor:
        """Log-mels of the same time (B, 128, 4 F) → (B, F − 2 · reach, embedding)."""
        bands = mel.unflatten(1, (BANDS, N_MELS // BANDS)).mean(2)  # (B, 32, 4 F)
        # The slow convolution is centred on the video frame: it and the first one read 3 mel frames beyond its four.
        inner = bands[..., 1 : bands.shape[-1] - 1]
        h = F.gelu(self.enter_sound((inner - MEL_CENTRE) / MEL_SPREAD))  # (B, C, 4 F − 4)
        h = F.gelu(self.slow(h))  # (B, C, F − 2)
        return self._leave(h, self.sound_blocks, self.leave_sound)

    def _leave(self, h: Tensor, blocks: nn.ModuleList, leave: nn.Conv1d) -> Tensor:
        for block in blocks:
            h = block(h)
        return F.normalize(leave(h).transpose(1, 2).float(), dim=-1)

    @torch.inference_mode()
    def judge(self, movement: np.ndarray, mel: np.ndarray | Tensor) -> Sync:
        """One film: movement (F, CHANNELS) and the sound's mel (128, T), which begins with it; what is longer is cut off at its end.

        Raises: TooShort.
        """
        frames = min(len(movement), mel.shape[1] // STEPS)
        least = 2 * (self.reach + FURTHEST)
        if frames < least:
            raise TooShort(f"{frames} frames with sound are too few to judge their sync; use {least} or more")
        seen = self.see(torch.from_numpy(movement[None, :frames]).float())[0]
        heard = self.hear(torch.as_tensor(mel)[None, :, : frames * STEPS].float())[0]
        return Sync(distances(seen, heard).numpy())


def distances(seen: Tensor, heard: Tensor) -> Tensor:
    """(F, D), twice → (2 · FURTHEST + 1,): the mean distance of seen[f] and heard[f + offset], wherever both are there."""
    frames, found = len(seen), []
    for offset in range(-FURTHEST, FURTHEST + 1):
        mouth, sound = seen[max(0, -offset) : frames - max(0, offset)], heard[max(0, offset) : frames + min(0, offset)]
        found.append((mouth - sound).norm(dim=-1).mean())
    return torch.stack(found)


def sync_losses(seen: Tensor, heard: Tensor, sharpness: Tensor) -> dict[str, Tensor]:
    """(B, F, D) unit vectors, twice → "loss": how surely each frame's mouth is told among all sounds, and its sound among all mouths.

    Of B · F sounds F are other times of the same film, the others another film's. "right": share of mouths whose film and time, give or
    take a frame, are found among all.
    """
    batch, frames = seen.shape[:2]
    likeness = sharpness.exp() * seen.flatten(0, 1).float() @ heard.flatten(0, 1).float().T  # (B F, B F)
    own = torch.arange(batch * frames, device=seen.device)
    time = torch.arange(frames, device=seen.device)
    near = torch.eye(frames, device=seen.device) + NEAR * ((time[:, None] - time).abs() == 1)
    wanted = torch.block_diag(*[near / near.sum(1, keepdim=True)] * batch)  # (B F, B F), rows sum to 1
    loss = (F.cross_entropy(likeness, wanted) + F.cross_entropy(likeness.T, wanted)) / 2
    right = ((likeness.argmax(1) - own).abs() <= 1).float().mean()
    return {"loss": loss, "right": right}
