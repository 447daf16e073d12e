"""What `Studio.analyse` reads back from our own films of real photos, found anew in every frame, beside what was shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feim.animating import PreparedFace
from feim.evaluation.faces.material import Sitter
from feim.evaluation.report import Row
from feim.feeling import Intensity
from feim.models.emotion_space import AXES
from feim.models.intensity import FaceIntensity
from feim.seeing import Seen
from feim.signal.action_units import strength
from feim.signal.emotion import EMOTIONS
from feim.studio import Studio

SIZE = 256  # pixels of the films
GAMMA = 5.0  # of films that follow the voice
DRAWN = (0, 0, 5, 5, 0, 0, 1, 1)  # γ of the others, a curve
FRAMES, RESTING = 75, 50  # looked at, of each film and of a neutral one, which tells how the face rests
CLEAR = 0.3  # strength from which on an emotion can be told


@dataclass(frozen=True)
class _Film:
    """A film of an emotion: how strong it was in each frame; what was seen, knowing how the face rests, and not knowing."""

    emotion: str
    shown: np.ndarray
    seen: Seen
    guessed: Seen


def read_back(studio: Studio, sitters: tuple[Sitter, ...], texts: tuple[str, ...], intensity: FaceIntensity) -> list[Row]:
    """Everybody says a sentence with every emotion, once with a drawn curve and once as the voice swells."""
    drawn, voiced = [], []
    for person, sitter in enumerate(sitters):
        face = studio.prepare(sitter.photo, size=SIZE)
        calm = studio.animate(face, studio.speak(texts[0], face, EMOTIONS[0], 0.0), EMOTIONS[0], 0.0).frames[:RESTING]
        text = texts[(person + 1) % len(texts)]
        for films, wanted in ((drawn, DRAWN), (voiced, GAMMA)):
            films.append([_film(studio, face, text, label, wanted, calm, person) for label in AXES])
    each = [film for films in drawn for film in films]
    within = [_alike([film.seen.intensity], [film.shown]) for film in each]
    right = [(film.seen.places[film.shown >= CLEAR].argmax(-1) == AXES.index(film.emotion)).mean() for film in each]
    shares = [film.seen.intensity[film.shown >= CLEAR].mean() / film.shown[film.shown >= CLEAR].mean() for film in each]
    guessed = [_alike([film.guessed.intensity], [film.shown]) for film in each]
    labels = {name: [_labelled(films, intensity) for films in kind] for name, kind in (("drawn", drawn), ("voiced", voiced))}
    said, clear = f"{len(sitters)} photos, {len(AXES)} films each", f"where {CLEAR:g} or more is shown"
    rows = [
        ("curves drawn and read back from our films of real photos, Pearson", within, f"{said}; mean within a film; {_each(within, each)}"),
        ("… not knowing how the face rests", guessed, "guessed from the film itself"),
        ("… what is read, as a share of what was drawn", shares, f"{clear}; {_each(shares, each)}"),
        ("… frames whose direction is right", right, f"{clear}; {_each(right, each)}"),
        ("pseudo-label of these films and what was shown, Pearson", labels["drawn"], f"lowest {min(labels['drawn']):.2f}"),
        ("… of films that follow the voice", labels["voiced"], f"{said} at γ = {GAMMA:g}; lowest {min(labels['voiced']):.2f}"),
    ]
    return [Row(name, float(np.mean(values)), note=note) for name, values, note in rows]


def _film(studio: Studio, face: PreparedFace, text: str, label: str, wanted: Intensity, calm: np.ndarray, seed: int) -> _Film:
    talking = studio.animate(face, studio.speak(text, face, label, GAMMA, seed=seed), label, wanted, seed=seed)
    frames = talking.frames[:FRAMES]
    seen, guessed = (studio.analyse(video=frames, neutral=rest) for rest in (calm, None))
    return _Film(label, strength(talking.intensity[:FRAMES].astype(float)), seen, guessed)


def _labelled(films: Sequence[_Film], intensity: FaceIntensity) -> float:
    """Pearson over all frames of one person's films."""
    return _alike(intensity.labels([film.seen.distance for film in films]), [film.shown for film in films])


def _alike(found: Sequence[np.ndarray], shown: Sequence[np.ndarray]) -> float:
    return float(np.corrcoef(np.concatenate(found), np.concatenate(shown))[0, 1])


def _each(values: Sequence[float], films: Sequence[_Film]) -> str:
    """The mean for every emotion."""
    of = {label: [value for value, film in zip(values, films, strict=True) if film.emotion == label] for label in AXES}
    return ", ".join(f"{label} {np.mean(own):.2f}" for label, own in of.items())
