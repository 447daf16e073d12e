"""Who sits for the films of a talking corpus: rendered heads, or mixtures of photographed people. None of them exists.

Rendered heads are exact in every motion, but look rendered. A mixture has the skin, hair and light of real portraits and moves as any
photo does (feim.models.portrait): several people of the London Set in one, so that nobody's face is shown.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.clip import SYNTHETIC
from feim.data.corpora import london
from feim.data.corpora.london import read_london
from feim.data.landmark_shapes import moved
from feim.data.landmark_textures import Textures, read_textures, warp_face
from feim.data.synthetic.heads.faces import Faces, load_faces, random_person, render
from feim.models import checkpoint
from feim.models.portrait import FaceBasis, portrait
from feim.signal.face import similarity
from feim.signal.face_motion import FaceMotion
from feim.signal.landmarks import COUNT, PUPILS

Picture = tuple[np.ndarray, np.ndarray]  # (S, S, 3) uint8, and its landmarks (189, 2) in pixels

FRAMED = 0.205  # between the pupils, of a film's side: all that feim.signal.face.align cuts out lies in the picture
EYES = 0.44  # of its height, where they are
MIXED = 3  # people in a mixture
EVENLY = 4.0  # Dirichlet's parameter: how even their shares are
LARGEST = 0.6  # share that one of them may have
FINER = 2  # a mixture is filmed so much larger


@dataclass(frozen=True)
class Heads:
    """Rendered with ICT-FaceKit."""

    faces: Faces

    kind, licence = "rendered", SYNTHETIC

    @property
    def fingerprint(self) -> str:
        """First digits of the SHA-256 of what the head looks like."""
        head = self.faces.head
        return _digest(head.neutral, head.shapes, head.identities)

    def film(self, seed: int, motion: FaceMotion, size: int) -> Iterator[Picture]:
        """The person of this seed, frame by frame."""
        person = random_person(self.faces, seed)
        person = replace(person, scene=replace(person.scene, scale=FRAMED))  # with room around the head, which moves
        for moment in zip(motion.shapes, motion.gaze, motion.head, strict=True):
            picture = render(self.faces, person, *moment, size)
            yield picture.image, picture.landmarks


@dataclass(frozen=True)
class Mixtures:
    """Mixed from the London Set's portraits, and moved by the portrait renderer."""

    textures: Textures
    basis: FaceBasis

    kind, licence = "mixed", f"{london.LICENCE}, {SYNTHETIC}"

    @property
    def fingerprint(self) -> str:
        """First digits of the SHA-256 of whom they are mixed from and of how faces move."""
        return _digest(self.textures.pixels.numpy(), self.basis.mean.numpy(), self.basis.shapes.numpy())

    def film(self, seed: int, motion: FaceMotion, size: int) -> Iterator[Picture]:
        """The person of this seed, frame by frame."""
        photo, landmarks = mixture(self.textures, np.random.default_rng(seed), FINER * size)
        sitter = portrait(self.basis, photo, landmarks)
        points = sitter.face.moved(motion)[:, :COUNT, :2].numpy()
        for large, found in zip(sitter.frames(motion), points, strict=True):
            image = large.reshape(size, FINER, size, FINER, 3).mean((1, 3)).round().astype(np.uint8)
            yield image, ((found + 0.5) / FINER).astype(np.float32)  # where the first pixel's centre is 0.5, as in renders


def sitters(folder: str | Path) -> Heads | Mixtures:
    """ICT-FaceKit's heads, or mixtures of the London Set's training people, by what the folder holds; some seconds.

    Raises: FileNotFoundError when it holds neither; MissingCheckpoint.
    """
    if (Path(folder) / "landmarks189.json").is_file():
        people = [person for person in read_london(folder) if person.split == "train"]
        return Mixtures(read_textures(people), checkpoint.load(FaceBasis, "portrait"))
    return Heads(load_faces(folder))


def mixture(textures: Textures, random: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Somebody new: the portrait (S, S, 3) uint8 and its landmarks (189, 2), before a backdrop of any colour."""
    shares = random.dirichlet([EVENLY] * MIXED)
    while shares.max() > LARGEST:
        shares = random.dirichlet([EVENLY] * MIXED)
    who = random.choice(len(textures.pixels) // 2, MIXED, replace=False)  # the second half are the first's mirror images
    who = who + random.integers(2, size=MIXED) * (len(textures.pixels) // 2)
    shape = np.tensordot(shares, textures.shapes[who], 1)
    pupils = size * (np.array([0.5, EYES]) + FRAMED * np.array([[-0.5, 0], [0.5, 0]]))
    landmarks = moved(shape, similarity(shape[list(PUPILS)], pupils))
    pixels = sum(share * _over_nothing(textures.pixels[one]) for share, one in zip(shares.tolist(), who, strict=True))
    red_green_blue, opaque = warp_face(pixels, textures.mean, landmarks, size).split([3, 1])
    opaque = opaque.clamp(0, 255) / 255
    picture = red_green_blue * _exposure(random) + (1 - opaque) * _backdrop(random, size)
    return picture.clamp(0, 255).round().byte().permute(1, 2, 0).numpy(), landmarks


def _over_nothing(texture: Tensor) -> Tensor:
    """(4, H, W) of 0 to 255 with colours as strong as they are opaque, so that mixtures have no halo."""
    texture = texture.float()
    return torch.cat([texture[:3] * texture[3:] / 255, texture[3:]])


def _exposure(random: np.random.Generator) -> Tensor:
    """(3, 1, 1): brighter or darker, warmer or colder light."""
    warmth = random.normal(0, 0.05)
    return torch.from_numpy(random.uniform(0.8, 1.15) * np.exp([warmth, 0, -warmth])).float()[:, None, None]


def _backdrop(random: np.random.Generator, size: int) -> Tensor:
    """(3, S, S): one colour that changes a little from top to bottom."""
    top = 255 * random.uniform(0.05, 0.9) * np.exp(0.15 * random.normal(size=3))
    fall = np.linspace(1, random.uniform(0.6, 1.3), size)
    return torch.from_numpy(top[:, None] * fall).float()[:, :, None].expand(3, size, size)


def _digest(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]
