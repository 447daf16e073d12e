"""A corpus that the studio speaks: phone times that sum to the sound, voices between the portraits', and no clip made twice."""

from pathlib import Path

import numpy as np
import pytest

import feim
from feim.data.clip import read_manifest, write_manifest
from feim.data.synthetic.corpus import ForeignCorpus
from feim.narrating import narrate_corpus, somebody
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS


@pytest.fixture(scope="module")
def studio() -> feim.Studio:
    return feim.load()


@pytest.fixture(scope="module")
def sentences(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "sentences.txt"
    path.write_text("My boat was lost.\n?!\nBob may map the moon.\n")
    return path


@pytest.fixture(scope="module")
def folder(studio, sentences, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("narrated") / "corpus"
    clips = narrate_corpus(studio, folder, sentences, clips=4, seed=1)
    assert clips == read_manifest(folder)
    return folder


def test_phone_times_sum_to_the_sound(folder):
    clips = read_manifest(folder)
    assert len(clips) >= 2
    for clip in clips:
        assert len(clip.phonemes) == len(clip.durations)
        assert abs(sum(clip.durations) * 160 - len(read_audio(folder / clip.audio))) < 1024
        assert clip.emotion in EMOTIONS
        assert (clip.intensity == 0) == (clip.emotion == "neutral")


def test_a_corpus_goes_on_where_it_stopped(studio, folder, sentences, monkeypatch):
    clips = read_manifest(folder)
    kept = clips[1:]
    write_manifest(folder, kept)
    times = {clip.id: (folder / clip.audio).stat().st_mtime_ns for clip in kept}
    assert narrate_corpus(studio, folder, sentences, clips=4, seed=1) == clips
    assert {clip.id: (folder / clip.audio).stat().st_mtime_ns for clip in kept} == times
    with pytest.raises(ForeignCorpus, match="made with other clips;"):
        narrate_corpus(studio, folder, sentences, clips=5, seed=1)


def test_voices_are_unit_vectors_and_differ():
    faces = np.eye(3, 512)
    voices = [somebody(faces, np.random.default_rng(seed)).numpy() for seed in range(8)]
    assert np.linalg.norm(voices, axis=1) == pytest.approx(1, abs=1e-6)
    alike = np.array(voices) @ np.transpose(voices)
    assert alike[~np.eye(8, dtype=bool)].max() < 0.99
    assert (np.array(voices) @ faces.T).max(axis=1).min() > 0.3  # near the portraits' all the same
