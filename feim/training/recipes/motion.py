"""Train the model that draws the course of action units from a feeling and a description of muscles.

    python -m feim train motion

Its films are made by rule from a seed, so it needs no corpus. Five minutes on one CPU core.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.synthetic.muscle_films import MuscleFilm, films
from feim.models.motion import MotionDiffusion, Wish, motion_losses
from feim.nn.agreement import f1
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import FRAME_RATE
from feim.signal.muscles import SEEN, asked, encode
from feim.training.card import model_card, publish
from feim.training.loop import Settings, share_of_batch, train
from feim.training.order import Order

STEPS, BATCH = 4000, 32
FILMS = 1000  # of each length
MEASURED, MEASURED_SEED, MEASURED_FRAMES = 140, 60_000, 100  # films for the card
LENGTHS = (50, 75, 100, 125, 150)  # frames: 2 to 6 s
MINIATURE = {"channels": 16, "blocks": 2, "condition": 16}


def run(order: Order) -> MotionDiffusion:
    """Make the films, train; save as "motion"."""
    order.refuse("motion", "faces", "heads", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    if order.corpora:
        raise ValueError("the recipe motion makes its own films and has no use for --corpus; leave it out")
    torch.manual_seed(0)
    model = MotionDiffusion(MotionDiffusion.Config(**MINIATURE) if order.miniature else None)
    count, lengths = (70, LENGTHS[:2]) if order.miniature else (FILMS, LENGTHS)
    settings = Settings(order.steps or STEPS, learning_rate=2e-3, mixed_precision=False)
    trained = train(model, batches(0, count, share_of_batch(BATCH), lengths), motion_losses, settings, order.out, order.resume)
    seconds = count * sum(lengths) / FRAME_RATE
    card = model_card(
        "motion",
        order,
        what="emotion, its strength and a description of muscles to the course of 17 action units, 25 times a second",
        data=[
            {
                "name": "films of muscles made by rule",
                "clips": count * len(lengths),
                "hours": round(seconds / 3600, 2),
                "licence": "synthetic",
            }
        ],
        settings=asdict(settings) | {"batch": BATCH},
        seconds=trained.seconds,
        metrics={"combinations that no training film has": measure(trained.model)},
    )
    publish(trained.model, "motion", card, order.checkpoints)
    return trained.model


def measure(model: MotionDiffusion) -> dict[str, float]:
    """Films of the test's natural combinations, drawn anew: F1 of the units that are seen, and of units in single frames."""
    asked_for = [film for film in films("test", MEASURED, MEASURED_SEED, MEASURED_FRAMES) if film.muscles]
    wishes = [Wish(EMOTIONS.index(film.emotion), film.strength, film.muscles) for film in asked_for]
    drawn = model.sample(wishes, MEASURED_FRAMES, range(len(wishes)))  # (B, F, 17)
    height = np.sort(drawn, axis=1)[:, -MEASURED_FRAMES // 10 :].mean(1)
    wanted, true = np.stack([asked(film.muscles) for film in asked_for]), np.stack([film.levels for film in asked_for])
    scores = {"AU-F1": f1(height >= SEEN, wanted), "AU-F1 of frames": f1(drawn >= SEEN, true >= SEEN)}
    return {"films": len(wishes)} | {name: round(value, 3) for name, value in scores.items()}


def batches(seed: int, count: int, size: int, lengths: tuple[int, ...] = LENGTHS) -> Callable[[int], dict[str, Tensor]]:
    """Films of equal length, `count` of each, made once: index → levels (B, F, 17), emotion (B,), strength (B,), muscles (B, 17, 6)."""
    pools = [collated(films("train", count, seed * len(lengths) + place, length)) for place, length in enumerate(lengths)]

    def batch(index: int) -> dict[str, Tensor]:
        pool = pools[index % len(pools)]
        chosen = [int(random.integers(count)) for random in generators(seed, index, size)]
        return {name: values[chosen] for name, values in pool.items()}

    return batch


def collated(made: list[MuscleFilm]) -> dict[str, Tensor]:
    """Films of one length as tensors."""
    return {
        "levels": torch.from_numpy(np.stack([film.levels for film in made])),
        "emotion": torch.tensor([EMOTIONS.index(film.emotion) for film in made]),
        "strength": torch.tensor([film.strength for film in made]),
        "muscles": torch.from_numpy(np.stack([encode(film.muscles) for film in made])),
    }
