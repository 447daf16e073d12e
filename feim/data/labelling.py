"""How strong the emotion is in every frame of a corpus's films, without annotation: `python -m feim label CORPUS`.

The pseudo-labels of seed 003: how far each face is from the same person's at rest, 1 at what is this person's strongest. What hears
intensity learns from them as from a synthetic corpus's truth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from feim.data.clip import Clip, read_manifest
from feim.data.face_tracks import face_track, knows_track, read_track
from feim.data.truth import LABELS, knows_intensity, label_path, write_intensity
from feim.models.emotion_space import EmotionSpace
from feim.models.landmarks import LandmarkNetwork
from feim.signal.emotion import EMOTIONS, NEUTRAL
from feim.signal.expressiveness import at_rest, evened
from feim.signal.face import FaceNotFound
from feim.signal.video import UnreadableVideo, read_video


@dataclass(frozen=True)
class Labelled:
    """How many clips were labelled, of how many speakers; and those that were left out, with the reason."""

    clips: int
    speakers: int
    left_out: tuple[tuple[str, str], ...] = ()


def label_corpus(
    folder: str | Path, space: EmotionSpace, network: LandmarkNetwork, progress: Callable[[int], None] = lambda done: None
) -> Labelled:
    """Label every clip with a film, or with the landmarks of one, whose intensity is not known, speaker by speaker.

    A speaker's rest and strongest are found in all their films; clips of nobody's name are each somebody else's. Films that are damaged,
    or show no face for long enough, are left out, and tried again by the next call.

    Args: folder: a prepared corpus; progress: called after every film with how many were looked at.
    Raises: BrokenManifest; ValueError where nothing waits.
    """
    folder = Path(folder)
    shown = [clip for clip in read_manifest(folder) if clip.video or knows_track(folder, clip)]
    if not shown:
        raise ValueError(f"{folder} keeps neither films nor landmarks; make it anew with corpus --landmarks")
    waiting = {clip.id for clip in shown if not knows_intensity(folder, clip)}
    if not waiting:
        raise ValueError(f"{folder} has no film whose intensity is not known; there is nothing to label")
    (folder / LABELS).mkdir(exist_ok=True)
    clips = speakers = looked = 0
    left_out: list[tuple[str, str]] = []
    for _, group in groupby(sorted(shown, key=_speaker), key=_speaker):
        own = list(group)
        if waiting.isdisjoint(clip.id for clip in own):
            continue
        films: list[tuple[Clip, np.ndarray]] = []
        for clip in own:
            try:
                films.append((clip, evened(_landmarks(folder, clip, network))))
            except (FaceNotFound, UnreadableVideo) as error:
                left_out.append((clip.id, str(error)))
            looked += 1
            progress(looked)
        new = [(clip, label) for (clip, _), label in zip(films, labels(films, space), strict=True) if clip.id in waiting]
        for clip, label in new:
            write_intensity(label_path(folder, clip.id), label)
        clips, speakers = clips + len(new), speakers + bool(new)
    return Labelled(clips, speakers, tuple(left_out))


def labels(films: list[tuple[Clip, np.ndarray]], space: EmotionSpace) -> list[np.ndarray]:
    """One speaker's films and their landmarks (F, 189, 2) → (F,) each, from 0 to 1.

    How the face rests is seen in neutral films, where there are any; otherwise in all of them.
    """
    if not films:
        return []
    calm = [seen for clip, seen in films if clip.emotion == EMOTIONS[NEUTRAL]]
    rest = at_rest(np.concatenate(calm)) if calm else space.rest_of(np.concatenate([seen for _, seen in films]))
    return [label.clip(0, 1) for label in space.intensity.labels([space.intensity.distances(seen, rest) for _, seen in films])]


def _speaker(clip: Clip) -> str:
    return clip.speaker or clip.id


def _landmarks(folder: Path, clip: Clip, network: LandmarkNetwork) -> np.ndarray:
    """(F, 189, 2) pixels. Raises: FaceNotFound, UnreadableVideo."""
    if knows_track(folder, clip):
        return read_track(folder, clip)
    return face_track(network, read_video(folder / clip.video).frames())
