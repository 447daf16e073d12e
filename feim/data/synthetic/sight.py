"""How a landmark network sees faces move: less than they do where movements are small, such as lids' and brows', and a little off.

What learns from the exact landmarks of rendered faces would take what the network sees of a photo for half as strong. So rendered people
are looked at by the network, and what it sees of a movement is learnt as a linear map, with all that it was off by.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from feim.data.synthetic.engines import RULES
from feim.data.synthetic.heads.faces import Faces, Person, random_person, render
from feim.data.synthetic.talking import act, plan_films, said, talking_people
from feim.models.landmarks import LandmarkNetwork, five_points, frame, locate_all
from feim.signal.expressiveness import displacements
from feim.signal.face_motion import pose
from feim.signal.landmarks import COUNT, interocular

SIDE = 256  # pixels of a rendered picture
MOVEMENTS = 20  # principal components of how faces move: with more, what is seen of other people is told worse
HELD = 5  # frames after which a film's face is off by something else
ALL = tuple(range(COUNT))


@dataclass(frozen=True)
class Sight:
    """What is seen of movements, in distances between the pupils.

    Attributes:
        movements: (K, 378), how faces move; seen: (K, 378), what is seen of each; off: (N, 378), by how much single looks were off.
    """

    movements: np.ndarray
    seen: np.ndarray
    off: np.ndarray

    def of(self, landmarks: np.ndarray, rest: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Exact landmarks (F, 189, 2) of one person, and the same person's at rest (189, 2) → what is seen of them, where rest is."""
        moved = displacements(landmarks, rest, ALL).reshape(len(landmarks), -1)
        off = self.off[random.integers(len(self.off), size=len(moved) // HELD + 2)]
        before, share = np.divmod(np.arange(len(moved)) / HELD, 1)
        before, share = before.astype(int), share[:, None]
        seen = moved @ self.movements.T @ self.seen + (1 - share) * off[before] + share * off[before + 1]
        return (rest + interocular(rest) * seen.reshape(landmarks.shape)).astype(np.float32)


def learn_sight(faces: Faces, network: LandmarkNetwork, sentences: list[tuple[str, str]], people: int, frames: int, seed: int) -> Sight:
    """Render people who talk and feel, `frames` moments of each, and look at them."""
    true, seen = (np.concatenate(rows) for rows in zip(*_looks(faces, network, sentences, people, frames, seed), strict=True))
    _, _, movements = np.linalg.svd(true, full_matrices=False)
    amounts = true @ movements[:MOVEMENTS].T
    found, *_ = np.linalg.lstsq(amounts, seen)
    return Sight(movements[:MOVEMENTS], found.astype(np.float32), (seen - amounts @ found).astype(np.float32))


def _looks(
    faces: Faces, network: LandmarkNetwork, sentences: list[tuple[str, str]], people: int, frames: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each person, displacements (frames, 378) from the face at rest: as they are, and as they are seen."""
    everybody = talking_people(people, seed, RULES, "seen")
    films = (film for film in plan_films(sentences, everybody, 7 * people, seed) if film.emotion.intensity)
    moments: dict[int, list] = {}
    for film in films:
        spoken = said(film)
        if spoken is not None:
            motion, _ = act(film, *spoken)
            moments.setdefault(film.person.face, []).extend(zip(motion.shapes, motion.gaze, motion.head, strict=True))
    for number, (who, lived) in enumerate(sorted(moments.items())):
        random = np.random.default_rng((seed, number))
        chosen = [(pose(), np.zeros(2), np.zeros(3)), *(lived[i] for i in random.choice(len(lived), frames, replace=False))]
        true, seen = _located(faces, network, random_person(faces, who), chosen)
        yield tuple(displacements(points[1:], points[0], ALL).reshape(frames, -1) for points in (true, seen))


def _located(faces: Faces, network: LandmarkNetwork, person: Person, moments: Sequence[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """A person's landmarks (F, 189, 2) at moments of (shapes, gaze, head): as they are, and as the network finds them."""
    pictures = [render(faces, person, *moment, SIDE) for moment in moments]
    true = np.stack([picture.landmarks - 0.5 for picture in pictures])  # to whole numbers at the pixels' centres
    frames, maps = zip(*(frame(picture.image, five_points(points)) for picture, points in zip(pictures, true, strict=True)), strict=True)
    return true, locate_all(network, np.stack(frames), np.stack(maps))[0]
