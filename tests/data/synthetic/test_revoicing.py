"""Lent voices: the words, times and movement of a reading stay; pitch and body become another's; a stop loses nothing."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feim.data.clip import MANIFEST, read_manifest, write_manifest
from feim.data.features import read_features
from feim.data.synthetic import revoicing
from feim.data.synthetic.corpus import ARGUMENTS, ForeignCorpus
from feim.data.synthetic.revoicing import actors_of, as_bent_from, plan, revoice_corpus
from feim.signal.audio import read_audio, write_audio
from feim.signal.world import track_pitch

ORDER = {"voices": 6, "takes": 2, "processes": 1}
LICENCE = "CC BY-NC-SA 4.0"


@pytest.fixture(scope="module")
def actors(corpus, tmp_path_factory) -> Path:
    """Four training clips of the miniature corpus, as if real people had spoken them."""
    folder = tmp_path_factory.mktemp("actors")
    clips = [clip for clip in read_manifest(corpus) if clip.split == "train"][:4]
    (folder / "audio").mkdir()
    for clip in clips:
        shutil.copy(corpus / clip.audio, folder / clip.audio)
    write_manifest(folder, [replace(clip, licence=LICENCE) for clip in clips])
    return folder


@pytest.fixture(scope="module")
def lent(actors, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lent")
    assert revoice_corpus(actors, folder, **ORDER) == read_manifest(folder)
    return folder


def pitch_of(path: Path) -> float:
    pitch = track_pitch(read_audio(path))
    return float(np.median(pitch[pitch > 0]))


def test_all_but_the_speaker_stays(actors, lent):
    originals = {clip.id: clip for clip in read_manifest(actors)}
    clips = read_manifest(lent)
    assert len(clips) == 2 * len(originals)
    assert len({clip.id for clip in clips}) == len(clips)
    for clip in clips:
        original = originals[clip.id.rsplit("-lent-", 1)[0]]
        assert (clip.text, clip.phonemes, clip.emotion, clip.intensity) == (
            original.text, original.phonemes, original.emotion, original.intensity,
        )  # fmt: skip
        assert clip.licence == f"{LICENCE}, synthetic voices"
        assert clip.speaker.startswith("lent-")
        wave, before = read_audio(lent / clip.audio), read_audio(actors / original.audio)
        assert len(wave) / 160 == sum(clip.durations)
        assert sum(clip.durations) / sum(original.durations) == pytest.approx(1, abs=0.22)
        assert np.std(wave) == pytest.approx(np.std(before), rel=0.1)  # as loud


def test_a_lent_reading_has_the_pitch_of_who_it_is_lent_to(actors, lent):
    features = read_features(actors, read_manifest(actors))
    engines = actors_of(features)
    for lending in plan(actors, features, engines, 6, 2, 0):
        moved = pitch_of(actors / lending.clip.audio) / engines[lending.clip.speaker].pitch  # the reading's own height
        for loan in lending.takes:
            assert pitch_of(lent / "audio" / f"{loan.id}.flac") == pytest.approx(loan.speaker.pitch * moved, rel=0.1)


def test_a_designed_person_has_one_body_whoever_reads(actors):
    features = read_features(actors, read_manifest(actors))
    engines = actors_of(features)
    first, *others = engines.values()
    loan = plan(actors, features, engines, 6, 2, 0)[0].takes[0]
    for actor in others:
        again = as_bent_from(as_bent_from(loan.speaker, actor), first)
        assert as_bent_from(loan.speaker, first).formants == pytest.approx(again.formants)
    woman, man = (replace(first, gender=gender) for gender in ("female", "male"))
    from_a_man = as_bent_from(replace(loan.speaker, engine=woman), man).formants
    assert from_a_man == pytest.approx(1.17 * loan.speaker.formants)


def test_it_goes_on_where_it_stopped(actors, lent, tmp_path):
    (tmp_path / "audio").mkdir()
    shutil.copy(lent / ARGUMENTS, tmp_path)
    clips = read_manifest(lent)
    first = [clip for clip in clips if clip.id.startswith(read_manifest(actors)[0].id)]
    for clip in first:
        shutil.copy(lent / clip.audio, tmp_path / clip.audio)
    write_manifest(tmp_path, first)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "audio").iterdir()}
    assert revoice_corpus(actors, tmp_path, **ORDER) == clips
    assert {path: path.stat().st_mtime_ns for path in times} == times  # not made again
    assert all((tmp_path / clip.audio).read_bytes() == (lent / clip.audio).read_bytes() for clip in clips)


def test_a_corpus_of_other_arguments_is_not_continued(actors, lent, monkeypatch):
    monkeypatch.setattr(revoicing, "lend", None)
    assert revoice_corpus(actors, lent, **ORDER) == read_manifest(lent)  # whole: nothing is made
    with pytest.raises(ForeignCorpus, match="other voices"):
        revoice_corpus(actors, lent, **ORDER | {"voices": 7})


@pytest.mark.parametrize("numbers", [{"voices": 5}, {"takes": 0}, {"takes": 7, "voices": 6}])
def test_numbers_that_cannot_be_made(actors, tmp_path, numbers):
    with pytest.raises(ValueError, match="takes by"):
        revoice_corpus(actors, tmp_path, **ORDER | numbers)


def test_without_phone_times_it_says_what_to_do(actors, tmp_path):
    (tmp_path / "source").mkdir()
    write_manifest(tmp_path / "source", [replace(clip, durations=None) for clip in read_manifest(actors)])
    with pytest.raises(ValueError, match="run python -m feim align"):
        revoice_corpus(tmp_path / "source", tmp_path / "out")
    assert not (tmp_path / "out" / MANIFEST).exists()


def test_actors_of_one_gender_lend_to_both(actors, tmp_path):
    (tmp_path / "women").mkdir()
    shutil.copytree(actors / "audio", tmp_path / "women" / "audio")
    write_manifest(tmp_path / "women", [replace(clip, gender="female") for clip in read_manifest(actors)])
    clips = revoice_corpus(tmp_path / "women", tmp_path / "out", **ORDER)
    assert {clip.gender for clip in clips} == {"female", "male"}


def test_a_corpus_of_whispers_is_refused(actors, tmp_path):
    (tmp_path / "source" / "audio").mkdir(parents=True)
    clip = replace(read_manifest(actors)[0], durations=[100])
    write_audio(tmp_path / "source" / clip.audio, 0.01 * np.random.default_rng(0).standard_normal(16_000).astype(np.float32))
    write_manifest(tmp_path / "source", [clip])
    with pytest.raises(ValueError, match=r"nobody in .* speaks with a voice"):
        revoice_corpus(tmp_path / "source", tmp_path / "out", **ORDER)
