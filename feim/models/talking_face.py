"""One picture, speech and an emotion → a talking face of 128×128 pixels, 25 frames a second.

The conditional GAN of Eskimez, Zhang & Duan 2021 (arXiv:2008.03592), with the squeeze-and-excitation, eye mask and super-resolution
of Avaneesh et al. ("Improved Speech Synchronized Talking Face Generation from an Image and an Emotion Condition"). Kernels, filters,
strides and loss weights are theirs. Where they leave something open, or we depart:

- Emotions are our seven: their six (neutral is one of them) and surprise.
- Intensity, which they have not, and in every frame its own: the embedding moves in a straight line from the neutral one to the
  emotion's, as far as `feim.signal.action_units.strength` says that γ moves a face. So γ = 30 shows the strongest emotion in the
  corpus, and never more.
- Convolutions over speech take the silence around it for padding, so that any stretch of a long recording gives the very frames
  that the whole gives: films of any length are made in constant memory.
- A skip connection is the same for every frame of a film. Its half of each convolution is computed once, which halves the decoder's
  work and changes nothing: conv([moving, still]) = conv(moving) + conv(still).
- The two layers that enter the decoder meet in as many channels as an embedding has; the paper does not say.
- Weights start so that activations keep their size through every layer (He et al. 2015). With torch's own start, speech leaves its five
  convolutions eighty times weaker than it came, and mouths stay still for long: the static output that users of the original report.
- `Config.width` scales all channels: 1 is the paper's, for GPUs; narrow ones run in real time on two CPU cores.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.models.talking_face_parts import (
    CONTEXT,
    EMBEDDING,
    MARGIN,
    SLOPE,
    SPEECH_LAYERS,
    Decoder,
    EmotionEncoder,
    EmotionHearer,
    ImageEncoder,
    SpeechEncoder,
    scaled,
)
from feim.signal.action_units import strength
from feim.signal.audio import SAMPLE_RATE
from feim.signal.emotion import parse_intensity
from feim.signal.emotion_arc import Arc, Feelings, parse_arc
from feim.signal.face import Face
from feim.signal.face_motion import FRAME_RATE

SIDE = 128  # pixels
SAMPLES = SAMPLE_RATE // FRAME_RATE  # of speech for each frame
NOISE = 128
SQUEEZES = ("none", "last", "all")  # where squeeze-and-excitation is: nowhere, where the paper has it, after every layer

# Samples of 16 kHz that a frame hears before and after its first: resampling, the convolutions' halves, and the context.
_STRIDES = [math.prod(stride for *_, stride in SPEECH_LAYERS[:layer]) for layer in range(len(SPEECH_LAYERS) + 1)]
REACH = 2 * (
    MARGIN + CONTEXT * _STRIDES[-1] + sum(kernel // 2 * apart for (kernel, *_), apart in zip(SPEECH_LAYERS, _STRIDES, strict=False))
)


class Portrait(NamedTuple):
    """What the generator keeps of a picture: its embedding (B, D), and what the decoder's five layers make of its skip connections."""

    embedding: Tensor
    still: list[Tensor]


class Memory(NamedTuple):
    """What the generator remembers between two stretches of a film: the speech's, the noise's and the pictures' LSTM states."""

    speech: tuple[Tensor, Tensor]
    noise: tuple[Tensor, Tensor]
    pictures: tuple[Tensor, Tensor]


class Film(NamedTuple):
    """video (B, F, 3, 128, 128) in [−1, 1]; the memory after it; what emotion the speech itself shows, logits (B, 7), where asked for."""

    video: Tensor
    memory: Memory
    heard: Tensor | None


