"""Measure what the portrait renderer knows of faces: how they differ, and what each shape does to them.

    python -m feim train portrait --heads ICT_FACEKIT --faces LONDON

Nothing is trained: means and deviations over 200 identities of the morphable head (ICT-FaceKit, MIT licence), who do not exist, take half
a minute. --faces adds how people really smile: the head's own smile lifts the wings of the nose twice as far as theirs.
"""

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from feim.data.corpora.london import FEWEST_PEOPLE, Person, read_london
from feim.data.synthetic.faces import landmark_basis
from feim.data.synthetic.head import load_head
from feim.models import checkpoint
from feim.models.expression_judge import STEADY
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.portrait import FaceBasis, fit
from feim.nn.warp import spline_matrix
from feim.signal.action_units import expression
from feim.signal.face import find_face, read_image, similarity
from feim.signal.face_motion import SHAPES
from feim.signal.landmarks import CHEEKS, CHIN, COUNT, JAW, MIRROR, MOUTH, NOSE, PHILTRUM
from feim.training.card import model_card, portraits_data, publish
from feim.training.order import Order

PEOPLE, GRID = 200, 150
VARIATIONS = 40  # of the head's 60, those that move landmarks most
SEED = 0
SMILE = tuple(SHAPES.index(f"mouthSmile_{side}") for side in "LR")
SMILING = (*MOUTH, *PHILTRUM, *NOSE, *CHIN, *JAW, *CHEEKS[0], *CHEEKS[1])  # what a lip corner pulls along
MIDDLE = 0.35  # inter-pupil distances from the face's middle, within which a side's smile moves the other side, too


def run(order: Order) -> FaceBasis:
    """Measure the heads, and the smiles where --faces is given; save as "portrait". Raises: ValueError, MissingCheckpoint."""
    order.refuse("portrait", "steps", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    began = time.monotonic()
    head = load_head(order.heads)
    found = landmark_basis(head, people=8 if order.miniature else PEOPLE, seed=SEED, grid=GRID)
    basis = FaceBasis(FaceBasis.Config(points=len(found["mean"]) + len(found["grid_mean"]), variations=VARIATIONS))
    variation = torch.from_numpy(found["identity"])
    most = variation.square().sum((1, 2)).argsort(descending=True)[:VARIATIONS]
    basis.mean.copy_(torch.cat([torch.from_numpy(found[name]) for name in ("mean", "grid_mean")]))
    basis.shapes.copy_(torch.cat([torch.from_numpy(found[name]) for name in ("shapes", "grid_shapes")], dim=1))
    basis.variation[:, : variation.shape[1]] = variation[most]
    data = [{"name": "ICT-FaceKit light (Li et al. 2020)", "people": f"{PEOPLE} random identities", "licence": "MIT"}]
    if order.faces:
        people = [person for person in read_london(order.faces) if person.split == "train" and "smiling" in person.images]
        network = checkpoint.load(LandmarkNetwork, "landmarks", order.checkpoints)
        basis.shapes.copy_(with_real_smile(basis, [smiles(network, person) for person in people]))
        data.append(portraits_data(people))
    card = model_card(
        "portrait",
        order,
        what="a face's landmarks to its pose and proportions, and what each shape does to it",
        data=data,
        settings={"people": PEOPLE, "grid": GRID, "variations": VARIATIONS, "seed": SEED},
        seconds=time.monotonic() - began,
        metrics={"measured by": "python -m feim evaluate talking-face --data DATA"},
    )
    publish(basis, "portrait", card, order.checkpoints)
    return basis


def smiles(network: LandmarkNetwork, person: Person) -> tuple[np.ndarray, np.ndarray]:
    """(189, 2) of a person's neutral photo and of the smiling one, both as the network sees them, in the neutral one's pixels."""
    neutral, smiling = (
        locate(network, photo, find_face(photo)) for photo in (read_image(person.images[name]) for name in ("neutral", "smiling"))
    )
    turn = similarity(smiling[[*STEADY]], neutral[[*STEADY]])
    return neutral, smiling @ turn[:, :2].T + turn[:, 2]


def with_real_smile(basis: FaceBasis, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Tensor:
    """The basis' shapes, mouthSmile among them such that a happy face, γ = 1, does what people do who smile for a photograph.

    It goes the way that their smiles go on average, and as far as leaves the least share of each one's own smile: how far they went
    differs tenfold between them, and the faintest counts as much as the widest. Depth stays the head's: photos do not tell it.

    Args: pairs: landmarks (189, 2) of eight people or more at rest and smiling, from the front, in the same pixels.
    Returns: (47, P, 3). Raises: ValueError for fewer people.
    """
    if len(pairs) < FEWEST_PEOPLE:
        raise ValueError(f"the smile of {len(pairs)} people could be somebody's; use at least {FEWEST_PEOPLE}")
    amounts = torch.from_numpy(expression("happy", 1.0)).double()  # (47,)
    moved = torch.stack([_moved(basis, amounts, *pair) for pair in pairs], dim=1)
    real, ours = moved[0], moved[1].mean(0)  # (N, 189, 2), (189, 2)
    missing = _how_far(real[:, list(SMILING)]) * real.mean(0) - ours
    missing = (missing + missing[list(MIRROR)] * torch.tensor([-1, 1])) / 2
    missing[[i for i in range(COUNT) if i not in SMILING]] = 0
    mean = basis.mean[:, :2].double()
    missing = torch.cat([missing, spline_matrix(mean[:COUNT], mean[COUNT:], smoothing=1e-2) @ missing])  # (P, 2)
    on_left = ((mean[:, 0] / MIDDLE + 1) / 2).clamp(0, 1)[:, None]  # the person's left is on the picture's right
    shapes = basis.shapes.clone()
    for side, share in zip(SMILE, (on_left, 1 - on_left), strict=True):
        shapes[side, :, :2] += (share * missing / amounts[side]).float()
    return shapes


def _how_far(real: Tensor) -> float:
    """How much of the mean of people's ways (N, S, 2) leaves, on average over people, the least share of their own."""
    steps = torch.linspace(0.3, 1.5, 121, dtype=torch.float64)
    left = (steps[:, None, None, None] * real.mean(0) - real).norm(dim=-1).mean(-1) / real.norm(dim=-1).mean(-1)  # (121, N)
    return float(steps[left.mean(1).argmin()])


def _moved(basis: FaceBasis, amounts: Tensor, neutral: np.ndarray, smiling: np.ndarray) -> Tensor:
    """(2, 189, 2), how points move in the photos and by `amounts` (47,) of the shapes, in inter-pupil distances along the head's axes."""
    face = fit(basis, torch.from_numpy(neutral))
    ours = torch.einsum("s,spd->pd", amounts, face.shapes)[:COUNT, :2]
    return torch.stack([torch.from_numpy(smiling - neutral), ours]) @ face.turned[:2, :2] / face.scale
