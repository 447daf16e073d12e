"""LRW (Chung and Zisserman 2016; by agreement with the BBC, research only): 500 English words in 1.16 s of television each.

Layout as published: lipread_mp4/WORD/{train,val,test}/WORD_00001.mp4. Nothing may be passed on. The text is the word in
the middle; what is heard around it, the speaker and the emotion are not known.
"""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import RESEARCH_ONLY, Publication
from feim.data.corpora.utterances import Utterance

LRW = Publication("lrw", "LRW", RESEARCH_ONLY, "https://www.robots.ox.ac.uk/~vgg/data/lip_reading/lrw1.html")
SPLITS = {"train": "train", "val": "valid", "test": "test"}


def read(source: Path) -> list[Utterance]:
    """Every clip, in the published splits. Raises: MissingCorpus."""
    return read_words(LRW, source, "lipread_mp4", "en-gb")


def read_words(publication: Publication, source: Path, folder: str, language: str) -> list[Utterance]:
    """LRW's layout: folder/WORD/SPLIT/NAME.mp4, with the sound in it, or beside it as NAME.m4a. Raises: MissingCorpus."""
    root = publication.root(source, f"{folder}/*/*/*.mp4") / folder
    return [
        _utterance(publication, split, film, language)
        for word in sorted(path for path in root.iterdir() if path.is_dir())
        for split in SPLITS
        for film in sorted((word / split).glob("*.mp4"))
    ]


def _utterance(publication: Publication, split: str, film: Path, language: str) -> Utterance:
    clip = Clip(
        id=f"{split}-{film.stem}", corpus=publication.name, speaker="", language=language, text=film.parents[1].name.lower(),
        licence=publication.licence, split=SPLITS[split],
    )  # fmt: skip
    sound = film.with_suffix(".m4a")
    return Utterance(clip, Excerpt(sound if sound.is_file() else film), Excerpt(film))
