"""FEIM-TTS: a face, a text, an emotion and its intensity become a mel spectrogram.

Chu et al. 2024, "Facial Expression-Enhanced TTS" (arXiv 2409.16203) = Face-TTS (Lee et al. 2023), that is Grad-TTS (Popov et al.
2021) with a face vector, plus classifier-free guidance (Ho and Salimans 2022) on the emotion. Face-TTS is this model with the
null token: intensity 0.

    text, face → symbols' features → durations, pitch (emotion, γ) → frames' mean mu → diffusion of x − mu (emotion, γ) → mel

Where this differs from the paper, and why:
- The score network is a 1-D ConvNeXt over pairs of frames, far faster on a CPU; the paper's 2-D U-Net is the other choice.
- It predicts the velocity v of the residual y = x − mu; the prior N(mu, I) is the paper's.
- Emotion and γ also reach durations and pitch, by the same guidance rule: in the paper they only reach the score, so that
  intensity cannot slow or raise a voice.
- γ above 1 grows as its logarithm (feim.nn.diffusion.tempered), and less in durations and pitch, which soon leave what a voice can
  do, than in the score; the paper's constant γ is `growth=None`.
- Besides the tenth of all labels, half of the neutral ones learn the null token, so that γ = 0 is neutral speech.
- True durations from the teachers train the default; alignment search serves corpora without phone times.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from feim.nn import diffusion
from feim.nn.alignment import contour, position_in_symbol, search_durations, spread, symbol_means, symbol_of_frame
from feim.nn.blocks import ConvNeXtBlock, sequence_mask
from feim.nn.prosody import ProsodyPredictor
from feim.nn.score_networks import ConvNeXtScore, UNetScore, fold, unfold
from feim.signal.audio import MEL_SILENCE, N_MELS
from feim.signal.emotion import EMOTIONS, NEUTRAL, UNLABELLED
from feim.signal.text import SYMBOLS
from feim.signal.world import PITCH_CENTRE, PITCH_SPREAD

NULL_SHARE = 0.1  # of labelled examples learn the null token (Ho and Salimans 2022)


@dataclass(frozen=True)
class Sampling:
    """How to draw a mel.

    Attributes:
        steps: score evaluations along the path; solver: a name in feim.nn.diffusion.SOLVERS.
        temperature: the noise's variance is divided by it. Face-TTS has 1.5; at few steps Grad-TTS's authors advise more, and here
            20 measured 0.16 DNSMOS better than 1.5 to 3 at equal word errors.
        growth: of the score's guidance with ln γ above 1; None is the paper's constant γ.
        prosody_growth: the same for durations and pitch. Both were chosen on validation sentences: with 0.3 for each, a judge took
            strong fear for surprise and surprise for happiness.
        interval: (low, high) times between which guidance acts on the score; outside, the conditional model runs alone, for half the
            cost. Below 0.2 guidance moves nothing that can be measured; at 1 it sets the level of the whole mel.
        length_scale: factor on durations.
    """

    steps: int = 8
    solver: Literal["dpm-solver++", "euler"] = "dpm-solver++"
    temperature: float = 20.0
    growth: float | None = 0.25
    prosody_growth: float | None = 0.07
    interval: tuple[float, float] = (0.2, 1.0)
    length_scale: float = 1.0

    def weight(self, intensity: float) -> float:
        """FEIM's γ → weight of the score's guidance."""
        return intensity if self.growth is None else diffusion.tempered(intensity, self.growth)

    def prosody_weight(self, intensity: float) -> float:
        """FEIM's γ → weight of guidance on durations and pitch."""
        return intensity if self.prosody_growth is None else diffusion.tempered(intensity, self.prosody_growth)


@dataclass(frozen=True)
class Utterance:
    """mel (128, T), natural log; durations (N,) frames, summing to T; pitch (T,) Hz, the contour that was asked for."""

    mel: Tensor
    durations: Tensor
    pitch: Tensor


