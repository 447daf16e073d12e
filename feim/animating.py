"""How a talking head comes about: speech and feeling → how a face moves → pictures, drawn one at a time when they are asked for."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from feim.feeling import constant
from feim.models.emotion_space import at, shapes
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.lip_motion import LipMotion
from feim.models.portrait import FaceBasis, Portrait, fit, portrait
from feim.signal.audio import HOP, SAMPLE_RATE, mel_spectrogram
from feim.signal.emotion_arc import Arc
from feim.signal.face import Face, FaceNotFound, find_face
from feim.signal.face_motion import FRAME_RATE, FaceMotion
from feim.signal.framing import frame_face
from feim.signal.gestures import gestures, perform
from feim.signal.landmarks import FEATURES
from feim.signal.spoken_words import Word, spoken_words
from feim.signal.subtitles import Cue, cues
from feim.signal.video import write_video
from feim.signal.visemes import speech_level, visemes
from feim.signal.world import track_pitch
from feim.speaking import Speech

SIZE = 512  # pixels of a film's side
ENLARGED = 2.5  # how far a photo is enlarged before somebody should know
TURNED = 35.0  # degrees of yaw or pitch from which a face is refused: its far half cannot be seen
EDGE = 2.0  # pixels of the photo by which a landmark may lie beyond its border: networks are not exact
AT_ONCE = 50  # frames whose points are moved together
STRETCH = 6.0  # seconds of sound that are listened to at once


class FaceTurnedAway(ValueError):
    """The face looks too far aside to be moved."""


@dataclass(frozen=True)
class Sound:
    """What a face says.

    Attributes:
        waveform: (samples,) at 16 kHz; mouth: (F, 47), what the mouth does.
        mel: (128, T), level: (T,) dB and pitch: (T,) Hz, 100 a second.
        words: with their times, and cues: subtitles; none for recordings.
    """

    waveform: np.ndarray
    mouth: np.ndarray
    mel: np.ndarray
    level: np.ndarray
    pitch: np.ndarray
    words: list[Word]
    cues: list[Cue]


@dataclass(frozen=True)
class PreparedFace:
    """A photo's face that can be animated, again and again: nothing about it will be refused any more.

    Attributes:
        image: (H, W, 3) uint8, the whole photo; face, landmarks: where it is there, (189, 2) pixels.
        portrait: ready to move, None for a renderer that paints anew; renderer; size: pixels of the film's side.
        notes: what the person should know.
    """

    image: np.ndarray
    face: Face
    landmarks: np.ndarray
    portrait: Portrait | None
    renderer: str
    size: int
    notes: tuple[str, ...]


class Frames(Sequence):
    """Pictures that are drawn when they are asked for, so that a long film needs no more memory than a short one."""

    def __init__(self, count: int, draw: Callable[[slice], Iterator[np.ndarray]]):
        self._count, self._draw = count, draw

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index):
        """One picture (H, W, 3) uint8; a slice gives an array (F, H, W, 3)."""
        if isinstance(index, slice):
            chosen = range(self._count)[index]
            return np.stack([self[i] for i in chosen]) if chosen else np.zeros((0, *self[0].shape), np.uint8)
        index = range(self._count)[index]
        return next(self._draw(slice(index, index + 1)))

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._draw(slice(0, self._count))


@dataclass(frozen=True)
class TalkingHead:
    """A film of a face that speaks.

    Attributes:
        frames: F pictures (S, S, 3) uint8, 25 a second, drawn when they are asked for.
        still: (S, S, 3) uint8, the photo as the film shows it; landmarks: (189, 2) in its pixels.
        motion: how the face moves, None for a renderer that draws without knowing; intensity: (F,) γ in every frame.
        waveform: (samples,) float32 at 16 kHz; cues: subtitles.
        timings: seconds spent on face, motion and in total before the first picture; "video" is the film's own length.
        emotion, seed, renderer: as they were used, a mixture as feim.signal.emotion writes it; notes: what the person should know.
    """

    frames: Frames
    still: np.ndarray
    landmarks: np.ndarray
    motion: FaceMotion | None
    intensity: np.ndarray
    waveform: np.ndarray
    cues: list[Cue]
    timings: dict[str, float]
    emotion: str
    seed: int
    renderer: str
    notes: tuple[str, ...] = ()
    fps: int = FRAME_RATE
    sample_rate: int = SAMPLE_RATE

    def save(self, path: str | Path, progress: Callable[[float, str], None] | None = None) -> Path:
        """Write an MP4 with sound and subtitles, marked as AI-generated in every picture and in its metadata.

        Args: progress: called after every picture, with a fraction in [0, 1] and what is being done.
        Raises: UnwritableVideo, an OSError; nothing half written is left.
        """
        report = progress or (lambda fraction, message: None)
        count = len(self.frames)
        return write_video(
            path, self.frames, self.waveform, self.cues, progress=lambda done: report(done / count, f"frame {done} of {count}")
        )


def filmed(
    face: PreparedFace,
    sound: Sound,
    arc: Arc,
    seed: int,
    clock: dict[str, float],
    intensity: np.ndarray | None = None,
    muscles: np.ndarray | None = None,
) -> TalkingHead:
    """Put a face, prepared for the portrait renderer, and what it says together.

    Args:
        intensity: (F,) γ; without it the arc's own.
        muscles: (F, 47), the expression in each frame; without it what faces do along the arc.
    """
    began = time.perf_counter()
    gamma = constant(arc.intensity, len(sound.mouth)) if intensity is None else intensity
    motion = moved(sound, arc, gamma, seed, muscles)
    clock = clock | {"motion": clock.get("motion", 0.0) + time.perf_counter() - began, "video": len(motion) / FRAME_RATE}
    clock["total"] = clock["face"] + clock["motion"]
    drawn = face.portrait
    frames = Frames(len(motion), partial(_drawn, drawn, motion))
    return TalkingHead(
        frames, drawn.photo, drawn.landmarks, motion, gamma, sound.waveform, sound.cues, clock, arc.name, seed, face.renderer,
        face.notes,
    )  # fmt: skip


def _drawn(face: Portrait, motion: FaceMotion, part: slice) -> Iterator[np.ndarray]:
    """A few frames' points at a time: a long film needs no more memory than a short one."""
    for start in range(part.start, part.stop, AT_ONCE):
        yield from face.frames(motion[start : min(start + AT_ONCE, part.stop)])


