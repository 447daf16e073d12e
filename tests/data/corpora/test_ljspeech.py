"""LJ Speech's published folder, in miniature: with texts, with sounds that have none, and with nothing."""

import pytest

from feim.data.clip import read_manifest
from feim.data.corpora import ljspeech, prepare_corpus
from feim.data.corpora.publication import MissingCorpus
from feim.data.corpora.workers import processes
from feim.data.synthetic.engines import RULES
from feim.signal.audio import write_audio


def test_it_reads_both_columns_of_text_and_sounds_without_a_row(tmp_path):
    (tmp_path / "metadata.csv").write_text("LJ001-0002|only.|only.\nLJ001-0001|In 1450|In fourteen fifty\n")
    (tmp_path / "wavs").mkdir()
    for name in ("LJ001-0002.flac", "LJ001-0003.wav", "notes.txt"):
        (tmp_path / "wavs" / name).touch()
    first, second, third = ljspeech.read(tmp_path)
    assert first.clip.text == "In fourteen fifty"
    assert first.path == tmp_path / "wavs" / "LJ001-0001.wav"
    assert (second.clip.speaker, second.clip.gender) == ("LJ", "female")
    assert second.path == tmp_path / "wavs" / "LJ001-0002.flac"
    assert (third.clip.id, third.clip.text, third.path) == ("LJ001-0003", "", tmp_path / "wavs" / "LJ001-0003.wav")


def test_sounds_without_texts_are_a_corpus_too(tmp_path):
    (tmp_path / "metadata.csv").touch()
    (tmp_path / "wavs").mkdir()
    write_audio(tmp_path / "wavs" / "LJ001-0001.wav", 0.1 * RULES[1].speak("we have nothing left to eat but bread and butter").wave)
    [clip] = prepare_corpus("ljspeech", tmp_path, tmp_path / "corpus", processes(1))
    assert read_manifest(tmp_path / "corpus") == [clip]
    assert (clip.text, clip.phonemes, clip.durations) == ("", None, None)
    assert (tmp_path / "corpus" / clip.audio).is_file()
    assert (tmp_path / "corpus" / "left_out.tsv").read_text().count("\n") == 1  # no text was left out


def test_every_twelfth_recording_is_kept_for_tests(tmp_path):
    (tmp_path / "metadata.csv").write_text("".join(f"LJ001-{number:04d}|hm|hm\n" for number in range(1, 31)))
    assert [recording.clip.id for recording in ljspeech.read(tmp_path) if recording.clip.split == "test"] == ["LJ001-0012", "LJ001-0024"]


def test_a_missing_folder_says_what_to_give(tmp_path):
    with pytest.raises(MissingCorpus, match="give the unpacked"):
        ljspeech.read(tmp_path / "nothing")


def test_a_table_that_is_none_is_said(tmp_path):
    (tmp_path / "metadata.csv").write_text("LJ001-0001, In 1450\n")
    with pytest.raises(MissingCorpus, match=r"“LJ001-0001, In 1450” in .*metadata\.csv has fewer values than 2"):
        ljspeech.read(tmp_path)


def test_the_archives_own_folder_may_be_given(tmp_path):
    (tmp_path / "LJSpeech-1.1").mkdir()
    (tmp_path / "LJSpeech-1.1" / "metadata.csv").write_text("LJ001-0001|hm|hm\n")
    assert [recording.clip.text for recording in ljspeech.read(tmp_path)] == ["hm"]
