"""nEMO (Christop 2024; CC BY-NC-SA 4.0): nine Polish actors, the same 90 sentences in six emotions.

Two layouts are read: the repository's (`git clone https://github.com/amu-cai/nEMO`), data.tsv with the columns file_id, emotion,
raw_text, speaker_id, gender and age beside samples/FILE_ID; and a re-encoded copy's, metadata.csv with audio, emotion, text, speaker,
gender and age, where `audio` is a path. The Parquet files on the Hugging Face Hub hold the same columns and sounds as the repository,
but are not read.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from feim.data.clip import Clip
from feim.signal.emotion import parse_label

LICENCE = "CC BY-NC-SA 4.0"


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


def read_nemo(folder: str | Path) -> list[Clip]:
    """The corpus's clips in the table's order; `audio` is relative to `folder`. Raises FileNotFoundError, with where to get it."""
    layout = next((layout for layout in LAYOUTS if (Path(folder) / layout.table).is_file()), None)
    if layout is None:
        tables = " nor ".join(layout.table for layout in LAYOUTS)
        raise FileNotFoundError(f"{folder} has neither {tables}; get nEMO with: git clone https://github.com/amu-cai/nEMO")
    with (Path(folder) / layout.table).open(encoding="utf-8", newline="") as lines:
        return [
            Clip(
                id=Path(row[layout.audio]).stem,
                corpus="nemo",
                speaker=row[layout.speaker].strip(),  # the repository's have spaces before them
                language="pl",
                text=row[layout.text],
                licence=LICENCE,
                audio=layout.sounds + row[layout.audio],
                emotion=parse_label(row["emotion"]),
                gender=row["gender"],
                age=float(row["age"]),
            )
            for row in csv.DictReader(lines, delimiter=layout.delimiter)
        ]
