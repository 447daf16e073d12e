"""One picture, speech and an emotion → a talking face of 128×128 pixels, 25 frames a second.

The conditional GAN of Eskimez, Zhang & Duan 2021 (arXiv:2008.03592), with the squeeze-and-excitation, eye mask and super-resolution
of Avaneesh et al. ("Improved Speech Synchronized Talking Face Generation from an Image and an Emotion Condition"). Kernels, filters,
strides and loss weights are theirs. Where they leave something open, or we depart:

- Emotions are our seven: their six (neutral is one of them) and surprise.
- Intensity, which they have not: the embedding moves in a straight line from the neutral one to the emotion's, as far as
  `feim.signal.action_units.strength` says that γ moves a face. So γ = 30 shows the strongest emotion in the corpus, and never more.
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
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchaudio.functional import resample

from feim.signal.action_units import strength
from feim.signal.audio import SAMPLE_RATE
from feim.signal.emotion import EMOTIONS, NEUTRAL, parse_emotion
from feim.signal.face import Face
from feim.signal.face_motion import FRAME_RATE

SIDE = 128  # pixels
SAMPLES = SAMPLE_RATE // FRAME_RATE  # of speech for each frame
SPEECH_LAYERS = ((63, 64, 4), (31, 128, 4), (17, 256, 2), (9, 512, 2), (1, 16, 1))  # kernel, filters, stride; at 8 kHz
IMAGE_LAYERS = ((64, 3, 2), (128, 3, 2), (256, 3, 2), (512, 3, 2), (512, 3, 2))  # filters, kernel, stride; the sixth is 512, 4, 1
EMBEDDING = 512  # of speech, picture and emotion
NOISE = 128
CONTEXT = 17  # speech features of 8 ms before and after each frame's own
STEP = 5  # every fifth feature is a frame: 125 → 25 a second
SLOPE = 0.2
SQUEEZES = ("none", "last", "all")  # where squeeze-and-excitation is: nowhere, where the paper has it, after every layer
MARGIN = 8  # samples at 8 kHz that resampling looks at on either side, rounded up

# Samples of 16 kHz that a frame hears before and after its first: resampling, the convolutions' halves, and the context.
_STRIDES = [math.prod(stride for *_, stride in SPEECH_LAYERS[:layer]) for layer in range(len(SPEECH_LAYERS) + 1)]
REACH = 2 * (
    MARGIN + CONTEXT * _STRIDES[-1] + sum(kernel // 2 * apart for (kernel, *_), apart in zip(SPEECH_LAYERS, _STRIDES, strict=False))
)


def scaled(channels: int, width: float) -> int:
    """A multiple of eight, and eight at least: what vector instructions like."""
    return max(8, round(channels * width / 8) * 8)


class SpeechEncoder(nn.Module):
    """Five convolutions, context, one full layer, two LSTM layers."""

    def __init__(self, width: float):
        super().__init__()
        channels = [1, *(scaled(filters, width) for _, filters, _ in SPEECH_LAYERS)]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel, stride)
            for (before, after), (kernel, _, stride) in zip(pairwise(channels), SPEECH_LAYERS, strict=True)
        )
        self.embedding = scaled(EMBEDDING, width)
        self.full = nn.Linear((2 * CONTEXT + 1) * channels[-1], self.embedding)
        self.memory = nn.LSTM(self.embedding, self.embedding, 2, batch_first=True)

    def forward(self, speech: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Speech at 16 kHz for F frames, as `stretch` cuts it → (B, F, D), and the memory after them."""
        with torch.autocast(speech.device.type, enabled=False):
            h = resample(speech.float(), SAMPLE_RATE, SAMPLE_RATE // 2)[:, None, MARGIN:-MARGIN]  # (B, 1, 320·(F − 1) + 2871)
        for convolution in self.convolutions:
            h = F.leaky_relu(convolution(h), SLOPE)
        h = h.unfold(2, 2 * CONTEXT + 1, STEP)  # (B, 16, F, 35)
        h = F.leaky_relu(self.full(h.transpose(1, 2).flatten(2)), SLOPE)  # (B, F, D)
        return self.memory(h, state)


class SqueezeExcitation(nn.Module):
    """Every channel scaled by what the mean of all channels says of it (Hu et al. 2018)."""

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        between = max(4, channels // reduction)
        self.excite = nn.Sequential(nn.Linear(channels, between), nn.ReLU(), nn.Linear(between, channels), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.excite(x.mean((2, 3)))[:, :, None, None]


class ImageEncoder(nn.Module):
    """Six convolutions; the picture itself, made smaller, goes along with the first five's results."""

    def __init__(self, width: float, squeeze: str, dropout: float):
        super().__init__()
        self.channels = [scaled(filters, width) for filters, *_ in IMAGE_LAYERS]
        entering = [3, *(channels + 3 for channels in self.channels)]
        leaving = [*self.channels, scaled(EMBEDDING, width)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel, stride, padding=1, padding_mode="reflect")
            for before, after, (_, kernel, stride) in zip(entering, leaving, IMAGE_LAYERS, strict=False)
        )
        self.convolutions.append(nn.Conv2d(entering[-1], leaving[-1], 4))
        squeezed = {"none": [False] * 6, "last": [False] * 5 + [True], "all": [True] * 6}[squeeze]
        self.squeezes = nn.ModuleList(
            SqueezeExcitation(channels) if here else nn.Identity() for channels, here in zip(leaving, squeezed, strict=True)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 3, 128, 128) in [−1, 1] → embedding (B, D), and five skip connections (B, C + 3, side, side), sides 64 to 4."""
        h, skips = image, []
        *stages, (last, squeeze) = zip(self.convolutions, self.squeezes, strict=True)
        for convolution, excited in stages:
            h = excited(F.leaky_relu(convolution(h), SLOPE))
            image = F.interpolate(image, scale_factor=0.5, mode="nearest")
            h = torch.cat([h, image], 1)
            skips.append(h)
        return self.dropout(squeeze(F.leaky_relu(last(h), SLOPE)).flatten(1)), skips


class EmotionEncoder(nn.Module):
    """Two full layers over the one-hot label, and a straight line from the neutral embedding to the emotion's."""

    def __init__(self, width: float):
        super().__init__()
        size = scaled(EMBEDDING, width)
        self.layers = nn.Sequential(nn.Linear(len(EMOTIONS), size), nn.LeakyReLU(SLOPE), nn.Linear(size, size), nn.LeakyReLU(SLOPE))

    def forward(self, emotion: Tensor, amount: Tensor) -> Tensor:
        """Index into EMOTIONS (B,), how much of it (B,) → (B, D)."""
        all_emotions = self.layers(torch.eye(len(EMOTIONS), device=emotion.device))
        neutral = all_emotions[NEUTRAL]
        return neutral + amount[:, None] * (all_emotions[emotion] - neutral)


class SkipConvolution(nn.Module):
    """A 3×3 convolution over what moves (every frame's own) beside what is still (a skip connection)."""

    def __init__(self, moving: int, still: int, leaving: int):
        super().__init__()
        self.moving = nn.Conv2d(moving, leaving, 3, padding=1, padding_mode="reflect", bias=False)
        self.still = nn.Conv2d(still, leaving, 3, padding=1, padding_mode="reflect")

    def forward(self, moving: Tensor, still: Tensor) -> Tensor:
        """(B·F, C, H, W), and what `self.still` made of the skip connection (B, D, H, W) → (B, F, D, H, W)."""
        return self.moving(moving).unflatten(0, (len(still), -1)) + still[:, None]


class ConvolutionalLSTM(nn.Module):
    """Pictures that remember (Shi et al. 2015): a SkipConvolution into four gates, and a 3×3 convolution of the last output."""

    def __init__(self, moving: int, still: int, leaving: int):
        super().__init__()
        self.enter = SkipConvolution(moving, still, 4 * leaving)
        self.carry = nn.Conv2d(leaving, 4 * leaving, 3, padding=1, bias=False)

    @property
    def still(self) -> nn.Module:
        return self.enter.still

    def forward(self, moving: Tensor, still: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """As SkipConvolution → (B, F, D, H, W), and the last output and cell, (B, D, H, W) each."""
        entered = self.enter(moving, still)  # (B, F, 4·D, H, W)
        if state is None:
            nothing = entered.new_zeros(entered[:, 0].chunk(4, 1)[0].shape)
            state = nothing, nothing
        output, cell = state
        outputs = []
        for gates in entered.unbind(1):
            enter, forget, leave, new = (gates + self.carry(output)).chunk(4, 1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            output = leave.sigmoid() * cell.tanh()
            outputs.append(output)
        return torch.stack(outputs, 1), (output, cell)


class Decoder(nn.Module):
    """From all embeddings to pictures, up a U-Net by nearest neighbours; the fourth layer is a convolutional LSTM."""

    def __init__(self, width: float, embeddings: int, skips: list[int]):
        super().__init__()
        between = scaled(EMBEDDING, width)
        self.smallest = skips[-1]
        self.enter = nn.Sequential(
            nn.Linear(embeddings, between), nn.LeakyReLU(SLOPE), nn.Linear(between, 16 * self.smallest), nn.LeakyReLU(SLOPE)
        )
        moving = [*reversed(skips), scaled(32, width)]
        kinds = [SkipConvolution, SkipConvolution, SkipConvolution, ConvolutionalLSTM, SkipConvolution]
        self.layers = nn.ModuleList(
            kind(before, skip + 3, after) for kind, skip, (before, after) in zip(kinds, reversed(skips), pairwise(moving), strict=True)
        )
        self.leave = nn.Conv2d(moving[-1], 3, 7, padding=3, padding_mode="reflect")

    def prepare(self, skips: list[Tensor]) -> list[Tensor]:
        """What each layer makes of its skip connection, once for all frames."""
        return [layer.still(skip) for layer, skip in zip(self.layers, reversed(skips), strict=True)]

    def forward(self, z: Tensor, still: list[Tensor], state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Embeddings (B, F, ·), `prepare`d skip connections → video (B, F, 3, 128, 128) in [−1, 1], and the memory after it."""
        h = self.enter(z).flatten(0, 1).unflatten(1, (self.smallest, 4, 4))  # (B·F, C, 4, 4)
        for layer, beside in zip(self.layers, still, strict=True):
            if isinstance(layer, ConvolutionalLSTM):
                h, state = layer(h, beside, state)
            else:
                h = F.leaky_relu(layer(h, beside), SLOPE)
            h = F.interpolate(h.flatten(0, 1), scale_factor=2, mode="nearest")
        return self.leave(h).tanh().unflatten(0, z.shape[:2]), state


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
            emotion: (B,) index into EMOTIONS; amount: (B,) of it, from 0, neutral, to 1, the strongest.
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
            speech: as in `forward`, of these frames; feeling: (B, D) from the emotion encoder; noise: (B, F, `self.noise`) normal.
            memory: after the frames before; None at the beginning.
        """
        before = memory or Memory(None, None, None)
        heard, speech_memory = self.speech_encoder(speech, before.speech)  # (B, F, D)
        noise, noise_memory = self.noise_encoder(noise, before.noise)  # (B, F, ·)
        every_frame = torch.cat([portrait.embedding, feeling], 1)[:, None].expand(-1, heard.shape[1], -1)
        video, pictures = self.decoder(torch.cat([heard, noise, every_frame], 2), portrait.still, before.pictures)
        emotion = self.emotion_hearer(heard) if self.emotion_hearer else None
        return Film(video, Memory(speech_memory, noise_memory, pictures), emotion)


class EmotionHearer(nn.Module):
    """Which emotion the speech itself shows: two LSTM layers and two full ones, (B, F, D) → logits (B, 7)."""

    def __init__(self, embedding: int):
        super().__init__()
        self.memory = nn.LSTM(embedding, embedding, 2, batch_first=True)
        self.layers = nn.Sequential(nn.Linear(embedding, embedding), nn.LeakyReLU(SLOPE), nn.Linear(embedding, len(EMOTIONS)))

    def forward(self, speech: Tensor) -> Tensor:
        return self.layers(self.memory(speech)[0][:, -1])


def picture_of(face: Face) -> np.ndarray:
    """A found face → (128, 128, 3) uint8, aligned as all that the generator learnt from."""
    return to_side(torch.from_numpy(face.crop)[None])[0].numpy()


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
    emotion: str = "neutral",
    intensity: float = 1.0,
    seed: int = 0,
    at_once: int = FRAME_RATE,
) -> Iterator[np.ndarray]:
    """The film in stretches of at most `at_once` frames, whatever their number the same film; memory does not grow with its length.

    Args:
        image: (128, 128, 3) uint8 from `picture_of`; waveform: (samples,) float32 at 16 kHz.
        emotion, intensity: as visitors give them, γ from 0 to 30.

    Yields: (n, 128, 128, 3) uint8.
    Raises: UnknownEmotion, InvalidIntensity; ValueError for a picture of another size or a waveform without samples.
    """
    wish = parse_emotion(emotion, intensity)
    if image.shape != (SIDE, SIDE, 3) or image.dtype != np.uint8:
        raise ValueError(
            f"a picture of shape {image.shape} and {image.dtype}; the generator takes ({SIDE}, {SIDE}, 3) uint8 from `picture_of`"
        )
    if not len(waveform):
        raise ValueError("the sound is empty; record or export it again")
    device = next(generator.parameters()).device
    face = generator.look(to_signed(torch.tensor(image, device=device)).movedim(-1, 0)[None])
    amount = torch.tensor([strength(wish.intensity)], dtype=torch.float32, device=device)
    feeling = generator.emotion_encoder(torch.tensor([wish.index], device=device), amount)
    random, memory, total = torch.Generator().manual_seed(seed), None, frames_of(waveform)
    for first in range(0, total, at_once):
        frames = min(at_once, total - first)
        noise = torch.stack([torch.randn(generator.noise, generator=random) for _ in range(frames)])[None]
        speech = torch.from_numpy(stretch(waveform, first, frames))[None]
        video, memory, _ = generator.animate(face, speech.to(device), feeling, noise.to(device), memory)
        yield ((video[0].float() + 1) * 127.5).round().byte().movedim(1, -1).cpu().numpy()


def generate(
    generator: TalkingFace, image: np.ndarray, waveform: np.ndarray, emotion: str = "neutral", intensity: float = 1.0, seed: int = 0
) -> np.ndarray:
    """The whole film, (F, 128, 128, 3) uint8, F = ⌈samples / 640⌉; arguments and errors as `stream`."""
    return np.concatenate(list(stream(generator, image, waveform, emotion, intensity, seed)))
