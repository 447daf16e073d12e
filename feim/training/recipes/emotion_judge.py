"""Train the emotion judge on speakers that no generator hears: the corpora's clips whose split is "judge".

    python -m feim train emotion-judge --corpus corpora/teachers --corpus corpora/judges

The second corpus has more such speakers (`synthesise-corpus --for-judges`). A fifth of the speakers is held out, for the temperature
and for the figures on the card. The shipped weights took 0.32 hours on one CPU core, with one thread.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from feim.data.batching import generators
from feim.data.clip import read_manifest
from feim.data.features import Features, read_features
from feim.models.emotion_recognition import EmotionRecogniser
from feim.signal.audio import MEL_SILENCE, N_MELS, SAMPLE_RATE, mel_filterbank
from feim.signal.emotion import EMOTIONS
from feim.training.card import corpora_data, model_card, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order

STEPS, BATCH, FRAMES = 4000, 14, 600  # most clips whole, and all ends: how a sentence ends tells surprise from anger
MEASURED_EVERY = 5  # every fifth speaker is kept from the training, to measure on
BODY, PACE = 0.1, 0.08  # largest change of a training speaker's frequencies and speed
SMOOTHING = 0.05  # of the labels: a judge that is never certain still tells strong from stronger
SIZES = {False: {}, True: {"width": 24, "dilations": (1, 2), "dropout": 0.0}}


def run(order: Order) -> EmotionRecogniser:
    """Train on the judge's speakers of all corpora, calibrate on those held out, save as "emotion-judge".

    Raises: ValueError when the corpora have fewer than five of the judge's speakers.
    """
    order.refuse("emotion-judge", "faces", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    with together().main_process_first():
        training, held_out = judges_speech(order)
        teachers = generators_speech(order)
    torch.manual_seed(0)
    model = EmotionRecogniser(EmotionRecogniser.Config(**SIZES[order.miniature]))
    settings = Settings(order.steps or STEPS, learning_rate=2e-3, warmup=100, weight_decay=0.05, ema=0.995)
    size = 8 if order.miniature else BATCH
    trained = train(model, batches(training, share_of_batch(size), FRAMES), losses, settings, order.out, order.resume)
    model = trained.model
    logits, emotions = listen(model, held_out)
    temperature = model.calibrate(logits, emotions)
    card = model_card(
        "emotion-judge",
        order,
        what="which of seven emotions a voice shows; grades the generator and never trains it",
        data=corpora_data(order, training),
        settings=asdict(settings) | {"batch": size, "frames": FRAMES, "label smoothing": SMOOTHING},
        seconds=trained.seconds,
        metrics={
            "held-out speakers": sum(len({clip.speaker for clip in corpus.clips}) for corpus in held_out),
            "held-out clips": len(emotions),
            "temperature": round(temperature, 3),
            "accuracy, held-out speakers": accuracy(logits, emotions),
            "accuracy, the generator's teachers": accuracy(*listen(model, teachers)),
        },
    )
    publish(model, "emotion-judge", card, order.checkpoints)
    return model


def judges_speech(order: Order) -> tuple[list[Features], list[Features]]:
    """What the judge learns from, and speakers held out of it: one entry for each corpus."""
    training, held_out = [], []
    for folder in order.corpora:
        clips = [clip for clip in read_manifest(folder) if clip.split == "judge"]
        names = sorted({clip.speaker for clip in clips})
        if len(names) < MEASURED_EVERY:
            raise ValueError(f"{folder} has {len(names)} speakers for judges; the judge needs at least {MEASURED_EVERY}")
        away = set(names[::MEASURED_EVERY])
        training.append(read_features(folder, [clip for clip in clips if clip.speaker not in away]))
        held_out.append(read_features(folder, [clip for clip in clips if clip.speaker in away]))
    return training, held_out


def generators_speech(order: Order) -> list[Features]:
    """The speakers that generators learn from, with sentences that neither learnt: how well the judge could hear at best."""
    clips = [(folder, [clip for clip in read_manifest(folder) if clip.split == "valid"]) for folder in order.corpora]
    return [read_features(folder, found) for folder, found in clips if found]


def batches(corpora: list[Features], batch: int, frames: int) -> Callable[[int], dict[str, Tensor]]:
    """Index → mel (B, 128, T), pitch (B, T), lengths (B,), emotion (B,): every emotion equally often, the end of what is longer."""
    by_emotion: list[list[tuple[Features, int]]] = [[] for _ in EMOTIONS]
    for corpus in corpora:
        for index, clip in enumerate(corpus.clips):
            by_emotion[EMOTIONS.index(clip.emotion)].append((corpus, index))
    known = [label for label, clips in enumerate(by_emotion) if clips]

    def make(index: int) -> dict[str, Tensor]:
        mel = torch.full((batch, N_MELS, frames), MEL_SILENCE)
        pitch, lengths, emotion = torch.zeros(batch, frames), torch.zeros(batch, dtype=torch.long), torch.zeros(batch, dtype=torch.long)
        for row, random in enumerate(generators(7, index, batch)):
            emotion[row] = label = known[random.integers(len(known))]
            corpus, clip = by_emotion[label][random.integers(len(by_emotion[label]))]
            whole = corpus.frames(clip)
            length = min(frames, whole.stop - whole.start)
            start = whole.stop - length
            cut_mel = torch.from_numpy(corpus.mel[start : start + length].astype(np.float32)).T  # (128, length)
            cut_pitch = torch.from_numpy(corpus.pitch[start : start + length, 0].astype(np.float32))
            cut_mel, cut_pitch = another_speaker(cut_mel, cut_pitch, random)
            lengths[row] = length = min(frames, len(cut_pitch))
            mel[row, :, :length], pitch[row, :length] = cut_mel[:, :length], cut_pitch[:length]
            mel[row] = disguise(mel[row], random)
        return {"mel": mel, "pitch": pitch, "lengths": lengths, "emotion": emotion}

    return make


@cache
def _band_centres() -> np.ndarray:
    """(128,) Hz."""
    weights = mel_filterbank().numpy()  # (513, 128)
    return np.linspace(0, SAMPLE_RATE / 2, len(weights)) @ weights / weights.sum(0)


def another_speaker(mel: Tensor, pitch: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(128, T), (T,) → (128, T′), (T′,): all frequencies scaled, as by a smaller or larger body, and another pace.

    There are fewer speakers than a judge needs to tell a high voice from a raised one.
    """
    scale, pace = random.uniform(1 - BODY, 1 + BODY), random.uniform(1 - PACE, 1 + PACE)
    length = max(2, round(len(pitch) / pace))
    bands = torch.from_numpy(np.interp(_band_centres() / scale, _band_centres(), np.linspace(-1, 1, N_MELS))).float()
    times = torch.linspace(-1, 1, length)
    places = torch.stack(torch.meshgrid(bands, times, indexing="ij")[::-1], dim=-1)  # (128, T′, 2) time, band
    warped = F.grid_sample(mel[None, None], places[None], align_corners=True, padding_mode="border")[0, 0]
    nearest = torch.linspace(0, len(pitch) - 1, length).round().long()
    return warped, pitch[nearest] * scale


