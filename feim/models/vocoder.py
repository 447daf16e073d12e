"""A neural source-filter vocoder: log-mel → pitch, voicing, spectral envelope, aperiodicity → WORLD → sound.

The network only reads off the mel what the larynx and the vocal tract did; WORLD (Morise et al. 2016) makes the sound. It
therefore trains in minutes by plain regression, runs far faster than real time on a CPU, and offers a true pitch control.
"""

from dataclasses import dataclass

import numpy as np
import pyworld
import torch
from torch import Tensor, nn

from feim.nn.blocks import ConvNeXtBlock
from feim.signal.audio import N_MELS, SAMPLE_RATE
from feim.signal.world import FFT_SIZE, PITCH_CEILING, PITCH_FLOOR, World, decode_aperiodicity, shift_pitch, synthesise


@dataclass(frozen=True)
class SourceFilter:
    """What the network reads off a mel.

    Attributes:
        pitch: (B, bins, T) logits over log-spaced pitch bins; voicing: (B, T) logit.
        envelope: (B, 60, T) WORLD's coded log envelope; aperiodicity: (B, T) dB, coded.
    """

    pitch: Tensor
    voicing: Tensor
    envelope: Tensor
    aperiodicity: Tensor


class SourceFilterVocoder(nn.Module):
    """Six ConvNeXt blocks with four heads."""

    @dataclass(frozen=True)
    class Config:
        channels: int = 224
        blocks: int = 6
        expansion: int = 2
        pitch_bins: int = 128
        envelope: int = 60

    def __init__(self, config: "SourceFilterVocoder.Config | None" = None):
        super().__init__()
        self.config = config = config or self.Config()
        self.input = nn.Conv1d(N_MELS, config.channels, 7, padding=3)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.channels, dilation=(1, 2)[i % 2], expansion=config.expansion) for i in range(config.blocks)
        )
        self.norm = nn.LayerNorm(config.channels)
        self.output = nn.Linear(config.channels, config.pitch_bins + 1 + config.envelope + 1)
        self.register_buffer("envelope_mean", torch.zeros(config.envelope))
        self.register_buffer("envelope_scale", torch.ones(config.envelope))

    def forward(self, mel: Tensor) -> SourceFilter:
        """mel (B, 128, T), natural log → SourceFilter. A louder mel gives the same voice, louder."""
        level = frame_level(mel)  # (B, T)
        overall = level.amax(dim=1)[:, None, None]  # (B, 1, 1)
        h = self.input((mel - overall) / 4 + 1)
        for block in self.blocks:
            h = block(h)
        h = self.output(self.norm(h.transpose(1, 2))).transpose(1, 2)  # (B, C, T)
        pitch, voicing, envelope, aperiodicity = h.split([self.config.pitch_bins, 1, self.config.envelope, 1], dim=1)
        envelope = envelope * self.envelope_scale[:, None] + self.envelope_mean[:, None]
        gain = nn.functional.pad(2 * level[:, None], (0, 0, 0, self.config.envelope - 1))  # coefficient 0 is the mean log power
        return SourceFilter(pitch, voicing[:, 0], envelope + gain, 6 * aperiodicity[:, 0] - 3)

    @property
    def bins(self) -> Tensor:
        """(bins,) Hz, the middle of every pitch bin."""
        return torch.logspace(np.log10(PITCH_FLOOR), np.log10(PITCH_CEILING), self.config.pitch_bins)

    @torch.inference_mode()
    def read(self, mel: Tensor) -> World:
        """mel (128, T) → the voice it shows, T frames."""
        found = self(mel[None].to(self.input.weight.device))
        logits = found.pitch[0].float().cpu()  # (bins, T)
        pitch = decode_pitch(logits, self.bins).numpy()
        voiced = found.voicing[0].float().cpu().numpy() > 0
        coded = found.envelope[0].T.float().cpu().numpy().astype(np.float64)  # (T, 60)
        envelope = pyworld.decode_spectral_envelope(np.ascontiguousarray(coded), SAMPLE_RATE, FFT_SIZE)
        noise = np.clip(found.aperiodicity[0].float().cpu().numpy(), -60, 0)  # (T,) dB
        aperiodicity = np.where(voiced[:, None], decode_aperiodicity(noise), 1 - 1e-12)
        return World(np.where(voiced, pitch, 0.0).astype(np.float64), envelope, aperiodicity)

    def synthesise(self, mel: Tensor, pitch_shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """mel (128, T) → waveform (160·T,) float32 and pitch (T,) Hz; `pitch_shift` in semitones, formants unmoved."""
        world = shift_pitch(self.read(mel), pitch_shift)
        return synthesise(world), world.pitch


def frame_level(mel: Tensor) -> Tensor:
    """mel (B, 128, T), natural log of magnitude → (B, T), natural log of its root mean square."""
    return torch.logsumexp(2 * mel, dim=1) / 2 - np.log(N_MELS) / 2


def cosine_basis(order: int, points: int = 96) -> Tensor:
    """(points, order): WORLD's coefficients → log power on `points` places of the mel axis, c₀ + √2 Σ cₖ cos(πk(n + ½)/N)."""
    places = (torch.arange(points)[:, None] + 0.5) / points
    basis = 2**0.5 * torch.cos(torch.pi * places * torch.arange(order))
    basis[:, 0] = 1
    return basis


def decode_pitch(logits: Tensor, bins: Tensor, reach: int = 2) -> Tensor:
    """logits (bins, T) → (T,) Hz: the likeliest bin, refined by the mean of its neighbours' logarithms."""
    best = logits.argmax(dim=0)  # (T,)
    around = (best + torch.arange(-reach, reach + 1)[:, None]).clamp(0, len(bins) - 1)  # (5, T)
    weights = logits.gather(0, around).softmax(dim=0)
    return (weights * bins.log()[around]).sum(dim=0).exp()


def pitch_target(pitch: Tensor, bins: Tensor, width: float = 1.0) -> Tensor:
    """pitch (B, T) Hz → (B, bins, T) a Gaussian of `width` bins around it, summing to one."""
    step = float(bins[1].log() - bins[0].log())
    distance = (pitch.clamp_min(1).log()[:, None] - bins.to(pitch).log()[:, None]) / step  # (B, bins, T)
    return (-0.5 * (distance / width) ** 2).softmax(dim=1)


def vocoder_losses(found: SourceFilter, batch: dict[str, Tensor], bins: Tensor) -> dict[str, Tensor]:
    """Cross-entropy of pitch on voiced frames, of voicing everywhere; L1 of the log envelope and of aperiodicity.

    batch: pitch (B, T) Hz, envelope (B, 60, T), aperiodicity (B, T) dB.
    """
    pitch = batch["pitch"]  # (B, T)
    voiced = (pitch > 0).float()
    basis = cosine_basis(found.envelope.shape[1]).to(pitch)
    target = pitch_target(pitch, bins)
    crossed = -(target * found.pitch.float().log_softmax(dim=1)).sum(dim=1)  # (B, T)
    losses = {
        "pitch": (crossed * voiced).sum() / voiced.sum().clamp_min(1),
        "voicing": nn.functional.binary_cross_entropy_with_logits(found.voicing.float(), voiced),
        "envelope": (basis @ (found.envelope - batch["envelope"]).float()).abs().mean(),
        "aperiodicity": ((found.aperiodicity - batch["aperiodicity"]).abs() / 6 * voiced).sum() / voiced.sum().clamp_min(1),
    }
    return losses | {"loss": losses["pitch"] + losses["voicing"] + 3 * losses["envelope"] + losses["aperiodicity"]}
