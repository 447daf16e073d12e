"""Train the source-filter vocoder.

    python -m feim train vocoder --corpus corpora/librispeech --corpus corpora/ljspeech --corpus corpora/teachers

The shipped weights took 0.4 hours on one CPU core (AVX512-BF16), for 4800 steps.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from feim.data.batching import segments
from feim.data.clip import Clip, read_manifest
from feim.data.features import Features, read_features
from feim.models import checkpoint
from feim.models.vocoder import SourceFilterVocoder, frame_level, vocoder_losses
from feim.training.card import corpora_data, model_card, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order

KINDS = ("mel", "pitch", "envelope", "aperiodicity")
MOST_CLIPS = 1200  # of one corpus: WORLD's analysis takes time, and the teachers' clips resemble each other
STEPS, BATCH, FRAMES = 3000, 24, 128
SIZES = {False: {}, True: {"channels": 48, "blocks": 2}}


def run(order: Order) -> SourceFilterVocoder:
    """Train on the corpora's training clips (manifests with sounds; texts are not needed); save as "vocoder"."""
    order.refuse("vocoder", "faces", "decoder", "name", "shares", "forget_emotions", "blocks")
    with together().main_process_first():
        corpora = [_read(folder) for folder in order.corpora]
    shares = [float(corpus.starts[-1]) ** 0.5 for corpus in corpora]  # small corpora of real voices count for more than their length
    frames = 64 if order.miniature else FRAMES
    batches = segments(corpora, KINDS, share_of_batch(BATCH), frames, shares)
    torch.manual_seed(0)
    if order.initial:
        model = checkpoint.load(SourceFilterVocoder, order.initial, order.checkpoints).requires_grad_(True)
    else:
        model = SourceFilterVocoder(SourceFilterVocoder.Config(**SIZES[order.miniature]))
        _fit_statistics(model, segments(corpora, KINDS, BATCH, frames, shares)(0))  # of a whole batch, not of one process's share
    bins = model.bins

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return vocoder_losses(network(roughen(batch["mel"])), batch, bins)

    settings = Settings(order.steps or STEPS, learning_rate=1e-3)
    trained = train(model, batches, losses, settings, order.out, order.resume)
    card = model_card(
        "vocoder",
        order,
        what="log-mel spectrogram to pitch, voicing, envelope and aperiodicity, for WORLD",
        data=corpora_data(order, corpora),
        settings=asdict(settings) | {"batch": BATCH, "frames": frames},
        seconds=trained.seconds,
    )
    publish(trained.model, "vocoder", card, order.checkpoints)
    return trained.model


def _read(folder: Path) -> Features:
    clips = [clip for clip in read_manifest(folder) if clip.split == "train"]
    return read_features(folder, thin_out(clips, MOST_CLIPS), KINDS)


def thin_out(clips: Sequence[Clip], most: int) -> Sequence[Clip]:
    """At most `most` of them, evenly from the first on: all, every second, every third …"""
    return clips[:: max(1, -(-len(clips) // most))]


def roughen(mel: Tensor) -> Tensor:
    """(B, 128, T) with a little noise, a different amount for every example: generated mels are never as clean as real ones."""
    amount = 0.25 * torch.rand(len(mel), 1, 1, device=mel.device)
    return mel + amount * torch.randn_like(mel)


def _fit_statistics(model: SourceFilterVocoder, batch: dict[str, Tensor]) -> None:
    """Mean and deviation of the envelope at equal level, so that the network's output is near standard normal."""
    envelope = batch["envelope"].clone()  # (B, 60, T)
    envelope[:, 0] -= 2 * frame_level(batch["mel"])
    model.envelope_mean.copy_(envelope.mean(dim=(0, 2)))
    model.envelope_scale.copy_(envelope.std(dim=(0, 2)))
