"""Frame-wise emotion intensity, after "Learning Frame-Wise Emotion Intensity for Audio-Driven Talking-Head Generation" (seed 003).

Nobody labels frames. The seed takes how far a face is from the same person's neutral one for how strong its emotion is, whatever the
emotion (`FaceIntensity`), and teaches a network to hear it in the voice (`VoiceIntensity`). Where the seed says little, we chose:

- the distance is Mahalanobis's, by how neutral faces move while they speak, blink and look around, over points that speech leaves alone;
- it is a share of how far faces go in that direction: raised brows go further than raised cheeks, and mean no more;
- each person's distances are scaled by a percentile of their own, as some faces move more than others;
- the voice is heard as mel, pitch and level, not as HuBERT's features, which no two CPU cores compute in real time.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.nn.blocks import ConvNeXtBlock
from feim.signal.audio import FRAME_RATE as MEL_RATE
from feim.signal.audio import MEL_SILENCE, N_MELS
from feim.signal.emotion import EMOTIONS
from feim.signal.expressiveness import WITHOUT_MOUTH, displacements
from feim.signal.face_motion import FRAME_RATE

STEPS = MEL_RATE // FRAME_RATE  # mel frames in a video frame
MEL_CENTRE, MEL_SPREAD = -6.0, 2.5  # of speech
PITCH_CENTRE, PITCH_SPREAD = 5.1, 0.35  # of the logarithm of voiced frames' Hz
LOUD = 3.5  # nepers under the loudest: what is quieter is a pause


class FaceIntensity(nn.Module):
    """Pseudo-labels: how far a face is from itself at rest, as a share of how far faces go that way. No emotion is told.

    Displacements are whitened by how neutral faces move, which takes blinks and noise for what they are. A smile moves less than a
    surprise where the mouth is left out; so the ways in which faces move are found (spherical k-means) and how far they go in each.
    """

    @dataclass(frozen=True)
    class Config:
        ways: int = 10
        points: tuple[int, ...] = WITHOUT_MOUTH
        floor: float = 0.006  # inter-pupil distances by which landmarks are never known better
        sharpness: float = 40.0  # of the softmax over the ways' cosines
        percentile: float = 98.0  # that counts as the furthest

    def __init__(self, config: "FaceIntensity.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        size = 2 * len(c.points)
        self.register_buffer("whitening", torch.eye(size))
        self.register_buffer("usual", torch.zeros(()))  # the mean square of whitened neutral faces
        self.register_buffer("ways", F.normalize(torch.ones(c.ways, size), dim=-1))
        self.register_buffer("furthest", torch.ones(c.ways))  # that faces go, each way

    def fit(self, neutral: np.ndarray, expressive: np.ndarray, seed: int = 0) -> "FaceIntensity":
        """Learn from displacements (N, P, 2) of many people, who feel nothing, and who show whatever they feel."""
        calm = torch.from_numpy(neutral).flatten(1).double()
        covariance = calm.T @ calm / len(calm) + self.config.floor**2 * torch.eye(calm.shape[1], dtype=calm.dtype)  # around rest
        self.whitening.copy_(torch.linalg.inv(torch.linalg.cholesky(covariance)) / self.whitening.shape[0] ** 0.5)
        self.usual.copy_((calm.float() @ self.whitening.T).square().sum(-1).mean())
        far, way = self._moved(torch.from_numpy(expressive).flatten(1).float())
        clear = far > far.quantile(0.4)  # others are as good as still and go any way
        far, way = far[clear], way[clear]
        self.ways.copy_(_spherical_means(way, self.config.ways, seed))
        nearest = (way @ self.ways.T).argmax(-1)
        share = self.config.percentile / 100
        self.furthest.copy_(torch.stack([far[nearest == k].quantile(share) for k in range(self.config.ways)]))
        return self

    def distances(self, landmarks: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """(F, 189, 2) of one person and their rest (189, 2) → (F,), 1 where a face goes as far as faces go that way."""
        far, way = self._moved(torch.from_numpy(displacements(landmarks, rest, self.config.points)).flatten(1))
        reach = (self.config.sharpness * way @ self.ways.T).softmax(-1) @ self.furthest
        return unblinked((far / reach).numpy())

    def labels(self, distances: list[np.ndarray]) -> list[np.ndarray]:
        """All films of one person → their intensities, (F,) each: 0 at rest, 1 at what is this person's strongest but for a few frames."""
        most = np.percentile(np.concatenate(distances), self.config.percentile)
        return [far / np.float32(max(most, 1e-6)) for far in distances]

    def _moved(self, displaced: Tensor) -> tuple[Tensor, Tensor]:
        """(F, 2P) → how far, (F,), beyond what faces without emotion do, and which way, (F, 2P) of length 1; whitened."""
        white = displaced @ self.whitening.T
        return (white.square().sum(-1) - self.usual).clamp_min(0).sqrt(), F.normalize(white, dim=-1)


def _spherical_means(ways: Tensor, count: int, seed: int, rounds: int = 40) -> Tensor:
    """(N, D) of length 1 → (count, D): k-means by cosine; a mean that nobody is nearest to stays where it began."""
    start = torch.from_numpy(np.random.default_rng(seed).choice(len(ways), count, replace=False))
    means = ways[start]
    for _ in range(rounds):
        nearest = (ways @ means.T).argmax(-1)
        sums = torch.zeros_like(means).index_add_(0, nearest, ways)
        means = torch.where(sums.norm(dim=-1, keepdim=True) > 0, F.normalize(sums, dim=-1), means)
    return means


