"""What the talking face learns against: two discriminators, and the terms of the objective.

J = α·mouth + β·perceptual + γ·frame + δ·emotion + ε·eyes, after Eskimez et al. 2021 and Avaneesh et al.: feim.models.talking_face.
Unspecified there and chosen here: the eyes' mask is made as the mouth's; the emotion discriminator sees a film frame by frame and then
through its LSTM in every step, its own and the generator's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.models.talking_face import SIDE
from feim.models.talking_face_parts import EMBEDDING, IMAGE_LAYERS, SLOPE, SpeechEncoder, scaled
from feim.nn.adversarial import critic_loss, gradient_penalty, made_loss
from feim.signal.emotion import EMOTIONS
from feim.signal.visemes import MOUTH

FAKE = len(EMOTIONS)  # the emotion discriminator's class of films that no camera saw
HIDDEN = 2048  # of the discriminators' two full layers
PENALTY = 10.0  # of the critic's slope
EVERYWHERE = 0.01  # of the mouth's mask
SPREAD = 9.0  # pixels, of both masks


class FrameDiscriminator(nn.Module):
    """How real a frame looks, beside the picture that it should be of: a Wasserstein critic, unbounded."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        self.look = _look(6, width)
        self.judge = nn.Sequential(
            nn.Linear(16 * scaled(512, width), scaled(HIDDEN, width)), nn.LeakyReLU(SLOPE), nn.Linear(scaled(HIDDEN, width), 1)
        )

    def forward(self, image: Tensor, frames: Tensor) -> Tensor:
        """(N, 3, 128, 128) twice, in [−1, 1] → (N,)."""
        return self.judge(self.look(torch.cat([image, frames], 1)))[:, 0]


class EmotionDiscriminator(nn.Module):
    """Which of the seven emotions a film shows, or that it is FAKE."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        size = scaled(EMBEDDING, width)
        self.look = _look(3, width)
        self.describe = nn.Sequential(
            nn.Linear(16 * scaled(512, width), scaled(HIDDEN, width)), nn.LeakyReLU(SLOPE), nn.Linear(scaled(HIDDEN, width), size)
        )
        self.memory = nn.LSTM(size, size, batch_first=True)
        self.judge = nn.Linear(size, len(EMOTIONS) + 1)

    def forward(self, video: Tensor) -> Tensor:
        """(B, F, 3, 128, 128) in [−1, 1] → logits (B, 8)."""
        described = self.describe(self.look(video.flatten(0, 1))).unflatten(0, video.shape[:2])  # (B, F, D)
        return self.judge(self.memory(described)[0][:, -1])


@dataclass(frozen=True)
class Weights:
    """Of the objective's terms: α, β, γ, δ, ε of the paper; `heard` is of the authors' code."""

    mouth: float = 100.0
    perceptual: float = 1.0
    frame: float = 0.01
    emotion: float = 0.001
    eyes: float = 1.0
    heard: float = 0.001

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """J = α·mouth + β·perceptual + γ·frame + δ·emotion + ε·eyes, of those terms that there are."""
        return sum(getattr(self, name) * term for name, term in terms.items())


class MouthHearer(nn.Module):
    """The speech encoder before it meets pictures: its embedding is to tell the mouth's shapes.

    Not in the paper. Through pictures alone, a speech encoder that begins with samples learns for many hours what phones are.
    """

    def __init__(self, encoder: SpeechEncoder):
        super().__init__()
        self.encoder = encoder
        self.tell = nn.Linear(encoder.embedding, len(MOUTH))

    def forward(self, speech: Tensor) -> Tensor:
        """Speech as TalkingFace hears it → (B, F, 10), as feim.signal.visemes.mouth_of."""
        return self.tell(self.encoder(speech)[0])


def mouth_loss(video: Tensor, real: Tensor, mouth: Tensor) -> Tensor:
    """L1 under a Gaussian on the middle of the mouth, with a hundredth of it everywhere: mouth (B, F, 2) in pixels."""
    return ((video - real).abs() * (region_mask(mouth[..., None, :]) + EVERYWHERE)).mean()


def eye_loss(video: Tensor, real: Tensor, eyes: Tensor) -> Tensor:
    """L1 under a Gaussian on each eye: eyes (B, F, 2, 2), x and y in pixels, as MTCNN finds them."""
    return ((video - real).abs() * region_mask(eyes)).mean()


def region_mask(points: Tensor, sigma: float = SPREAD) -> Tensor:
    """Points (…, P, 2), x and y in pixels → (…, 1, 128, 128): 1 at each, falling off as a Gaussian of `sigma` pixels."""
    place = torch.arange(SIDE, device=points.device, dtype=torch.float32)
    across, down = ((place - points[..., axis, None].float()) / sigma for axis in (0, 1))  # (…, P, 128) each
    hills = torch.exp(-(down[..., :, None].square() + across[..., None, :].square()) / 2)  # (…, P, 128, 128)
    return hills.amax(-3)[..., None, :, :]


def region_difference(video: Tensor, real: Tensor, points: Tensor) -> Tensor:
    """For people to read: mean absolute difference of 255 in the region of points (B, F, P, 2)."""
    mask = region_mask(points)
    return 127.5 * ((video - real).abs() * mask).sum() / (3 * mask.sum())


def deceiving_terms(discriminators: Mapping[str, nn.Module], image: Tensor, video: Tensor, emotion: Tensor) -> dict[str, Tensor]:
    """The generator's adversarial terms: each frame looks real beside the picture, and the film shows the emotion (B,) asked for."""
    scores = discriminators["frame"](image.repeat_interleave(video.shape[1], 0), video.flatten(0, 1))
    return {"frame": made_loss(scores), "emotion": F.cross_entropy(discriminators["emotion"](video).float(), emotion)}


def discriminator_losses(
    discriminators: Mapping[str, nn.Module], image: Tensor, real: Tensor, made: Tensor, emotion: Tensor
) -> dict[str, Tensor]:
    """The other side's: the critic of frames with its penalty; real films show their emotion, made ones are FAKE; "loss" is all."""
    beside = image.repeat_interleave(real.shape[1], 0)  # (B·F, 3, 128, 128)

    def critic(frames: Tensor) -> Tensor:
        return discriminators["frame"](beside, frames)

    real_frames, made_frames, feeling = real.flatten(0, 1), made.flatten(0, 1), discriminators["emotion"]
    shown, fake = F.cross_entropy(feeling(real).float(), emotion), F.cross_entropy(feeling(made).float(), torch.full_like(emotion, FAKE))
    losses = {
        "frame": critic_loss(critic(real_frames), critic(made_frames)),
        "penalty": gradient_penalty(critic, real_frames, made_frames),
        "emotion": (shown + fake) / 2,
    }
    return {"loss": losses["frame"] + PENALTY * losses["penalty"] + losses["emotion"]} | losses


def _look(entering: int, width: float) -> nn.Sequential:
    """Five convolutions of a discriminator: (N, ·, 128, 128) → (N, 16 · 512)."""
    channels = [entering, *(scaled(filters, width) for filters, *_ in IMAGE_LAYERS)]
    layers = [
        layer
        for (before, after), (_, kernel, stride) in zip(pairwise(channels), IMAGE_LAYERS, strict=True)
        for layer in (nn.Conv2d(before, after, kernel, stride, padding=kernel // 2), nn.LeakyReLU(SLOPE))
    ]
    return nn.Sequential(*layers, nn.Flatten()).to(memory_format=torch.channels_last)  # quicker on CPUs
