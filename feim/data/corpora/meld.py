"""MELD (Poria et al. 2019; annotations GPL 3.0): 13,708 lines of the series Friends with emotions. The scenes belong to its makers.

Layout as published: MELD.Raw with train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv, and the unpacked train.tar.gz,
dev.tar.gz and test.tar.gz: train_splits/, dev_splits_complete/ and output_repeated_splits_test/ with diaD_uttU.mp4.
The films may not be passed on. Several people are in view at times: the largest face need not be the speaker's.
"""

import re
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import GPL, Publication
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import parse_label

MELD = Publication("meld", "MELD.Raw", GPL, "https://affective-meld.github.io")
SPLITS = {  # ours → table, folder
    "train": ("train_sent_emo.csv", "train_splits"),
    "valid": ("dev_sent_emo.csv", "dev_splits_complete"),
    "test": ("test_sent_emo.csv", "output_repeated_splits_test"),
}
COLUMNS = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID", "StartTime", "EndTime")
WINDOWS_MARKS = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0)}  # in some copies, for “’”
GENDERS = {"Monica": "female", "Phoebe": "female", "Rachel": "female", "Chandler": "male", "Joey": "male", "Ross": "male"}


def read(source: Path) -> list[Utterance]:
    """Every line of the three tables, in their splits; intensity is not rated. Raises: MissingCorpus."""
    if not source.is_dir():
        raise MELD.missing(f"there is no folder {source}")
    places = {split: [_find(source, name) for name in names] for split, names in SPLITS.items()}
    absent = [name for split, names in SPLITS.items() for name, place in zip(names, places[split], strict=True) if place is None]
    if absent:
        raise MELD.missing(f"{source} has no {', no '.join(absent)}")
    return [
        _utterance(split, row, folder)
        for split, (table, folder) in places.items()
        for row in MELD.table(table, *COLUMNS)
        if row["Utterance"]
    ]


def read_lines(source: Path) -> dict[str, list[tuple[str, str]]]:
    """What is said and with which of our emotions, by split; of the published folder only the three tables are needed.

    Raises: MissingCorpus.
    """
    tables = {split: _find(source, table) for split, (table, _) in SPLITS.items()}
    absent = [SPLITS[split][0] for split, table in tables.items() if table is None]
    if absent:
        raise MELD.missing(f"{source} has no {', no '.join(absent)}")
    return {
        split: [
            (row["Utterance"].translate(WINDOWS_MARKS), parse_label(row["Emotion"]))
            for row in MELD.table(table, "Utterance", "Emotion")
            if row["Utterance"]
        ]
        for split, table in tables.items()
    }


def _find(source: Path, name: str) -> Path | None:
    """A table or folder, wherever its archive was unpacked."""
    return next((path for depth in ("", "*/", "*/*/") for path in sorted(source.glob(depth + name))), None)


def _utterance(split: str, row: dict[str, str], folder: Path) -> Utterance:
    name = f"dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}"
    clip = Clip(
        id=f"{split}-{name}", corpus=MELD.name, speaker=row["Speaker"], language="en-us", licence=MELD.licence, split=split,
        text=row["Utterance"].translate(WINDOWS_MARKS), emotion=parse_label(row["Emotion"]), gender=GENDERS.get(row["Speaker"]),
    )  # fmt: skip
    film = Excerpt(folder / f"{name}.mp4")
    return Utterance(clip, film, film, seconds=_seconds(row["EndTime"]) - _seconds(row["StartTime"]))


def _seconds(time: str) -> float:
    """ "00:20:57,256" → 1257.256."""
    parts = re.fullmatch(r"(\d+):(\d+):(\d+[,.]\d+)", time)
    if not parts:
        raise MELD.missing(f"{time!r} in a table is not a time such as 00:20:57,256")
    hours, minutes, seconds = parts.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
