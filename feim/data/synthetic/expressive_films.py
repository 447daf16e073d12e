"""Films of faces as their landmarks alone, with how strong the emotion is in every frame: what learns from them needs no pictures.

Who speaks and how is as in the talking corpus (feim.data.synthetic.talking); the face is a random one of the morphable head's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from feim.data.synthetic.engines import RULES
from feim.data.synthetic.heads.head import Head, identified, posed, random_identity
from feim.data.synthetic.heads.landmarks import Places, place_landmarks
from feim.data.synthetic.talking import act, plan_films, said, talking_people
from feim.signal.emotion import EMOTIONS, NEUTRAL
from feim.signal.expressiveness import at_rest


@dataclass(frozen=True)
class ExpressiveFilm:
    """One clip.

    Attributes:
        person, split; emotion: a label.
        landmarks: (F, 189, 2), x right and y down, in the head's own unit.
        rest: (189, 2), the same person's, found in their neutral films.
        intensity: (F,) how strong the emotion is; shapes: (F, 47), what the face does.
    """

    person: str
    split: str
    emotion: str
    landmarks: np.ndarray
    rest: np.ndarray
    intensity: np.ndarray
    shapes: np.ndarray


def expressive_films(
    head: Head, sentences: list[tuple[str, str]], people: int, clips: int, seed: int = 0, blur: float = 0.0
) -> list[ExpressiveFilm]:
    """Everybody says a sentence with every emotion in turn; with seven times `people`, each once.

    Args: blur: how far off a landmark network puts each point in each frame, in inter-pupil distances (standard deviation).
    Returns: films of those people who have a neutral one.
    """
    places = place_landmarks(head)
    light, places = _lightened(head, places)
    everybody = talking_people(people, seed, RULES, "expressive")
    films: list[tuple] = []
    for take in plan_films(sentences, everybody, clips, seed):
        spoken = said(take)
        if spoken is None:
            continue
        motion, intensity = act(take, *spoken)
        person = identified(light, random_identity(np.random.default_rng(take.person.face)))
        moments = zip(motion.shapes, motion.gaze, motion.head, strict=True)
        seen = np.stack([places.on(posed(light, person, *moment))[:, :2] for moment in moments])
        noise = np.random.default_rng((seed, take.seed)).normal(size=seen.shape) * blur * np.linalg.norm(seen[0, 1] - seen[0, 0])
        films.append((take, (seen * [1, -1] + noise).astype(np.float32), intensity, motion.shapes))
    return list(_with_rest(films))


def _with_rest(films: list[tuple]) -> Iterator[ExpressiveFilm]:
    films = sorted(films, key=lambda film: (film[0].person.name, film[0].id))
    for _, own in groupby(films, key=lambda film: film[0].person.name):
        own = list(own)
        calm = [seen for take, seen, _, _ in own if take.emotion.label == EMOTIONS[NEUTRAL]]
        if calm:
            rest = at_rest(np.concatenate(calm))
            for take, seen, intensity, shapes in own:
                yield ExpressiveFilm(take.person.name, take.person.split, take.emotion.label, seen, rest, intensity, shapes)


def _lightened(head: Head, places: Places) -> tuple[Head, Places]:
    """The head without the vertices that no landmark needs, a twentieth of it: as many times quicker."""
    kept = np.unique(np.concatenate([places.corners.ravel(), *head.eyes]))
    number = np.full(len(head.neutral), -1)
    number[kept] = np.arange(len(kept))
    triangles = number[head.triangles]
    whole = (triangles >= 0).all(1)
    light = replace(
        head, neutral=head.neutral[kept], shapes=head.shapes[:, kept], looks=head.looks[:, kept], identities=head.identities[:, kept],
        triangles=triangles[whole], part=head.part[whole],
    )  # fmt: skip
    return light, replace(places, corners=number[places.corners])
