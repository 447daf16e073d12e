"""What models train on: mel, pitch and WORLD's envelope of every clip, computed once and kept beside the corpus.

The files are mapped, not loaded: processes of one machine share one copy, of which the system keeps in memory what is used and fits.
"""

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pyworld
from tqdm import tqdm

from feim.data.cache import save_whole, size_of
from feim.data.clip import SYNTHETIC, Clip
from feim.data.pool import one_thread_each
from feim.signal import world
from feim.signal.audio import SAMPLE_RATE, mel_spectrogram, read_audio

ENVELOPE = 60  # coefficients of WORLD's coded envelope


@dataclass(frozen=True)
class Features:
    """Frames of all clips of a corpus, one after the other.

    Attributes:
        clips: in order; starts: (clips + 1,) first frame of each, and the end.
        mel (frames, 128); pitch (frames, 1) Hz; envelope (frames, 60); aperiodicity (frames, 1) dB: float16, to be read only, None where
            not asked for.
    """

    clips: list[Clip]
    starts: np.ndarray
    mel: np.ndarray | None = None
    pitch: np.ndarray | None = None
    envelope: np.ndarray | None = None
    aperiodicity: np.ndarray | None = None

    def frames(self, index: int) -> slice:
        return slice(int(self.starts[index]), int(self.starts[index + 1]))


def read_features(folder: str | Path, clips: list[Clip], kinds: tuple[str, ...] = ("mel", "pitch"), processes: int = 2) -> Features:
    """The features of `clips`, from the corpus's cache or computed now. Kinds: names of Features' arrays.

    Raises: ValueError when there are no clips.
    """
    folder = Path(folder)
    if not clips:
        raise ValueError(f"{folder} has no training clips; make a larger corpus")
    cache = folder / "features" / _key(folder, clips, kinds)
    if not (cache / "starts.npy").exists():
        _compute(folder, clips, kinds, cache, processes)
    arrays = {kind: np.load(cache / f"{kind}.npy", mmap_mode="r").view(np.ndarray) for kind in kinds}
    return Features(clips, np.load(cache / "starts.npy"), **arrays)


def _key(folder: Path, clips: list[Clip], kinds: tuple[str, ...]) -> str:
    """Changes with whatever the arrays depend on, and with nothing else: clips may learn their texts' times later, and copies of a
    folder have files of another age. A sound that is another has another size: it is compressed.
    """
    sounds = [(clip.audio, clip.licence, size_of(folder / clip.audio)) for clip in clips]
    return hashlib.sha256(repr((kinds, sounds)).encode()).hexdigest()[:12]


def _compute(folder: Path, clips: list[Clip], kinds: tuple[str, ...], cache: Path, processes: int) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    work = partial(clip_features, folder=folder, kinds=kinds)
    with one_thread_each(processes) as pool, ExitStack() as stack:
        streams = [stack.enter_context(TemporaryFile(dir=cache)) for _ in kinds]  # no memory holds a large corpus
        starts = [0]
        for arrays in tqdm(pool.map(work, clips, chunksize=20), total=len(clips), desc="features", unit="clip"):
            for stream, array in zip(streams, arrays, strict=True):
                array.tofile(stream)
            starts.append(starts[-1] + len(arrays[0]))
        for kind, stream in zip(kinds, streams, strict=True):
            save_whole(cache / f"{kind}.npy", np.memmap(stream, np.float16, "r").reshape(starts[-1], -1))
    save_whole(cache / "starts.npy", np.array(starts))  # last: marks it whole


def clip_features(clip: Clip, folder: Path, kinds: tuple[str, ...]) -> list[np.ndarray]:
    """One clip's arrays, (T, width) float16 each, in the order of `kinds`."""
    wave = read_audio(folder / clip.audio)
    found = {}
    if "mel" in kinds:
        found["mel"] = mel_spectrogram(wave).T.numpy()
    if "pitch" in kinds or "envelope" in kinds:
        pitch = world.track_pitch(wave, noisy=SYNTHETIC not in clip.licence)
        found["pitch"] = pitch[:, None]
    if "envelope" in kinds:
        voice = world.analyse(wave, pitch)
        found["pitch"] = np.where(world.hears_voice(voice), pitch, 0.0)[:, None]
        found["envelope"] = pyworld.code_spectral_envelope(voice.envelope, SAMPLE_RATE, ENVELOPE)
        found["aperiodicity"] = world.code_aperiodicity(voice.aperiodicity)[:, None]
    return [found[kind].astype(np.float16) for kind in kinds]
