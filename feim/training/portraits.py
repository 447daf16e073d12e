"""Portraits as the face network's frozen trunk sees them: many augmented copies of each, kept for a resumed run."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.corpora.london import Person
from feim.data.face_augmentation import augment_faces
from feim.models.embeddings import CELLS, VIEWS, FaceNetwork, crop_to_tensor
from feim.signal.face import find_face, read_image

SEED = 0


def describe_faces(network: FaceNetwork, people: Sequence[Person], copies: int, folder: Path) -> Tensor:
    """Every portrait of every person through `copies` augmentations and the frozen trunk: (people, images · copies, features).

    Args:
        folder: keeps the result; a file of the same portraits, copies and trunk is read again.
    """
    cache = folder / f"faces-{_key(network, people, copies)}.pt"
    if cache.is_file():
        return torch.load(cache, weights_only=True)
    described = []
    for number, person in enumerate(people):
        random = np.random.default_rng((SEED, number))
        crops = torch.stack([read_crop(path) for path in person.images.values()]).repeat(copies, 1, 1, 1)  # (copies · images, 3, 224, 224)
        crops[len(person.images) :] = augment_faces(crops[len(person.images) :], random)  # the first of each stays as it is
        described.append(network.describe(crops))
    fewest = min(len(features) for features in described)
    faces = torch.stack([features[:fewest] for features in described])
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = cache.with_suffix(".unfinished")
    torch.save(faces, unfinished)
    unfinished.replace(cache)
    return faces


def _key(network: FaceNetwork, people: Sequence[Person], copies: int) -> str:
    """A short hash of all that decides how the faces are described: the pictures' own bytes, the copies, and the trunk."""
    digest = hashlib.sha256(repr((SEED, copies, VIEWS, CELLS, [list(person.images) for person in people])).encode())
    for person in people:
        for path in person.images.values():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for weights in network.trunk.buffers():
        digest.update(weights.cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def read_crop(path: Path) -> Tensor:
    """A portrait's aligned crop, (3, 224, 224) in [0, 1]."""
    return crop_to_tensor(find_face(read_image(path)).crop)
