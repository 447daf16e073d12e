"""LJ Speech (Ito and Johnson 2017, public domain): one American woman reads seven books."""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.publication import HELD_OUT, PUBLIC_DOMAIN, Publication
from feim.data.corpora.recordings import Recording

LJSPEECH = Publication("ljspeech", "LJSpeech-1.1", PUBLIC_DOMAIN, "https://keithito.com/LJ-Speech-Dataset")


def read(source: Path) -> list[Recording]:
    """Every recording with its text, sorted by id; every twelfth is in "test".

    Args: source: the published folder: metadata.csv (id|text|text spelt out) and wavs/ID.wav, or .flac.
    Raises: MissingCorpus.
    """
    metadata = source / "metadata.csv"
    if not metadata.is_file():
        raise LJSPEECH.missing(f"there is no metadata.csv in {source}")
    rows = sorted(line.split("|") for line in metadata.read_text(encoding="utf-8").splitlines() if line.strip())
    recordings = []
    for number, (name, *texts) in enumerate(rows, 1):
        path = source / "wavs" / f"{name}.flac"
        clip = Clip(
            id=name, corpus=LJSPEECH.name, speaker="LJ", language="en-us", text=texts[-1], licence=LJSPEECH.licence,
            split="test" if number % HELD_OUT == 0 else "train", gender="female",
        )  # fmt: skip
        recordings.append(Recording(path if path.is_file() else path.with_suffix(".wav"), clip))
    return recordings
