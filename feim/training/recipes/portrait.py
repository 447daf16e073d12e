"""Measure what the portrait renderer knows of faces: how they differ, and what each shape does to them, on people who do not exist.

    python -m feim train portrait --heads ICT_FACEKIT

Nothing is trained: means and deviations over 200 identities of the morphable head (ICT-FaceKit, MIT licence) take half a minute.
"""

import time

import torch

from feim.data.synthetic.faces import landmark_basis
from feim.data.synthetic.head import load_head
from feim.models.portrait import FaceBasis
from feim.training.card import model_card, publish
from feim.training.order import Order

PEOPLE, GRID = 200, 150
VARIATIONS = 40  # of the head's 60, those that move landmarks most
SEED = 0


def run(order: Order) -> FaceBasis:
    """Measure the heads; save as "portrait"."""
    order.refuse("portrait", "faces", "steps", "initial", "decoder", "name", "shares", "forget_emotions")
    began = time.monotonic()
    head = load_head(order.heads)
    found = landmark_basis(head, people=8 if order.miniature else PEOPLE, seed=SEED, grid=GRID)
    basis = FaceBasis(FaceBasis.Config(points=len(found["mean"]) + len(found["grid_mean"]), variations=VARIATIONS))
    variation = torch.from_numpy(found["identity"])
    most = variation.square().sum((1, 2)).argsort(descending=True)[:VARIATIONS]
    basis.mean.copy_(torch.cat([torch.from_numpy(found[name]) for name in ("mean", "grid_mean")]))
    basis.shapes.copy_(torch.cat([torch.from_numpy(found[name]) for name in ("shapes", "grid_shapes")], dim=1))
    basis.variation[:, : variation.shape[1]] = variation[most]
    card = model_card(
        "portrait",
        order,
        what="a face's landmarks to its pose and proportions, and what each shape does to it",
        data=[{"name": "ICT-FaceKit light (Li et al. 2020)", "people": f"{PEOPLE} random identities", "licence": "MIT"}],
        settings={"people": PEOPLE, "grid": GRID, "variations": VARIATIONS, "seed": SEED},
        seconds=time.monotonic() - began,
    )
    publish(basis, "portrait", card, order.checkpoints)
    return basis
