"""Train the network that moves lips to any voice.

    python -m feim train lip-motion --corpus corpora/narrated --corpus corpora/teachers \\
        --corpus corpora/librispeech --corpus corpora/ljspeech

A quarter of an hour on one CPU core.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.clip import Clip, read_manifest
from feim.data.features import Features, read_features
from feim.data.voice_augmentation import disguise_some
from feim.models import checkpoint
from feim.models.lip_motion import STEPS as MEL_STEPS
from feim.models.lip_motion import LipMotion, lip_losses
from feim.models.portrait import FaceBasis
from feim.signal.audio import MEL_SILENCE
from feim.signal.landmarks import CHIN
from feim.signal.landmarks import MOUTH as MOUTH_POINTS
from feim.signal.visemes import MOUTH, SHUT, face_of, mouth_of, speech_level, visemes
from feim.training.card import corpora_data, model_card, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order

KINDS = ("mel", "pitch")  # pitch is not used: the speech model's cache has both, and need not be made again
STEPS, BATCH, FRAMES = 20000, 8, 80  # video frames of an example
CLEAN = 0.5  # of the examples, heard as they are; all others are disguised
MEASURED = 60  # held-out clips of a corpus
DISTANCE_WEIGHT = 10.0  # of the landmarks' distance, in inter-pupil distances: about as much as the shapes' own error
SIZES = {False: {}, True: {"channels": 24, "causal": (1, 2)}}


@dataclass(frozen=True)
class Spoken:
    """A corpus and what its speakers' mouths do: lips, for each clip (F, 10) float16, as feim.signal.visemes tells from its phone times."""

    features: Features
    lips: list[np.ndarray]


def run(order: Order) -> LipMotion:
    """Train on the corpora's training clips that have phone times; save as "lip-motion"."""
    order.refuse("lip-motion", "faces", "decoder", "name", "forget_emotions", "blocks")
    with together().main_process_first():
        corpora = [read_spoken(folder, "train") for folder in order.corpora]
    torch.manual_seed(0)
    if order.initial:
        model = checkpoint.load(LipMotion, order.initial, order.checkpoints).requires_grad_(True)
    else:
        model = LipMotion(LipMotion.Config(**SIZES[order.miniature]))
    shares = order.shares or [float(spoken.features.starts[-1]) ** 0.5 for spoken in corpora]  # the few real voices count for more
    batches = stretches(corpora, share_of_batch(BATCH), FRAMES, model.past, model.ahead, shares)

    moves = landmark_moves(checkpoint.load(FaceBasis, "portrait"))

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        guess = network(disguise_some(batch["mel"], CLEAN))
        found = lip_losses(guess, batch["lips"]) | {"distance": landmark_distance(guess, batch["lips"], moves)}
        return found | {"loss": found["loss"] + DISTANCE_WEIGHT * found["distance"]}

    settings = Settings(order.steps or STEPS, learning_rate=2e-3)
    trained = train(_Within(model), batches, losses, settings, order.out, order.resume)
    card = model_card(
        "lip-motion",
        order,
        what="log-mel spectrogram to the ten mouth shapes of speech, 25 times a second",
        data=corpora_data(order, [spoken.features for spoken in corpora]),
        settings=asdict(settings) | {"batch": BATCH, "frames": FRAMES, "without disguise": CLEAN, "distance weight": DISTANCE_WEIGHT},
        seconds=trained.seconds,
        metrics=measure(trained.model.network, order.corpora, moves),
    )
    publish(trained.model.network, "lip-motion", card, order.checkpoints)
    return trained.model.network


def landmark_moves(basis: FaceBasis) -> Tensor:
    """(10, P, 3): by how much each shape of MOUTH moves the landmarks of mouth and chin, in inter-pupil distances."""
    each = torch.from_numpy(face_of(np.eye(len(MOUTH), dtype=np.float32)))  # (10, 47)
    return torch.einsum("ms,spd->mpd", each, basis.shapes[:, [*MOUTH_POINTS, *CHIN]])


def landmark_distance(guess: Tensor, truth: Tensor, moves: Tensor) -> Tensor:
    """How far (…, 10) puts the landmarks from where the truth has them, on the mean head: what is seen of an error."""
    away = torch.einsum("...m,mpd->...pd", guess.float() - truth, moves.to(truth))
    return away.square().sum(-1).add(1e-8).sqrt().mean()  # the root of nothing at all has no slope


