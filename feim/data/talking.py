"""Films of talking people for the generator that learns from them: aligned frames, their speech, where mouth and eyes are.

Computed once and kept beside the corpus; the files are mapped, not loaded. The face is aligned as every picture is that the generator
will see, by the points that MTCNN finds on a film's first face; the whole film moves with it, so that the head's own motion stays.
"""

import hashlib
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from feim.data.batching import generators
from feim.data.cache import save_whole, size_of
from feim.data.clip import Clip
from feim.data.pool import one_thread_each
from feim.data.truth import knows_truth, read_truth
from feim.models.landmarks import five_points
from feim.models.talking_face import SAMPLES, SIDE, stretch
from feim.signal.action_units import strength
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import CANONICAL, CROP, similarity
from feim.signal.video import read_video

DETECTED_EVERY = 5  # frames of a film whose truth is not known
ARRAYS = {
    "frames": (np.uint8, (SIDE, SIDE, 3)),
    "audio": (np.float16, (SAMPLES,)),
    "mouth": (np.float16, (2,)),
    "eyes": (np.float16, (2, 2)),
    "amount": (np.float16, ()),
}
UNRATED = float(strength(1.0))  # a labelled emotion, as it is usually acted
FINER = 2  # a frame is turned upright on so many times as many pixels a side
LOUDER = 6.0  # dB, either way: recordings differ


@dataclass(frozen=True)
class Talking:
    """Frames of all clips of a corpus, one after the other.

    Attributes:
        clips: in order; starts: (clips + 1,) first frame of each, and the end; equal where no face was found in a clip.
        frames (N, 128, 128, 3) uint8; audio (N, 640) float16, the speech of each frame's 40 ms.
        mouth (N, 2), its middle, and eyes (N, 2, 2), x and y in the frames' pixels, float16.
        amount (N,) of the clip's emotion, from 0 to 1, float16: of that moment where the corpus knows it, else the clip's.
    """

    clips: list[Clip]
    starts: np.ndarray
    frames: np.ndarray
    audio: np.ndarray
    mouth: np.ndarray
    eyes: np.ndarray
    amount: np.ndarray

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
    files = [(path, size_of(folder / path)) for clip in clips for path in (clip.video, clip.audio)]
    return hashlib.sha256(repr((SIDE, DETECTED_EVERY, sorted(ARRAYS), files)).encode()).hexdigest()[:12]


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
            save_whole(cached / f"{name}.npy", whole)
    save_whole(cached / "starts.npy", np.array(starts))  # last: marks it whole


def clip_arrays(clip: Clip, folder: Path) -> dict[str, np.ndarray]:
    """One clip's ARRAYS, F rows each; no rows where no face is found."""
    film = list(read_video(folder / clip.video).frames())
    tracked = _track(clip, folder, film)
    if tracked is None:
        return {name: np.empty((0, *shape), kind) for name, (kind, shape) in ARRAYS.items()}
    first, points = tracked
    to_side = similarity(first, CANONICAL) * SIDE / CROP
    everywhere = points @ to_side[:, :2].T + to_side[:, 2]  # (F, 5, 2)
    sound = read_audio(folder / clip.audio)[: len(film) * SAMPLES]
    found = {
        "frames": np.stack([upright(frame, to_side) for frame in film]),
        "audio": np.pad(sound, (0, len(film) * SAMPLES - len(sound))).reshape(-1, SAMPLES),
        "mouth": everywhere[:, 3:].mean(1),  # between its corners
        "eyes": everywhere[:, :2],
        "amount": _amount(clip, folder, len(film)),
    }
    return {name: array.astype(ARRAYS[name][0]) for name, array in found.items()}


def upright(frame: np.ndarray, to_side: np.ndarray) -> np.ndarray:
    """A frame (H, W, 3) uint8 → (SIDE, SIDE, 3) uint8 by (2, 3), its pixels to the result's: as `align` and antialiasing, far quicker."""
    back = np.linalg.inv(np.vstack([to_side, [0, 0, 1]]))[:2]
    apart = math.sqrt(abs(np.linalg.det(back[:, :2])))  # the frame's pixels from one of the result to the next
    factor = max(1, round(apart / FINER))
    pixels = F.avg_pool2d(torch.tensor(frame).movedim(-1, 0)[None].float(), factor, ceil_mode=True, count_include_pad=False)
    ticks = (np.arange(FINER * SIDE) + 0.5) / FINER
    origin = np.stack([*np.meshgrid(ticks, ticks), np.ones((FINER * SIDE,) * 2)], -1) @ back.T  # (FINER · SIDE, FINER · SIDE, 2)
    extent = factor * np.array(pixels.shape[:1:-1])  # width and height, whole cells of `factor` pixels
    places = torch.from_numpy(2 * origin / extent - 1).float()[None]
    fine = F.grid_sample(pixels, places, mode="bilinear", padding_mode="border", align_corners=False)
    return F.avg_pool2d(fine, FINER)[0].round().byte().movedim(0, -1).numpy()


def _amount(clip: Clip, folder: Path, frames: int) -> np.ndarray:
    """(F,) how much of its emotion a clip shows in each frame."""
    if knows_truth(folder, clip):
        return read_truth(folder, clip).intensity[:frames]
    return np.full(frames, UNRATED if clip.intensity is None else clip.intensity)


def _track(clip: Clip, folder: Path, film: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    """Where MTCNN sees a film's first face, (5, 2), and its points in every frame, (F, 5, 2); None where there is no face.

    Where the corpus knows the truth, one look is enough; films of cameras are looked at again and again, and between two looks the points
    move in straight lines.
    """
    known = knows_truth(folder, clip)
    looked_at = range(0, 1 if known else len(film), DETECTED_EVERY)
    detect = _detector(min(film[0].shape[:2]) // 4).detect
    faces = zip(looked_at, detect([film[time] for time in looked_at], landmarks=True)[2], strict=True)
    seen = {time: found[0].astype(float) for time, found in faces if found is not None}
    if not seen:
        return None
    first = next(iter(seen.values()))
    if known:
        points = np.stack([five_points(landmarks - 0.5) for landmarks in read_truth(folder, clip).landmarks[: len(film)]])
        return first, points + (first - points[0])  # as MTCNN would see them
    tracks = np.stack(list(seen.values())).reshape(len(seen), -1).T
    return first, np.stack([np.interp(range(len(film)), list(seen), track) for track in tracks], 1).reshape(-1, 5, 2)


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
        eyes (B, F, 2, 2); emotion (B,) index; amount (B, F) of it.
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
            "amount": corpus.amount[here].astype(np.float32),
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
