"""Train the network that judges whether lips and voice go together.

    python -m feim train lip-sync --corpus corpora/talking --corpus corpora/librispeech --corpus corpora/ljspeech --corpus corpora/teachers

Films of a corpus with truth show their landmarks as they are; where there is only sound, phone times tell what a mouth would do (on the
shipped face basis). Both are disturbed as people, cameras and landmark networks disturb them. Three minutes on an idle CPU core; much
longer training knows the rules better and people worse.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.clip import Clip, read_manifest
from feim.data.features import Features, read_features
from feim.data.truth import read_truth
from feim.data.voice_augmentation import disguise
from feim.models import checkpoint
from feim.models.lip_motion import STEPS as MEL_STEPS
from feim.models.lip_sync import CHANNELS, OF_CHIN, LipSync, TooShort, lowered, mouth_movement, sync_losses
from feim.models.portrait import FaceBasis
from feim.signal.action_units import expression
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY
from feim.signal.landmarks import COUNT
from feim.signal.visemes import GROUPS, MOUTH, face_of, with_expression
from feim.training.card import corpora_data, model_card, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order
from feim.training.recipes.lip_motion import KINDS, true_lips

STEPS, BATCH, FRAMES = 1500, 16, 60  # frames of an example, 2.4 s
SIZES = {False: {}, True: {"channels": 16, "dilations": (1,), "embedding": 8}}
MINIATURE_FRAMES = 24
HELD_OUT = 40  # clips of each corpus, for the card
# People differ from the rules, each in their own way; ours to choose.
HABIT = 0.5  # deviation of how much of each shape somebody uses, in ln
BUILD = 0.3  # and of how far it moves each point
EARLY = 1.0  # frames by which one group of muscles is before or after another
CAMERA = 0.5  # frames by which a film may come late: a camera shows the beginning of its 40 ms, our films the middle
IMAGINED = 0.5  # share of films that are left out for what their sound would do to others
FEELING = 0.7  # share of examples that show an emotion, of any strength
# Landmark networks miss; in inter-pupil distances.
JITTER = 0.002, 0.015  # each point by itself in each frame, least and most
LEAN = 0.015  # each point by itself, slowly
SHAKE = 0.006  # all together: the eyes by which faces are aligned shake, too
DRIFT = 0.015  # all together, slowly: heads turn
SLOWLY = 10  # frames
BEARDED = 0.3  # share of examples whose chin and jaw seem not to move
LOST = 0.1  # and of single points


@dataclass(frozen=True)
class Voices:
    """A corpus: its mels, and of each clip what the mouth does.

    Attributes:
        features: with mel.
        lips: (F, 10) of MOUTH, as phone times tell.
        filmed: (F, CHANNELS) of `mouth_movement`, true; None for clips without a film.
    """

    features: Features
    lips: list[np.ndarray]
    filmed: list[np.ndarray | None]


def run(order: Order) -> LipSync:
    """Train on the corpora's training clips that have phone times, measure on held-out ones; save as "lip-sync"."""
    order.refuse("lip-sync", "faces", "heads", "initial", "decoder", "name", "forget_emotions", "blocks")
    with together().main_process_first():
        corpora = [read_voices(folder, "train") for folder in order.corpora]
        held_out = {folder.name: read_voices(folder, split) for folder in order.corpora if (split := _held_out_split(folder))}
    basis = checkpoint.load(FaceBasis, "portrait", order.checkpoints)
    torch.manual_seed(0)
    model = LipSync(LipSync.Config(**SIZES[order.miniature]))
    shares = order.shares or [float(voices.features.starts[-1]) ** 0.5 for voices in corpora]  # the few real voices count for more
    frames = MINIATURE_FRAMES if order.miniature else FRAMES
    moves = movements(basis)
    batches = matching_stretches(corpora, moves, share_of_batch(BATCH), frames, shares)

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return sync_losses(*network(batch["movement"], disguise(batch["mel"])))

    settings = Settings(order.steps or STEPS, learning_rate=3e-3, warmup=100)
    trained = train(model, batches, losses, settings, order.out, order.resume)
    card = model_card(
        "lip-sync",
        order,
        what="a mouth's landmarks, and log-mel spectrograms, to vectors that lie near each other where both belong together",
        data=[
            *corpora_data(order, [voices.features for voices in corpora]),
            {"name": "face basis (ICT-FaceKit light, Li et al. 2020)", "licence": "MIT"},
        ],
        settings=asdict(settings) | {"batch": BATCH, "frames": frames},
        seconds=trained.seconds,
        metrics={"clips of nobody it learnt from": {name: measured(trained.model, voices, moves) for name, voices in held_out.items()}},
    )
    publish(trained.model, "lip-sync", card, order.checkpoints)
    return trained.model


def _held_out_split(folder: Path) -> str | None:
    present = {clip.split for clip in read_manifest(folder) if clip.durations is not None}
    return next((split for split in ("valid", "test") if split in present), None)


def read_voices(folder: Path, split: str) -> Voices:
    """The clips of a split whose phone times are known. Raises: ValueError when there are none."""
    clips = [clip for clip in read_manifest(folder) if clip.split == split and clip.durations is not None]
    features = read_features(folder, clips, KINDS)
    lips = [true_lips(clip, features.mel[features.frames(number)]) for number, clip in enumerate(clips)]
    return Voices(features, lips, [_filmed(folder, clip) for clip in clips])


def _filmed(folder: Path, clip: Clip) -> np.ndarray | None:
    if clip.video is None:
        return None
    try:
        return mouth_movement(read_truth(folder, clip).landmarks).astype(np.float16)
    except FileNotFoundError:
        return None


