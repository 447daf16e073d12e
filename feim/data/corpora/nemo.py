"""nEMO (Christop 2024; CC BY-NC-SA 4.0): nine Polish actors, the same 90 sentences in six emotions.

Two layouts are read: the repository's (`git clone https://github.com/amu-cai/nEMO`), data.tsv with the columns file_id, emotion,
raw_text, speaker_id, gender and age beside samples/FILE_ID; and a re-encoded copy's, metadata.csv with audio, emotion, text, speaker,
gender and age, where `audio` is a path. The Parquet files on the Hugging Face Hub hold the same columns and sounds as the repository,
but are not read.

Who makes voices and who grades them are other people: JUDGES' clips carry the split "judge". Of the other actors, every ninth sentence
is kept for tests, in all its emotions.
"""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import CC_BY_NC_SA, Publication
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import parse_label

NEMO = Publication("nemo", "nEMO", CC_BY_NC_SA, "git clone https://github.com/amu-cai/nEMO")
JUDGES = {"EB0", "SM0", "TP0"}  # a woman and two men
TEST_EVERY = 9  # sentences, of ninety


@dataclass(frozen=True)
class Layout:
    """Where a copy has its table and its sounds, and what it calls the columns that have several names."""

    table: str
    delimiter: str
    sounds: str
    audio: str
    text: str
    speaker: str


LAYOUTS = (
    Layout("data.tsv", "\t", "samples/", "file_id", "raw_text", "speaker_id"),
    Layout("metadata.csv", ",", "", "audio", "text", "speaker"),
)


def read(source: Path) -> list[Utterance]:
    """Every sound with its text; intensity is not rated. Raises: MissingCorpus."""
    clips = read_nemo(source)
    return [Utterance(replace(clip, audio=None, split=_split(clip)), Excerpt(source / clip.audio)) for clip in clips]


def _split(clip: Clip) -> str:
    if clip.speaker in JUDGES:
        return "judge"
    number = int(clip.id.rsplit("_", 1)[1])  # of the sentence: "WR0_surprised_64"
    return "test" if number % TEST_EVERY == 0 else "train"


def read_nemo(folder: str | Path) -> list[Clip]:
    """The corpus's clips in the table's order; `audio` is relative to `folder`. Raises MissingCorpus, with where to get it."""
    layout = next((layout for layout in LAYOUTS if (Path(folder) / layout.table).is_file()), None)
    if layout is None:
        raise NEMO.missing(f"{folder} has neither {' nor '.join(layout.table for layout in LAYOUTS)}")
    with (Path(folder) / layout.table).open(encoding="utf-8", newline="") as lines:
        return [
            Clip(
                id=Path(row[layout.audio]).stem,
                corpus=NEMO.name,
                speaker=row[layout.speaker].strip(),  # the repository's have spaces before them
                language="pl",
                text=row[layout.text],
                licence=NEMO.licence,
                audio=layout.sounds + row[layout.audio],
                emotion=parse_label(row["emotion"]),
                gender=row["gender"],
                age=float(row["age"]),
            )
            for row in csv.DictReader(lines, delimiter=layout.delimiter)
        ]