def unblinked(track: np.ndarray, frames: int = 9) -> np.ndarray:
    """(F,) without what lasts less than half of `frames`, such as a blink, and evened out: the running median, then the running mean."""
    reach = frames // 2
    for average in (np.median, np.mean):
        padded = np.pad(track, reach, mode="edge")
        track = average(np.lib.stride_tricks.sliding_window_view(padded, frames), axis=-1)
    return track.astype(np.float32)


class VoiceIntensity(nn.Module):
    """Speech → how strong its emotion is, 25 times a second, as a share of what the strongest actors show.

    Told which emotion it is, it hears better: a low voice may be sad or bored. Who speaks, it learns from the whole utterance.
    """

    @dataclass(frozen=True)
    class Config:
        channels: int = 48
        dilations: tuple[int, ...] = (1, 2, 4, 8)
        expansion: int = 2
        smooth: int = 14  # frames to both sides over which muscles even out what is heard
        dropout: float = 0.1

    def __init__(self, config: "VoiceIntensity.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.enter = nn.Conv1d(N_MELS + 3, c.channels, 2 * STEPS, stride=STEPS, padding=STEPS // 2)  # to the video's rate
        self.told = nn.Linear(len(EMOTIONS), c.channels, bias=False)
        self.whole = nn.Linear(2 * c.channels, c.channels)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c.channels, 7, dilation, c.expansion, condition=c.channels, dropout=c.dropout) for dilation in c.dilations
        )
        self.leave = nn.Linear(c.channels, 1)
        window = torch.hann_window(2 * c.smooth + 3, periodic=False)[1:-1]
        self.register_buffer("window", (window / window.sum())[None, None], persistent=False)
        self.register_buffer("liveliness", torch.ones(()))  # by which tracks are made to vary as much as the truth does

    def forward(self, mel: Tensor, pitch: Tensor, weights: Tensor) -> Tensor:
        """Intensities of whole utterances, or of long stretches of them.

        Args:
            mel: (B, 128, 4F); pitch: (B, 4F) Hz, 0 where unvoiced.
            weights: (B, 7) of the emotions, as the speaker means them; all 0 where nobody tells.

        Returns: (B, F).
        """
        sound = heard(mel, pitch)  # (B, 3, 4F)
        x = torch.cat([(mel - MEL_CENTRE) / MEL_SPREAD, sound], 1)  # (B, 131, 4F)
        h = F.gelu(self.enter(x))  # (B, C, F)
        spoken = F.avg_pool1d((sound[:, 2:] > -LOUD).float(), STEPS)  # (B, 1, F)
        count = spoken.sum(-1).clamp_min(1)
        mean = (h * spoken).sum(-1) / count  # (B, C)
        spread = ((h - mean[..., None]).square() * spoken).sum(-1).div(count).add(1e-5).sqrt()
        condition = F.gelu(self.whole(torch.cat([mean, spread], 1))) + self.told(weights)
        for block in self.blocks:
            h = block(h, condition)
        level = self.leave(h.transpose(1, 2)).float().transpose(1, 2)  # (B, 1, F)
        reach = self.config.smooth
        return F.conv1d(F.pad(level, (reach, reach), mode="replicate"), self.window.to(level))[:, 0]

    @torch.no_grad()
    def track(self, mel: np.ndarray, pitch: np.ndarray, weights: dict[int, float] | None = None) -> np.ndarray:
        """One voice: mel (128, T) and pitch (T,) Hz → (⌈T / 4⌉,) float32 in [0, 1].

        A careful guess varies less than the truth. As Toda and Tokuda 2007 do for speech parameters, its variance is made the truth's.

        Args: weights: of emotions, as indices of EMOTIONS; None where nobody knows them.
        """
        missing = -mel.shape[1] % STEPS
        mel = torch.as_tensor(np.pad(mel, ((0, 0), (0, missing)), constant_values=MEL_SILENCE), dtype=torch.float32)
        pitch = torch.as_tensor(np.pad(pitch, (0, mel.shape[1] - len(pitch))), dtype=torch.float32)
        told = torch.zeros(1, len(EMOTIONS))
        for index, weight in (weights or {}).items():
            told[0, index] = weight
        guess = self(mel[None], pitch[None], told)[0]
        return (guess.mean() + self.liveliness * (guess - guess.mean())).clamp(0, 1).numpy()


def heard(mel: Tensor, pitch: Tensor) -> Tensor:
    """What tells emotions besides the mel: (B, 128, T) and (B, T) Hz → (B, 3, T).

    They are the pitch, whether there is one, and the level, in nepers against the loudest.
    """
    voiced = (pitch > 0).float()
    height = (pitch.clamp_min(1).log() - PITCH_CENTRE) / PITCH_SPREAD * voiced
    level = torch.logsumexp(2 * mel, 1) / 2  # nepers
    return torch.stack([height, voiced, level - level.amax(-1, keepdim=True)], 1)


def intensity_losses(guess: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """(B, F) each → named losses and "loss", their sum: how far it is off, how it moves, how it bends, and how alike the tracks are.

    The last is Lin's concordance (1989) over the batch: without it, a careful guess moves less than the truth.
    """
    off = (guess - truth).abs().mean()
    speed = (guess.diff(dim=1) - truth.diff(dim=1)).abs().mean()
    bend = (guess.diff(n=2, dim=1) - truth.diff(n=2, dim=1)).abs().mean()
    a, b = guess.flatten(), truth.flatten()
    covariance = ((a - a.mean()) * (b - b.mean())).mean()
    alike = 2 * covariance / (a.var(correction=0) + b.var(correction=0) + (a.mean() - b.mean()).square() + 1e-6)
    return {"loss": 2 * off + 4 * speed + 8 * bend + (1 - alike), "off": off, "speed": speed, "bend": bend, "concordance": alike}