class TalkingFace(nn.Module):
    """The generator."""

    @dataclass(frozen=True)
    class Config:
        """What the generator is made of.

        Attributes:
            width: of all channels; 1 is the paper's.
            squeeze: one of SQUEEZES.
            dropout: of the picture's embedding; the paper does not say how much.
            hears_emotion: the authors' code, and not the paper, also lets the speech's embedding tell the speaker's emotion, by two more
                LSTM layers that learn with the rest and make no picture.
        """

        width: float = 1.0
        squeeze: str = "last"
        dropout: float = 0.1
        hears_emotion: bool = False

        def __post_init__(self):
            if self.squeeze not in SQUEEZES:
                raise ValueError(f"unknown place of squeeze-and-excitation {self.squeeze!r}; use one of: {', '.join(SQUEEZES)}")

    def __init__(self, config: "TalkingFace.Config | None" = None):
        super().__init__()
        self.config = config = config or self.Config()
        embedding, self.noise = scaled(EMBEDDING, config.width), scaled(NOISE, config.width)
        self.speech_encoder = SpeechEncoder(config.width)
        self.image_encoder = ImageEncoder(config.width, config.squeeze, config.dropout)
        self.emotion_encoder = EmotionEncoder(config.width)
        self.noise_encoder = nn.LSTM(self.noise, self.noise, batch_first=True)
        self.decoder = Decoder(config.width, 3 * embedding + self.noise, self.image_encoder.channels)
        self.emotion_hearer = EmotionHearer(embedding) if config.hears_emotion else None
        self._start()
        self.to(memory_format=torch.channels_last)  # half the time on CPUs, to make frames and to learn

    def _start(self) -> None:
        """Initial weights of all layers before a LeakyReLU or a gate; a decoder's layer is the sum of two convolutions."""
        for part in (self.speech_encoder, self.image_encoder.convolutions, self.emotion_encoder, self.decoder.enter, self.decoder.layers):
            for layer in part.modules():
                if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
                    nn.init.kaiming_normal_(layer.weight, SLOPE)
                    if part is self.decoder.layers:
                        layer.weight.data.mul_(0.5**0.5)
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor, speech: Tensor, emotion: Tensor, amount: Tensor) -> Film:
        """A film from its beginning.

        Args:
            image: (B, 3, 128, 128) in [−1, 1], the face aligned as `picture_of` does.
            speech: (B, 640·(F − 1) + 2·REACH + 1) at 16 kHz, as `stretch` cuts it.
            emotion: (B,) index into EMOTIONS, or (B, 7) weights of them; amount: (B, F) of it, from 0, neutral, to 1, the strongest.
        """
        frames = (speech.shape[1] - 2 * REACH - 1) // SAMPLES + 1
        noise = torch.randn(len(image), frames, self.noise, device=image.device)
        return self.animate(self.look(image), speech, self.emotion_encoder(emotion, amount), noise)

    def look(self, image: Tensor) -> Portrait:
        """(B, 3, 128, 128) in [−1, 1] → what all frames share."""
        embedding, skips = self.image_encoder(image)
        return Portrait(embedding, self.decoder.prepare(skips))

    def animate(self, portrait: Portrait, speech: Tensor, feeling: Tensor, noise: Tensor, memory: Memory | None = None) -> Film:
        """The next F frames.

        Args:
            speech: as in `forward`, of these frames; feeling: (B, F, D) from the emotion encoder; noise: (B, F, `self.noise`) normal.
            memory: after the frames before; None at the beginning.
        """
        before = memory or Memory(None, None, None)
        heard, speech_memory = self.speech_encoder(speech, before.speech)  # (B, F, D)
        noise, noise_memory = self.noise_encoder(noise, before.noise)  # (B, F, ·)
        seen = portrait.embedding[:, None].expand(-1, heard.shape[1], -1)
        video, pictures = self.decoder(torch.cat([heard, noise, seen, feeling], 2), portrait.still, before.pictures)
        emotion = self.emotion_hearer(heard) if self.emotion_hearer else None
        return Film(video, Memory(speech_memory, noise_memory, pictures), emotion)


def picture_of(face: Face) -> np.ndarray:
    """A found face → (128, 128, 3) uint8, aligned as all that the generator learnt from."""
    return to_side(torch.tensor(face.crop)[None])[0].numpy()


