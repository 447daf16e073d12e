"""Emotion heard in a voice: mel and pitch → probabilities of the seven emotions. The ear that grades the generator, never its teacher.

ConvNeXt blocks (Liu et al. 2022) over mel bands and pitch, attentive statistics pooling (Okabe et al. 2018), one linear layer, and a
temperature set on held-out speakers (Guo et al. 2017), so that a probability of 0.7 is right seven times in ten.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.nn.blocks import ConvNeXtBlock, sequence_mask
from feim.nn.prosody import place
from feim.signal.audio import N_MELS
from feim.signal.emotion import EMOTIONS

PITCH_FEATURES = 3  # F0, F0 relative to the clip's own mean, voicing
PLACE_FEATURES = 1  # how far through the clip: a rise means surprise only at the end
REFERENCE_PITCH = 160.0  # Hz, between typical men and women


def pitch_features(pitch: Tensor) -> Tensor:
    """(B, T) Hz, 0 where unvoiced → (B, 3, T): octaves from 160 Hz, octaves from the clip's mean, voicing; 0 where unvoiced."""
    voicing = (pitch > 0).float()
    octaves = torch.log2(pitch.clamp_min(1) / REFERENCE_PITCH) * voicing
    mean = octaves.sum(-1, keepdim=True) / voicing.sum(-1, keepdim=True).clamp_min(1)
    return torch.stack([octaves, (octaves - mean) * voicing, voicing], dim=1)


class AttentiveStatistics(nn.Module):
    """(B, C, T) → (B, 2C): mean and deviation of every channel over the frames it finds telling."""

    def __init__(self, width: int):
        super().__init__()
        self.attention = nn.Sequential(nn.Conv1d(width, width // 2, 1), nn.Tanh(), nn.Conv1d(width // 2, width, 1))

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        weight = self.attention(h).masked_fill(mask == 0, -torch.inf).softmax(-1)  # (B, C, T)
        mean = (weight * h).sum(-1)
        variance = (weight * (h - mean[..., None]).square()).sum(-1)
        return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)  # (B, 2C)


class EmotionRecogniser(nn.Module):
    """Mel and pitch → logits of feim.signal.emotion.EMOTIONS."""

    @dataclass(frozen=True)
    class Config:
        width: int = 96
        kernel: int = 7
        dilations: tuple[int, ...] = (1, 2, 4, 1)
        dropout: float = 0.25

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.enter = nn.Conv1d(N_MELS + PITCH_FEATURES + PLACE_FEATURES, config.width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(ConvNeXtBlock(config.width, config.kernel, d, dropout=config.dropout) for d in config.dilations)
        self.norm = nn.LayerNorm(config.width)
        self.pool = AttentiveStatistics(config.width)
        self.classify = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(2 * config.width, len(EMOTIONS)))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, mel: Tensor, pitch: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Log-mel (B, 128, T), pitch (B, T) in Hz, lengths (B,) frames or None if all are T → logits (B, 7), calibrated."""
        mask = torch.ones_like(mel[:, :1]) if lengths is None else sequence_mask(lengths, mel.shape[-1])  # (B, 1, T)
        h = torch.cat([(mel + 5) / 2.5, pitch_features(pitch * mask[:, 0]), place(mask)], dim=1)  # (B, 132, T), unit scale
        h, mask = F.gelu(self.enter(h * mask)), mask[..., ::2]  # (B, C, T/2)
        for block in self.blocks:
            h = block(h, mask=mask)
        h = self.norm(h.transpose(1, 2)).transpose(1, 2)
        return self.classify(self.pool(h, mask)) / self.temperature

    @torch.no_grad()
    def calibrate(self, logits: Tensor, emotions: Tensor) -> float:
        """Set the temperature at which held-out logits (N, 7) predict their emotions (N,) best; logits as forward gave them.

        Returns: the temperature.
        """
        raw = logits * self.temperature
        candidates = torch.logspace(-1, 1, 201)
        losses = torch.stack([F.cross_entropy(raw / t, emotions) for t in candidates])
        self.temperature.fill_(candidates[losses.argmin()])
        return float(self.temperature)
