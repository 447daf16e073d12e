"""Films of talking people for the generator that learns from them: aligned frames, their speech, where mouth and eyes are.

Computed once and kept beside the corpus; the files are mapped, not loaded. The face is aligned as every picture is that the generator
will see, by the points that MTCNN finds on a film's first face; the whole film moves with it, so that the head's own motion stays.
"""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from feim.data.batching import generators
from feim.data.clip import Clip
from feim.data.features import _size, _write
from feim.data.pool import one_thread_each
from feim.models.talking_face import SAMPLES, SIDE, stretch, to_side
from feim.signal.action_units import strength
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import CANONICAL, CROP, align, similarity
from feim.signal.video import read_video

DETECTED_EVERY = 5  # frames; between them the points move in straight lines
ARRAYS = {
    "frames": (np.uint8, (SIDE, SIDE, 3)),
    "audio": (np.float16, (SAMPLES,)),
    "mouth": (np.float16, (2,)),
    "eyes": (np.float16, (2, 2)),
}
UNRATED = float(strength(1.0))  # a labelled emotion, as it is usually acted
LOUDER = 6.0  # dB, either way: recordings differ


@dataclass(frozen=True)
class Talking:
    """Frames of all clips of a corpus, one after the other.

    Attributes:
        clips: in order; starts: (clips + 1,) first frame of each, and the end; equal where no face was found in a clip.
        frames (N, 128, 128, 3) uint8; audio (N, 640) float16, the speech of each frame's 40 ms.
        mouth (N, 2), its middle, and eyes (N, 2, 2), x and y in the frames' pixels, float16.
    """

    clips: list[Clip]
    starts: np.ndarray
    frames: np.ndarray
    audio: np.ndarray
    mouth: np.ndarray
    eyes: np.ndarray

    def __getitem__(self, clip: int) -> slice:
        return slice(int(self.starts[clip]), int(self.starts[clip + 1]))


def read_talking(folder: str | Path, clips: list[Clip], processes: int = 2) -> Talking:
    """The films of `clips` that have film, sound and emotion, from the corpus's cache or computed now.

    Raises: ValueError when there are no such clips, or a face in none of them; UnreadableVideo, UnreadableAudio.
    """
    folder = Path(folder)
    clips = [clip for clip in clips if clip.video and clip.audio and clip.emotion]
    if not clips:
        raise ValueError(f"{folder} has no training clips with film, sound and emotion; make a corpus of talking faces")
    cached = folder / "talking" / _key(folder, clips)
    if not (cached / "starts.npy").exists():
        _compute(folder, clips, cached, processes)
    found = Talking(clips, np.load(cached / "starts.npy"), **{name: np.load(cached / f"{name}.npy", mmap_mode="r") for name in ARRAYS})
    if not found.starts[-1]:
        raise ValueError(f"{folder} shows no face in any of {len(clips)} clips; give films of people who face the camera")
    return found


def _key(folder: Path, clips: list[Clip]) -> str:
    """Changes with the files that the arrays are made of: a film that is another has another size."""
    files = [(path, _size(folder / path)) for clip in clips for path in (clip.video, clip.audio)]
    return hashlib.sha256(repr((SIDE, DETECTED_EVERY, files)).encode()).hexdigest()[:12]


def _compute(folder: Path, clips: list[Clip], cached: Path, processes: int) -> None:
    cached.mkdir(parents=True, exist_ok=True)
    with one_thread_each(processes) as pool, ExitStack() as stack:
        streams = {name: stack.enter_context(TemporaryFile(dir=cached)) for name in ARRAYS}  # no memory holds a large corpus
        starts = [0]
        for found in tqdm(pool.map(partial(clip_arrays, folder=folder), clips), total=len(clips), desc="films", unit="clip"):
            for name, stream in streams.items():
                found[name].tofile(stream)
            starts.append(starts[-1] + len(found["frames"]))
        for name, (kind, shape) in ARRAYS.items():
            streams[name].flush()
            whole = np.memmap(streams[name], kind, "r", shape=(starts[-1], *shape)) if starts[-1] else np.empty((0, *shape), kind)
            _write(cached / f"{name}.npy", whole)
    _write(cached / "starts.npy", np.array(starts))  # last: marks it whole


