"""Train the network that finds a face's 189 points.

    python -m feim train landmarks --faces LONDON_FOLDER --heads ICT_FACEKIT_FOLDER

Pictures are made once (feim.data.landmark_pictures) and kept in the run's folder, about 200 KB each; --heads adds rendered people.
Nobody of the London Set's test split is in any of them: how far off the network is on those, the card says.

The shipped weights saw 9,000 pictures of 57 people (nine others of the training split served to choose the settings) and 500 renders,
each of these drawn twice as often.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from feim.data.corpora.london import Person, read_london
from feim.data.landmark_pictures import Picture, london_pictures, picture_batches, rendered_pictures, write_pictures
from feim.data.landmark_textures import read_textures
from feim.data.synthetic.heads.faces import load_faces
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork, landmark_losses, locate
from feim.signal.face import FaceNotFound, find_face, read_image
from feim.signal.landmarks import FACE, FEATURES, landmark_error
from feim.training.card import model_card, portraits_data, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order

BATCH = 16
STEPS = 8000
PICTURES, RENDERS = 9000, 1000
JITTER = 2.5  # pixels by which the closer looks miss their places
MINIATURE = LandmarkNetwork.Config(widths=(4, 4, 4), closer_widths=(4, 4))
ICT_FACEKIT = {"name": "ICT-FaceKit light (Li et al. 2020), rendered", "licence": "MIT"}


def run(order: Order) -> LandmarkNetwork:
    """Train on the London Set's people, and on rendered ones where --heads is given; save as "landmarks"."""
    order.refuse("landmarks", "decoder", "name", "shares", "forget_emotions", "blocks")
    if order.faces is None:
        raise ValueError("this recipe looks at faces; give --faces with the London set's folder")
    people = read_london(order.faces)
    learnt, held_out = ([person for person in people if person.split == split] for split in ("train", "test"))
    with together().main_process_first():
        folders = [_written(order, "london", lambda: london_pictures(read_textures(learnt)), PICTURES)]
        if order.heads:
            folders += [_written(order, "heads", lambda: rendered_pictures(load_faces(order.heads)), RENDERS)]
    torch.manual_seed(0)
    if order.initial:
        model = checkpoint.load(LandmarkNetwork, order.initial, order.checkpoints).requires_grad_(True)
    else:
        model = LandmarkNetwork(MINIATURE if order.miniature else LandmarkNetwork.Config())
    model = model.to(memory_format=torch.channels_last)  # a third faster on CPUs
    settings = Settings(order.steps or STEPS, learning_rate=2e-3, warmup=100, ema=0.995)
    trained = train(model, picture_batches(folders, share_of_batch(BATCH)), _losses, settings, order.out, order.resume)
    model = trained.model.to(memory_format=torch.contiguous_format)
    card = model_card(
        "landmarks",
        order,
        what="framed face to 189 points and the confidence that they can be located",
        data=[portraits_data(learnt) | {"portraits": len(learnt)}, *([ICT_FACEKIT] if order.heads else [])],
        settings=asdict(settings) | {"batch": BATCH, "jitter": JITTER, "pictures": PICTURES, "renders": RENDERS if order.heads else 0},
        seconds=trained.seconds,
        metrics={"held-out people": measure(model, held_out)} if held_out else {},
    )
    publish(model, "landmarks", card, order.checkpoints)
    return model


def _written(order: Order, name: str, make: Callable[[], Callable[[int], Picture]], count: int) -> Path:
    """The folder `name` of the run with `count` pictures, made unless an earlier run left them there."""
    folder, count = order.out / name, 16 if order.miniature else count
    last = folder / "locatable.npy"
    if not last.is_file() or len(np.load(last)) != count:
        write_pictures(make(), count, folder)
    return folder


def _losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    return landmark_losses(network(batch["pixels"], JITTER), batch["points"], batch["weights"], batch["locatable"])


def measure(network: LandmarkNetwork, people: Sequence[Person]) -> dict[str, float]:
    """On neutral portraits: mean error over FEATURES and over FACE, in shares of the distance between the pupils; of how many people."""
    errors = []
    for person in people:
        image = read_image(person.images["neutral"])
        try:
            points = locate(network, image, find_face(image), least=0)
        except FaceNotFound:
            continue
        errors.append([landmark_error(points, person.landmarks, group) for group in (FEATURES, FACE)])
    if not errors:
        return {"people": 0}
    features, face = np.mean(errors, axis=0)
    return {"features": round(float(features), 4), "face": round(float(face), 4), "people": len(errors)}
