"""What the experiments say: sentences that were trained on and that were not, held-out faces, and readings with their readers' voices."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from feim.data.corpora.london import Person
from feim.data.corpora.recordings import Recording, prepare_recordings
from feim.data.corpora.workers import processes
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import people as people_of_corpus
from feim.data.synthetic.corpus import plan
from feim.data.synthetic.voices import Speaker, read_text, speak
from feim.evaluation.material import LABELLED, SENTENCES, HeldOut, first_reading, held_out, in_turn, portrait, six_teachers
from feim.models.embeddings import VoiceNetwork
from feim.signal.audio import mel_spectrogram, read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import find_face
from feim.signal.text import LETTERS, normalise, phonemise

if TYPE_CHECKING:
    from feim.studio import Studio

LEARNT_FROM = {"speakers": 120, "clips": 7500}  # of `synthesise-corpus`, as the README makes the shipped voice's teachers
INTRODUCTION = "The shop at the corner opens at seven, and closes when the last train has left."  # tells a teacher's voice


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        readings: by teachers, their emotions in turn; swept: sentences at every γ of every emotion; scripts: pairs of a sentence
            that was trained on and one that was not.
        faces: whose voices are told apart; texts: of each, besides the one that they are known by.
        speakers: of the other corpus; arm: sentences of each training set.
    """

    readings: int = 84
    swept: int = 16
    scripts: int = 56
    faces: int = 8
    texts: int = 1
    speakers: int = 20
    arm: int = 28


FULL = Extent()
QUICK = Extent(readings=14, swept=2, scripts=7, faces=4, texts=1, speakers=4, arm=7)


@dataclass(frozen=True)
class Reading:
    """A sentence as somebody read it, and who that is.

    Attributes:
        emotion: "neutral" where the corpus has no labels.
        wave: (samples,) at 16 kHz; phonemes: letters of IPA in it.
        vector: (512,) of the voice network, from another clip of the same person.
    """

    text: str
    emotion: str
    speaker: str
    wave: np.ndarray
    phonemes: int
    vector: Tensor


@dataclass
class Material:
    """Everything that is said; what takes time is made when it is asked for, and once.

    Attributes:
        seen: sentences that the teachers read for training; kept: what no model was trained on.
        folder: where recordings are cut into sentences.
    """

    extent: Extent
    seen: Sequence[str]
    kept: HeldOut
    folder: Path
    studio: "Studio"
    ears: VoiceNetwork
    pool: Executor

    @property
    def unseen(self) -> list[str]:
        """Sentences of the test split."""
        return self.kept.texts

    @cached_property
    def short(self) -> list[str]:
        """Unseen sentences of 5 to 9 words, for what is said in many versions."""
        return self.kept.short

    @cached_property
    def people(self) -> list[tuple[Person, Tensor]]:
        """A woman and a man in turn, with the (512,) vectors of their faces."""
        return [
            (person, self.studio.face_vector(find_face(portrait(person.images["neutral"])))) for person in in_turn(self.kept.people, 16)
        ]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """(seen, unseen) sentences of equally many words."""
        by_length: dict[int, list[str]] = {}
        for text in self.seen:
            by_length.setdefault(len(text.split()), []).append(text)
        found = ((by_length.get(len(text.split())), text) for text in self.unseen)
        return [(same.pop(0), text) for same, text in found if same][: self.extent.scripts]

    @cached_property
    def teachers(self) -> list[Reading]:
        """Unseen sentences, each by another teacher with the next emotion, as strong as the label's mean."""
        turns = range(self.extent.readings + self.extent.readings // 4)  # some cannot be read
        emotions = [EMOTIONS[turn % len(EMOTIONS)] for turn in turns]
        takes = [[(emotion, 0.0 if emotion == "neutral" else LABELLED)] for emotion in emotions]
        read = self.pool.map(read_aloud, self.unseen, turns, takes)
        known: dict[str, Tensor] = {}
        found = []
        for text, emotion, reading in zip(self.unseen, emotions, read, strict=False):
            if reading is not None and len(found) < self.extent.readings:
                speaker, introduction, [wave] = reading
                if speaker not in known:
                    known[speaker] = self._vector(introduction)
                found.append(Reading(text, emotion, speaker, wave, count_phonemes(text), known[speaker]))
        return found

    @cached_property
    def other_corpus(self) -> list[Reading]:
        """One sentence of every held-out speaker of LibriSpeech who has two in their first recordings."""
        by_speaker: dict[str, list[Recording]] = {}
        for recording in self.kept.recordings:
            by_speaker.setdefault(recording.clip.speaker, []).append(recording)
        tried = [recording for of in list(by_speaker.values())[: 2 * self.extent.speakers] for recording in of[:2]]
        clips = prepare_recordings(tried, self.folder / "librispeech", processes(2))
        found = []
        for speaker in dict.fromkeys(clip.speaker for clip in clips):
            spoken = [clip for clip in clips if clip.speaker == speaker and clip.text]
            if len(spoken) > 1:
                first, other = (read_audio(self.folder / "librispeech" / clip.audio) for clip in spoken[:2])
                text = spoken[0].text
                found.append(Reading(text, "neutral", speaker, first, count_phonemes(text), self._vector(other)))
        return found[: self.extent.speakers]

    @torch.inference_mode()
    def _vector(self, wave: np.ndarray) -> Tensor:
        return self.ears(mel_spectrogram(wave)[None])[0]


def gather(data: Path, folder: Path, extent: Extent, studio: "Studio", ears: VoiceNetwork, pool: Executor) -> Material:
    """Choose from what is held out of `data`, and from the sentences that were learnt, the same every time. Raises: as held_out."""
    kept = held_out(data)
    sentences = read_sentences(data / SENTENCES)
    read = {session.text for session in plan(sentences, people_of_corpus(LEARNT_FROM["speakers"]), LEARNT_FROM["clips"])}
    return Material(
        extent,
        seen=[text for text, split in sentences if split == "train" and text in read],
        kept=kept,
        folder=folder,
        studio=studio,
        ears=ears,
        pool=pool,
    )


def count_phonemes(text: str, language: str = "en-us") -> int:
    """Letters of IPA in a sentence."""
    return sum(symbol in LETTERS for symbol in phonemise(normalise(text, language), language))


def read_aloud(text: str, turn: int, takes: list[tuple[str, float]]) -> tuple[str, np.ndarray, list[np.ndarray]] | None:
    """One teacher's takes of a text, each an emotion at an intensity from 0 to 1.

    Returns: who it is, their introduction (samples,), and the takes; None if six teachers of different engines cannot read the text.
    """
    read = first_reading(text, six_teachers(turn))
    if read is None:
        return None
    teacher, reading = read
    return teacher.name, _introduce(teacher), [speak(reading, teacher, *take)[0] for take in takes]


@cache
def _introduce(teacher: Speaker) -> np.ndarray:
    return speak(read_text(teacher.engine, INTRODUCTION), teacher)[0]
