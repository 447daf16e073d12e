"""Films in and out: 25 pictures a second and 16 kHz sound from any film; MP4 that every player shows, marked as AI-generated."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from feim.signal.audio import SAMPLE_RATE
from feim.signal.ffmpeg import NoStream, Undecodable, complaint, decode_frames, decode_sound, duration, running
from feim.signal.mark import TAGS, draw_mark, xmp_box
from feim.signal.subtitles import Cue, to_vtt

FPS = 25
# H.264 without B frames, so that pictures need no edit list to start with the sound; a key frame every 2 s to seek.
# veryfast takes 4 ms of processor time for a picture of 512²; superfast takes a little less and makes files of twice the size.
# Colours as BT.709, and said so: untagged, players guess by size.
PICTURE = (
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-bf", "0", "-g", str(2 * FPS), "-threads", "2"),
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
)
SOUND = ("-c:a", "aac", "-b:a", "96k", "-ar", "48000")  # every player's own rate, and 3 × 16 kHz
_REASON = re.compile("No space left on device|Disk quota exceeded|File too large|Input/output error")  # in ffmpeg's complaints


class UnreadableVideo(ValueError):
    """The film is missing, damaged, cut off, or holds no pictures."""


class UnwritableVideo(OSError):
    """The film cannot be written: no folder, no permission, no space. Nothing of it is left."""


@dataclass(frozen=True)
class Video:
    """A film, upright, in square pixels, at 25 pictures a second.

    Attributes:
        path: of the file, which is read again at every use.
        height, width: pixels.
        seconds: how long it says that it lasts, or None.
        fps: 25.
    """

    path: Path
    height: int
    width: int
    seconds: float | None
    fps: int = FPS

    def frames(self) -> Iterator[np.ndarray]:
        """Every picture, (H, W, 3) uint8 RGB, one at a time. Raises: UnreadableVideo, where the damage is."""
        try:
            with closing(decode_frames(self.path, self.fps)) as frames:
                yield from frames
        except Undecodable as error:
            raise UnreadableVideo(str(error)) from error

    @cached_property
    def waveform(self) -> np.ndarray | None:
        """(samples,) float32 at 16 kHz, 64 kB a second; starts with the first picture. None without sound. Raises: UnreadableVideo."""
        try:
            return decode_sound(self.path, SAMPLE_RATE)
        except NoStream:
            return None
        except Undecodable as error:
            raise UnreadableVideo(str(error)) from error


def read_video(source: str | Path) -> Video:
    """Open a film of any kind that ffmpeg knows (mp4, mov, webm, mpg, avi, mkv), of any size and rate, constant or not.

    Pictures and sound are decoded as they are asked for. A side longer than 4096 pixels is reduced to 4096.
    Raises: UnreadableVideo, when not even the first picture can be decoded.
    """
    path = Path(source)
    if not path.is_file():
        raise UnreadableVideo(f"there is no video file at {path}")
    try:
        with closing(decode_frames(path, FPS)) as frames:
            height, width, _ = next(frames).shape
    except Undecodable as error:
        raise UnreadableVideo(str(error)) from error
    return Video(path, height, width, duration(path))


def write_video(
    path: str | Path,
    frames: Iterable[np.ndarray],
    waveform: np.ndarray | None = None,
    cues: Sequence[Cue] = (),
    language: str = "eng",
    visible_mark: bool = True,
    progress: Callable[[int], None] = lambda written: None,
) -> Path:
    """Write an MP4 (H.264, AAC, subtitle track) that says in every picture and in its metadata that it is AI-generated.

    It is written beside its target and moved there when it is whole. What `frames` raises comes through.

    Args:
        path: ends in .mp4; an existing file is replaced.
        frames: (H, W, 3) uint8 RGB, 25 a second, all of one size; they are taken one at a time. The last column or row of an odd size
            is repeated.
        waveform: (samples,) float32 in [−1, 1] at 16 kHz, from the first picture on.
        cues: subtitles, as `feim.signal.subtitles.cues` makes them; language: theirs and the sound's, in three letters of ISO 639-2.
        visible_mark: False only for what nobody watches, such as pictures to train on.
        progress: called after every picture with how many are written.

    Raises: UnwritableVideo; ValueError when there are no frames, or one differs from the first in kind or size.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise UnwritableVideo(f"cannot write video to {path}: use a name that ends in .mp4")
    with _folder_beside(path) as folder:
        film = folder / "film.mp4"
        with _naming(path):
            tracks = _write_tracks(folder, waveform, cues, language)
        failure = _encode(film, _finished(frames, visible_mark), tracks, progress)
        with _naming(path):
            if failure:
                raise OSError(failure)
            with film.open("ab") as file:
                file.write(xmp_box())
            film.replace(path)
    return path


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A hidden folder on the target's own disk, gone when the block ends, whatever happens in it."""
    with _naming(path):
        folder = tempfile.mkdtemp(prefix=".feim-", dir=path.parent)
    try:
        yield Path(folder).resolve()  # a whole path is never taken for an option or a protocol
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Whatever prevents writing names the film, and what would do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise UnwritableVideo(f"cannot write video to {path}: {reason}; use an existing, writable folder with space left") from error