def measured(network: LipSync, voices: Voices, moves: np.ndarray) -> dict:
    """How well it judges whole clips, their mouths disturbed as in training; the other sound is that of the clip before."""
    own, others, before = [], [], None
    for clip in range(min(HELD_OUT, len(voices.lips))):
        random = np.random.default_rng((1, clip))
        mel = voices.features.mel[voices.features.frames(clip)].T.astype(np.float32)
        length = len(voices.lips[clip])
        true = imagine(voices.lips[clip], 0, length, moves, random) if voices.filmed[clip] is None else voices.filmed[clip]
        movement = disturb(true, random)
        with suppress(TooShort):
            own.append(network.judge(movement, mel))
            if before is not None:
                others.append(network.judge(movement, before).confidence)
        before = mel
    found = {"clips": len(own)}
    if own:
        found["within ± 1 frame"] = round(float(np.mean([abs(one.offset) <= 1 for one in own])), 3)
        found["mean offset"] = round(float(np.mean([one.offset for one in own])), 2)
        found["confidence"] = round(float(np.mean([one.confidence for one in own])), 3)
    return found | ({"with another's sound": round(float(np.mean(others)), 3)} if others else {})


def movements(basis: FaceBasis) -> np.ndarray:
    """(47, CHANNELS): what each shape at its end does to the mean face."""
    return lowered(basis.shapes[:, :COUNT, 1].numpy())


def matching_stretches(
    corpora: list[Voices], moves: np.ndarray, batch_size: int, frames: int, shares: list[float], seed: int = 0
) -> Callable[[int], dict[str, Tensor]]:
    """Random stretches of `frames` video frames with their sound.

    Args: moves: of `movements`; shares: how often each corpus is drawn.
    Returns: index → movement (B, F, CHANNELS), disturbed, and mel (B, 128, 4 F), float32.
    Raises: ValueError when all clips of a corpus are shorter.
    """
    usable = [np.flatnonzero(np.diff(voices.features.starts) >= MEL_STEPS * frames) for voices in corpora]
    if not all(map(len, usable)):
        raise ValueError(f"a corpus has no clip of {frames} film frames or more; give longer recordings")
    chances = np.array(shares, dtype=float) / sum(shares)

    def example(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        which = random.choice(len(corpora), p=chances)
        voices, clip = corpora[which], int(random.choice(usable[which]))
        mel = voices.features.mel[voices.features.frames(clip)]
        start = int(random.integers(len(mel) // MEL_STEPS - frames + 1))
        if voices.filmed[clip] is None or random.random() < IMAGINED:
            movement = imagine(voices.lips[clip], start, frames, moves, random)
        else:
            movement = voices.filmed[clip][start : start + frames] * _habits(random, CHANNELS, BUILD)
        return disturb(movement, random), mel[MEL_STEPS * start : MEL_STEPS * (start + frames)].T.astype(np.float32)

    def batch(index: int) -> dict[str, Tensor]:
        found, mels = zip(*(example(random) for random in generators(seed, index, batch_size)), strict=True)
        return {"movement": torch.from_numpy(np.stack(found)), "mel": torch.from_numpy(np.stack(mels))}

    return batch


def imagine(lips: np.ndarray, start: int, frames: int, moves: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """What somebody's mouth may do while this is said: (F, 10) of a clip → (frames, CHANNELS) of a stretch.

    Whoever it is uses some shapes more and some less, some muscles a little early or late, and mostly feels something.
    """
    here = start + np.arange(frames) - random.uniform(0, CAMERA)
    early = np.repeat(random.normal(0, EARLY, len(GROUPS)), [len(names) for names in GROUPS])  # MOUTH is GROUPS in a row
    columns = [np.interp(here + by, np.arange(len(lips)), line) for by, line in zip(early, lips.T.astype(float), strict=True)]
    shapes = face_of(np.stack(columns, axis=1) * _habits(random, len(MOUTH), HABIT))  # (frames, 47)
    if random.random() < FEELING:
        gamma = float(np.exp(random.uniform(np.log(0.3), np.log(MAX_INTENSITY))))
        swelling = np.interp(np.arange(frames), (0, frames - 1), random.uniform(0, 1, 2))
        shapes = with_expression(shapes, swelling[:, None] * expression(random.choice(EMOTIONS), gamma))
    return shapes @ (moves * _habits(random, moves.shape, BUILD))


def _habits(random: np.random.Generator, size: int | tuple[int, ...], deviation: float) -> np.ndarray:
    return np.exp(random.normal(0, deviation, size))


def disturb(movement: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(F, CHANNELS) as a landmark network sees it in a film: (F, CHANNELS) float32, beside its mean."""
    frames = len(movement)
    hidden = (random.random(CHANNELS) < LOST) | (OF_CHIN & (random.random() < BEARDED))
    jitter = np.exp(random.uniform(*np.log(JITTER))) * random.normal(size=movement.shape)
    together = SHAKE * random.random() * random.normal(size=(frames, 1)) + DRIFT * random.random() * _wander(frames, 1, random)
    seen = movement * ~hidden + jitter + LEAN * random.random() * _wander(frames, CHANNELS, random) + together
    return (seen - seen.mean(0)).astype(np.float32)


def _wander(frames: int, lines: int, random: np.random.Generator) -> np.ndarray:
    """(F, lines) of deviation 1 every SLOWLY frames, straight between."""
    knots = np.arange(0, frames + SLOWLY, SLOWLY)
    return np.stack([np.interp(np.arange(frames), knots, random.normal(size=len(knots))) for _ in range(lines)], axis=1)
