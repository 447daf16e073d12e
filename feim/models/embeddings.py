"""Face and voice networks of FEIM-TTS: a face and the voices that suit it lie close together in one 512-d space.

After Face-TTS (Lee et al. 2023), where both are VGG-M trained to match; here they are small. The face network looks through MTCNN's
O-Net (Zhang et al. 2016), frozen, whose weights come inside facenet-pytorch; only its head is trained. The voice network is
ConvNeXt blocks over the mel with statistics pooling (Snyder et al. 2018). Face and voice are matched by gender and age, not by person.
"""

from dataclasses import dataclass

import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet
from torch import Tensor, nn
from torch.nn import functional as F

from feim.nn.blocks import ConvNeXtBlock, sequence_mask
from feim.signal.audio import N_MELS

EMBEDDING = 512

# What O-Net looks at in the aligned crop: (side, row of the centre, size it is resized to), pixels. From eyes and mouth to head and hair;
# twice the 48 pixels that it was trained on show more. Chosen by cross-validation over the 82 London people.
VIEWS = ((120, 126, 80), (150, 122, 80), (200, 118, 96))
CELLS = 3  # activations are averaged over 3×3 cells of each view
FACE_FEATURES = len(VIEWS) * 128 * CELLS**2


def crop_to_tensor(crop: np.ndarray) -> Tensor:
    """Aligned crops of feim.signal.face, (…, 224, 224, 3) uint8 → (…, 3, 224, 224) float32 in [0, 1]: what the face network sees."""
    return torch.tensor(crop).movedim(-1, -3).float() / 255


class FrozenTrunk(nn.Module):
    """O-Net's four convolutions with their published weights, never trained and never saved: (B, 3, H, W) in [−1, 1] → (B, 128, h, w)."""

    def __init__(self):
        super().__init__()
        for name, value in ONet().state_dict().items():
            if name.startswith(("conv", "prelu")) and "prelu5" not in name:
                self.register_buffer(name.replace(".", "_"), value, persistent=False)

    def _layer(self, x: Tensor, number: int) -> Tensor:
        x = F.conv2d(x, getattr(self, f"conv{number}_weight"), getattr(self, f"conv{number}_bias"))
        return F.prelu(x, getattr(self, f"prelu{number}_weight"))

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self._layer(x, 1), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self._layer(x, 2), 3, 2, ceil_mode=True)
        x = F.max_pool2d(self._layer(x, 3), 2, 2, ceil_mode=True)
        return self._layer(x, 4)


class FaceNetwork(nn.Module):
    """Aligned face crops → unit vectors."""

    @dataclass(frozen=True)
    class Config:
        hidden: int = 112
        dropout: float = 0.3

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.trunk = FrozenTrunk()
        self.register_buffer("mean", torch.zeros(FACE_FEATURES))
        self.register_buffer("deviation", torch.ones(FACE_FEATURES))
        self.head = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(FACE_FEATURES, config.hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, EMBEDDING),
        )

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 3, 224, 224) in [0, 1], as feim.signal.face aligns them → (B, 512) of unit length."""
        return self.embed(self.describe(crops))

    @torch.no_grad()
    def describe(self, crops: Tensor) -> Tensor:
        """(B, 3, 224, 224) in [0, 1] → (B, FACE_FEATURES): the trunk's activations in every view, the same for the mirrored crop."""
        features = []
        for side, row, size in VIEWS:
            left, top = (crops.shape[-1] - side) // 2, row - side // 2
            view = crops[:, :, top : top + side, left : left + side]
            view = F.interpolate(view, (size, size), mode="bilinear", antialias=True)
            view = (view * 255 - 127.5) / 128  # MTCNN's own scale
            maps = (self.trunk(view) + self.trunk(view.flip(3))) / 2  # (B, 128, h, w)
            cells = F.adaptive_avg_pool2d(maps, CELLS).flatten(1)  # (B, 128 · 9)
            features.append(F.normalize(cells, dim=1))
        return torch.cat(features, dim=1)

    def standardise(self, features: Tensor) -> None:
        """Remember the mean and deviation of training features (N, FACE_FEATURES): before training, once."""
        self.mean.copy_(features.mean(0))
        self.deviation.copy_(features.std(0).clamp_min(1e-3))

    def embed(self, features: Tensor) -> Tensor:
        """(B, FACE_FEATURES) from `describe` → (B, 512) of unit length."""
        return F.normalize(self.head((features - self.mean) / self.deviation).float(), dim=1)


class VoiceNetwork(nn.Module):
    """Log-mel spectrograms → unit vectors: who speaks, whatever is said, how loud or with what feeling."""

    @dataclass(frozen=True)
    class Config:
        width: int = 144
        dilations: tuple[int, ...] = (1, 2, 4, 1)
        dropout: float = 0.1

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.enter = nn.Conv1d(N_MELS, config.width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.width, dilation=dilation, expansion=2, dropout=config.dropout) for dilation in config.dilations
        )
        self.norm = nn.LayerNorm(2 * config.width)
        self.leave = nn.Linear(2 * config.width, EMBEDDING)

    def forward(self, mel: Tensor, lengths: Tensor | None = None) -> Tensor:
        """mel (B, 128, T), lengths (B,) frames or None if all are T → (B, 512) of unit length."""
        *_, h = self.features(mel, lengths)  # (B, C, T/2)
        mask = self._mask(mel, lengths)[..., ::2]  # (B, 1, T/2)
        count = mask.sum(-1).clamp_min(1)
        mean = (h * mask).sum(-1) / count  # (B, C)
        variance = ((h - mean[..., None]).square() * mask).sum(-1) / count
        statistics = torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)  # (B, 2C)
        return F.normalize(self.leave(self.norm(statistics)).float(), dim=1)

    def features(self, mel: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """The activations of all layers, each (B, C, T/2): what the speaker loss compares."""
        mask = self._mask(mel, lengths)
        h = F.gelu(self.enter(_levelled(mel, mask) * mask))
        layers = [h]
        for block in self.blocks:
            layers.append(block(layers[-1], mask=mask[..., ::2]))
        return layers

    @staticmethod
    def _mask(mel: Tensor, lengths: Tensor | None) -> Tensor:
        if lengths is None:
            return torch.ones_like(mel[:, :1])
        return sequence_mask(lengths, mel.shape[-1])


def _levelled(mel: Tensor, mask: Tensor) -> Tensor:
    """Take out the recording's loudness, and the depth of its silence, which loudness moves: (B, 128, T) → about unit scale."""
    level = ((mel.exp() * mask).sum((1, 2), keepdim=True) / (N_MELS * mask.sum(-1, keepdim=True)).clamp_min(1)).clamp_min(1e-5).log()
    return (mel - level).clamp_min(-7) / 3 + 0.5  # speech lies between −7 and 4 around its mean magnitude
