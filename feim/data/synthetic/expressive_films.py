"""Films of faces as their landmarks alone, with how strong the emotion is in every frame: what learns from them needs no pictures.

Who speaks and how is as in the talking corpus (feim.data.synthetic.talking); the face is a random one of the morphable head's.
"""

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from feim.data.synthetic.engines import RULES, Engine
from feim.data.synthetic.heads.head import Head, identified, posed, random_identity
from feim.data.synthetic.heads.landmarks import Places, place_landmarks
from feim.data.synthetic.sight import Sight
from feim.data.synthetic.talking import act, plan_films, said, talking_people
from feim.signal.emotion import EMOTIONS, NEUTRAL
from feim.signal.expressiveness import at_rest


@dataclass(frozen=True)
class ExpressiveFilm:
    """One clip.

    Attributes:
        person, split; emotion: a label.
        landmarks: (F, 189, 2), x right and y down, in the head's own unit; of a Sight, where the face rests.
        rest: (189, 2), the same person's, found in their neutral films.
        intensity: (F,) how strong the emotion is; shapes: (F, 47), what the face does.
        waveform: (640·F,) float32 at 16 kHz, what is said.
    """

    person: str
    split: str
    emotion: str
    landmarks: np.ndarray
    rest: np.ndarray
    intensity: np.ndarray
    shapes: np.ndarray
    waveform: np.ndarray


def expressive_films(
    head: Head, sentences: list[tuple[str, str]], people: int, clips: int, seed: int = 0, engines: tuple[Engine, ...] | None = RULES
) -> list[ExpressiveFilm]:
    """Everybody says a sentence with every emotion in turn; with seven times `people`, each once.

    Args: engines: whose readings the voices start from; None for those that the machine has.
    Returns: films of those people who have a neutral one; landmarks are exact.
    """
    places = place_landmarks(head)
    light, places = _lightened(head, places)
    everybody = talking_people(people, seed, engines, "expressive")
    films: list[tuple] = []
    for take in plan_films(sentences, everybody, clips, seed):
        spoken = said(take)
        if spoken is None:
            continue
        motion, intensity = act(take, *spoken)
        person = identified(light, random_identity(np.random.default_rng(take.person.face)))
        moments = zip(motion.shapes, motion.gaze, motion.head, strict=True)
        points = np.stack([places.on(posed(light, person, *moment))[:, :2] for moment in moments]) * [1, -1]
        who, wave = take.person, spoken[0].astype(np.float32)
        films.append(ExpressiveFilm(who.name, who.split, take.emotion.label, points, points[0], intensity, motion.shapes, wave))
    return [film for own in _by_person(films) for film in _with_rest(own)]


def as_seen(films: list[ExpressiveFilm], sight: Sight, seed: int = 0) -> list[ExpressiveFilm]:
    """The same films as a landmark network sees them."""
    return [film for own in _by_person(films) for film in _with_rest(_seen(own, sight, seed))]


def _by_person(films: list[ExpressiveFilm]) -> list[list[ExpressiveFilm]]:
    return [list(own) for _, own in groupby(sorted(films, key=lambda film: film.person), key=lambda film: film.person)]


def _with_rest(films: list[ExpressiveFilm]) -> list[ExpressiveFilm]:
    """One person's, with their face at rest; none if it is not known."""
    calm = [film.landmarks for film in films if film.emotion == EMOTIONS[NEUTRAL]]
    return [replace(film, rest=at_rest(np.concatenate(calm))) for film in films] if calm else []


def _seen(films: list[ExpressiveFilm], sight: Sight, seed: int) -> list[ExpressiveFilm]:
    """One person's, as a network sees them."""
    chance = [np.random.default_rng((seed, number, *film.person.encode())) for number, film in enumerate(films)]
    return [replace(film, landmarks=sight.of(film.landmarks, film.rest, random)) for film, random in zip(films, chance, strict=True)]


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
