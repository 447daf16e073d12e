"""Train the space of emotions on faces, and find how far faces go: the pseudo-labels of intensity.

    python -m feim train emotion-space --heads ICT_FACEKIT

Ten minutes on one CPU core, most of which the faces take: some are rendered, to learn how our landmark network sees them, all others are
landmarks alone, exact ones and as it would see them.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from feim.data.batching import generators
from feim.data.corpora.london import LICENCE
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import SENTENCES
from feim.data.synthetic.expressive_films import ExpressiveFilm, as_seen, expressive_films
from feim.data.synthetic.heads.faces import load_faces
from feim.data.synthetic.sight import learn_sight
from feim.models import checkpoint
from feim.models.emotion_space import AXES, EmotionSpace, space_losses
from feim.models.landmarks import LandmarkNetwork
from feim.signal.expressiveness import displacements
from feim.training.card import model_card, publish
from feim.training.loop import Settings, share_of_batch, train
from feim.training.order import Order

PEOPLE, FILMS, BATCH, FRAMES, STEPS = 40, 280, 16, 25, 2500
RENDERED, MOMENTS, SIGHT_SEED = 40, 30, 770  # people who are looked at, in how many moments each


def run(order: Order) -> EmotionSpace:
    """Move faces, train, measure on other people; save as "emotion-space"."""
    order.refuse("emotion-space", "faces", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    people, clips = (3, 21) if order.miniature else (PEOPLE, FILMS)
    sentences, faces = read_sentences(SENTENCES), load_faces(order.heads)
    network = checkpoint.load(LandmarkNetwork, "landmarks")
    sight = learn_sight(faces, network, sentences, *((3, 2) if order.miniature else (RENDERED, MOMENTS)), SIGHT_SEED)
    exact = expressive_films(faces.head, sentences, people, clips)
    films = as_seen(exact, sight)
    learnt, also = ([film for film in some if film.split == "train"] for some in (films, exact))
    torch.manual_seed(0)
    model = EmotionSpace()
    seen = [torch.from_numpy(displacements(film.landmarks, film.rest)).flatten(1) for film in learnt + also]
    places = [torch.from_numpy(true_places(film)) for film in learnt + also]
    model.deviation.copy_(torch.cat(seen).std(0).clamp_min(1e-4))
    fit_intensity(model, learnt)
    settings = Settings(order.steps or STEPS, learning_rate=2e-3, weight_decay=0.05, mixed_precision=False)

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return space_losses(network(batch["seen"]), batch["place"])

    trained = train(model, _stretches(seen, places, share_of_batch(BATCH)), losses, settings, order.out, order.resume)
    others = [film for film in films if film.split != "train"]
    card = model_card(
        "emotion-space",
        order,
        what="how landmarks differ from the same face at rest, to a place in the space of emotions, and to pseudo-labels of intensity",
        data=[
            {"name": "ICT-FaceKit light (Li et al. 2020)", "people": f"{people} random identities", "licence": "MIT"},
            {"name": "Face Research Lab London Set (DeBruine & Jones 2017)", "through": "the landmark network", "licence": LICENCE},
        ],
        settings=asdict(settings) | {"batch": BATCH, "frames": FRAMES, "people": people, "films": len(films), "rendered": RENDERED},
        seconds=trained.seconds,
        metrics={"other people": measure(trained.model, others)},
    )
    publish(trained.model, "emotion-space", card, order.checkpoints)
    return trained.model


def true_places(film: ExpressiveFilm) -> np.ndarray:
    """(F, 6) float32: along the axis of the film's emotion, as far as it is strong."""
    axis = np.array([label == film.emotion for label in AXES], np.float32)
    return film.intensity[:, None] * axis


def fit_intensity(model: EmotionSpace, films: list[ExpressiveFilm]) -> None:
    """Find how neutral faces move, and how far faces go at all."""
    points = model.intensity.config.points
    moved = [(film.emotion, displacements(film.landmarks, film.rest, points)) for film in films]
    neutral = np.concatenate([found for label, found in moved if label not in AXES])
    model.intensity.fit(neutral, np.concatenate([found for label, found in moved if label in AXES]))


def measure(model: EmotionSpace, films: list[ExpressiveFilm]) -> dict[str, float]:
    """Correlation of the norm with the truth, and the share of clearly emotional frames whose nearest axis is the right one."""
    places = np.concatenate([model.place(film.landmarks, film.rest) for film in films])
    truths = np.concatenate([true_places(film) for film in films])
    length = np.linalg.norm(truths, axis=-1)
    clear = length > 0.3
    return {
        "films": len(films),
        "people": len({film.person for film in films}),
        "correlation of the norm": round(float(np.corrcoef(np.linalg.norm(places, axis=-1), length)[0, 1]), 3),
        "right direction": round(float((places[clear].argmax(-1) == truths[clear].argmax(-1)).mean()), 3),
    }


def _stretches(seen: list[Tensor], places: list[Tensor], size: int) -> Callable[[int], dict[str, Tensor]]:
    """Index → `size` random stretches of FRAMES frames; a shorter film stands still at its end."""

    def batch(index: int) -> dict[str, Tensor]:
        drawn = []
        for random in generators(0, index, size):
            film = int(random.integers(len(seen)))
            start = int(random.integers(max(1, len(seen[film]) - FRAMES + 1)))
            frames = torch.arange(start, start + FRAMES).clamp_max(len(seen[film]) - 1)
            drawn.append((seen[film][frames], places[film][frames]))
        return {name: torch.stack(rows) for name, rows in zip(("seen", "place"), zip(*drawn, strict=True), strict=True)}

    return batch