def disguise(mel: Tensor, random: np.random.Generator) -> Tensor:
    """(128, T) with another microphone, level, hiss and sharpness: what says nothing of emotion, or differs in made speech."""
    colour = torch.from_numpy(random.normal(0, 0.12, (1, 1, 10)).astype(np.float32))
    colour = F.interpolate(colour, len(mel), mode="linear", align_corners=True)[0].T  # (128, 1)
    level = random.normal(0, 0.1)  # natural log: 0.9 dB
    hiss = torch.tensor(random.uniform(-11, -8), dtype=mel.dtype)
    mel = torch.logaddexp(mel + colour + level, hiss)
    blurred = F.avg_pool2d(mel[None], 3, stride=1, padding=1, count_include_pad=False)[0]
    return mel + float(random.choice([0, 0, 0.5, 1])) * (blurred - mel)


def losses(model: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy against smoothed labels."""
    logits = model(batch["mel"], batch["pitch"], batch["lengths"]).float()
    return {
        "loss": F.cross_entropy(logits, batch["emotion"], label_smoothing=SMOOTHING),
        "accuracy": (logits.argmax(-1) == batch["emotion"]).float().mean(),
    }


@torch.inference_mode()
def listen(model: EmotionRecogniser, corpora: list[Features]) -> tuple[Tensor, Tensor]:
    """Whole clips → logits (N, 7), emotions (N,)."""
    logits, emotions = [], []
    for corpus in corpora:
        for index, clip in enumerate(corpus.clips):
            frames = corpus.frames(index)
            mel = torch.from_numpy(corpus.mel[frames].astype(np.float32)).T[None]
            pitch = torch.from_numpy(corpus.pitch[frames, 0].astype(np.float32))[None]
            logits.append(model(mel, pitch)[0])
            emotions.append(EMOTIONS.index(clip.emotion))
    return torch.stack(logits) if logits else torch.zeros(0, len(EMOTIONS)), torch.tensor(emotions, dtype=torch.long)


def accuracy(logits: Tensor, emotions: Tensor) -> dict[str, float]:
    """Share of clips whose likeliest emotion is the true one, for each emotion and over "all"."""
    right = (logits.argmax(-1) == emotions).float()
    found = {label: right[emotions == index] for index, label in enumerate(EMOTIONS)}
    return {label: round(float(r.mean()), 3) for label, r in {**found, "all": right}.items() if len(r)}
