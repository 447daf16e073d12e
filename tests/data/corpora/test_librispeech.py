"""LibriSpeech's published tree and a folder of single clips, in miniature: who speaks, what, and who is kept for tests."""

from pathlib import Path

import pytest

from feim.data.corpora import librispeech, prepare_corpus
from feim.data.corpora.publication import MissingCorpus
from feim.data.corpora.workers import processes

SPEAKERS = "; comment\n19   | F | train-clean-100 | 25.03 | One Reader\n26   | M | train-clean-100 | 25.11 | Another\n"


@pytest.fixture
def tree(tmp_path) -> Path:
    """SPEAKERS.TXT above train-clean-100/SPEAKER/CHAPTER, whose only sound file holds none."""
    (tmp_path / "SPEAKERS.TXT").write_text(SPEAKERS)
    for speaker, chapter in (("19", "198"), ("26", "495")):
        folder = tmp_path / "train-clean-100" / speaker / chapter
        folder.mkdir(parents=True)
        (folder / f"{speaker}-{chapter}.trans.txt").write_text(f"{speaker}-{chapter}-0000 HELLO THERE\n")
    (tmp_path / "train-clean-100" / "19" / "198" / "19-198-0000.flac").write_text("this is no sound")
    return tmp_path


def test_the_published_tree(tree):
    first, second = librispeech.read(tree / "train-clean-100")
    assert (first.clip.id, first.clip.speaker, first.clip.gender, first.clip.text) == ("19-198-0000", "19", "female", "hello there")
    assert first.path == tree / "train-clean-100" / "19" / "198" / "19-198-0000.flac"
    assert (second.clip.id, second.clip.speaker, second.clip.gender) == ("26-495-0000", "26", "male")
    assert first.certain
    assert (first.clip.licence, first.clip.emotion, first.clip.split) == ("CC BY 4.0", None, "train")


def test_preparing_goes_through_every_recording(tree):
    with pytest.raises(MissingCorpus, match="not one of 2 recordings could be used"):
        prepare_corpus("librispeech", tree, tree / "corpus", processes(1))
    left_out = (tree / "corpus" / "left_out.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[0] for line in left_out] == ["19-198-0000", "26-495-0000"]


def test_a_folder_of_single_clips_is_read_too_and_every_twelfth_speaker_is_held_out(tmp_path):
    (tmp_path / "SPEAKERS.TXT").write_text(SPEAKERS)
    rows = [f"{speaker}-1-0000\thello there\t{'low' if speaker == 101 else 'high'}" for speaker in range(100, 124)]
    (tmp_path / "transcripts.tsv").write_text("id\ttext\tcertainty\n" + "\n".join(rows) + "\n")
    recordings = librispeech.read(tmp_path)
    assert [recording.clip.speaker for recording in recordings if recording.clip.split == "test"] == ["111", "123"]
    assert [recording.clip.speaker for recording in recordings if not recording.certain] == ["101"]
    assert recordings[0].path == tmp_path / "audio" / "100-1-0000.ogg"


def test_a_missing_folder_says_what_to_give(tmp_path):
    with pytest.raises(MissingCorpus, match="give the unpacked"):
        librispeech.read(tmp_path / "nothing")


def test_a_folder_without_transcripts_or_speakers_says_so(tmp_path):
    with pytest.raises(MissingCorpus, match=r"neither \*\.trans\.txt"):
        librispeech.read(tmp_path)
    (tmp_path / "1-1.trans.txt").write_text("1-1-0000 HELLO\n")
    with pytest.raises(MissingCorpus, match=r"SPEAKERS\.TXT"):
        librispeech.read(tmp_path)


@pytest.mark.parametrize(
    ("table", "content", "words"),
    [
        ("transcripts.tsv", "", "has no column id, text, certainty, only nothing"),
        ("transcripts.tsv", "id\ttext\n1-1-0\thello\n", "has no column certainty"),
        ("transcripts.tsv", "id\ttext\tcertainty\n1-1-0\thello\n", "has fewer values than the header"),
        ("SPEAKERS.TXT", "19   F\n", "“19   F” in .*SPEAKERS.TXT has fewer values than 2"),
    ],
)
def test_a_table_that_is_none_is_said(tmp_path, table, content, words):
    (tmp_path / "SPEAKERS.TXT").write_text(SPEAKERS)
    (tmp_path / "transcripts.tsv").write_text("id\ttext\tcertainty\n19-1-0000\thello\thigh\n")
    (tmp_path / table).write_text(content)
    with pytest.raises(MissingCorpus, match=words):
        librispeech.read(tmp_path)
