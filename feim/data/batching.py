"""Batches for the training loop: functions from an index to tensors, so that a resumed run sees the same ones.

Every example is drawn from a seed of its own, its number in the whole run. So P processes that ask for P batches of B / P examples
get, together, the batch of B examples that one process gets.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from feim.data.clip import Clip
from feim.data.features import Features
from feim.nn.alignment import symbol_means
from feim.signal.audio import FRAME_RATE, MEL_SILENCE
from feim.signal.emotion import EMOTIONS, UNLABELLED
from feim.signal.text import encode
from feim.signal.world import PITCH_CENTRE, PITCH_SPREAD, fill_unvoiced

MULTIPLE = 4  # frames: score networks halve them twice


def generators(seed: int, index: int, size: int) -> list[np.random.Generator]:
    """What draws the `size` examples of batch `index`: one generator each, the same however many share the run's batches."""
    return [np.random.default_rng((seed, number)) for number in range(index * size, (index + 1) * size)]


def segments(
    corpora: list[Features], kinds: tuple[str, ...], batch_size: int, frames: int, shares: list[float] | None = None, seed: int = 0
) -> Callable[[int], dict[str, Tensor]]:
    """Random stretches of `frames` frames, one corpus chosen per example by `shares` (default: by its frames).

    Returns: index → {kind: (B, width, frames), or (B, frames) where the width is 1}, float32.
    Raises: ValueError when all clips of a corpus are shorter.
    """
    lengths = [np.diff(corpus.starts) for corpus in corpora]
    usable = [np.flatnonzero(length >= frames) for length in lengths]
    if not all(map(len, usable)):
        raise ValueError(f"a corpus has no clip of {frames / FRAME_RATE:.2f} s or more to train on; give longer recordings")
    weights = np.array(shares or [length[use].sum() for length, use in zip(lengths, usable, strict=True)], dtype=float)
    weights /= weights.sum()

    def batch(index: int) -> dict[str, Tensor]:
        found: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
        for random in generators(seed, index, batch_size):
            which = random.choice(len(corpora), p=weights)
            clip = random.choice(usable[which])
            start = corpora[which].starts[clip] + random.integers(lengths[which][clip] - frames + 1)
            for kind in kinds:
                found[kind].append(getattr(corpora[which], kind)[start : start + frames])
        tensors = {kind: torch.from_numpy(np.stack(arrays).astype(np.float32)) for kind, arrays in found.items()}  # (B, T, C)
        return {kind: t[..., 0] if t.shape[-1] == 1 else t.transpose(1, 2).contiguous() for kind, t in tensors.items()}

    return batch


def utterances(
    corpora: list[Features],
    vectors: Callable[[str, np.random.Generator], np.ndarray],
    batch_size: int,
    frames: int,
    shares: list[float],
    seed: int = 0,
) -> Callable[[int], dict[str, Tensor]]:
    """Whole texts with a random stretch of `frames` frames of their mel, for FEIMTTS.forward.

    Args:
        corpora: with mel and pitch; a clip without durations is given whole, for alignment search, and the batch is as long as it
            (and up to three frames longer: score networks take fours).
        vectors: (speaker, random) → (512,) face or voice vector.
        shares: how often each corpus is drawn.

    Returns: index → symbols, lengths, durations, tone, line, mel, start, frames, face, emotion, as FEIMTTS.forward describes them.
    """
    chances = np.array(shares, dtype=float) / sum(shares)

    def choose(random: np.random.Generator) -> tuple[Features, int]:
        corpus = corpora[random.choice(len(corpora), p=chances)]
        return corpus, int(random.integers(len(corpus.clips)))

    def batch(index: int) -> dict[str, Tensor]:
        randoms = generators(seed, index, batch_size)
        chosen = [choose(random) for random in randoms]
        whole = [int(corpus.starts[clip + 1] - corpus.starts[clip]) for corpus, clip in chosen if corpus.clips[clip].durations is None]
        size = -(-max([frames, *whole]) // MULTIPLE) * MULTIPLE
        examples = [_example(*clip, size, random, vectors) for clip, random in zip(chosen, randoms, strict=True)]
        longest = max(len(example["symbols"]) for example in examples)
        batch = {name: np.stack([_pad(example[name], longest) for example in examples]) for name in ("symbols", "durations", "tone")}
        batch |= {name: np.stack([example[name] for example in examples]) for name in ("mel", "line", "face")}
        batch |= {name: np.array([example[name] for example in examples]) for name in ("start", "frames", "emotion")}
        batch["lengths"] = np.array([len(example["symbols"]) for example in examples])
        return {name: torch.from_numpy(array) for name, array in batch.items()}

    return batch


def _example(corpus: Features, which: int, frames: int, random: np.random.Generator, vectors: Callable) -> dict[str, np.ndarray | int]:
    clip = corpus.clips[which]
    here = corpus.frames(which)
    mel, line = corpus.mel[here].astype(np.float32), pitch_line(corpus.pitch[here][:, 0])  # (T, 128), (T,)
    symbols = np.array(encode(clip.phonemes), dtype=np.int64)
    if clip.durations is None:
        durations, tone, start = np.zeros(len(symbols), dtype=np.int64), np.zeros(len(symbols), dtype=np.float32), 0
    else:
        durations, tone = known_times(corpus, which)
        start = int(random.integers(max(1, len(mel) - frames + 1)))
    stretch = slice(start, start + frames)
    after = max(0, frames - len(mel[stretch]))
    return {
        "symbols": symbols,
        "durations": durations,
        "tone": tone,
        "line": np.pad(line[stretch], (0, after), mode="edge"),
        "mel": np.ascontiguousarray(np.pad(mel[stretch], ((0, after), (0, 0)), constant_values=MEL_SILENCE).T),  # (128, frames)
        "start": start,
        "frames": min(len(mel), frames),
        "face": vectors(clip.speaker, random).astype(np.float32),
        "emotion": emotion_index(clip),
    }


def known_times(corpus: Features, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Of a clip with phone times: durations (N,) in frames and the mean pitch of each symbol (N,), as `pitch_line` gives it."""
    durations = torch.tensor(corpus.clips[which].durations)
    line = torch.from_numpy(pitch_line(corpus.pitch[corpus.frames(which)][:, 0]))
    return durations.numpy(), symbol_means(line[None], durations[None])[0].numpy()


def emotion_index(clip: Clip) -> int:
    """The label's index in EMOTIONS, or UNLABELLED."""
    return EMOTIONS.index(clip.emotion) if clip.emotion else UNLABELLED


def pitch_line(pitch: np.ndarray) -> np.ndarray:
    """(T,) Hz, 0 where unvoiced → (T,) float32 in units of PITCH_SPREAD from PITCH_CENTRE, unvoiced frames interpolated."""
    line = fill_unvoiced(pitch.astype(np.float64))
    return ((np.where(line == 0, PITCH_CENTRE, line) - PITCH_CENTRE) / PITCH_SPREAD).astype(np.float32)  # 0: nothing is voiced


def _pad(values: np.ndarray, length: int) -> np.ndarray:
    return np.pad(values, (0, length - len(values)))