def _write_tracks(folder: Path, waveform: np.ndarray | None, cues: Sequence[Cue], language: str) -> list[str]:
    """Sound and subtitles as files that ffmpeg reads beside the pictures; its arguments for them."""
    inputs, outputs = [], []
    if waveform is not None:
        sound = folder / "sound.f32"
        sound.write_bytes(np.nan_to_num(waveform).clip(-1, 1).astype("<f4").tobytes())
        inputs.append(["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", str(sound)])
        outputs += ["-map", "1:a", *SOUND, "-metadata:s:a:0", f"language={language}"]
    if cues:
        subtitles = folder / "subtitles.vtt"
        plain = to_vtt(cues).translate(str.maketrans("{}\\", "()/"))  # which ffmpeg would put backslashes before
        subtitles.write_text(plain, encoding="utf-8")
        inputs.append(["-i", str(subtitles)])
        outputs += ["-map", f"{len(inputs)}:s", "-c:s", "mov_text", "-metadata:s:s:0", f"language={language}"]
    return [*chain.from_iterable(inputs), "-map", "0:v", *outputs]


def _finished(frames: Iterable[np.ndarray], visible_mark: bool) -> Iterator[np.ndarray]:
    """The same frames, if they are pictures of one size, marked and with even sides (4:2:0 halves both): each in the place of the last."""
    shape = None
    for number, frame in enumerate(frames):
        if shape is None:
            shape = frame.shape
            even = np.empty([*(side + side % 2 for side in shape[:2]), 3], np.uint8)
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.shape != shape:
            raise ValueError(f"frame {number} is {frame.dtype} of shape {frame.shape}; use (height, width, 3) of uint8, all of one size")
        rows, columns = even.shape[0] - shape[0], even.shape[1] - shape[1]
        if rows or columns:
            frame = np.pad(frame, ((0, rows), (0, columns), (0, 0)), mode="edge")
        if visible_mark:
            yield draw_mark(frame, out=even)
        else:
            even[:] = frame
            yield even
    if shape is None:
        raise ValueError("there are no frames to write; give one at least")


def _encode(film: Path, frames: Iterator[np.ndarray], tracks: list[str], progress: Callable[[int], None]) -> str | None:
    """Pictures through a pipe, one at a time, the other tracks from their files. Returns why it failed, if it did."""
    first = next(frames)
    height, width, _ = first.shape
    pictures = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(FPS), "-i", "-")
    label = chain.from_iterable(("-metadata", f"{key}={value}") for key, value in TAGS.items())
    container = ("-movflags", "+faststart+use_metadata_tags", str(film))
    with running("-v", "error", *pictures, *tracks, *PICTURE, *label, *container, stdin=subprocess.PIPE) as (process, complaints):
        with suppress(BrokenPipeError):  # when ffmpeg has given up, it says why
            for written, frame in enumerate(chain([first], frames), start=1):
                process.stdin.write(frame)
                progress(written)
            process.stdin.close()
        if not process.wait():
            return None
        said = complaint(complaints)
        reason = _REASON.search(said)
        return reason[0] if reason else (said.strip().splitlines() or ["ffmpeg was stopped"])[-1]
