"""Recordings become clips: exact times where the text fits, speech without text where it does not; nothing is lost or done twice."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from feim.data.clip import Clip, read_manifest
from feim.data.corpora.recordings import ACTIVE_LEVEL, Recording, active_power, other_speech, prepare_recordings
from feim.data.phrases import MARGIN
from feim.data.synthetic.engines import RULES
from feim.signal.audio import HOP, write_audio

SENTENCE = "we have nothing left to eat but bread and butter"
WRONG = "seventeen enormous chimneys displayed their brightness throughout February afternoons"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> list[Recording]:
    """espeak-ng says one sentence, between silences and without them but with another text; a broken file, and a missing one."""
    folder = tmp_path_factory.mktemp("recordings")
    wave, silence = 0.1 * RULES[1].speak(SENTENCE).wave, np.zeros(8000, np.float32)
    write_audio(folder / "fits.flac", np.concatenate([silence, wave, silence]))
    write_audio(folder / "wrong.flac", wave)
    (folder / "broken.flac").write_text("this is no sound")
    texts = {"broken": SENTENCE, "fits": SENTENCE, "missing": SENTENCE, "wrong": WRONG}
    return [
        Recording(folder / f"{name}.flac", Clip(name, "any", "19", "en-us", text, "CC BY 4.0", gender="female"))
        for name, text in texts.items()
    ]


@pytest.fixture(scope="module")
def corpus(recordings, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:  # the synthesiser scores lower than a person
        patch.setattr("feim.data.corpora.recordings.WORST_PHRASE", -80.0)
        prepare_recordings(recordings, out, processes=1)
    return out


def spoken(corpus: Path) -> Clip:
    """The only clip with a text."""
    [clip] = [clip for clip in read_manifest(corpus) if clip.phonemes]
    return clip


def test_what_fits_becomes_a_clip_with_exact_times(corpus):
    clip = spoken(corpus)
    assert (clip.id, clip.speaker, clip.gender, clip.licence, clip.emotion) == ("fits-00", "19", "female", "CC BY 4.0", None)
    assert clip.text == SENTENCE + "."
    samples, rate = soundfile.read(corpus / clip.audio)
    assert rate == 16_000
    assert len(clip.durations) == len(clip.phonemes)
    assert sum(clip.durations) == -(-len(samples) // HOP)


def test_silence_is_trimmed_and_the_level_is_common(corpus):
    for clip in read_manifest(corpus):
        samples, _ = soundfile.read(corpus / clip.audio)
        loud = np.flatnonzero(np.abs(samples) > 0.02)
        assert loud[0] <= 0.13 * 16_000
        assert len(samples) - loud[-1] <= 0.15 * 16_000
        assert abs(10 * np.log10(active_power(samples)) - ACTIVE_LEVEL) < 1.5


def test_speech_that_fits_no_text_is_a_clip_without_text(corpus):
    [clip] = [clip for clip in read_manifest(corpus) if not clip.phonemes]
    assert (clip.id, clip.speaker, clip.gender, clip.text) == ("wrong-wordless-00", "19", "female", "")
    assert clip.durations is None
    samples, _ = soundfile.read(corpus / clip.audio)
    again, _ = soundfile.read(corpus / spoken(corpus).audio)
    assert len(samples) == pytest.approx(len(again) - 2 * MARGIN * 16_000, abs=800)  # the same, recorded without silence around it


def test_other_speech_is_what_lies_around_the_phrases():
    random = np.random.default_rng(0)

    def noise(seconds: float, level: float) -> np.ndarray:
        return level * random.standard_normal(round(seconds * 16_000)).astype(np.float32)

    samples = np.concatenate([noise(2, 0.1), noise(1, 1e-4), noise(2, 0.1), noise(3, 1e-4), noise(1, 0.1), noise(1, 1e-4)])

    def seconds(*phrases: tuple[float, float]) -> list[float]:
        return [round(len(stretch) / 16_000, 1) for stretch in other_speech(samples, list(phrases))]

    assert seconds() == [9.1]  # the silence at the end but for a margin
    assert seconds((0, 2.5)) == [6.2]
    assert seconds((2.5, 5.5)) == [2.1]  # what follows is silence and one second: too short
    assert seconds((0, 2.5), (2.5, 5.5), (7.9, 9.1)) == []  # nothing but silence in between


def test_wrong_broken_and_missing_recordings_are_listed(corpus):
    rows = [line.split("\t") for line in (corpus / "left_out.tsv").read_text().splitlines()[1:]]
    reasons = {row[0]: row[3] for row in rows}
    assert set(reasons) == {"wrong", "broken", "missing"}
    assert "not a sound" in reasons["broken"]
    assert "no sound file" in reasons["missing"]


def test_a_second_call_continues_and_repeats_nothing(recordings, corpus):
    manifest = (corpus / "manifest.parquet").read_bytes()
    sounds = {path: path.stat().st_mtime_ns for path in (corpus / "audio").iterdir()}
    with (corpus / "journal.jsonl").open("a") as journal:
        journal.write('{"recording": "fi')  # the first call was stopped while writing
    prepare_recordings(recordings, corpus, processes=1)
    assert (corpus / "manifest.parquet").read_bytes() == manifest
    assert {path: path.stat().st_mtime_ns for path in (corpus / "audio").iterdir()} == sounds