@torch.no_grad()
def measure(network: LipMotion, corpora: Sequence[Path], moves: Tensor) -> dict[str, dict[str, float]]:
    """How far landmarks are off on held-out clips of each corpus that has some, beside a mouth that never moves; how often lips meet."""
    found = {}
    for folder in corpora:
        if not any(clip.split == "valid" and clip.durations is not None for clip in read_manifest(folder)):
            continue
        spoken = read_spoken(folder, "valid")
        clips = range(min(MEASURED, len(spoken.lips)))
        truth = torch.from_numpy(np.concatenate([spoken.lips[i] for i in clips])).float()
        mels = [torch.from_numpy(spoken.features.mel[spoken.features.frames(i)].astype(np.float32)).T[None] for i in clips]
        guess = torch.cat([network(mel)[0] for mel in mels])
        press = MOUTH.index("mouthPress")
        shut = truth[:, press] > 0.9 * SHUT
        found[folder.name] = {
            "clips": len(clips),
            "landmarks off, in inter-pupil distances": round(float(landmark_distance(guess, truth, moves)), 4),
            "still mouth": round(float(landmark_distance(torch.zeros_like(truth), truth, moves)), 4),
            "frames of p, b, m with shut lips": round(float((guess[shut, press] > 0.5 * SHUT).float().mean()), 2),
        }
    return found


class _Within(torch.nn.Module):
    """The network as training calls it: on stretches that come with all that they read."""

    def __init__(self, network: LipMotion):
        super().__init__()
        self.network = network

    def forward(self, mel: Tensor) -> Tensor:
        return self.network.within(mel)


def read_spoken(folder: Path, split: str) -> Spoken:
    """The clips of a split whose phone times are known. Raises: ValueError when there are none."""
    clips = [clip for clip in read_manifest(folder) if clip.split == split and clip.durations is not None]
    features = read_features(folder, clips, KINDS)
    return Spoken(features, [true_lips(clip, features.mel[features.frames(i)]) for i, clip in enumerate(features.clips)])


def true_lips(clip: Clip, mel: np.ndarray) -> np.ndarray:
    """(F, 10) float16 for a clip and its mel (T, 128)."""
    return mouth_of(visemes(clip.phonemes, clip.durations, speech_level(mel.T))).astype(np.float16)


def stretches(
    corpora: list[Spoken], batch_size: int, frames: int, past: int, ahead: int, shares: list[float], seed: int = 0
) -> Callable[[int], dict[str, Tensor]]:
    """Random stretches of `frames` video frames, with silence around clips that are shorter or end.

    Args:
        past, ahead: mel frames around each video frame that LipMotion reads.
        shares: how often each corpus is drawn.

    Returns: index → mel (B, 128, past + 4 (F − 1) + ahead + 1) and lips (B, F, 10), float32.
    """
    chances = np.array(shares, dtype=float) / sum(shares)

    def batch(index: int) -> dict[str, Tensor]:
        mels, lips = [], []
        for random in generators(seed, index, batch_size):
            spoken = corpora[random.choice(len(corpora), p=chances)]
            clip = int(random.integers(len(spoken.lips)))
            start = int(random.integers(-frames // 8, max(1, len(spoken.lips[clip]) - frames * 7 // 8)))  # also what is before and after
            mel = spoken.features.mel[spoken.features.frames(clip)]
            mels.append(_cut(mel, start * MEL_STEPS - past, past + MEL_STEPS * (frames - 1) + ahead + 1, MEL_SILENCE).T)
            lips.append(_cut(spoken.lips[clip], start, frames, 0.0))
        return {"mel": torch.from_numpy(np.stack(mels)), "lips": torch.from_numpy(np.stack(lips))}

    return batch


def _cut(array: np.ndarray, start: int, length: int, outside: float) -> np.ndarray:
    """Rows `start` to `start + length` as float32; rows that are not there are `outside`."""
    found = np.full((length, array.shape[1]), outside, dtype=np.float32)
    inside = slice(max(0, start), max(0, min(len(array), start + length)))
    rows = array[inside]
    found[max(0, -start) : max(0, -start) + len(rows)] = rows
    return found