def clip_arrays(clip: Clip, folder: Path) -> dict[str, np.ndarray]:
    """One clip's ARRAYS, F rows each; no rows where no face is found."""
    film = list(read_video(folder / clip.video).frames())
    times, points = _find_points(film)
    if not times:
        return {name: np.empty((0, *shape), kind) for name, (kind, shape) in ARRAYS.items()}
    crops = torch.from_numpy(np.stack([align(frame, points[0]) for frame in film]))
    scale = SIDE / CROP
    to_crop = similarity(points[0], CANONICAL) * scale
    moved = np.stack(points) @ to_crop[:, :2].T + to_crop[:, 2]  # (found, 5, 2)
    everywhere = np.stack([np.interp(range(len(film)), times, track) for track in moved.reshape(len(times), -1).T], 1)
    everywhere = everywhere.reshape(-1, 5, 2)
    sound = read_audio(folder / clip.audio)[: len(film) * SAMPLES]
    found = {
        "frames": to_side(crops).numpy(),
        "audio": np.pad(sound, (0, len(film) * SAMPLES - len(sound))).reshape(-1, SAMPLES),
        "mouth": everywhere[:, 3:].mean(1),  # between its corners
        "eyes": everywhere[:, :2],
    }
    return {name: array.astype(ARRAYS[name][0]) for name, array in found.items()}


def _find_points(film: list[np.ndarray]) -> tuple[list[int], list[np.ndarray]]:
    """MTCNN's points, (5, 2) each in the film's pixels, of the largest face in every fifth frame that shows one, and which frames."""
    times, points = [], []
    looked_at = range(0, len(film), DETECTED_EVERY)
    detect = _detector(min(film[0].shape[:2]) // 4).detect
    for time, found in zip(looked_at, detect([film[time] for time in looked_at], landmarks=True)[2], strict=True):
        if found is not None:
            times.append(time)
            points.append(found[0].astype(float))
    return times, points


@cache
def _detector(smallest: int):
    """MTCNN for films of one face, none smaller than this many pixels: much quicker than for photos."""
    from facenet_pytorch import MTCNN

    return MTCNN(min_face_size=max(20, smallest))


def films(
    corpora: list[Talking], batch_size: int, frames: int = 25, neutral_share: float = 0.5, seed: int = 0
) -> Callable[[int], dict[str, Tensor]]:
    """Random stretches of clips, as they are or mirrored, with the speech around them.

    Args:
        neutral_share: how often the picture given is the beginning of a neutral clip of the same person. Otherwise, and always in the
            paper, it is the stretch's own first frame, which shows the emotion already.

    Returns: index → video (B, F, 3, 128, 128) and image (B, 3, 128, 128) uint8; speech (B, ·) as TalkingFace hears it; mouth (B, F, 2);
        eyes (B, F, 2, 2); emotion (B,) index; amount (B,) of it.
    Raises: ValueError when all clips are shorter.
    """
    usable = [(corpus, clip) for corpus in corpora for clip, length in enumerate(np.diff(corpus.starts)) if length >= frames]
    if not usable:
        raise ValueError(f"no clip shows a face for {frames} frames or more; give longer films")
    neutral: dict[tuple[int, str], list[int]] = {}  # (corpus, speaker) → first frames
    for corpus, clip in usable:
        if corpus.clips[clip].emotion == EMOTIONS[0]:
            neutral.setdefault((id(corpus), corpus.clips[clip].speaker), []).append(corpus[clip].start)

    def example(random: np.random.Generator) -> dict[str, np.ndarray]:
        corpus, number = usable[random.integers(len(usable))]
        whole, clip = corpus[number], corpus.clips[number]
        first = int(random.integers(whole.stop - whole.start - frames + 1))
        here = slice(whole.start + first, whole.start + first + frames)
        at_rest = neutral.get((id(corpus), clip.speaker), [])
        pictured = random.choice(at_rest) if at_rest and random.random() < neutral_share else here.start
        gain = 10 ** (random.uniform(-LOUDER, LOUDER) / 20)
        found = {
            "video": corpus.frames[here].transpose(0, 3, 1, 2),
            "image": corpus.frames[pictured].transpose(2, 0, 1),
            "speech": stretch(corpus.audio[whole].reshape(-1), first, frames) * np.float32(gain),
            "mouth": corpus.mouth[here].astype(np.float32),
            "eyes": corpus.eyes[here].astype(np.float32),
            "emotion": np.int64(EMOTIONS.index(clip.emotion)),
            "amount": np.float32(UNRATED if clip.intensity is None else clip.intensity),
        }
        return mirrored(found) if random.random() < 0.5 else found

    def batch(index: int) -> dict[str, Tensor]:
        examples = [example(random) for random in generators(seed, index, batch_size)]
        return {name: torch.from_numpy(np.stack([example[name] for example in examples])) for name in examples[0]}

    return batch


def mirrored(example: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same film in a mirror."""
    turned = {name: example[name][..., ::-1] for name in ("video", "image")}
    moved = {name: example[name] * [-1, 1] + [SIDE - 1, 0] for name in ("mouth", "eyes")}
    return example | turned | {name: points.astype(np.float32) for name, points in moved.items()}
