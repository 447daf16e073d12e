"""GRID (Cooke et al. 2006; CC BY 4.0): 34 British speakers, 1,000 commands each, such as "bin blue at f two now".

Layout as published: s1/*.mpg to s34/*.mpg (or s1/video/mpg_6000/*.mpg, the high quality); s21 was not filmed. A file's name
spells its sentence: bbaf2n. Nobody acted an emotion.
"""

import re
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import CC_BY, Publication
from feim.data.corpora.utterances import Utterance

GRID = Publication("grid", "GRID", CC_BY, "https://zenodo.org/records/3625687")
WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},  # no w, which is three syllables
    dict(zip("z123456789", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
WOMEN = {4, 7, 11, 15, 16, 18, 20, 21, 22, 23, 24, 25, 29, 31, 33, 34}
UNSEEN = {1, 2, 20, 22}  # two men and two women, kept for tests as LipNet (Assael et al. 2016) does


def read(source: Path) -> list[Utterance]:
    """Every film of every speaker that is there; four speakers are in "test". Raises: MissingCorpus."""
    root = GRID.root(source, "s[0-9]*/**/*.mpg")
    films = {
        (int(folder.name[1:]), film.stem): film
        for folder in sorted(root.glob("s[0-9]*"))
        if re.fullmatch(r"s\d+", folder.name)
        for film in sorted(folder.rglob("*.mpg"))
        if sentence(film.stem)
    }
    return [_utterance(speaker, film) for (speaker, _), film in sorted(films.items())]


def sentence(name: str) -> str | None:
    """ "bbaf2n" → "bin blue at f two now"; None for a name that spells no command."""
    words = [words.get(letter) for words, letter in zip(WORDS, name, strict=False)]
    return " ".join(words) if len(name) == len(WORDS) and all(words) else None


def _utterance(speaker: int, film: Path) -> Utterance:
    clip = Clip(
        id=f"s{speaker}-{film.stem}", corpus=GRID.name, speaker=f"s{speaker}", language="en-gb", text=sentence(film.stem),
        licence=GRID.licence, split="test" if speaker in UNSEEN else "train", gender="female" if speaker in WOMEN else "male",
    )  # fmt: skip
    return Utterance(clip, Excerpt(film), Excerpt(film))
