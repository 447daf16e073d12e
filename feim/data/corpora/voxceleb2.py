"""VoxCeleb2 (Chung et al. 2018; list CC BY 4.0): 6,112 celebrities in interviews. The films belong to their makers.

Layout as published: {dev,test}/mp4/SPEAKER/FILM/00001.mp4 and vox2_meta.csv with the columns "VoxCeleb2 ID", "Gender" and
"Set", spaces around. Films may not be passed on. Languages, texts and emotions are not known.
"""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import CC_BY, Publication
from feim.data.corpora.utterances import Utterance

VOXCELEB2 = Publication("voxceleb2", "VoxCeleb2", CC_BY, "https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox2.html")
GENDERS = {"f": "female", "m": "male"}
SPLITS = {"dev": "train", "test": "test"}
UNKNOWN_LANGUAGE = "und"  # ISO 639-3: undetermined


def read(source: Path) -> list[Utterance]:
    """Every clip of the speakers in the list; dev is "train". Raises: MissingCorpus."""
    root = VOXCELEB2.root(source, "*/mp4/id*", "vox2_meta.csv")
    rows = VOXCELEB2.table(root / "vox2_meta.csv", "VoxCeleb2 ID", "Gender")
    genders = {row["VoxCeleb2 ID"]: GENDERS.get(row["Gender"]) for row in rows}
    return [
        _utterance(film, SPLITS[part], genders)
        for part in SPLITS
        for speaker in sorted((root / part / "mp4").glob("id*"))
        for film in sorted(speaker.glob("*/*.mp4"))
    ]


def _utterance(path: Path, split: str, genders: dict[str, str]) -> Utterance:
    speaker = path.parents[1].name
    clip = Clip(
        id=f"{speaker}-{path.parent.name}-{path.stem}", corpus=VOXCELEB2.name, speaker=speaker, language=UNKNOWN_LANGUAGE, text="",
        licence=VOXCELEB2.licence, split=split, gender=genders.get(speaker),
    )  # fmt: skip
    return Utterance(clip, Excerpt(path), Excerpt(path))
