"""Batches that teach which voice suits a face: faces with their voices, and every voice twice, from different moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.clip import read_manifest
from feim.data.features import read_features
from feim.data.pairing import Described, describe_speakers
from feim.signal.audio import MEL_SILENCE, N_MELS

SHORTEST, LONGEST = 100, 240  # frames of a cut: 1 to 2.4 s


@dataclass(frozen=True)
class Voices:
    """Who speaks in some corpora, and the mels of their clips.

    Attributes:
        speakers: sorted by name within each corpus, the corpora in their order; first: how many are of the first corpus.
        mels: for each speaker, their clips, (T, 128) float16; example: one clip's sound file of each.
    """

    speakers: tuple[Described, ...]
    mels: tuple[list[np.ndarray], ...]
    example: tuple[Path, ...]
    first: int


def read_voices(folders: Sequence[Path], splits: tuple[str, ...] = ("train",), most: int | None = None) -> Voices:
    """The speakers of prepared corpora whose clips are of these splits; `most` clips each, None for all.

    Raises: BrokenManifest.
    """
    speakers, mels, example, first = [], [], [], 0
    for position, folder in enumerate(folders):
        clips = [clip for clip in read_manifest(folder) if clip.split in splits]
        people = describe_speakers(clips)
        by_speaker = {person.name: [clip for clip in clips if clip.speaker == person.name][:most] for person in people}
        chosen = [clip for person in people for clip in by_speaker[person.name]]
        features = read_features(folder, chosen, ("mel",))
        cuts = iter(features.mel[features.frames(index)] for index in range(len(chosen)))
        mels += [[next(cuts) for _ in by_speaker[person.name]] for person in people]
        speakers += people
        example += [Path(folder) / by_speaker[person.name][0].audio for person in people]
        first = len(people) if position == 0 else first
    return Voices(tuple(speakers), tuple(mels), tuple(example), first)


@dataclass(frozen=True)
class MatchingBatches:
    """index → batch; the same index always gives the same batch.

    Attributes:
        voices: everybody who may speak.
        faces: (people, copies, features): each person's face, seen in many ways.
        partners: for each person, the position of the paired voice in `voices`.
        pairs: faces in a batch, with different voices; spare: further voices without a face.
    """

    voices: Voices
    faces: Tensor
    partners: Sequence[int]
    pairs: int = 28
    spare: int = 20
    seed: int = 0

    def __call__(self, index: int) -> dict[str, Tensor]:
        """faces (pairs, features); mel (2S, 128, T), lengths (2S,): S speakers, then the same again; the first `pairs` suit the faces."""
        random = np.random.default_rng((self.seed, index))
        people, speakers = self._choose(random)
        copies = random.integers(self.faces.shape[1], size=len(people))
        longest = int(random.integers(SHORTEST, LONGEST))
        cuts = [two_cuts(self.voices.mels[speaker], longest, random) for speaker in speakers]
        mel, lengths = pad([first for first, _ in cuts] + [second for _, second in cuts])
        return {"faces": self.faces[people, copies], "mel": mel, "lengths": lengths}

    def _choose(self, random: np.random.Generator) -> tuple[list[int], list[int]]:
        """People with different voices, and those voices followed by others."""
        chosen: dict[int, int] = {}  # voice → person
        for person in random.permutation(len(self.partners)):
            if len(chosen) < self.pairs:
                chosen.setdefault(self.partners[person], int(person))
        others = [speaker for speaker in random.permutation(len(self.voices.speakers)) if speaker not in chosen][: self.spare]
        return list(chosen.values()), [*chosen, *others]


def two_cuts(clips: list[np.ndarray], longest: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two stretches (≤ longest, 128) of one speaker: of two clips, or of both halves of the only one."""
    if len(clips) > 1:
        one, other = (clips[index] for index in random.choice(len(clips), 2, replace=False))
    else:
        middle = len(clips[0]) // 2
        one, other = clips[0][:middle], clips[0][middle:]
    return cut(one, longest, random), cut(other, longest, random)


def cut(mel: np.ndarray, longest: int, random: np.random.Generator) -> np.ndarray:
    """A random stretch of at most `longest` frames of (T, 128)."""
    start = random.integers(max(1, len(mel) - longest + 1))
    return mel[start : start + longest]


def pad(mels: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Several (T, 128) → (B, 128, longest T) float32, silence after each, and the lengths (B,)."""
    lengths = torch.tensor([len(mel) for mel in mels])
    padded = torch.full((len(mels), N_MELS, int(lengths.max())), MEL_SILENCE)
    for row, mel in zip(padded, mels, strict=True):
        row[:, : len(mel)] = torch.from_numpy(mel.astype(np.float32)).T
    return padded, lengths
