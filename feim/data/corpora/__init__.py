"""Real corpora: one file for each published layout, and two ways to turn what it finds into clips."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line asks for the names alone, where packages may be missing too
    from feim.data.clip import Clip
    from feim.data.corpora.publication import Publication
    from feim.data.corpora.workers import Workers

READ_ALOUD = ("librispeech", "ljspeech")  # long recordings: cut into phrases that provably say their text
PUBLISHED_AS_CLIPS = (
    "crema-d", "esd", "glips", "grid", "hdtf", "iemocap", "lrs3", "lrw", "mead", "meld", "nemo", "voxceleb2",
)  # fmt: skip
CORPORA = tuple(sorted(READ_ALOUD + PUBLISHED_AS_CLIPS))


def publication_of(module: ModuleType) -> Publication:
    """What a corpus's module says of its makers."""
    from feim.data.corpora.publication import Publication

    return next(value for value in vars(module).values() if isinstance(value, Publication))


def prepare_corpus(name: str, source: str | Path, out: str | Path, workers: Workers, landmarks: bool = False) -> list[Clip]:
    """Make a corpus of ours from one as it was downloaded and unpacked.

    Args:
        name: one of CORPORA.
        source: the published folder.
        out: the folder to make: manifest.parquet, audio/ID.flac (16 kHz mono), image/ID.jpg (the aligned face, 224×224),
            left_out.tsv with what could not be used and why. A second call goes on where the first was stopped.
        workers: of feim.data.corpora.workers; they change nothing but the speed.
        landmarks: follow the face through every film and keep its landmarks, landmarks/ID.npz.
    Returns: the clips, sorted by id. Raises: MissingCorpus, which says what is missing and where to ask for it; ValueError for landmarks
        of a corpus without films.
    """
    if landmarks and name in READ_ALOUD:
        raise ValueError(f"{name} has no films, so there are no landmarks to keep; leave out --landmarks")
    module = import_module(f"feim.data.corpora.{name.replace('-', '_')}")
    recordings = module.read(Path(source).resolve())
    if not recordings:
        raise publication_of(module).missing(f"{source} has the corpus's folders, but none of its recordings")
    if name in READ_ALOUD:
        from feim.data.corpora.recordings import prepare_recordings

        return prepare_recordings(recordings, Path(out), workers)
    from feim.data.corpora.utterances import TrackedUtterance, prepare_utterances

    if landmarks and not any(utterance.video for utterance in recordings):
        raise ValueError(f"{name} has no films, so there are no landmarks to keep; leave out --landmarks")
    utterances = [TrackedUtterance(**vars(utterance)) for utterance in recordings] if landmarks else recordings
    return prepare_utterances(utterances, Path(out), workers)