def moved(sound: Sound, arc: Arc, gamma: np.ndarray, seed: int, muscles: np.ndarray | None = None) -> FaceMotion:
    """The whole face: mouth, gestures, and its way through the space of emotions with γ (F,) of every frame, or muscles (F, 47)."""
    shown = shapes(at(arc, gamma)) if muscles is None else muscles
    return perform(sound.mouth, shown, gestures(sound.level, sound.pitch, len(sound.mouth), arc, gamma, seed))


def spoken(speech: Speech) -> Sound:
    """What our own speech says: the mouth follows its phones' times."""
    level = speech_level(speech.mel)
    words = spoken_words(speech.text, speech.phonemes, speech.durations)
    shown = cues(speech.text, words, len(speech.waveform) / SAMPLE_RATE)
    return Sound(speech.waveform, visemes(speech.phonemes, speech.durations, level), speech.mel, level, speech.pitch, words, shown)


def recorded(network: LipMotion, wave: np.ndarray) -> Sound:
    """What a recording (samples,) at 16 kHz says: the mouth follows its sound alone."""
    mel = mel_spectrogram(wave).numpy()
    frames = mel.shape[1]
    edges = np.append(np.arange(0, frames, round(STRETCH * SAMPLE_RATE / HOP)), frames)
    pitch = np.concatenate([track_pitch(wave[a * HOP : b * HOP], noisy=True)[: b - a] for a, b in pairwise(edges)])
    return Sound(wave, network.speech_shapes(mel), mel, speech_level(mel), pitch, [], [])


def prepared(image: np.ndarray, network: LandmarkNetwork, basis: FaceBasis, renderer: str, size: int) -> PreparedFace:
    """A photo (H, W, 3) uint8 → its face, for one of the renderers.

    Raises: FaceNotFound, FaceTurnedAway.
    """
    face, landmarks, notes = _found(image, network, basis)
    portrayed = None
    if renderer == "portrait":
        portrayed, more = _portrayed(image, landmarks, basis, size)
        notes += more
    return PreparedFace(image, face, landmarks, portrayed, renderer, size, notes)


def _portrayed(image: np.ndarray, landmarks: np.ndarray, basis: FaceBasis, size: int) -> tuple[Portrait, tuple[str, ...]]:
    """A photo (H, W, 3) uint8 and the landmarks (189, 2) of its face → the face, ready to move, and what the person should know."""
    framed, notes = frame_face(image, landmarks, size), ()
    if framed.enlarged > ENLARGED:
        pixels = f"{size / framed.enlarged:.0f} pixels of the photo fill {size}"
        notes = (f"the face is small, {pixels}; a larger photo gives a sharper film",)
    return portrait(basis, framed.picture, framed.landmarks), notes


@torch.inference_mode()
def _found(image: np.ndarray, network: LandmarkNetwork, basis: FaceBasis) -> tuple[Face, np.ndarray, tuple[str, ...]]:
    """The face of a photo (H, W, 3) uint8, its landmarks (189, 2), and what the person should know.

    Raises: FaceNotFound, FaceTurnedAway: all faces that no renderer can move.
    """
    face = find_face(image)
    notes = [f"{face.others + 1} faces found; the largest was taken"] if face.others else []
    landmarks = locate(network, image, face)
    beyond = ((landmarks < -EDGE) | (landmarks > np.array(image.shape[1::-1]) - 1 + EDGE)).any(axis=1)
    if beyond[[*FEATURES]].any():
        raise FaceNotFound("the face is cut by the photo's border; use a photo that shows all of it")
    if beyond.any():
        notes.append("the head is cut by the photo's border, whose edge is repeated")
    turned = turned_away(fit(basis, torch.from_numpy(landmarks)).turned)
    if turned > TURNED:
        raise FaceTurnedAway(f"the face is turned {turned:.0f}° away; use a photo that shows it from the front")
    return face, landmarks, tuple(notes)


def turned_away(rotation: torch.Tensor) -> float:
    """Degrees of yaw or pitch, whichever is more, in a head's rotation (3, 3)."""
    return max(float(torch.rad2deg(torch.atan2(rotation[2, axis].abs(), rotation[2, 2]))) for axis in (0, 1))
