"""A corpus as its makers publish it: its licence, where to ask for it, and a clear word about what of it is missing."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

CC_BY = "CC BY 4.0"
CC_BY_NC_SA = "CC BY-NC-SA 4.0"
CC_BY_NC_ND = "CC BY-NC-ND 4.0"
ODBL = "ODbL 1.0"
GPL = "GPL 3.0"
PUBLIC_DOMAIN = "public domain"
RESEARCH_ONLY = "research only, no redistribution"  # by an agreement that every user signs or accepts

TOLD = 3  # missing things that one line names
TEST_EVERY = 12  # speakers, or recordings of an only speaker: every twelfth is kept for tests where the makers name no test set


class MissingCorpus(ValueError):
    """The folder is not there, or holds no corpus of the expected layout."""


@dataclass(frozen=True)
class Publication:
    """A published corpus.

    Attributes:
        name: in manifests, and on the command line.
        title: as its makers write it.
        licence: one of the strings above.
        access: the address to download it from, or to ask for it.
    """

    name: str
    title: str
    licence: str
    access: str

    def missing(self, what: str) -> MissingCorpus:
        """The error to raise: what is missing, and where to get it."""
        return MissingCorpus(f"{what}; give the unpacked {self.title} folder ({self.access})")

    def root(self, source: Path, *landmarks: str) -> Path:
        """The folder that holds all landmarks (glob patterns): source, or one up to two levels inside it, as archives unpack.

        Raises: MissingCorpus, naming the landmarks that the likeliest folder has not.
        """
        if not source.is_dir():
            raise self.missing(f"there is no folder {source}")
        nearest, absent = source, landmarks
        for folder in chain([source], sorted(source.glob("*/")), sorted(source.glob("*/*/"))):
            lacks = [landmark for landmark in landmarks if not any(folder.glob(landmark))]
            if not lacks:
                return folder
            if len(lacks) < len(absent):
                nearest, absent = folder, lacks
        raise self.missing(f"{nearest} has no {', no '.join(absent[:TOLD])}{' and more' if len(absent) > TOLD else ''}")

    def lines(self, path: Path, delimiter: str, columns: int) -> list[list[str]]:
        """The stripped values of a text's lines that are neither empty nor comments (;), where no line names the columns.

        Raises: MissingCorpus when it is missing, is no text, or a line has fewer values than `columns`.
        """
        if not path.is_file():
            raise self.missing(f"there is no {path.name} in {path.parent}")
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise self.missing(f"{path} is not the published table ({error})") from error
        rows = [[value.strip() for value in line.split(delimiter)] for line in lines if line.strip() and not line.startswith(";")]
        if short := [row for row in rows if len(row) < columns]:
            raise self.missing(f"“{delimiter.join(short[0])}” in {path} has fewer values than {columns}")
        return rows

    def table(self, path: Path, *columns: str, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
        """The rows of a file with a header and separated values; names and values are stripped.

        Raises: MissingCorpus when it is missing, is no text, lacks one of the columns, or is cut off.
        """
        if not path.is_file():
            raise self.missing(f"there is no {path.name} in {path.parent}")
        try:
            with path.open(encoding=encoding, newline="") as lines:
                rows = [[value.strip() for value in row] for row in csv.reader(lines, delimiter=delimiter) if row]
        except (UnicodeDecodeError, csv.Error) as error:
            raise self.missing(f"{path} is not the published table ({error})") from error
        header = rows[0] if rows else []
        absent = [column for column in columns if column not in header]
        if absent:
            raise self.missing(f"{path} has no column {', '.join(absent)}, only {', '.join(header) or 'nothing'}")
        if cut_off := [number for number, row in enumerate(rows, 1) if len(row) < len(header)]:
            raise self.missing(f"row {cut_off[0]} of {path} has fewer values than the header")
        return [dict(zip(header, row, strict=False)) for row in rows[1:]]


def held_out(speakers: Iterable[str], key: Callable | None = None) -> set[str]:
    """Every twelfth speaker, in the order of their names, or of `key` of them."""
    return set(sorted(set(speakers), key=key)[TEST_EVERY - 1 :: TEST_EVERY])
