"""LJ Speech (Ito and Johnson 2017, public domain): one American woman reads seven books."""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.publication import PUBLIC_DOMAIN, TEST_EVERY, Publication
from feim.data.corpora.recordings import Recording

LJSPEECH = Publication("ljspeech", "LJSpeech-1.1", PUBLIC_DOMAIN, "https://keithito.com/LJ-Speech-Dataset")


def read(source: Path) -> list[Recording]:
    """Every recording, with its text if it has one, sorted by id; every twelfth is in "test".

    Args: source: the published folder: metadata.csv (id|text|text spelt out) and wavs/ID.wav, or .flac. Sounds need no row.
    Raises: MissingCorpus.
    """
    root = LJSPEECH.root(source, "metadata.csv")
    rows = LJSPEECH.lines(root / "metadata.csv", "|", 2)
    sounds = {path.stem: path for path in (root / "wavs").glob("*") if path.suffix in (".wav", ".flac")}
    texts = dict.fromkeys(sounds, "") | {name: columns[-1] for name, *columns in rows}
    recordings = []
    for number, name in enumerate(sorted(texts), 1):
        clip = Clip(
            id=name, corpus=LJSPEECH.name, speaker="LJ", language="en-us", text=texts[name], licence=LJSPEECH.licence,
            split="test" if number % TEST_EVERY == 0 else "train", gender="female",
        )  # fmt: skip
        recordings.append(Recording(sounds.get(name, root / "wavs" / f"{name}.wav"), clip))
    return recordings
