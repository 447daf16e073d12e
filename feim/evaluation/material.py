"""What speech is measured on: sentences, faces and recordings that no model was trained on, and the teachers' own readings."""

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from feim.data.corpora.librispeech import read as read_librispeech
from feim.data.corpora.london import Person, read_london
from feim.data.corpora.recordings import Recording
from feim.data.phone_times import PhonesDoNotFit
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import WEAKEST
from feim.data.synthetic.voices import Reading, Speaker, design_speakers, read_text, speak
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import read_image

LABELLED = (1 + WEAKEST) / 2  # a teacher's mean intensity under an emotion's label: what γ = 1 imitates
TEACHERS = 24
PORTRAIT = 512  # pixels: MTCNN needs no more
SENTENCES = Path("text/ljspeech_sentences.txt")
DNSMOS = Path("models/dnsmos_sig_bak_ovr.onnx")
LISTENED = 9 * 16_000  # samples: one window of DNSMOS


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        sentences: for words, naturalness and emotion; paired: sentences at every intensity of every emotion.
        people: whose voice is compared with their declared gender; voices: of them, said to be alike or not; texts: of each voice.
        recordings: of unseen speakers, for the vocoder.
    """

    sentences: int = 100
    paired: int = 12
    people: int = 16
    voices: int = 8
    texts: int = 3
    recordings: int = 20


FULL, QUICK = Extent(), Extent(sentences=12, paired=1, people=6, voices=4, texts=2, recordings=5)


@dataclass(frozen=True)
class Line:
    """A sentence to say, with an emotion and a face, and how its teacher says it: (samples,) at 16 kHz."""

    text: str
    emotion: str
    person: Person
    face: np.ndarray
    teacher: np.ndarray


@dataclass(frozen=True)
class Material:
    """Everything that the suite says and hears.

    Attributes:
        lines: mixed emotions and faces, with the teachers' readings.
        short: texts of 5 to 9 words, for the measures that say many versions of a few.
        people: (person, portrait) of the held-out people, women and men in turn.
        recordings: (samples,) of at most 9 s, each another unseen speaker.
        dnsmos: the naturalness judge's weights.
    """

    lines: tuple[Line, ...]
    short: tuple[str, ...]
    people: tuple[tuple[Person, np.ndarray], ...]
    recordings: tuple[np.ndarray, ...]
    dnsmos: Path


@dataclass(frozen=True)
class HeldOut:
    """What of a data folder no model was trained on, in the same order every time.

    Attributes:
        texts: sentences of the test split; people: whose portraits no model saw; recordings: of speakers no model heard.
        dnsmos: the naturalness judge's weights.
    """

    texts: list[str]
    people: list[Person]
    recordings: list[Recording]
    dnsmos: Path

    @property
    def short(self) -> list[str]:
        """Texts of 5 to 9 words, for what is said in many versions."""
        return [text for text in self.texts if 5 <= len(text.split()) <= 9 and text[-1] in ".;,"]


def held_out(data: Path) -> HeldOut:
    """From text/, london/, librispeech/ and models/ under `data`.

    Raises: FileNotFoundError, NoSentences, MissingCorpus, naming what is not there.
    """
    if not (data / DNSMOS).is_file():
        raise FileNotFoundError(f"there is no {data / DNSMOS}; get sig_bak_ovr.onnx from microsoft/DNS-Challenge and name it so")
    return HeldOut(
        texts=[text for text, split in read_sentences(data / SENTENCES) if split == "test"],
        people=[person for person in read_london(data / "london") if person.split == "test"],
        recordings=[recording for recording in read_librispeech(data / "librispeech") if recording.clip.split == "test"],
        dnsmos=data / DNSMOS,
    )


def gather(data: Path, extent: Extent, pool: Executor) -> Material:
    """Choose from what is held out, the same every time; `pool` lets the teachers read. Raises: as held_out."""
    found = held_out(data)
    people = [(person, portrait(person.images["neutral"])) for person in in_turn(found.people, extent.people)]
    return Material(
        lines=tuple(_lines(found.texts, people, extent.sentences, pool)),
        short=tuple(found.short),
        people=tuple(people),
        recordings=tuple(read_audio(recording.path)[:LISTENED] for recording in found.recordings[: extent.recordings]),
        dnsmos=found.dnsmos,
    )


def portrait(path: Path) -> np.ndarray:
    """A photo, upright and at most 512 pixels wide or high: (H, W, 3) uint8."""
    image = Image.fromarray(read_image(path))
    image.thumbnail((PORTRAIT, PORTRAIT))
    return np.asarray(image)


def in_turn(people: list[Person], count: int) -> list[Person]:
    """A woman, a man, a woman, … as long as there are both, then the rest."""
    women, men = ([person for person in people if person.gender == gender] for gender in ("female", "male"))
    both = [person for pair in zip(women, men, strict=False) for person in pair]
    return (both + women[len(men) :] + men[len(women) :])[:count]


def _lines(texts: list[str], people: list[tuple[Person, np.ndarray]], count: int, pool: Executor) -> list[Line]:
    """Evenly chosen sentences, emotions and faces in turn; a sentence that no teacher can read is left out for a spare one."""
    step = max(1, len(texts) // count)
    spread = [text for offset in range(step) for text in texts[offset::step]][: count + count // 5]
    emotions = [EMOTIONS[index % len(EMOTIONS)] for index in range(len(spread))]
    readings = pool.map(teacher_reading, spread, range(len(spread)), emotions)
    lines = [
        Line(text, emotion, *people[index % len(people)], teacher)
        for index, (text, emotion, teacher) in enumerate(zip(spread, emotions, readings, strict=True))
        if teacher is not None
    ]
    return lines[:count]


def teacher_reading(text: str, turn: int, emotion: str) -> np.ndarray | None:
    """One teacher after the other reads, with what γ = 1 means of the emotion: (samples,); None if six of them cannot read the text."""
    read = first_reading(text, six_teachers(turn))
    return None if read is None else speak(read[1], read[0], emotion, 0.0 if emotion == "neutral" else LABELLED)[0]


def six_teachers(turn: int) -> list[Speaker]:
    """Whose turn it is, and five to stand in."""
    teachers = design_speakers(TEACHERS)
    return [teachers[(turn + 7 * trial) % TEACHERS] for trial in range(6)]  # of the other gender in turn, so of another engine


def first_reading(text: str, speakers: Iterable[Speaker]) -> tuple[Speaker, Reading] | None:
    """The first of some speakers whose engine can read the text, and its reading."""
    for speaker in speakers:
        try:
            return speaker, read_text(speaker.engine, text)
        except PhonesDoNotFit:
            continue
    return None
