"""Speech → lips: what a mouth does while it says this, from the sound alone, for voices that come without phone times.

A small temporal convolutional network (Bai et al. 2018) over the mel, after Karras et al. 2017 in that it looks a little ahead and
needs no words. It has learnt the visemes of phone-timed speech (feim.signal.visemes). Every convolution is "valid", so a film made
piece by piece is the film made at once: frame f reads the mel frames from 4f − PAST to 4f + AHEAD, and no others.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.signal.action_units import LIP_GAP
from feim.signal.audio import FRAME_RATE as MEL_RATE
from feim.signal.audio import MEL_SILENCE, N_FFT, N_MELS, SAMPLE_RATE
from feim.signal.face_motion import BOTH, FRAME_RATE
from feim.signal.visemes import MOUTH, SHUT, face_of

STEPS = MEL_RATE // FRAME_RATE  # mel frames in a video frame
MEL_CENTRE, MEL_SPREAD = -6.0, 2.5  # of speech
# Mean and standard deviation of each shape in real speech (LibriSpeech's phone times; rare ones at least 0.03).
_MEAN = torch.tensor([0.115, 0.007, 0.107, 0.053, 0.09, 0.07, 0.111, 0.037, 0.04, 0.007])
_SPREAD = torch.tensor([0.066, 0.03, 0.139, 0.064, 0.08, 0.066, 0.071, 0.097, 0.13, 0.03])


class TemporalBlock(nn.Module):
    """Depthwise convolution in time, then a pointwise two-layer network, added to its input: (B, C, F) → (B, C, F − 2·dilation).

    It reads one step behind and one ahead, or two behind if `causal`; steps are `dilation` frames.
    """

    def __init__(self, channels: int, dilation: int, causal: bool, dropout: float):
        super().__init__()
        self.behind, self.ahead = (2 * dilation, 0) if causal else (dilation, dilation)
        self.depthwise = nn.Conv1d(channels, channels, 3, dilation=dilation, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.depthwise(x).transpose(1, 2))  # (B, F′, C)
        h = self.dropout(self.narrow(F.gelu(self.widen(h))))
        return x[..., self.behind : x.shape[-1] - self.ahead] + h.transpose(1, 2)


class LipMotion(nn.Module):
    """Log-mel spectrograms → the ten shapes of feim.signal.visemes.MOUTH, 25 times a second."""

    @dataclass(frozen=True)
    class Config:
        channels: int = 80
        both_ways: tuple[int, ...] = (1, 1)  # dilations of the blocks that look ahead
        causal: tuple[int, ...] = (1, 2, 4, 8)  # and of those that only remember
        dropout: float = 0.05

    def __init__(self, config: "LipMotion.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.enter = nn.Conv1d(N_MELS, c.channels, 3)
        self.slow = nn.Conv1d(c.channels, c.channels, 2 * STEPS, stride=STEPS)  # to the video's rate
        blocks = [(dilation, False) for dilation in c.both_ways] + [(dilation, True) for dilation in c.causal]
        self.blocks = nn.ModuleList(TemporalBlock(c.channels, *block, c.dropout) for block in blocks)
        self.leave = nn.Conv1d(c.channels, len(MOUTH), 1)
        behind, ahead = (STEPS * sum(getattr(block, side) for block in self.blocks) for side in ("behind", "ahead"))
        # The slow convolution is centred on the video frame: 2 mel frames before its four and 2 after; entering adds 1 on both sides.
        self.past, self.ahead = behind + STEPS // 2 + 1, ahead + STEPS + STEPS // 2  # mel frames before 4f, and the last one, 4f + ahead

    @property
    def delay(self) -> float:
        """Seconds of sound after a video frame's beginning that it needs, half a mel window included."""
        return self.ahead / MEL_RATE + N_FFT / 2 / SAMPLE_RATE

    def forward(self, mel: Tensor) -> Tensor:
        """(B, 128, T) → (B, ⌈T / 4⌉, 10) in [0, 1], with silence before and after."""
        frames = -(-mel.shape[-1] // STEPS)
        after = self.ahead + 1 + STEPS * (frames - 1) - mel.shape[-1]
        return self.within(F.pad(mel, (self.past, after), value=MEL_SILENCE)).clamp(0, 1)

    def within(self, mel: Tensor) -> Tensor:
        """(B, 128, past + 4 (F − 1) + ahead + 1): F video frames with all that they read → (B, F, 10), not yet kept within [0, 1].

        Nothing squashes the output: a sigmoid that is pushed to 0 by the many frames without a contact learns no contact any more.
        """
        h = F.gelu(self.enter((mel - MEL_CENTRE) / MEL_SPREAD))
        h = F.gelu(self.slow(h))  # (B, C, frames of video)
        for block in self.blocks:
            h = block(h)
        return self.leave(h).transpose(1, 2) * _SPREAD.to(h) + _MEAN.to(h)

    @torch.no_grad()
    def speech_shapes(self, mel: np.ndarray | Tensor) -> np.ndarray:
        """What one sound does to a face: mel (128, T) → (⌈T / 4⌉, 47) float32, like feim.signal.visemes.visemes."""
        mel = torch.as_tensor(mel, dtype=self.leave.weight.dtype, device=self.leave.weight.device)
        return face_of(self(mel[None])[0].float().cpu().numpy())


_GAP = torch.tensor([LIP_GAP.get(name, 0.0) * (2 if name in BOTH else 1) for name in MOUTH])  # cm for each shape
_GAP_SPREAD = 0.3  # cm


def lip_losses(guess: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """(B, F, 10) each → named losses: positions and speeds in standard deviations, the gap between the lips in cm, and "loss", their sum.

    Frames with shut lips count four times.
    """
    weight = 1 + 3 * (truth[..., MOUTH.index("mouthPress")] > 0.5 * SHUT).float()  # (B, F)
    weight = weight / weight.mean()
    wrong = (guess.float() - truth) / _SPREAD.to(truth)
    shapes = (wrong.abs().mean(-1) * weight).mean()
    speed = wrong.diff(dim=1).abs().mean()
    gap = (((guess.float() - truth) @ _GAP.to(truth)).abs() * weight).mean()
    return {"loss": shapes + speed + gap / _GAP_SPREAD, "shapes": shapes, "speed": speed, "gap": gap}