class FEIMTTS(nn.Module):
    """Text encoder, prosody predictor, frame network, score network."""

    @dataclass(frozen=True)
    class Config:
        symbols: int = len(SYMBOLS)
        embedding: int = 512  # of the face and voice networks
        channels: int = 192
        encoder_blocks: int = 6
        prosody_channels: int = 128
        prosody_blocks: int = 3
        condition: int = 128
        frame_channels: int = 256
        frame_blocks: int = 2
        decoder: str = "convnext"  # or "unet"
        decoder_channels: int = 256  # the U-Net of the paper has 64
        decoder_blocks: int = 9
        expansion: int = 2
        pitch_bins: int = 32
        mel_mean: float = -6.0
        mel_scale: float = 2.5
        unlearnt: tuple[str, ...] = ()  # emotions that no training clip showed
        residual_scale: float = 0.4  # of x − mu in those units: 1 neper, about its deviation, so that noise of unit variance suits it

    def __init__(self, config: "FEIMTTS.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.symbol = nn.Embedding(c.symbols, c.channels)
        self.face = nn.Sequential(nn.Linear(c.embedding, c.condition), nn.SiLU(), nn.Linear(c.condition, c.condition))
        self.emotion = nn.Embedding(len(EMOTIONS) + 1, c.condition)
        self.encoder = nn.ModuleList(
            ConvNeXtBlock(c.channels, dilation=(1, 2, 4)[i % 3], expansion=c.expansion, condition=c.condition, dropout=0.1)
            for i in range(c.encoder_blocks)
        )
        self.encoder_norm = nn.LayerNorm(c.channels)
        self.prior = nn.Conv1d(c.channels, N_MELS, 1)
        self.prosody = ProsodyPredictor(c.channels, c.prosody_channels, c.prosody_blocks, c.condition, c.expansion)
        self.frame_input = nn.Conv1d(2 * (c.channels + c.pitch_bins + 2), c.frame_channels, 3, padding=1)
        self.frame_blocks = nn.ModuleList(
            ConvNeXtBlock(c.frame_channels, expansion=c.expansion, condition=c.condition) for _ in range(c.frame_blocks)
        )
        self.refine = nn.Conv1d(c.frame_channels, 2 * N_MELS, 1)
        if c.decoder == "unet":
            self.score = UNetScore(N_MELS, c.condition, c.decoder_channels)
        else:
            self.score = ConvNeXtScore(N_MELS, c.frame_channels, c.condition, c.decoder_channels, c.decoder_blocks, c.expansion)
        self.register_buffer("default_face", nn.functional.normalize(torch.ones(c.embedding), dim=0))  # whose voice speaks without a face
        self.register_buffer("pitch_places", torch.linspace(-2.6, 4.0, c.pitch_bins), persistent=False)  # 60 to 600 Hz

    # ---- text -----------------------------------------------------------------------------------------------------------

    def encode(self, symbols: Tensor, lengths: Tensor, face: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """symbols (B, N), lengths (B,), face vectors (B, 512) → features (B, C, N), mask (B, 1, N), speaker (B, D)."""
        mask = sequence_mask(lengths, symbols.shape[1])
        speaker = self.face(face * self.config.embedding**0.5)  # unit vectors to unit variance
        h = self.symbol(symbols).transpose(1, 2)  # (B, C, N)
        for block in self.encoder:
            h = block(h, speaker, mask)
        h = self.encoder_norm(h.transpose(1, 2)).transpose(1, 2) * mask
        return h, mask, speaker

    def predict_prosody(self, h: Tensor, mask: Tensor, speaker: Tensor, emotion: Tensor) -> tuple[Tensor, Tensor]:
        """emotion (B,) index → ln(1 + frames) (B, N) and pitch (B, N) in units of PITCH_SPREAD. Gradients stop at `h`.

        emotion may also be what `feel` gave, (B, D).
        """
        felt = emotion if emotion.is_floating_point() else self.emotion(emotion)
        return self.prosody(h.detach(), mask, speaker.detach(), felt)

    def feel(self, emotion: int | Mapping[int, float]) -> Tensor:
        """An emotion's embedding, (1, D); of a mixture, {index: weight} summing to 1, the mean of its emotions' by their weights.

        So a mixture costs what one emotion costs, one sampling run. EmoMix (Tang et al. 2023) mixes inside the run instead, by steps.
        """
        mixture = emotion if isinstance(emotion, Mapping) else {emotion: 1.0}
        indices, weights = (torch.tensor(part, device=self.emotion.weight.device) for part in zip(*sorted(mixture.items()), strict=True))
        return (weights[:, None] * self.emotion(indices)).sum(dim=0, keepdim=True)

    # ---- frames ---------------------------------------------------------------------------------------------------------

    def frames(self, h: Tensor, index: Tensor, position: Tensor, duration: Tensor, pitch: Tensor, speaker: Tensor) -> tuple[Tensor, Tensor]:
        """From symbols to frames.

        Args: h (B, C, N); index, position, pitch (B, T): symbol of each frame, place in it, contour; duration (B, T) frames of it.
        Returns: mu (B, 128, T) in normalised units and features (B, F, T/2).
        """
        spoken = spread(h, index)  # (B, C, T)
        tone = torch.exp(-0.5 * ((pitch[:, None] - self.pitch_places[:, None]) / 0.21) ** 2)  # (B, bins, T)
        timing = torch.stack([position - 0.5, (duration.float() + 1).log() - 2], dim=1)  # (B, 2, T)
        features = self.frame_input(fold(torch.cat([spoken, tone, timing], dim=1)))  # (B, F, T/2)
        for block in self.frame_blocks:
            features = block(features, speaker)
        return self.prior(spoken) + unfold(self.refine(features)), features

    # ---- training -------------------------------------------------------------------------------------------------------

    def forward(self, batch: dict[str, Tensor], voice: nn.Module | None = None, null_share: float = NULL_SHARE) -> dict[str, Tensor]:
        """FEIM-TTS's objective: duration + pitch + prior + diffusion + 0.01 · speaker.

        Args:
            batch: symbols (B, N), lengths (B,), durations (B, N) (zeros where unknown: they are searched), tone (B, N) pitch of
                symbols, line (B, T) pitch of frames, mel (B, 128, T) whole or a stretch from frame `start` (B,), frames (B,) of the
                whole clip, face (B, 512), emotion (B,) index, UNLABELLED where unlabelled.
            voice: the frozen voice network, for the speaker loss on a quarter of the batch.
            null_share: labelled examples that learn the null token instead.
        """
        mel = (batch["mel"] - self.config.mel_mean) / self.config.mel_scale
        emotion = with_null_tokens(batch["emotion"], null_share)
        h, mask, speaker = self.encode(batch["symbols"], batch["lengths"], batch["face"])
        durations, tone = self._known_or_found(batch, h, mel)
        losses = self.prosody_losses(h, mask, speaker, emotion, durations, tone)
        index, position, duration, pitch = stretch_of(durations, tone, batch["start"], mel.shape[2])
        mu, features = self.frames(h, index, position, duration, pitch, speaker)
        plain = self.prior(spread(h, index))  # the symbol's own mean, which alignment search needs
        losses["prior"] = ((mu - mel) ** 2).mean() + 0.1 * ((plain - mel) ** 2).mean()

        clean = (mel - mu.detach()) / self.config.residual_scale
        t = torch.rand(len(mel), device=mel.device).clamp(1e-4, 1 - 1e-4)
        noise = torch.randn_like(clean)
        noisy = diffusion.diffuse(clean, noise, t)
        condition = speaker + self.emotion(emotion)
        v = self.score(noisy, mu.detach(), features, condition, t).float()
        losses["diffusion"] = ((v - diffusion.velocity(clean, noise, t)) ** 2).mean()
        losses["loss"] = losses["duration"] + losses["pitch"] + losses["prior"] + losses["diffusion"]
        if voice is not None:
            few = max(1, len(mel) // 4)
            residual = diffusion.clean_from_velocity(noisy[:few], v[:few], t[:few])
            estimate = mu[:few].detach() + self.config.residual_scale * residual
            estimated = estimate * self.config.mel_scale + self.config.mel_mean
            heard = zip(voice.features(estimated), voice.features(batch["mel"][:few]), strict=True)
            losses["speaker"] = sum((a - b.detach()).abs().mean() for a, b in heard)
            losses["loss"] = losses["loss"] + 0.01 * losses["speaker"]
        return losses

    def prosody_losses(
        self, h: Tensor, mask: Tensor, speaker: Tensor, emotion: Tensor, durations: Tensor, tone: Tensor
    ) -> dict[str, Tensor]:
        """Mean squares of ln(1 + frames) over all symbols, and of pitch over those that take time; durations, tone (B, N)."""
        log_durations, predicted = self.predict_prosody(h, mask, speaker, emotion)
        real = mask[:, 0] * (durations > 0)
        return {
            "duration": (((log_durations - (durations.float() + 1).log()) ** 2) * mask[:, 0]).sum() / mask.sum(),
            "pitch": (((predicted - tone) ** 2) * real).sum() / real.sum(),
        }

    def _known_or_found(self, batch: dict[str, Tensor], h: Tensor, mel: Tensor) -> tuple[Tensor, Tensor]:
        """True durations and pitch of the symbols (B, N), or by alignment search for clips without (their mel must be whole)."""
        durations, tone = batch["durations"], batch["tone"]
        unknown = durations.sum(dim=1) == 0
        if unknown.any():
            found = search_durations(self.prior(h[unknown]), mel[unknown], batch["lengths"][unknown], batch["frames"][unknown])
            durations, tone = durations.clone(), tone.clone()
            durations[unknown], tone[unknown] = found, symbol_means(batch["line"][unknown], found)
        return durations, tone

    # ---- sampling -------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def synthesise(
        self,
        symbols: Tensor,
        face: Tensor,
        emotion: int | Mapping[int, float],
        intensity: float,
        sampling: Sampling | None = None,
        generator: torch.Generator | None = None,
        callback: Callable[[int, int], None] | None = None,
    ) -> Utterance:
        """Say one sentence.

        Args:
            symbols (N,); face (512,) unit vector; intensity: γ ≥ 0; callback: (step, steps).
            emotion: index in EMOTIONS; or {index: weight} of a mixture, weights summing to 1.
        """
        sampling = sampling or Sampling()
        weight = sampling.weight(intensity)
        device = self.symbol.weight.device
        symbols, face = symbols[None].to(device), face[None].to(device)
        feeling, null = self.feel(emotion), self.feel(UNLABELLED)  # (1, D) each
        h, mask, speaker = self.encode(symbols, torch.tensor([symbols.shape[1]], device=device), face)

        log_durations, tone = (
            diffusion.guide(without, with_, sampling.prosody_weight(intensity))
            for without, with_ in zip(
                self.predict_prosody(h, mask, speaker, null), self.predict_prosody(h, mask, speaker, feeling), strict=True
            )
        )
        durations = _whole_frames(log_durations.expm1().clamp(0, 80) * sampling.length_scale, self.score.multiple)
        frames = int(durations.sum())
        tone = tone.clamp(-2.4, 3.8)
        index, position, duration, pitch = stretch_of(durations, tone, torch.zeros(1, dtype=torch.long, device=device), frames)
        mu, features = self.frames(h, index, position, duration, pitch, speaker)

        conditions = [speaker + felt for felt in (null, feeling)]

        def denoise(y: Tensor, t: float) -> Tensor:
            times = torch.full((1,), t, device=device)
            inside = sampling.interval[0] <= t <= sampling.interval[1]
            w = weight if inside or weight < 1 else 1.0
            if w in (0.0, 1.0):
                v = self.score(y, mu, features, conditions[int(w)], times)
            else:
                v = diffusion.guide(*(self.score(y, mu, features, condition, times) for condition in conditions), w)
            return diffusion.clean_from_velocity(y, v, times)

        noise = torch.randn(mu.shape, generator=generator).to(device) / sampling.temperature**0.5
        times = {"euler": diffusion.steps_evenly, "dpm-solver++": diffusion.steps_with_jump}[sampling.solver](sampling.steps)
        y = diffusion.SOLVERS[sampling.solver](denoise, noise, times, callback)
        mel = ((mu + self.config.residual_scale * y) * self.config.mel_scale + self.config.mel_mean).clamp_min(MEL_SILENCE)
        return Utterance(mel[0].cpu(), durations[0].cpu(), (pitch[0] * PITCH_SPREAD + PITCH_CENTRE).exp().cpu())


def with_null_tokens(emotion: Tensor, share: float) -> Tensor:
    """Emotions (B,), a share of which becomes the null token; half of the neutral ones, so that without guidance the voice is neutral."""
    chance = torch.where(emotion == NEUTRAL, 0.5, share)
    return torch.where(torch.rand(len(emotion), device=emotion.device) < chance, UNLABELLED, emotion)


def stretch_of(durations: Tensor, tone: Tensor, start: Tensor, frames: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Symbol index, position in it, its duration and the pitch contour, (B, frames) each, from frame `start` (B,) on."""
    longest = int((start + frames).max())
    index = symbol_of_frame(durations, longest)
    whole = (index, position_in_symbol(durations, index), durations.gather(1, index), contour(tone, durations, longest))
    places = start[:, None] + torch.arange(frames, device=start.device)  # (B, frames)
    return tuple(line.gather(1, places) for line in whole)


def _whole_frames(durations: Tensor, multiple: int) -> Tensor:
    """(1, N) real numbers → integers whose sum keeps the total: ends are rounded, the last is padded to a multiple."""
    ends = durations.cumsum(dim=1).round().long()
    whole = ends.diff(dim=1, prepend=torch.zeros_like(ends[:, :1]))
    whole[:, -1] += (-ends[:, -1]) % multiple + (ends[:, -1] == 0) * multiple
    return whole