def to_side(pictures: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 → (N, 128, 128, 3) uint8, antialiased."""
    small = F.interpolate(pictures.movedim(-1, 1).float(), (SIDE, SIDE), mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).byte().movedim(1, -1)


def to_signed(pictures: Tensor) -> Tensor:
    """uint8 → float32 in [−1, 1]."""
    return pictures.float() / 127.5 - 1


def stretch(waveform: np.ndarray, first: int, frames: int) -> np.ndarray:
    """What the generator hears of a waveform (samples,) for `frames` frames from `first` on; silence before and after it."""
    start, end = first * SAMPLES - REACH, (first + frames - 1) * SAMPLES + REACH + 1
    inside = waveform[max(0, start) : max(0, end)].astype(np.float32)
    return np.pad(inside, (max(0, -start), max(0, end - max(start, 0) - len(inside))))


def frames_of(waveform: np.ndarray) -> int:
    """How many frames a film with this sound has."""
    return -(-len(waveform) // SAMPLES)


@torch.inference_mode()
def stream(
    generator: TalkingFace,
    image: np.ndarray,
    waveform: np.ndarray,
    emotion: Feelings | Arc = "neutral",
    intensity: float | np.ndarray = 1.0,
    seed: int = 0,
    at_once: int = FRAME_RATE,
) -> Iterator[np.ndarray]:
    """The film in stretches of at most `at_once` frames, whatever their number the same film; memory does not grow with its length.

    Args:
        image: (128, 128, 3) uint8 from `picture_of`; waveform: (samples,) float32 at 16 kHz.
        emotion, intensity: as visitors give them, a label, a mixture or several, one after another, and γ from 0 to 30, one for all frames
            or (F,).

    Yields: (n, 128, 128, 3) uint8.
    Raises: UnknownEmotion, InvalidMixture, InvalidIntensity; ValueError for a picture of another size, a waveform without samples, or an
        intensity for more or fewer frames.
    """
    gammas, total = np.asarray(intensity, dtype=float), frames_of(waveform)
    arc = parse_arc(emotion, max((parse_intensity(gamma) for gamma in gammas.ravel()), default=0.0))
    if gammas.ndim and gammas.shape != (total,):
        raise ValueError(f"intensities of shape {gammas.shape} for a film of {total} frames; give each frame one")
    if image.shape != (SIDE, SIDE, 3) or image.dtype != np.uint8:
        raise ValueError(
            f"a picture of shape {image.shape} and {image.dtype}; the generator takes ({SIDE}, {SIDE}, 3) uint8 from `picture_of`"
        )
    if not len(waveform):
        raise ValueError("the sound is empty; record or export it again")
    device = next(generator.parameters()).device
    face = generator.look(to_signed(torch.tensor(image, device=device)).movedim(-1, 0)[None])
    amount = torch.from_numpy(np.broadcast_to(strength(gammas), total).astype(np.float32)).to(device)
    feeling = generator.emotion_encoder(torch.from_numpy(arc.weights(total)).to(device)[None], amount[None])
    random, memory = torch.Generator().manual_seed(seed), None
    for first in range(0, total, at_once):
        frames = min(at_once, total - first)
        noise = torch.stack([torch.randn(generator.noise, generator=random) for _ in range(frames)])[None]
        speech = torch.from_numpy(stretch(waveform, first, frames))[None]
        video, memory, _ = generator.animate(face, speech.to(device), feeling[:, first : first + frames], noise.to(device), memory)
        yield ((video[0].float() + 1) * 127.5).round().byte().movedim(1, -1).cpu().numpy()


def generate(
    generator: TalkingFace,
    image: np.ndarray,
    waveform: np.ndarray,
    emotion: Feelings | Arc = "neutral",
    intensity: float | np.ndarray = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """The whole film, (F, 128, 128, 3) uint8, F = ⌈samples / 640⌉; arguments and errors as `stream`."""
    return np.concatenate(list(stream(generator, image, waveform, emotion, intensity, seed)))
