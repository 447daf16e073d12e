"""Sound and pictures out of a stretch of any published file: by time, so whatever its frame rate, channels or sampling rate."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feim.signal.audio import SAMPLE_RATE, UnreadableAudio, read_audio
from feim.signal.face import Face, FaceNotFound, UnreadableImage, find_face
from feim.signal.ffmpeg import Undecodable, decode_frames, decode_sound
from feim.signal.video import FPS

PLAIN_SOUND = (".wav", ".flac", ".ogg", ".mp3")
SHORTEST = 0.1  # seconds: less says nothing
SILENCE = 1e-4  # −80 dBFS: below it there is no recording, only a track
INSTANTS = (0.5, 0.25, 0.75)  # of the stretch, where a face is looked for, until one is found


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a file.

    Attributes:
        path: a sound or a video.
        start, end: seconds; end None is the file's.
        crop: the part of the picture, as ffmpeg's filter has it: "width:height:x:y", such as "iw/2:ih:0:0" for the left half.
    """

    path: Path
    start: float = 0.0
    end: float | None = None
    crop: str | None = None


def cut_sound(excerpt: Excerpt) -> np.ndarray:
    """The sound of an excerpt: (samples,) float32 at 16 kHz.

    Raises: UnreadableAudio when the file is missing, damaged, cut off, silent, has no sound, or ends before the excerpt does.
    """
    path = excerpt.path
    if not path.is_file():
        raise UnreadableAudio(f"there is no file {path.name}")
    if path.suffix.lower() in PLAIN_SOUND:
        _check_riff_length(path)
        end = None if excerpt.end is None else round(excerpt.end * SAMPLE_RATE)
        samples = read_audio(path)[round(excerpt.start * SAMPLE_RATE) : end]
    else:
        try:
            samples = decode_sound(path, SAMPLE_RATE, excerpt.start, excerpt.end)
        except Undecodable as error:
            raise UnreadableAudio(str(error)) from error
    seconds = len(samples) / SAMPLE_RATE
    if excerpt.end is not None and seconds < excerpt.end - excerpt.start - SHORTEST:
        raise UnreadableAudio(f"{path.name} ends {excerpt.end - excerpt.start - seconds:.1f} s before the excerpt does")
    if seconds < SHORTEST:
        raise UnreadableAudio(f"{path.name} lasts only {seconds:.2f} s")
    if np.abs(samples).max() < SILENCE:
        raise UnreadableAudio(f"{path.name} is silent")
    return samples


def _check_riff_length(path: Path) -> None:
    """libsndfile reads a wav that was cut off without a word; its header tells how long it was."""
    with path.open("rb") as file:
        head = file.read(8)
    whole = int.from_bytes(head[4:], "little") + 8
    streamed = whole >= 2**32 - 1  # the header was written before the length was known
    if head[:4] == b"RIFF" and not streamed and whole > path.stat().st_size * 1.01 + 8:
        raise UnreadableAudio(f"{path.name} is cut off: {path.stat().st_size} of {whole} bytes; download it again")


def cut_face(excerpt: Excerpt, seconds: float) -> Face:
    """The largest face in the middle of an excerpt, else at a quarter or three quarters of it.

    Args: seconds: how long the excerpt lasts.
    Raises: UnreadableImage when no picture can be decoded, FaceNotFound when none shows a face.
    """
    if not excerpt.path.is_file():
        raise UnreadableImage(f"there is no file {excerpt.path.name}")
    seen = 0
    for instant in INSTANTS:
        picture = _picture(excerpt, excerpt.start + instant * seconds)
        if picture is None:
            continue
        seen += 1
        try:
            return find_face(picture)
        except FaceNotFound:
            continue  # people turn away
    if not seen:
        raise UnreadableImage(f"no picture of {excerpt.path.name} can be read")
    raise FaceNotFound(f"no face in {seen} pictures of {excerpt.path.name}")


def cut_frames(excerpt: Excerpt) -> Iterator[np.ndarray]:
    """All pictures of an excerpt, (H, W, 3) uint8, 25 a second. Raises: UnreadableImage, where the damage is."""
    try:
        with closing(decode_frames(excerpt.path, FPS, excerpt.start, excerpt.end, excerpt.crop)) as frames:
            yield from frames
    except Undecodable as error:
        raise UnreadableImage(str(error)) from error


def _picture(excerpt: Excerpt, second: float) -> np.ndarray | None:
    """The picture at a second of the file, (H, W, 3) uint8; None when there is none or it is damaged."""
    try:
        with closing(decode_frames(excerpt.path, FPS, second, second + 2 / FPS, excerpt.crop)) as frames:
            return next(frames)
    except Undecodable:
        return None
