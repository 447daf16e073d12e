"""LJ Speech (Ito and Johnson 2017, public domain): one American woman reads seven books."""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.recordings import TEST_EVERY, MissingCorpus, Recording, prepare_recordings


def prepare(source: Path, out: Path, processes: int = 2) -> list[Clip]:
    """Make a corpus of checked phrases from LJ Speech, and of its speech without text; every twelfth recording becomes "test".

    Args:
        source: the published folder: metadata.csv (id|text|text spelt out) and wavs/ID.wav, or .flac. Sounds need no row.
        out: the corpus folder to make.
    Raises: MissingCorpus.
    """
    return prepare_recordings(read(Path(source)), Path(out), processes)


def read(source: Path) -> list[Recording]:
    """Every recording, with its text if it has one, sorted by id. Raises MissingCorpus."""
    metadata = source / "metadata.csv"
    if not metadata.is_file():
        raise MissingCorpus(
            f"there is no metadata.csv in {source}; give the unpacked LJSpeech-1.1 folder (https://keithito.com/LJ-Speech-Dataset)"
        )
    rows = (line.split("|") for line in metadata.read_text(encoding="utf-8").splitlines() if line.strip())
    sounds = {path.stem: path for path in (source / "wavs").glob("*") if path.suffix in (".wav", ".flac")}
    texts = dict.fromkeys(sounds, "") | {name: columns[-1] for name, *columns in rows}
    recordings = []
    for number, name in enumerate(sorted(texts), 1):
        clip = Clip(
            id=name, corpus="ljspeech", speaker="LJ", language="en-us", text=texts[name], licence="public domain",
            split="test" if number % TEST_EVERY == 0 else "train", gender="female",
        )  # fmt: skip
        recordings.append(Recording(sounds.get(name, source / "wavs" / f"{name}.wav"), clip))
    return recordings
