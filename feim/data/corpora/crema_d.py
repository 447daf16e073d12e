"""CREMA-D (Cao et al. 2014; ODbL 1.0): 91 American actors say twelve sentences in six emotions, rated by a crowd.

Layout as published: AudioWAV/*.wav, VideoFlash/*.flv, SentenceFilenames.csv, VideoDemographics.csv and
processedResults/summaryTable.csv. A file name holds actor, sentence, emotion and the level asked for: 1001_IEO_HAP_LO.
"""

import re
from pathlib import Path
from statistics import mean

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import ODBL, Publication, held_out
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import parse_label

CREMA_D = Publication("crema-d", "CREMA-D", ODBL, "https://github.com/CheyneyComputerScience/CREMA-D")
SENTENCES = {
    "IEO": "It's eleven o'clock.", "TIE": "That is exactly what happened.", "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.", "TAI": "The airplane is almost full.", "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.", "ITH": "I think I have a doctor's appointment.", "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.", "TSI": "The surface is slick.", "WSI": "We'll stop in a couple of minutes.",
}  # fmt: skip
NAME = r"\d{4}_[A-Z]{3}_[A-Z]{3}_[A-Z]{2}"
MISNAMED = {"1040_ITH_SAD_XX": "1040_ITH_SAD_X"}  # the one sound whose file is not named as listed
ASKED_LEVELS = ("LO", "MD", "HI")  # "XX": no level was asked for
LFS_POINTER = b"version https://git-lfs"


def read(source: Path) -> list[Utterance]:
    """Every clip that the makers list, by its actor's intention; every twelfth actor is in "test".

    The intensity of an emotion is what the crowd saw and heard: its mean rating from 0 to 1, where anybody named the emotion
    that was acted. Where nobody did, LO, MD and HI stand for the mean rating of all clips of that level in which it was
    named, and XX has no intensity. Neutral clips have 0.

    Raises: MissingCorpus.
    """
    root = CREMA_D.root(source, "AudioWAV/*.wav", "SentenceFilenames.csv", "VideoDemographics.csv", "processedResults/summaryTable.csv")
    _refuse_pointers(next((root / "AudioWAV").glob("*.wav")))
    names = [row["Filename"] for row in CREMA_D.table(root / "SentenceFilenames.csv", "Filename")]
    if strange := [name for name in names if not re.fullmatch(NAME, name)]:
        raise CREMA_D.missing(f"SentenceFilenames.csv lists {strange[0]!r}, which is no clip's name")
    actors = {row["ActorID"]: row for row in CREMA_D.table(root / "VideoDemographics.csv", "ActorID", "Age", "Sex")}
    intensities = _intensities(names, _ratings(root))
    for_tests = held_out(actors)
    utterances = []
    for name in names:
        actor, sentence, emotion, _ = name.split("_")
        if actor not in actors or sentence not in SENTENCES:
            raise CREMA_D.missing(f"SentenceFilenames.csv lists {name}, whose actor or sentence is unknown")
        clip = Clip(
            id=name, corpus=CREMA_D.name, speaker=actor, language="en-us", text=SENTENCES[sentence], licence=CREMA_D.licence,
            split="test" if actor in for_tests else "train", emotion=parse_label(emotion), intensity=intensities[name],
            gender=actors[actor]["Sex"].lower(), age=float(actors[actor]["Age"]),
        )  # fmt: skip
        utterances.append(
            Utterance(clip, Excerpt(root / "AudioWAV" / f"{MISNAMED.get(name, name)}.wav"), Excerpt(root / "VideoFlash" / f"{name}.flv"))
        )
    return utterances


def _refuse_pointers(sound: Path) -> None:
    with sound.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise CREMA_D.missing(f"{sound} is a pointer, not a sound: run `git lfs pull` in the clone")


def _ratings(root: Path) -> dict[str, dict[str, float]]:
    """Clip → emotion that the crowd heard and saw in it → how strongly, from 0 to 1. Ties are written "A:D" and "70.25:67.75"."""
    rows = CREMA_D.table(root / "processedResults" / "summaryTable.csv", "FileName", "MultiModalVote", "MultiModalLevel")
    return {
        row["FileName"]: {
            parse_label(vote): float(level) / 100
            for vote, level in zip(row["MultiModalVote"].split(":"), row["MultiModalLevel"].split(":"), strict=True)
        }
        for row in rows
    }


def _intensities(names: list[str], ratings: dict[str, dict[str, float]]) -> dict[str, float | None]:
    acted = {name: parse_label(name.split("_")[2]) for name in names}
    named = {name: ratings.get(name, {}).get(emotion) for name, emotion in acted.items()}
    by_level = {}
    for asked in ASKED_LEVELS:
        rated = [rating for name, rating in named.items() if name.endswith(asked) and acted[name] != "neutral" and rating is not None]
        by_level[asked] = mean(rated) if rated else None
    return {
        name: 0.0 if acted[name] == "neutral" else rating if rating is not None else by_level.get(name[-2:])
        for name, rating in named.items()
    }
