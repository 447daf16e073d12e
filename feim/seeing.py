"""What is seen in a film, or a photo: which emotion the face shows in every frame, and how strongly, beside the same face at rest."""

from collections.abc import Iterable, Sized
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from feim.hearing import Heard
from feim.models.emotion_space import EmotionSpace, intensity_of, probabilities
from feim.models.face_tracking import followed
from feim.models.landmarks import LandmarkNetwork
from feim.signal.action_units import intensity_at
from feim.signal.emotion import EMOTIONS
from feim.signal.expressiveness import at_rest, evened
from feim.signal.face import is_image, read_image
from feim.signal.face_motion import FRAME_RATE
from feim.signal.video import UnreadableVideo, Video, read_video
from feim.speaking import Progress

Photo = str | Path | Image.Image | np.ndarray  # (H, W, 3) uint8
Film = str | Path | Iterable[np.ndarray]  # a file; or pictures, 25 a second, such as a TalkingHead's frames
ESTIMATE = "an estimate of the emotion that the face shows, by a network that learnt from rendered faces; not of what the person feels"
GUESSED = "how this face rests was guessed from the film itself: a photo or a film of the same face at rest, given as neutral, tells better"
SHOWN = 75  # the percentile of a film's frames, by how much they show, from which on they tell which emotion it is


@dataclass(frozen=True)
class Seen:
    """What was seen.

    Attributes:
        emotions: the probability of each of feim.signal.emotion.EMOTIONS where the film shows most; they sum to 1.
        intensity: (F,) float32, 25 a second: the share of the strongest that the face shows, from 0 to 1, whatever the emotion.
        places: (F, 6), where the face is in the space of emotions (feim.models.emotion_space).
        distance: (F,) float32, how far the face is from rest, whatever the emotion: 1 is as far as faces go that way;
        label: (F,) float32, the seed's pseudo-label: the same, 1 at this film's strongest.
        landmarks: (F, 189, 2) pixels; rest: (189, 2), the same face at rest.
        seconds: how long it is; heard: the film's sound, None where there is none, or no voice in it.
        notes: what the person should know.
    """

    emotions: dict[str, float]
    intensity: np.ndarray
    places: np.ndarray
    distance: np.ndarray
    label: np.ndarray
    landmarks: np.ndarray
    rest: np.ndarray
    seconds: float
    notes: tuple[str, ...]
    heard: Heard | None = None

    @property
    def emotion(self) -> str:
        """The likeliest."""
        return max(self.emotions, key=self.emotions.get)

    @property
    def curve(self) -> np.ndarray:
        """(F,) γ that shows as much: what `Studio.animate` takes as intensity, so that another face feels as this one did."""
        return intensity_at(self.intensity).astype(np.float32)


class NoRest(ValueError):
    """One picture alone does not tell how its face rests."""


@dataclass(frozen=True)
class Footage:
    """What there is to look at.

    Attributes:
        frames: pictures (H, W, 3) uint8 of one face, 25 a second; one picture is a photo. count: of them, where it is known.
        file: the film that they come from, if they do.
    """

    frames: Iterable[np.ndarray]
    count: int | None = None
    file: Video | None = None


def see(
    space: EmotionSpace, network: LandmarkNetwork, footage: Footage, neutral: Footage | None = None, report: Progress | None = None
) -> Seen:
    """Look at one face; `neutral` shows it at rest, though it may speak; `report` is told the share of the pictures that is done.

    Raises: FaceNotFound, UnreadableVideo; NoRest for a photo without `neutral`.
    """
    if neutral is None and footage.count == 1:
        raise NoRest("one picture does not tell what its face does: give another of the same face at rest, as neutral")
    count, tell = footage.count or np.inf, report or (lambda fraction, message: None)
    landmarks, seen = followed(network, footage.frames, lambda number: tell(min(1.0, number / count), "looking"))
    landmarks = evened(landmarks)
    rest = space.rest_of(landmarks[seen]) if neutral is None else at_rest(followed(network, neutral.frames)[0])
    places = space.place(landmarks, rest)  # (F, 6)
    distances = space.intensity.distances(landmarks, rest)
    (label,) = space.intensity.labels([distances])
    notes = [ESTIMATE]
    if neutral is None:
        notes.append(GUESSED)
    if not seen.all():
        notes.append(f"no face is seen in {int((~seen).sum())} of {len(seen)} pictures; there the last one seen stands for it")
    intensity = intensity_of(places).clip(0, 1).astype(np.float32)
    return Seen(_whole(places, intensity), intensity, places, distances, label, landmarks, rest, len(landmarks) / FRAME_RATE, tuple(notes))


def footage(source: Photo | Film) -> Footage:
    """A film or a photo, from wherever it comes. Raises: UnreadableVideo, UnreadableImage."""
    if isinstance(source, Image.Image) or (isinstance(source, np.ndarray) and source.ndim < 4):
        return Footage([read_image(source)], 1)
    if not isinstance(source, str | Path):
        return Footage(source, len(source) if isinstance(source, Sized) else None)
    if is_image(source):
        return Footage([read_image(source)], 1)
    film = read_video(source)
    return Footage(film.frames(), round(film.seconds * film.fps) if film.seconds else None, film)


def kind_of(path: str | Path) -> str:
    """What a file is: "image", "video", or "audio", which is also what it is called when it is none of them."""
    if is_image(path):
        return "image"
    try:
        read_video(path)
    except UnreadableVideo:
        return "audio"
    return "video"


def _whole(places: np.ndarray, intensity: np.ndarray) -> dict[str, float]:
    """Places (F, 6) of a film and how strong they are (F,) → the probability of each emotion, over the frames that show most."""
    telling = intensity >= np.percentile(intensity, SHOWN)
    return dict(zip(EMOTIONS, probabilities(places[telling]).mean(0).tolist(), strict=True))
