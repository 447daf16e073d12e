"""What is seen in a film, or a photo: which emotion the face shows in every frame, and how strongly, beside the same face at rest."""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from feim.hearing import Heard
from feim.models.emotion_space import AXES, EmotionSpace, intensity_of, probabilities
from feim.models.face_tracking import followed
from feim.models.landmarks import LandmarkNetwork
from feim.signal.action_units import intensity_at
from feim.signal.emotion import EMOTIONS
from feim.signal.expressiveness import at_rest, evened
from feim.signal.face import FaceNotFound, is_image, read_image
from feim.signal.face_motion import FRAME_RATE
from feim.signal.video import UnreadableVideo, Video, read_video
from feim.speaking import Progress

Photo = str | Path | Image.Image | np.ndarray  # (H, W, 3) uint8
Film = str | Path | Video | Iterable[np.ndarray]  # a file; or pictures, 25 a second, such as a TalkingHead's frames
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
        label: (F,) float32, the seed's pseudo-label: the same as a share of this film's strongest, however weak that is.
        landmarks: (F, 189, 2) pixels, evened out over time; rest: (189, 2), the same face at rest.
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
        """(F,) γ that shows as much, two of a photo: what `Studio.animate` takes as intensity; another face then feels as this one did."""
        return np.resize(intensity_at(self.intensity).astype(np.float32), max(2, len(self.intensity)))

    def as_dict(self) -> dict:
        """All but the landmarks, ready for JSON."""
        return {
            "seconds": self.seconds,
            "emotion": self.emotion,
            "emotions": self.emotions,
            "intensity": self.intensity.tolist(),
            "curve": self.curve.tolist(),
            "places": {label: along.tolist() for label, along in zip(AXES, self.places.T, strict=True)},
            "distance": self.distance.tolist(),
            "label": self.label.tolist(),
            "heard": self.heard and self.heard.as_dict(),
            "notes": list(self.notes),
        }


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

    Raises: FaceNotFound, UnreadableVideo; NoRest for one picture without `neutral`.
    """
    rest = None if neutral is None else _rest(network, neutral)
    count, tell = footage.count or np.inf, report or (lambda fraction, message: None)
    track = followed(network, footage.frames, lambda number: tell(min(1.0, number / count), "looking"))
    landmarks, seen = evened(track.landmarks), track.seen
    notes = [ESTIMATE]
    if rest is None:
        if len(landmarks) == 1:
            raise NoRest("one picture does not tell what its face does: give another of the same face at rest, as neutral")
        rest = space.rest_of(landmarks[seen])
        notes.append(GUESSED)
    if track.others:
        notes.append(f"{track.others + 1} faces are seen; the largest was followed")
    if not seen.all():
        notes.append(f"no face is seen in {int((~seen).sum())} of {len(seen)} pictures; there the last one seen stands for it")
    places = space.place(landmarks, rest)  # (F, 6)
    distances = space.intensity.distances(landmarks, rest)
    (label,) = space.intensity.labels([distances])
    intensity = intensity_of(places).clip(0, 1).astype(np.float32)
    return Seen(
        _whole(places, intensity), intensity, places, distances, label.clip(0, 1), landmarks, rest, len(landmarks) / FRAME_RATE,
        tuple(notes),
    )  # fmt: skip


def _rest(network: LandmarkNetwork, neutral: Footage) -> np.ndarray:
    """(189, 2). Raises: FaceNotFound, which says that it is the face at rest that is missing."""
    try:
        return at_rest(followed(network, neutral.frames).landmarks)
    except FaceNotFound as error:
        raise FaceNotFound(f"the face at rest: {error}") from error


def photo(source: Photo) -> Footage:
    """One picture. Raises: UnreadableImage."""
    return Footage([read_image(source)], 1)


def film(source: Film) -> Footage:
    """A film from wherever it comes. Raises: UnreadableVideo."""
    if isinstance(source, str | Path):
        source = read_video(source)
    if isinstance(source, Video):
        return Footage(source.frames(), round(source.seconds * source.fps) if source.seconds else None, source)
    if not isinstance(source, Iterable) or (isinstance(source, np.ndarray) and source.ndim != 4):
        given = f"an array of shape {source.shape}" if isinstance(source, np.ndarray) else repr(source)[:60]
        raise UnreadableVideo(f"{given} is no film; give a film file, or pictures (height, width, 3) of uint8, 25 a second")
    return Footage(_pictures(source), len(source) if isinstance(source, Sized) else None)


def _pictures(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Raises: UnreadableVideo at what is none."""
    for number, frame in enumerate(frames, start=1):
        if not (isinstance(frame, np.ndarray) and frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3):
            kind = f"{frame.dtype} of shape {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise UnreadableVideo(f"picture {number} is {kind}; use (height, width, 3) of uint8")
        yield frame


def photo_or_film(source: Photo | Film) -> Footage:
    """What shows a face at rest. Raises: UnreadableImage, UnreadableVideo."""
    if isinstance(source, str | Path):
        return film(source) if kind_of(source) == "video" else photo(source)
    still = isinstance(source, Image.Image) or (isinstance(source, np.ndarray) and source.ndim < 4)
    return photo(source) if still else film(source)


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
