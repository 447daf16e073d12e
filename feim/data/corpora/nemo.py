"""nEMO (Christop 2024; CC BY-NC-SA 4.0): nine Polish actors, the same 90 sentences in six emotions.

Layout as published: metadata with the columns audio, emotion, text, speaker, gender, age; sounds in audio/.
"""

import csv
from pathlib import Path

from feim.data.clip import Clip
from feim.signal.emotion import parse_label

LICENCE = "CC BY-NC-SA 4.0"


def read_nemo(folder: str | Path) -> list[Clip]:
    """The corpus's clips in the metadata's order; `audio` is relative to `folder`. Raises FileNotFoundError, with where to get it."""
    table = Path(folder) / "metadata.csv"
    if not table.is_file():
        raise FileNotFoundError(f"{folder} has no metadata.csv; nEMO can be downloaded as amu-cai/nEMO")
    with table.open(encoding="utf-8", newline="") as lines:
        return [
            Clip(
                id=Path(row["audio"]).stem,
                corpus="nemo",
                speaker=row["speaker"],
                language="pl",
                text=row["text"],
                licence=LICENCE,
                audio=row["audio"],
                emotion=parse_label(row["emotion"]),
                gender=row["gender"],
                age=float(row["age"]),
            )
            for row in csv.DictReader(lines)
        ]
