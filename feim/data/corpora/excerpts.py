"""Sound and pictures out of a stretch of any published file: by time, so whatever its frame rate, channels or sampling rate."""

import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from moviepy.config import FFMPEG_BINARY
from PIL import Image

from feim.signal.audio import SAMPLE_RATE, UnreadableAudio, read_audio
from feim.signal.face import Face, FaceNotFound, UnreadableImage, find_face, read_image

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
        samples = _decode_sound(excerpt)
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


def _decode_sound(excerpt: Excerpt) -> np.ndarray:
    path = excerpt.path
    until = [] if excerpt.end is None else ["-t", str(excerpt.end - excerpt.start)]
    done = _ffmpeg(excerpt, excerpt.start, "-map", "0:a:0", *until, "-f", "f32le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-")
    said = done.stderr.decode(errors="replace")
    if "matches no streams" in said:
        raise UnreadableAudio(f"{path.name} has no sound")
    if done.returncode:
        raise UnreadableAudio(f"{path.name} is damaged or not a sound or video; download it again")
    if "partial file" in said:  # how ffmpeg says that a packet of its table lies beyond the end
        raise UnreadableAudio(f"{path.name} is cut off; download it again")
    return np.frombuffer(done.stdout, np.float32).clip(-1, 1)


def cut_face(excerpt: Excerpt, seconds: float) -> Face:
    """The largest face in the middle of an excerpt, else at a quarter or three quarters of it.

    Args: seconds: how long the excerpt lasts.
    Raises: UnreadableImage when no picture can be decoded, FaceNotFound when none shows a face.
    """
    if not excerpt.path.is_file():
        raise UnreadableImage(f"there is no file {excerpt.path.name}")
    seen = 0
    for instant in INSTANTS:
        picture = _decode_picture(excerpt, excerpt.start + instant * seconds)
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


def _decode_picture(excerpt: Excerpt, second: float) -> np.ndarray | None:
    """The picture at a second of the file, (H, W, 3) uint8; None when there is none or it is damaged."""
    crop = [] if excerpt.crop is None else ["-vf", f"crop={excerpt.crop}"]
    done = _ffmpeg(excerpt, second, "-map", "0:v:0", "-frames:v", "1", *crop, "-f", "image2pipe", "-c:v", "png", "-")
    if done.returncode or not done.stdout:
        return None
    return read_image(Image.open(io.BytesIO(done.stdout)))


def _ffmpeg(excerpt: Excerpt, second: float, *output: str) -> subprocess.CompletedProcess:
    command = [FFMPEG_BINARY, "-nostdin", "-v", "error", "-threads", "1", "-ss", f"{second:.3f}", "-i", str(excerpt.path), *output]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
