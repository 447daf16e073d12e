"""LibriSpeech and LJ Speech from miniature trees of their published layouts, spoken by espeak-ng."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feim.data.clip import read_manifest
from feim.data.corpora import librispeech, ljspeech, prepare_corpus
from feim.data.corpora.publication import MissingCorpus
from feim.data.corpora.recordings import ACTIVE_LEVEL, active_power
from feim.data.corpora.workers import processes
from feim.data.synthetic.engines import RULES
from feim.signal.audio import HOP, write_audio

SPEAKERS = "; comment\n19   | F | train-clean-100 | 25.03 | One Reader\n26   | M | train-clean-100 | 25.11 | Another\n"
SENTENCE = "WE HAVE NOTHING LEFT TO EAT BUT BREAD AND BUTTER"


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """SPEAKERS.TXT above train-clean-100/SPEAKER/CHAPTER/*.flac, with a wrong transcript, a broken and a missing file."""
    root = tmp_path_factory.mktemp("LibriSpeech")
    chapter = root / "train-clean-100" / "19" / "198"
    chapter.mkdir(parents=True)
    (root / "SPEAKERS.TXT").write_text(SPEAKERS)
    wave = RULES[1].speak(SENTENCE.lower()).wave
    silence = np.zeros(8000, np.float32)
    write_audio(chapter / "19-198-0000.flac", np.concatenate([silence, 0.1 * wave, silence]))
    write_audio(chapter / "19-198-0001.flac", 0.1 * wave)
    (chapter / "19-198-0002.flac").write_text("this is no sound")
    wrong = "SEVENTEEN ENORMOUS CHIMNEYS DISPLAYED THEIR BRIGHTNESS THROUGHOUT FEBRUARY AFTERNOONS"
    lines = [f"19-198-0000 {SENTENCE}", f"19-198-0001 {wrong}", f"19-198-0002 {SENTENCE}", f"19-198-0003 {SENTENCE}"]
    (chapter / "19-198.trans.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="module")
def corpus(tree, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:  # the synthesiser scores lower than a person
        patch.setattr("feim.data.corpora.recordings.WORST_PHRASE", -80.0)
        prepare_corpus("librispeech", tree / "train-clean-100", out, processes(1))
    return out


def test_what_fits_becomes_a_clip_with_exact_times(corpus):
    [clip] = read_manifest(corpus)
    assert (clip.id, clip.speaker, clip.gender, clip.licence, clip.emotion) == ("19-198-0000-00", "19", "female", "CC BY 4.0", None)
    assert clip.text == SENTENCE.lower() + "."
    samples, rate = soundfile.read(corpus / clip.audio)
    assert rate == 16_000
    assert len(clip.durations) == len(clip.phonemes)
    assert sum(clip.durations) == -(-len(samples) // HOP)


def test_silence_is_trimmed_and_the_level_is_common(corpus):
    [clip] = read_manifest(corpus)
    samples, _ = soundfile.read(corpus / clip.audio)
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    assert loud[0] <= 0.13 * 16_000
    assert len(samples) - loud[-1] <= 0.15 * 16_000
    assert abs(10 * np.log10(active_power(samples)) - ACTIVE_LEVEL) < 1.5


def test_wrong_broken_and_missing_recordings_are_listed(corpus):
    rows = [line.split("\t") for line in (corpus / "left_out.tsv").read_text().splitlines()[1:]]
    reasons = {row[0]: row[3] for row in rows}
    assert set(reasons) == {"19-198-0001", "19-198-0002", "19-198-0003"}
    assert "not a sound" in reasons["19-198-0002"]
    assert "no sound file" in reasons["19-198-0003"]


def test_a_second_call_continues_and_repeats_nothing(tree, corpus):
    manifest = (corpus / "manifest.parquet").read_bytes()
    sounds = {path: path.stat().st_mtime_ns for path in (corpus / "audio").iterdir()}
    with (corpus / "journal.jsonl").open("a") as journal:
        journal.write('{"recording": "19-198-00')  # the first call was stopped while writing
    prepare_corpus("librispeech", tree / "train-clean-100", corpus, processes(1))
    assert (corpus / "manifest.parquet").read_bytes() == manifest
    assert {path: path.stat().st_mtime_ns for path in (corpus / "audio").iterdir()} == sounds


def test_a_folder_of_single_clips_is_read_too_and_every_twelfth_speaker_is_held_out(tmp_path):
    (tmp_path / "SPEAKERS.TXT").write_text(SPEAKERS)
    rows = [f"{speaker}-1-0000\thello there\t{'low' if speaker == 101 else 'high'}" for speaker in range(100, 124)]
    (tmp_path / "transcripts.tsv").write_text("id\ttext\tcertainty\n" + "\n".join(rows) + "\n")
    recordings = librispeech.read(tmp_path)
    assert [recording.clip.speaker for recording in recordings if recording.clip.split == "test"] == ["111", "123"]
    assert [recording.clip.speaker for recording in recordings if not recording.certain] == ["101"]
    assert recordings[0].path == tmp_path / "audio" / "100-1-0000.ogg"


def test_ljspeech_reads_both_columns_of_text(tmp_path):
    (tmp_path / "metadata.csv").write_text("LJ001-0001|In 1450|In fourteen fifty\nLJ001-0002|only.|only.\n")
    first, second = ljspeech.read(tmp_path)
    assert first.clip.text == "In fourteen fifty"
    assert first.path == tmp_path / "wavs" / "LJ001-0001.wav"
    assert (second.clip.speaker, second.clip.gender) == ("LJ", "female")


@pytest.mark.parametrize("read", [librispeech.read, ljspeech.read])
def test_a_missing_folder_says_what_to_give(read, tmp_path):
    with pytest.raises(MissingCorpus, match="give the unpacked"):
        read(tmp_path / "nothing")


def test_a_folder_without_transcripts_or_speakers_says_so(tmp_path):
    with pytest.raises(MissingCorpus, match=r"neither \*\.trans\.txt"):
        librispeech.read(tmp_path)
    (tmp_path / "1-1.trans.txt").write_text("1-1-0000 HELLO\n")
    with pytest.raises(MissingCorpus, match=r"SPEAKERS\.TXT"):
        librispeech.read(tmp_path)
