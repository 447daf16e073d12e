"""What the talking-face generator is made of: its encoders of speech, picture and emotion, and the decoder that they meet in.

Kernels, filters and strides are those of Eskimez, Zhang & Duan 2021; feim.models.talking_face says where we depart from them.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchaudio.functional import resample

from feim.signal.audio import SAMPLE_RATE
from feim.signal.emotion import EMOTIONS, NEUTRAL

SPEECH_LAYERS = ((63, 64, 4), (31, 128, 4), (17, 256, 2), (9, 512, 2), (1, 16, 1))  # kernel, filters, stride; at 8 kHz
IMAGE_LAYERS = ((64, 3, 2), (128, 3, 2), (256, 3, 2), (512, 3, 2), (512, 3, 2))  # filters, kernel, stride; the sixth is 512, 4, 1
EMBEDDING = 512  # of speech, picture and emotion
CONTEXT = 17  # speech features of 8 ms before and after each frame's own
STEP = 5  # every fifth feature is a frame: 125 → 25 a second
SLOPE = 0.2
MARGIN = 8  # samples at 8 kHz that resampling looks at on either side, rounded up


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
    """Two full layers over the one-hot label, and a straight line from the neutral embedding to the emotion's, or to a mixture's."""

    def __init__(self, width: float):
        super().__init__()
        size = scaled(EMBEDDING, width)
        self.layers = nn.Sequential(nn.Linear(len(EMOTIONS), size), nn.LeakyReLU(SLOPE), nn.Linear(size, size), nn.LeakyReLU(SLOPE))

    def forward(self, emotion: Tensor, amount: Tensor) -> Tensor:
        """Index into EMOTIONS (B,), how much of it in each frame (B, F) → (B, F, D).

        In place of the index, the weights of all EMOTIONS (B, 7), or in each frame (B, F, 7): the line leads to the mean of their places.
        """
        all_emotions = self.layers(torch.eye(len(EMOTIONS), device=emotion.device))
        neutral = all_emotions[NEUTRAL]
        felt = emotion @ all_emotions if emotion.is_floating_point() else all_emotions[emotion]  # (B, D) or (B, F, D)
        return neutral + amount[:, :, None] * ((felt if felt.ndim == 3 else felt[:, None]) - neutral)


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


class EmotionHearer(nn.Module):
    """Which emotion the speech itself shows: two LSTM layers and two full ones, (B, F, D) → logits (B, 7)."""

    def __init__(self, embedding: int):
        super().__init__()
        self.memory = nn.LSTM(embedding, embedding, 2, batch_first=True)
        self.layers = nn.Sequential(nn.Linear(embedding, embedding), nn.LeakyReLU(SLOPE), nn.Linear(embedding, len(EMOTIONS)))

    def forward(self, speech: Tensor) -> Tensor:
        return self.layers(self.memory(speech)[0][:, -1])
