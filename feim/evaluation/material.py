"""What speech is measured on: sentences, faces and recordings that no model was trained on, and the teachers' own readings."""

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from feim.data.corpora.librispeech import read as read_librispeech
from feim.data.corpora.london import Person, read_london
from feim.data.phone_times import PhonesDoNotFit
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import WEAKEST
from feim.data.synthetic.voices import design_speakers, speak_as_teacher
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import read_image

LABELLED = (1 + WEAKEST) / 2  # a teacher's mean intensity under an emotion's label: what γ = 1 imitates
TEACHERS = 24
PORTRAIT = 512  # pixels: MTCNN needs no more
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


def gather(data: Path, extent: Extent, pool: Executor) -> Material:
    """Choose from text/, london/, librispeech/ and models/ under `data`, the same every time; `pool` lets the teachers read.

    Raises: FileNotFoundError, NoSentences, MissingCorpus, naming what is not there.
    """
    if not (data / DNSMOS).is_file():
        raise FileNotFoundError(f"there is no {data / DNSMOS}; get sig_bak_ovr.onnx from microsoft/DNS-Challenge and name it so")
    texts = [text for text, split in read_sentences(data / "text" / "ljspeech_sentences.txt") if split == "test"]
    held_out = [person for person in read_london(data / "london") if person.split == "test"]
    people = [(person, portrait(person.images["neutral"])) for person in in_turn(held_out, extent.people)]
    paths = [recording.path for recording in read_librispeech(data / "librispeech") if recording.clip.split == "test"]
    return Material(
        lines=tuple(_lines(texts, people, extent.sentences, pool)),
        short=tuple(text for text in texts if 5 <= len(text.split()) <= 9 and text[-1] in ".;,"),
        people=tuple(people),
        recordings=tuple(read_audio(path)[:LISTENED] for path in paths[: extent.recordings]),
        dnsmos=data / DNSMOS,
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
    teachers = design_speakers(TEACHERS)
    for trial in range(6):
        speaker = teachers[(turn + 7 * trial) % TEACHERS]  # of the other gender, so of another engine
        try:
            return speak_as_teacher(text, speaker, emotion, 0.0 if emotion == "neutral" else LABELLED)
        except PhonesDoNotFit:
            continue
    return None
