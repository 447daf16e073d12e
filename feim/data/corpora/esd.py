"""ESD (Zhou et al. 2022; research only): ten Mandarin and ten English speakers, the same 350 sentences in five emotions; no films.

Layout as published: a folder for each speaker, 0001 to 0020, with 0011.txt ("0011_000001<tab>text<tab>emotion", in whatever
encoding its writer used) and Angry, Happy, Neutral, Sad and Surprise with *.wav, in the first release one folder deeper, in
train, evaluation and test. Nothing may be passed on.
"""

import codecs
import re
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import RESEARCH_ONLY, Publication
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import parse_label

ESD = Publication("esd", "Emotional Speech Dataset (ESD)", RESEARCH_ONLY, "https://hltsingapore.github.io/ESD")
MANDARIN = range(1, 11)
WOMEN = {1, 2, 3, 7, 9, 15, 16, 17, 18, 19}
SENTENCES = 350
FOR_VALIDATION, FOR_TESTS = range(1, 21), range(21, 51)  # the published "evaluation" and "test", of every emotion's 350
EMOTIONS = "Angry|Happy|Neutral|Sad|Surprise"
LINE = re.compile(  # some lines lack the tab before the emotion, or the emotion
    rf"^\W*(\d{{4}}_\d{{6}})[ \t]+(.+?)(?:\t[ \t]*\S+|[ \t]+(?:{EMOTIONS}))?\s*$", re.MULTILINE
)


def read(source: Path) -> list[Utterance]:
    """Every sound with its text, in the published splits; intensity is not rated. Raises: MissingCorpus."""
    root = ESD.root(source, "00[0-2][0-9]/*/**/*.wav")
    return [utterance for speaker in sorted(root.glob("00[0-2][0-9]")) for utterance in _speaker(speaker)]


def _speaker(folder: Path) -> list[Utterance]:
    number = int(folder.name)
    table = folder / f"{folder.name}.txt"
    if not table.is_file():
        raise ESD.missing(f"there is no {table.name} in {folder}")
    texts = dict(LINE.findall(_decode(table.read_bytes(), number in MANDARIN)))
    utterances = []
    for sound in sorted(path for path in folder.glob("*/**/*.wav") if re.fullmatch(r"\d{4}_\d{6}", path.stem)):
        place = (int(sound.stem[-6:]) - 1) % SENTENCES + 1
        clip = Clip(
            id=sound.stem, corpus=ESD.name, speaker=folder.name, language="cmn" if number in MANDARIN else "en-us",
            text=texts.get(sound.stem, ""), licence=ESD.licence, emotion=parse_label(sound.relative_to(folder).parts[0]),
            split="valid" if place in FOR_VALIDATION else "test" if place in FOR_TESTS else "train",
            gender="female" if number in WOMEN else "male",
        )  # fmt: skip
        utterances.append(Utterance(clip, Excerpt(sound)))
    return utterances


def _decode(text: bytes, mandarin: bool) -> str:
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return text.decode("utf-16")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return text.decode("gb18030" if mandarin else "cp1252", errors="replace")
