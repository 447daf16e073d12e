"""Train the judge that tells whether two clips are of one voice, on speakers that no generator hears: clips whose split is "judge".

    python -m feim train speaker-judge --corpus corpora/judges --corpus corpora/teachers --corpus corpora/librispeech

It is the voice network's architecture, but not the network that voices are made with: it has other weights, other speakers, and never
saw a face. Both clips of a training pair may have any emotion, so feeling is no part of who speaks. A fifth of the judges' speakers is
held out and measured; corpora without any, such as LibriSpeech, are only measured, on the speakers that they keep for tests.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.data.clip import read_manifest
from feim.data.matching import LONGEST, SHORTEST, Voices, pad, read_voices, two_cuts
from feim.models.embeddings import VoiceNetwork
from feim.nn.losses import contrast
from feim.training.card import corpus_data, model_card, publish
from feim.training.loop import Settings, together, train
from feim.training.matching_measures import measure_voices
from feim.training.order import Order

SETTINGS = Settings(steps=700, learning_rate=2e-3, warmup=50, weight_decay=0.05, ema=0.98, checkpoint_minutes=2)
SPEAKERS = 40  # in a batch, each twice
SHARPNESS = 15.0  # of the comparison
NOISE = 0.3  # standard deviation added to the mels, nepers
COLOUR = 0.3  # of another microphone, nepers
MEASURED_EVERY = 5
SIZES = {False: {"width": 96}, True: {"width": 16, "dilations": (1,)}}


def run(order: Order) -> VoiceNetwork:
    """Train on four fifths of the judges' speakers, measure on the others, save as "speaker-judge".

    Raises: ValueError when the corpora have fewer than five of the judges' speakers.
    """
    order.refuse("speaker-judge", "faces", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    with_judges = [folder for folder in order.corpora if any(clip.split == "judge" for clip in read_manifest(folder))]
    others = [folder for folder in order.corpora if folder not in with_judges]
    with together().main_process_first():
        judges = read_voices(with_judges, ("judge",))
        strangers = [read_voices([folder], ("test",)) for folder in others]
    if len(judges.speakers) < MEASURED_EVERY:
        raise ValueError(f"the corpora have {len(judges.speakers)} speakers for judges; the judge needs at least {MEASURED_EVERY}")
    held_out = range(0, len(judges.speakers), MEASURED_EVERY)
    training = some_of(judges, [index for index in range(len(judges.speakers)) if index not in held_out])
    torch.manual_seed(SETTINGS.seed)
    settings = replace(SETTINGS, steps=order.steps or SETTINGS.steps)
    drawn = batches(training.mels, SPEAKERS)
    trained = train(VoiceNetwork(VoiceNetwork.Config(**SIZES[order.miniature])), drawn, losses, settings, order.out, order.resume)
    measured = {"held-out judges' voices": measure_voices(trained.model, some_of(judges, list(held_out)))}
    for folder, voices in zip(others, strangers, strict=True):
        if len(voices.speakers) > 1:
            measured[f"{folder.name}, speakers kept for tests"] = measure_voices(trained.model, voices)
    card = model_card(
        "speaker-judge", order, what="log-mel spectrogram to a 512-d vector: who speaks, for judging; no voice is made with it",
        data=[_data(folder, training) for folder in with_judges], settings=asdict(settings) | {"speakers": SPEAKERS},
        seconds=trained.seconds, metrics=measured,
    )  # fmt: skip
    publish(trained.model, "speaker-judge", card, order.checkpoints)
    return trained.model


def some_of(voices: Voices, indices: list[int]) -> Voices:
    """The same voices without the others."""
    speakers, mels, example = (tuple(values[index] for index in indices) for values in (voices.speakers, voices.mels, voices.example))
    return Voices(speakers, mels, example, sum(index < voices.first for index in indices))


def batches(mels: tuple[list[np.ndarray], ...], size: int) -> Callable[[int], dict[str, Tensor]]:
    """Index → mel (2S, 128, T), lengths (2S,): S speakers, then the same again in other clips, through other microphones."""

    def make(index: int) -> dict[str, Tensor]:
        random = np.random.default_rng((17, index))
        longest = int(random.integers(SHORTEST, LONGEST))
        chosen = random.permutation(len(mels))[:size]
        first, second = zip(*(two_cuts(mels[speaker], longest, random) for speaker in chosen), strict=True)
        mel, lengths = pad([*first, *second])
        points = torch.from_numpy(random.normal(0, COLOUR, (len(mel), 1, 10)).astype(np.float32))
        colour = F.interpolate(points, mel.shape[1], mode="linear", align_corners=True).transpose(1, 2)  # (2S, 128, 1)
        return {"mel": mel + colour, "lengths": lengths}

    return make


def losses(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """InfoNCE between the two clips of every speaker."""
    mel = batch["mel"] + NOISE * torch.randn_like(batch["mel"]) * model.training
    one, other = model(mel, batch["lengths"]).chunk(2)  # (S, 512) each
    own = (one * other).sum(1)
    return {"loss": contrast(SHARPNESS * one @ other.T) + 0.5 * (1 - own).mean(), "same voice": own.mean()}


def _data(folder: Path, training: Voices) -> dict:
    here = [folder in example.parents for example in training.example]
    names = {speaker.name for speaker, inside in zip(training.speakers, here, strict=True) if inside}
    frames = sum(len(mel) for mels, inside in zip(training.mels, here, strict=True) if inside for mel in mels)
    return corpus_data(folder, [clip for clip in read_manifest(folder) if clip.split == "judge" and clip.speaker in names], frames)
