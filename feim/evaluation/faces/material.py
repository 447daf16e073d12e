"""What faces are measured on: people, their smiles and sentences that no model learnt from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feim.data.corpora.london import Person, read_london
from feim.data.sentences import read_sentences
from feim.evaluation.material import SENTENCES, in_turn
from feim.signal.face import Face, find_face, read_image


@dataclass(frozen=True)
class Extent:
    """How much is measured: people; sentences that they say; frames of each film that are looked at."""

    people: int = 16
    sentences: int = 20
    frames: int = 5


FULL, QUICK = Extent(), Extent(people=4, sentences=3, frames=2)


@dataclass(frozen=True)
class Sitter:
    """Somebody held out: their photo (H, W, 3) uint8, the face found in it, and its true landmarks (189, 2)."""

    person: Person
    photo: np.ndarray
    face: Face
    landmarks: np.ndarray


@dataclass(frozen=True)
class Material:
    """Sitters, women and men in turn, and short test sentences."""

    sitters: tuple[Sitter, ...]
    texts: tuple[str, ...]
    extent: Extent


def gather(data: Path, extent: Extent) -> Material:
    """From london/ and text/ under `data`. Raises: FileNotFoundError, NoSentences, naming what is not there."""
    people = [person for person in read_london(data / "london") if person.split == "test"]
    texts = [text for text, split in read_sentences(data / SENTENCES) if split == "test" and 5 <= len(text.split()) <= 12]
    return Material(tuple(sitter(person) for person in in_turn(people, extent.people)), tuple(texts[: extent.sentences]), extent)


def sitter(person: Person, expression: str = "neutral") -> Sitter:
    """A person as one of their photos shows them; landmarks are true for the neutral one."""
    photo = read_image(person.images[expression])
    return Sitter(person, photo, find_face(photo), person.landmarks)
