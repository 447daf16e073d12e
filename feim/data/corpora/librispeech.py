"""LibriSpeech (Panayotov et al. 2015, CC BY 4.0): real English readers, as published or as a folder of single clips."""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.recordings import TEST_EVERY, MissingCorpus, Recording, prepare_recordings

LICENCE = "CC BY 4.0"
GENDERS = {"F": "female", "M": "male"}


def prepare(source: Path, out: Path, processes: int = 2) -> list[Clip]:
    """Make a corpus of checked phrases from LibriSpeech, and of speech that fits no text; every twelfth speaker becomes "test".

    Args:
        source: the published tree (SPEAKER/CHAPTER/*.flac with *.trans.txt, at any depth, SPEAKERS.TXT at or above it),
            or a folder with audio/ID.ogg, transcripts.tsv (columns id, text and certainty: high, medium or low) and SPEAKERS.TXT.
        out: the corpus folder to make.
    Raises: MissingCorpus.
    """
    return prepare_recordings(read(Path(source)), Path(out), processes)


def read(source: Path) -> list[Recording]:
    """Every recording with its text, speaker and gender, sorted by id. Raises MissingCorpus."""
    if not source.is_dir():
        raise MissingCorpus(f"there is no folder {source}; give the unpacked LibriSpeech folder (https://www.openslr.org/12)")
    found = list(_single_clips(source) if (source / "transcripts.tsv").is_file() else _published_tree(source))
    if not found:
        raise MissingCorpus(f"{source} has neither *.trans.txt files nor a transcripts.tsv; give the unpacked LibriSpeech folder")
    genders = _genders(source)
    speakers = sorted({name.split("-")[0] for name, *_ in found}, key=int)
    held_out = set(speakers[TEST_EVERY - 1 :: TEST_EVERY])
    return [
        Recording(path, Clip(
            id=name, corpus="librispeech", speaker=speaker, language="en-us", text=text, licence=LICENCE,
            split="test" if speaker in held_out else "train", gender=genders.get(speaker),
        ), certain)
        for name, path, text, certain in sorted(found)
        for speaker in [name.split("-")[0]]
    ]  # fmt: skip


def _single_clips(source: Path):
    lines = (source / "transcripts.tsv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split("\t")
    for line in lines[1:]:
        row = dict(zip(columns, line.split("\t"), strict=True))
        yield row["id"], source / "audio" / f"{row['id']}.ogg", row["text"], row["certainty"] != "low"


def _published_tree(source: Path):
    for transcript in source.rglob("*.trans.txt"):
        for line in transcript.read_text(encoding="utf-8").splitlines():
            name, _, text = line.partition(" ")
            yield name, transcript.with_name(f"{name}.flac"), text.lower(), True


def _genders(source: Path) -> dict[str, str]:
    """Speaker id → declared gender, from SPEAKERS.TXT here or in a folder above: "14   | F | train-clean-360 | …"."""
    table = next(
        (folder / "SPEAKERS.TXT" for folder in (source, *source.resolve().parents[:2]) if (folder / "SPEAKERS.TXT").is_file()), None
    )
    if table is None:
        raise MissingCorpus(f"SPEAKERS.TXT is neither in {source} nor above it; it comes with every LibriSpeech archive")
    rows = [line.split("|") for line in table.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith(";")]
    return {row[0].strip(): GENDERS[row[1].strip()] for row in rows}
