"""Train the source-filter vocoder.

    python -m feim train vocoder --corpus corpora/librispeech --corpus corpora/ljspeech --corpus corpora/teachers

Cost as measured: see assets/checkpoints/vocoder.json.
"""

import time
from dataclasses import asdict

import torch
from torch import Tensor

from feim.data.batching import segments
from feim.data.clip import read_manifest
from feim.data.features import read_features
from feim.models import checkpoint
from feim.models.vocoder import SourceFilterVocoder, frame_level, vocoder_losses
from feim.training.loop import Settings, describe_hardware, together, train
from feim.training.order import Order

KINDS = ("mel", "pitch", "envelope", "aperiodicity")
MOST_CLIPS = 1200  # of one corpus: WORLD's analysis takes time, and the teachers' clips resemble each other
STEPS, BATCH, FRAMES = 3000, 24, 128
SIZES = {False: {}, True: {"channels": 48, "blocks": 2}}


def run(order: Order) -> SourceFilterVocoder:
    """Train on the corpora's training clips (manifests with sounds; texts are not needed); save as "vocoder"."""
    began = time.monotonic()
    corpora = []
    for folder in order.corpora:
        clips = [clip for clip in read_manifest(folder) if clip.split == "train"]
        corpora.append(read_features(folder, clips[:: max(1, len(clips) // MOST_CLIPS)], KINDS))
    shares = [float(corpus.starts[-1]) ** 0.5 for corpus in corpora]  # small corpora of real voices count for more than their length
    batches = segments(corpora, KINDS, BATCH, 64 if order.miniature else FRAMES, shares)
    torch.manual_seed(0)
    if order.initial:
        model = checkpoint.load(SourceFilterVocoder, order.initial, order.checkpoints).requires_grad_(True)
    else:
        model = SourceFilterVocoder(SourceFilterVocoder.Config(**SIZES[order.miniature]))
        _fit_statistics(model, batches(0))
    bins = model.bins

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return vocoder_losses(network(roughen(batch["mel"])), batch, bins)

    settings = Settings(order.steps or STEPS, learning_rate=1e-3)
    model = train(model, batches, losses, settings, order.out, order.resume)
    if together().is_main_process:
        checkpoint.save(model, "vocoder", _card(order, settings, time.monotonic() - began), order.checkpoints)
    return model


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


def _card(order: Order, settings: Settings, seconds: float) -> dict:
    folders = " ".join(f"--corpus {folder.name}" for folder in order.corpora)
    return {
        "what": "log-mel spectrogram to pitch, voicing, envelope and aperiodicity, for WORLD",
        "data": "; ".join(folder.name for folder in order.corpora),
        "licence": "Apache-2.0; trained on LibriSpeech (CC BY 4.0), LJ Speech (public domain) and synthetic speech",
        "command": f"python -m feim train vocoder {folders}" + (f" --initial {order.initial}" if order.initial else ""),
        "settings": asdict(settings) | {"batch": BATCH, "frames": FRAMES},
        "hardware": describe_hardware(),
        "hours": round(seconds / 3600, 2),
    }
