"""nEMO (Christop 2024; CC BY-NC-SA 4.0): nine Polish actors, the same 90 sentences in six emotions.

Two layouts are read: the repository's (`git clone https://github.com/amu-cai/nEMO`), data.tsv with the columns file_id, emotion,
raw_text, speaker_id, gender and age beside samples/FILE_ID; and a re-encoded copy's, metadata.csv with audio, emotion, text, speaker,
gender and age, where `audio` is a path. The Parquet files on the Hugging Face Hub hold the same columns and sounds as the repository,
but are not read.

Who makes voices and who grades them are other people: JUDGES' clips carry the split "judge". Of the other actors, every ninth sentence
is kept for tests, in all its emotions.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import CC_BY_NC_SA, MissingCorpus, Publication
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import parse_label

NEMO = Publication("nemo", "nEMO", CC_BY_NC_SA, "https://github.com/amu-cai/nEMO")
JUDGES = {"EB0", "SM0", "TP0"}  # a woman and two men
TEST_EVERY = 9  # sentences, of ninety
NAME = r"\w+_\d+"  # speaker, emotion and the sentence's number: "WR0_surprised_64"


@dataclass(frozen=True)
class Layout:
    """Where a copy has its table, and the folder that its sounds are named from; what it calls the columns that have several names."""

    table: str
    delimiter: str
    folder: str
    audio: str
    text: str
    speaker: str


REPOSITORY = Layout("data.tsv", "\t", "samples", "file_id", "raw_text", "speaker_id")
COPY = Layout("metadata.csv", ",", "", "audio", "text", "speaker")


def read(source: Path) -> list[Utterance]:
    """Every sound with its text; intensity is not rated. Raises: MissingCorpus."""
    clips = read_nemo(source)
    return [Utterance(replace(clip, audio=None), Excerpt(source / clip.audio)) for clip in clips]


def is_test_sentence(name: str) -> bool:
    """Whether a clip of this name says one of the sentences that are kept for tests."""
    return int(name.rsplit("_", 1)[1]) % TEST_EVERY == 0


def read_nemo(folder: str | Path) -> list[Clip]:
    """The corpus's clips in the table's order; `audio` is relative to `folder`. Raises MissingCorpus, with where to get it."""
    root, layout = _find(Path(folder))
    columns = (layout.audio, "emotion", layout.text, layout.speaker, "gender", "age")
    rows = NEMO.table(root / layout.table, *columns, delimiter=layout.delimiter)
    if strange := [row[layout.audio] for row in rows if not re.fullmatch(NAME, Path(row[layout.audio]).stem)]:
        raise NEMO.missing(f"{layout.table} lists {strange[0]!r}, which is no clip's name")
    clips = [
        Clip(
            id=Path(row[layout.audio]).stem,
            corpus=NEMO.name,
            speaker=row[layout.speaker],
            language="pl",
            text=row[layout.text],
            licence=NEMO.licence,
            audio=(root / layout.folder / row[layout.audio]).relative_to(folder).as_posix(),
            emotion=parse_label(row["emotion"]),
            gender=row["gender"],
            age=float(row["age"]),
            split=_split(row[layout.speaker], Path(row[layout.audio]).stem),
        )
        for row in rows
    ]
    if not any((Path(folder) / clip.audio).is_file() for clip in clips):
        raise NEMO.missing(f"{root} has none of the sounds that {layout.table} lists")
    return clips


def _split(speaker: str, name: str) -> str:
    return "judge" if speaker in JUDGES else "test" if is_test_sentence(name) else "train"


def _find(source: Path) -> tuple[Path, Layout]:
    """The corpus in source, or in a folder inside it. Raises: MissingCorpus when neither layout's table is there."""
    try:
        return NEMO.root(source, COPY.table), COPY
    except MissingCorpus:
        return NEMO.root(source, REPOSITORY.table), REPOSITORY
