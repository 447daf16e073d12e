"""LibriSpeech (Panayotov et al. 2015, CC BY 4.0): real English readers, as published or as a folder of single clips."""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.publication import CC_BY, Publication, held_out
from feim.data.corpora.recordings import Recording

LIBRISPEECH = Publication("librispeech", "LibriSpeech", CC_BY, "https://www.openslr.org/12")
GENDERS = {"F": "female", "M": "male"}


def read(source: Path) -> list[Recording]:
    """Every recording with its text, speaker and gender, sorted by id; every twelfth speaker is in "test".

    Args:
        source: the published tree (SPEAKER/CHAPTER/*.flac with *.trans.txt, at any depth, SPEAKERS.TXT at or above it),
            or a folder with audio/ID.ogg, transcripts.tsv (columns id, text and certainty: high, medium or low) and SPEAKERS.TXT.
    Raises: MissingCorpus.
    """
    if not source.is_dir():
        raise LIBRISPEECH.missing(f"there is no folder {source}")
    found = list(_single_clips(source) if (source / "transcripts.tsv").is_file() else _published_tree(source))
    if not found:
        raise LIBRISPEECH.missing(f"{source} has neither *.trans.txt files nor a transcripts.tsv")
    genders = _genders(source)
    for_tests = held_out((name.split("-")[0] for name, *_ in found), key=int)
    return [
        Recording(path, Clip(
            id=name, corpus=LIBRISPEECH.name, speaker=speaker, language="en-us", text=text, licence=LIBRISPEECH.licence,
            split="test" if speaker in for_tests else "train", gender=genders.get(speaker),
        ), certain)
        for name, path, text, certain in sorted(found)
        for speaker in [name.split("-")[0]]
    ]  # fmt: skip


def _single_clips(source: Path):
    for row in LIBRISPEECH.table(source / "transcripts.tsv", "id", "text", "certainty", delimiter="\t"):
        yield row["id"], source / "audio" / f"{row['id']}.ogg", row["text"], row["certainty"] != "low"


def _published_tree(source: Path):
    for transcript in source.rglob("*.trans.txt"):
        for line in filter(str.strip, transcript.read_text(encoding="utf-8", errors="replace").splitlines()):
            name, _, text = line.partition(" ")
            yield name, transcript.with_name(f"{name}.flac"), text.lower(), True


def _genders(source: Path) -> dict[str, str]:
    """Speaker id → declared gender, from SPEAKERS.TXT here or in a folder above: "14   | F | train-clean-360 | …"."""
    table = next(
        (folder / "SPEAKERS.TXT" for folder in (source, *source.resolve().parents[:2]) if (folder / "SPEAKERS.TXT").is_file()), None
    )
    if table is None:
        raise LIBRISPEECH.missing(f"SPEAKERS.TXT, which comes with every archive, is neither in {source} nor above it")
    return {row[0]: GENDERS[row[1]] for row in LIBRISPEECH.lines(table, "|", 2) if row[1] in GENDERS}
