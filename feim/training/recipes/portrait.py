"""Measure what the portrait renderer knows of faces: how they differ, and what each shape does to them.

    python -m feim train portrait --heads ICT_FACEKIT --faces LONDON

Nothing is trained: means and deviations over 200 identities of the morphable head (ICT-FaceKit, MIT licence), who do not exist, take half
a minute. --faces adds how people really smile: the head's own smile lifts the wings of the nose twice as far as theirs, and has no light.
"""

import time

import torch

from feim.data.corpora.london import read_london
from feim.data.synthetic.heads.faces import landmark_basis
from feim.data.synthetic.heads.head import load_head
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork
from feim.models.portrait import FaceBasis
from feim.training.card import model_card, portraits_data, publish
from feim.training.order import Order
from feim.training.smiles import mean_light, smile_of, with_real_smile

PEOPLE, GRID = 200, 150
VARIATIONS = 40  # of the head's 60, those that move landmarks most
SEED = 0


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
        smiles = [smile_of(network, basis, person) for person in people]
        basis.smile_light.copy_(mean_light(basis, smiles))
        basis.shapes.copy_(with_real_smile(basis, smiles))
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
