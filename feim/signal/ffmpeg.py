"""ffmpeg, the binary that moviepy brings along: what any film or sound file holds, by time, in constant memory.

It is spoken to directly, through pipes. moviepy's own reader repeats the last picture of a film that is cut off, and starts pictures and
sounds at once although one may come later; its writer knows no subtitle tracks and writes straight over its target.

Time starts with the file: what a stream lacks at its beginning is filled with its first picture, or with silence, so that pictures and
sounds that are decoded one by one still belong together.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

MAX_SIDE = 4096  # pixels; larger pictures are reduced as they are decoded
MOST_DAMAGED = 0.1  # of the packets: with more of them undecodable, a file is damaged
MOST_LOST = 1.0  # seconds that a film with damage may be shorter than it says
_CUT_OFF = re.compile("partial file|ended prematurely")  # how ffmpeg's readers of mp4 and webm say that data is missing
_NO_STREAM = "matches no streams"
# Square pixels, upright (ffmpeg turns what a phone marks as turned), no side over MAX_SIDE.
_SQUARE = f"scale='max(1,round(iw*sar))':ih,scale='min({MAX_SIDE},iw)':'min({MAX_SIDE},ih)':force_original_aspect_ratio=decrease,setsar=1"


class Undecodable(ValueError):
    """The file is missing, damaged, cut off, or nothing that ffmpeg knows; says which, and names the file."""


class NoStream(Undecodable):
    """The file holds no picture, or no sound."""


@cache
def binary() -> str:
    """The path of ffmpeg; the environment's IMAGEIO_FFMPEG_EXE chooses another."""
    return get_ffmpeg_exe()


@contextmanager
def running(*arguments: str, stdin: int = subprocess.DEVNULL) -> Iterator[tuple[subprocess.Popen, IO[bytes]]]:
    """ffmpeg at work, with its stdout as a pipe, and the file that it complains to; it is gone when the block ends."""
    command = [binary(), "-nostdin", "-hide_banner", "-y", *arguments]
    # Signals stay as Python has them, so that a file that grows too large is a complaint and not a sudden end.
    with tempfile.TemporaryFile() as complaints:  # not a pipe, which would stop a damaged film when it is full
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=complaints, bufsize=1 << 20, restore_signals=False)
        try:
            yield process, complaints
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def complaint(complaints: IO[bytes]) -> str:
    """What ffmpeg said: its last 8 kB."""
    complaints.seek(max(0, complaints.seek(0, 2) - 8192))
    return complaints.read().decode(errors="replace")


def decode_frames(path: Path, fps: int, start: float = 0.0, end: float | None = None, crop: str | None = None) -> Iterator[np.ndarray]:
    """The pictures of a film at a constant rate, whatever its own: at each instant the one that was nearest.

    Args:
        fps: pictures a second.
        start, end: seconds; end None is the film's.
        crop: the part of the picture, as ffmpeg's filter has it: "width:height:x:y", such as "iw/2:ih:0:0" for the left half.

    Yields: (H, W, 3) uint8 RGB, upright, square pixels, all of one size.
    Raises: NoStream, Undecodable: at the first picture, or where the damage is.
    """
    cut = [] if crop is None else [f"crop={crop}"]
    filters = ",".join([f"fps={fps}:start_time=0", *cut, _SQUARE])
    # PPM, because each picture says its size.
    output = ("-map", "0:V:0", "-vf", filters, "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-")
    with running(*_input(path, start, end), *output) as (process, complaints):
        count = 0
        while (frame := _read_ppm(process.stdout)) is not None:
            count += 1
            yield frame
        _check(path, process, complaints, "picture", count / fps if end is None else None)
    if not count:
        raise NoStream(f"{path.name} has no picture")


def decode_sound(path: Path, rate: int, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """The sound of a film or of any sound file: (samples,) float32 in [−1, 1] at `rate` Hz, all channels as one.

    Args: start, end: seconds; end None is the file's.
    Raises: NoStream, Undecodable.
    """
    filters = f"aresample={rate}:async=1:first_pts=0"  # gaps are silence, so that nothing shifts
    output = ("-map", "0:a:0", "-af", filters, "-ac", "1", "-f", "f32le", "-")
    with running(*_input(path, start, end), *output) as (process, complaints):
        samples = np.nan_to_num(np.frombuffer(process.stdout.read(), np.float32))
        _check(path, process, complaints, "sound", len(samples) / rate if end is None else None)
    return samples.clip(-1, 1, out=samples)


def duration(path: Path) -> float | None:
    """Seconds that a file says it lasts; None when it does not, as of films straight from a browser's camera."""
    said = re.search(r"Duration: (\d+):(\d+):([\d.]+)", _described(path))
    return 3600 * int(said[1]) + 60 * int(said[2]) + float(said[3]) if said else None


def tags(path: Path) -> dict[str, str]:
    """The metadata of a film or sound file; keys in small letters, the whole file's before its streams'. Raises: Undecodable."""
    arguments = ("-v", "error", "-i", f"file:{path}", "-map", "0", "-c", "copy", "-t", "0", "-f", "ffmetadata", "-")
    with running(*arguments) as (process, complaints):
        said = process.stdout.read().decode(errors="replace")
        _check(path, process, complaints, "metadata")
    pairs = re.findall(r"^([^;\[=\n][^=\n]*)=((?:[^\\\n]|\\.|\\\n)*)", said, re.MULTILINE)
    return {key.lower(): re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) for key, value in reversed(pairs)}


def _described(path: Path) -> str:
    with running("-i", f"file:{path}") as (process, complaints):
        process.wait()
        return complaint(complaints)


def _input(path: Path, start: float, end: float | None) -> list[str]:
    since = ["-ss", f"{start:.6f}"] if start else []
    until = [] if end is None else ["-t", f"{end - start:.6f}"]
    strict = ["-v", "error", "-max_error_rate", str(MOST_DAMAGED), "-threads", "1"]
    return [*strict, *since, *until, "-i", f"file:{path}"]  # file: because a name may look like a protocol


def _read_ppm(stream: IO[bytes]) -> np.ndarray | None:
    """The next picture of a stream of them, (H, W, 3) uint8; None after the last, even if that was cut off."""
    if stream.readline() != b"P6\n":
        return None
    width, height = map(int, stream.readline().split())
    stream.readline()  # the highest value
    frame = np.empty((height, width, 3), np.uint8)
    return frame if stream.readinto(memoryview(frame).cast("B")) == frame.nbytes else None


def _check(path: Path, process: subprocess.Popen, complaints: IO[bytes], wanted: str, seconds: float | None = None) -> None:
    """Raises what is wrong with a file that has been decoded to the end, which gave so many seconds; None if not all was wanted."""
    status, said = process.wait(), complaint(complaints)
    if not path.is_file():
        raise Undecodable(f"there is no file {path.name}")
    if _NO_STREAM in said:
        raise NoStream(f"{path.name} has no {wanted}")
    if _CUT_OFF.search(said) and duration(path) is not None:  # a browser leaves out both the duration and the last moment it recorded
        raise Undecodable(f"{path.name} is cut off; download it again")
    # Some damage only ends a film early. Without a complaint, sound that goes on after the last picture is ordinary.
    early = said and seconds is not None and seconds < (duration(path) or 0) - MOST_LOST
    if status or early:
        raise Undecodable(f"{path.name} is damaged or not a sound or video; download it again")
