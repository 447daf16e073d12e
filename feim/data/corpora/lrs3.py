"""LRS3 (Afouras et al. 2018; CC BY-NC-ND 4.0): sentences of TED talks with faces. What is made from it may not be passed on.

Layout as published: pretrain/, trainval/ and test/, each with TALK/NUMBER.mp4 (224×224, 25 fps) and NUMBER.txt, whose first
line is "Text:  THE SENTENCE". Nothing tells emotions.
"""

import re
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import CC_BY_NC_ND, Publication
from feim.data.corpora.utterances import Utterance

LRS3 = Publication("lrs3", "LRS3-TED", CC_BY_NC_ND, "https://www.robots.ox.ac.uk/~vgg/data/lip_reading")
SPLITS = {"pretrain": "train", "trainval": "train", "test": "test"}


def read(source: Path) -> list[Utterance]:
    """Every clip, of pretrain too where it is there; the talk stands for the speaker. Raises: MissingCorpus."""
    root = LRS3.root(source, "trainval/*/*.txt", "test/*/*.txt")
    return [_utterance(part, text) for part in SPLITS for text in sorted((root / part).glob("*/*.txt"))]


def _utterance(part: str, text: Path) -> Utterance:
    first, _, _ = text.read_text(encoding="utf-8", errors="replace").partition("\n")
    label, _, words = first.partition(":")
    words = words if label == "Text" else ""  # a damaged text is none; the sound is still somebody's
    clip = Clip(
        id=f"{part}-{text.parent.name}-{text.stem}", corpus=LRS3.name, speaker=text.parent.name, language="en-us",
        text=re.sub(r"\{\w+\}", " ", words).strip().lower(),  # {LG}, {NS}: laughter, noise
        licence=LRS3.licence, split=SPLITS[part],
    )  # fmt: skip
    film = Excerpt(text.with_suffix(".mp4"))
    return Utterance(clip, film, film)
