"""Pseudo-labels of intensity against the truth, on people never seen; what speech leaks into them where the mouth counts, too."""

from itertools import groupby

import numpy as np

from feim.data.synthetic.expressive_films import ExpressiveFilm
from feim.evaluation.report import Row
from feim.models.emotion_space import AXES, EmotionSpace, intensity_of
from feim.models.intensity import FaceIntensity, unblinked
from feim.signal.expressiveness import SEEN, WITHOUT_MOUTH, displacements
from feim.signal.face_motion import INDEX

ALIKE = 0.9


def faces(space: EmotionSpace, films: list[ExpressiveFilm], exact: list[ExpressiveFilm], control: list[ExpressiveFilm]) -> list[Row]:
    """Rows for films whose landmarks are as a network sees them, and as they are.

    Args: control: films of others still, on which the same labels are fitted with the mouth and without it.
    """
    people = len({film.person for film in films})
    shipped = _alike(space.intensity, films)
    without, mouth = (_alike(_fitted(points, control), films) for points in (WITHOUT_MOUTH, SEEN))
    counted = f"mean over {people} people never seen, {len(films)} films"
    rows = [
        Row("pseudo-label and true intensity, Pearson", shipped.mean(), ALIKE, note=f"{counted}; lowest {shipped.min():.2f}"),
        Row("… landmarks exact", _alike(space.intensity, exact).mean()),
        Row(
            "… without mouth points, above those with them",
            float((without - mouth).mean()),
            0.0,
            digits=3,
            note=f"without {without.mean():.3f}, with {mouth.mean():.3f}, both fitted anew on other people; "
            f"standard error {np.std(without - mouth, ddof=1) / np.sqrt(people):.3f}",
        ),
    ]
    for name, points in (("without", WITHOUT_MOUTH), ("with", SEEN)):
        plain = _alike(_Plain(points), films)
        rows.append(Row(f"… plain distance, {name} mouth points", plain.mean(), note="as the seed's abstract has it"))
    leaks = [_leak(_fitted(points, control), films) for points in (WITHOUT_MOUTH, SEEN)]
    note = f"with the mouth {leaks[1]:.3f}; mean label of people who speak and feel nothing"
    rows.append(Row("what speech leaks into the label", leaks[0], at_most=True, digits=3, note=note))
    norm, direction = _placed(space, films)
    rows.append(Row("emotion space: norm and true intensity, Pearson", norm, note=counted))
    rows.append(Row("emotion space: frames whose direction is right", direction, note="of those that show .3 or more"))
    return rows


class _Plain:
    """The distance itself, in inter-pupil distances, scaled by each person's percentile."""

    def __init__(self, points: tuple[int, ...]):
        self.points, self.labels = points, FaceIntensity().labels

    def distances(self, landmarks: np.ndarray, rest: np.ndarray) -> np.ndarray:
        return unblinked(np.linalg.norm(displacements(landmarks, rest, self.points).reshape(len(landmarks), -1), axis=-1))


def _fitted(points: tuple[int, ...], films: list[ExpressiveFilm]) -> FaceIntensity:
    moved = [(film.emotion, displacements(film.landmarks, film.rest, points)) for film in films]
    return FaceIntensity(FaceIntensity.Config(points=points)).fit(
        np.concatenate([found for label, found in moved if label not in AXES]),
        np.concatenate([found for label, found in moved if label in AXES]),
    )


def _labelled(measure: FaceIntensity | _Plain, films: list[ExpressiveFilm]) -> list[list[tuple[ExpressiveFilm, np.ndarray]]]:
    """For every person, their films with their labels."""
    found = []
    for _, own in groupby(films, key=lambda film: film.person):
        own = list(own)
        labels = measure.labels([measure.distances(film.landmarks, film.rest) for film in own])
        found.append(list(zip(own, labels, strict=True)))
    return found


def _alike(measure: FaceIntensity | _Plain, films: list[ExpressiveFilm]) -> np.ndarray:
    """(people,) Pearson over all frames of each."""
    return np.array([_pearson([label for _, label in own], [film.intensity for film, _ in own]) for own in _labelled(measure, films)])


def _pearson(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    return float(np.corrcoef(np.concatenate(a), np.concatenate(b))[0, 1])


def _leak(measure: FaceIntensity, films: list[ExpressiveFilm]) -> float:
    """The mean label of frames in which people open their mouths and feel nothing."""
    labels = []
    for own in _labelled(measure, films):
        for film, label in own:
            if film.emotion not in AXES:
                labels.append(label[film.shapes[:, INDEX["jawOpen"]] > 0.1])
    return float(np.concatenate(labels).mean())


def _placed(space: EmotionSpace, films: list[ExpressiveFilm]) -> tuple[float, float]:
    """Correlation of the norm with the truth; share of clear frames that point the right way."""
    places = [space.place(film.landmarks, film.rest) for film in films]
    right = []
    for film, place in zip(films, places, strict=True):
        if film.emotion in AXES:
            right.append(place[film.intensity >= 0.3].argmax(-1) == AXES.index(film.emotion))
    return _pearson([intensity_of(place) for place in places], [film.intensity for film in films]), float(np.concatenate(right).mean())
