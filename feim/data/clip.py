"""The one record of every corpus, and its manifest: a Parquet file beside ordinary FLAC, JPEG and MP4 files."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MANIFEST = "manifest.parquet"
SYNTHETIC = "synthetic"  # in the licence of clips that our own teachers spoke, or WORLD: their sound is clean


class BrokenManifest(ValueError):
    """The manifest is missing, or is not one of ours."""


@dataclass(frozen=True)
class Clip:
    """One utterance. Paths are relative to the corpus folder; None where the corpus does not know.

    Attributes:
        id: unique within the corpus, safe as a file name.
        corpus, speaker, language, licence: as the corpus names them; language as espeak-ng does ("en-us", "pl").
        text: what is said; empty where nobody knows.
        phonemes: the symbols of feim.signal.text, blanks included, as one string.
        durations: frames of 10 ms per symbol; they sum to the clip's mel frames.
        audio, image, video: files.
        emotion: one of feim.signal.emotion.EMOTIONS.
        intensity: 0 (neutral) to 1 (the strongest actors); None if unrated.
        split: "train", "valid" or "test".
        gender: "female" or "male", as declared; age: years.
    """

    id: str
    corpus: str
    speaker: str
    language: str
    text: str
    licence: str
    split: str = "train"
    phonemes: str | None = None
    durations: list[int] | None = None
    audio: str | None = None
    image: str | None = None
    video: str | None = None
    emotion: str | None = None
    intensity: float | None = None
    gender: str | None = None
    age: float | None = None


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "corpus", "speaker", "language", "text", "licence", "split", "phonemes")]
    + [("durations", pa.list_(pa.int32()))]
    + [(name, pa.string()) for name in ("audio", "image", "video", "emotion")]
    + [("intensity", pa.float32()), ("gender", pa.string()), ("age", pa.float32())]
)
assert SCHEMA.names == [field.name for field in fields(Clip)]


def write_manifest(folder: str | Path, clips: list[Clip]) -> Path:
    """Write the corpus's manifest whole, or leave the old one untouched."""
    path = Path(folder) / MANIFEST
    unfinished = path.with_suffix(".unfinished")
    pq.write_table(pa.Table.from_pylist([asdict(clip) for clip in clips], SCHEMA), unfinished)
    unfinished.replace(path)
    return path


def read_manifest(folder: str | Path) -> list[Clip]:
    """Read a corpus's clips, in the manifest's order. Raises BrokenManifest."""
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise BrokenManifest(f"{folder} has no {MANIFEST}; make one with `python -m feim synthesise-corpus` or `python -m feim corpus`")
    try:
        if pq.read_schema(path).names != SCHEMA.names:
            raise BrokenManifest(f"{path} has other columns than a manifest of ours; prepare the corpus again")
        rows = pq.read_table(path, schema=SCHEMA).to_pylist()
    except pa.ArrowException as error:
        raise BrokenManifest(f"{path} is not a manifest of ours ({error}); prepare the corpus again") from error
    return [Clip(**row) for row in rows]
