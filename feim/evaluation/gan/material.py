"""Films that no generator learnt from, as the generators are asked to make them again."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feim.data.clip import MANIFEST, Clip, read_manifest
from feim.data.talking import Talking, read_talking
from feim.signal.emotion import EMOTIONS, NEUTRAL

FRAMES = 75  # of each film at most


@dataclass(frozen=True)
class Extent:
    """How much is measured: films of each corpus."""

    films: int = 60


FULL, QUICK = Extent(), Extent(films=4)


@dataclass(frozen=True)
class Filmed:
    """A film as its camera saw it, (F, 128, 128, 3) uint8, and what a generator is told of it.

    Attributes:
        clip: who says what, how felt.
        neutral: (128, 128, 3) uint8, the same person's first neutral film's first picture; None if the corpus has none.
        waveform: (640·F,) at 16 kHz; amount: (F,) of the emotion.
        mouth: (F, 2), eyes: (F, 2, 2), in the frames' pixels.
    """

    clip: Clip
    frames: np.ndarray
    neutral: np.ndarray | None
    waveform: np.ndarray
    amount: np.ndarray
    mouth: np.ndarray
    eyes: np.ndarray


def gather(data: Path, extent: Extent) -> list[Filmed]:
    """The test films of every prepared corpus under `data`, or of `data` itself. Raises: ValueError when there are none."""
    folders = [path.parent for path in sorted([*data.glob(MANIFEST), *data.glob(f"*/{MANIFEST}")])]
    found: list[Filmed] = []
    for folder in folders:
        clips = [clip for clip in read_manifest(folder) if clip.split == "test" and clip.video and clip.audio and clip.emotion]
        if clips:
            found += _films(read_talking(folder, clips), extent)
    if not found:
        raise ValueError(f"{data} holds no films of test people; make some with `python -m feim synthesise-corpus OUT --faces FACES`")
    return found


def _films(corpus: Talking, extent: Extent) -> list[Filmed]:
    at_rest = {}
    for number, clip in enumerate(corpus.clips):
        if clip.emotion == EMOTIONS[NEUTRAL] and corpus.starts[number] < corpus.starts[number + 1]:
            at_rest.setdefault(clip.speaker, corpus.frames[corpus[number].start])
    made = []
    for number, clip in enumerate(corpus.clips[: extent.films]):
        whole = corpus[number]
        here = slice(whole.start, min(whole.stop, whole.start + FRAMES))
        if here.stop - here.start < 2:
            continue
        arrays = {name: np.asarray(getattr(corpus, name)[here], np.float32) for name in ("amount", "mouth", "eyes")}
        sound = np.asarray(corpus.audio[here], np.float32).reshape(-1)
        made.append(Filmed(clip, np.array(corpus.frames[here]), at_rest.get(clip.speaker), sound, **arrays))
    return made
