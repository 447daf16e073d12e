"""HDTF (Zhang et al. 2021; lists CC BY 4.0): American politicians' addresses in high definition. The films belong to their makers.

Layout as published: HDTF_dataset/{RD,WDA,WRA}_annotion_time.txt with lines such as "Radio11.mp4 00:30-01:00 01:30-02:30"; the
films are fetched by everyone from the addresses beside them, and kept whole (Radio11.mp4) or split as the makers advise
(Radio11_0.mp4; RD_Radio11_000.mp4 by their script, which must be told to keep the sound), anywhere below the same folder.
They may not be passed on. Neither texts nor emotions are known.
"""

import re
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import CC_BY, Publication, held_out
from feim.data.corpora.utterances import Utterance

HDTF = Publication("hdtf", "HDTF", CC_BY, "https://github.com/MRzzm/HDTF")
LISTS = ("RD", "WDA", "WRA")


def read(source: Path) -> list[Utterance]:
    """Every stretch of a talking head; every twelfth speaker is in "test". Films that are gone are listed in left_out.tsv.

    Raises: MissingCorpus.
    """
    root = HDTF.root(source, *(f"HDTF_dataset/{part}_annotion_time.txt" for part in LISTS))
    films = {path.stem: path for path in sorted(root.rglob("*.mp4"))}
    if not films:
        raise HDTF.missing(f"{root} holds no *.mp4: fetch the films in HDTF_dataset/*_video_url.txt")
    stretches = [stretch for part in LISTS for stretch in _stretches(root / "HDTF_dataset" / f"{part}_annotion_time.txt", part)]
    for_tests = held_out(_speaker(name) for _, name, *_ in stretches)
    return [
        _utterance(_excerpt(films, root, *stretch), *stretch[:3], "test" if _speaker(stretch[1]) in for_tests else "train")
        for stretch in stretches
    ]


def _stretches(table: Path, part: str) -> list[tuple[str, str, int, int, int]]:
    """List, film, number of the stretch, start and end in seconds."""
    found = []
    for line in table.read_text(encoding="utf-8").splitlines():
        film, *times = line.split() or [""]
        for number, time in enumerate(times):
            ends = re.fullmatch(r"(\d+):(\d+)-(\d+):(\d+)", time)
            if not ends:
                raise HDTF.missing(f"{table} has {time!r} where times such as 01:30-02:30 belong")
            minutes, seconds, until_minutes, until_seconds = map(int, ends.groups())
            found.append((part, Path(film).stem, number, minutes * 60 + seconds, until_minutes * 60 + until_seconds))
    return found


def _excerpt(films: dict[str, Path], root: Path, part: str, name: str, number: int, start: int, end: int) -> Excerpt:
    for split in (f"{name}_{number}", f"{part}_{name}_{number:03d}"):
        if split in films:
            return Excerpt(films[split])
    return Excerpt(films.get(name, root / f"{name}.mp4"), start, end)


def _utterance(film: Excerpt, part: str, name: str, number: int, split: str) -> Utterance:
    clip = Clip(
        id=f"{part}-{name}-{number}", corpus=HDTF.name, speaker=_speaker(name), language="en-us", text="", licence=HDTF.licence, split=split
    )
    return Utterance(clip, film, film)


def _speaker(name: str) -> str:
    """ "JohnKasich2" is JohnKasich again; "Radio11" numbers addresses of unnamed people."""
    return name if name.startswith("Radio") else re.sub(r"\d+$", "", name)
