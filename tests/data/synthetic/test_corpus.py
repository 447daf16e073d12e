"""The teachers' corpus is the same to the byte for the same arguments, goes on where it stopped, and is what its manifest says."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from feim.data.clip import MANIFEST, read_manifest, write_manifest
from feim.data.sentences import read_sentences
from feim.data.synthetic import corpus as teachers
from feim.data.synthetic import voices
from feim.data.synthetic.corpus import ARGUMENTS, SENTENCES, WEAKEST, ForeignCorpus, people, plan, record, synthesise_corpus
from feim.data.synthetic.engines import RULES, EngineFailed
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.text import encode


@pytest.fixture(autouse=True)
def _rules_only(monkeypatch):
    monkeypatch.setattr(voices, "available_engines", lambda: RULES)


# ---- the plan -------------------------------------------------------------------------------------------------------------


def test_the_plan_is_the_same_for_the_same_seed():
    sentences = read_sentences(SENTENCES)
    assert list(plan(sentences, people(20), 60)) == list(plan(sentences, people(20), 60))
    assert list(plan(sentences, people(20), 60)) != list(plan(sentences, people(20), 60, seed=1))


def test_a_longer_plan_begins_as_the_shorter_one():
    sentences = read_sentences(SENTENCES)
    assert list(plan(sentences, people(20), 90))[:20] == list(plan(sentences, people(20), 60))


def test_the_plan_covers_emotions_intensities_and_engines_and_no_test_sentence():
    sentences = read_sentences(SENTENCES)
    sessions = list(plan(sentences, people(20), 600))
    takes = [take for session in sessions for take in session.takes]
    assert len(takes) == 600
    assert len({take.id for take in takes}) == 600
    assert {take.emotion for take in takes} == set(EMOTIONS)
    neutral = [take for take in takes if take.emotion == "neutral"]
    assert len(neutral) / 600 == pytest.approx(0.22, abs=0.06)
    assert {take.intensity for take in neutral} == {0.0}
    felt = [take.intensity for take in takes if take.emotion != "neutral"]
    assert WEAKEST <= min(felt) < 0.4
    assert 0.9 < max(felt) <= 1
    assert all(take.speaker.engine == session.engine for session in sessions for take in session.takes)
    assert {session.engine for session in sessions} == set(RULES)
    kept = {text for text, split in sentences if split == "test"}
    assert kept
    assert not kept & {session.text for session in sessions}
    assert {session.split for session in sessions} == {"train", "valid"}
    lengths = [len(session.text.split()) for session in sessions]
    assert 0.15 < np.mean([length <= 5 for length in lengths]) < 0.5


def test_judges_are_other_people():
    everybody = people(60)
    assert len(everybody) == len({speaker.name for speaker in everybody}) == 60
    assert sum(speaker.split == "judge" for speaker in everybody) == 12
    assert [speaker.split for speaker in people(5)] == ["train", *["judge"] * 4]
    with pytest.raises(ValueError, match="4 speakers are too few; use 5 or more"):
        people(4)


# ---- the corpus -----------------------------------------------------------------------------------------------------------


def test_clips_are_what_the_manifest_says(corpus):
    clips = read_manifest(corpus)
    assert len(clips) >= 15
    assert [clip.id for clip in clips] == sorted(clip.id for clip in clips)
    for clip in clips:
        frames = len(read_audio(corpus / clip.audio)) / 160
        assert frames == sum(clip.durations)
        assert len(encode(clip.phonemes)) == len(clip.durations)
        assert clip.emotion in EMOTIONS
        assert (clip.intensity == 0) == (clip.emotion == "neutral")
        assert clip.gender in ("female", "male")
        assert 18 <= clip.age <= 60
        assert clip.split in ("train", "valid", "judge")
        assert (clip.split == "judge") == clip.speaker.startswith("judge")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


ORDER = {"clips": 9, "speakers": 8, "processes": 1}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Nine clips of eight speakers, made in one go by one process."""
    folder = tmp_path_factory.mktemp("teachers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voices, "available_engines", lambda: RULES)
        assert synthesise_corpus(folder, **ORDER) == read_manifest(folder)
    assert len(read_manifest(folder)) == 9
    return folder


def test_an_interrupted_corpus_goes_on_where_it_stopped(whole, tmp_path):
    (tmp_path / "audio").mkdir()
    shutil.copy(whole / ARGUMENTS, tmp_path)
    first, *_ = plan(read_sentences(SENTENCES), people(8), 9)
    write_manifest(tmp_path, record(first, tmp_path))
    made_first = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "audio").iterdir()}
    assert len(made_first) == 3
    assert synthesise_corpus(tmp_path, **ORDER | {"processes": 2}) == read_manifest(whole)
    assert content(tmp_path) == content(whole)
    assert {name: (tmp_path / "audio" / name).stat().st_mtime_ns for name in made_first} == made_first  # not made again


def test_a_finished_corpus_is_not_made_again(whole, monkeypatch):
    monkeypatch.setattr(teachers, "record", None)
    assert synthesise_corpus(whole, **ORDER) == read_manifest(whole)


def test_when_an_engine_fails_nothing_more_is_asked_of_it(tmp_path, monkeypatch):
    asked, ending = [], Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            ending.set()
            super().shutdown(wait)

    def fail(session, out):
        asked.append(session)
        if len(asked) == 2:  # was begun before the first had failed
            ending.wait(60)
        raise EngineFailed("flite failed: no such folder")

    monkeypatch.setattr(teachers, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(teachers, "record", fail)
    with pytest.raises(EngineFailed, match="no such folder"):
        synthesise_corpus(tmp_path, **ORDER | {"clips": 300})
    assert len(asked) <= 2
    assert read_manifest(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "name"), [({"clips": 12}, "clips"), ({"speakers": 9}, "speakers"), ({"seed": 1, "clips": 12}, "clips and seed")]
)
def test_a_corpus_of_other_arguments_is_not_continued(whole, change, name):
    before = content(whole)
    with pytest.raises(ForeignCorpus, match=f"holds a corpus made with other {name}; choose another folder"):
        synthesise_corpus(whole, **ORDER | change)
    assert content(whole) == before


def test_nor_one_of_other_sentences_engines_or_rules(whole, tmp_path, monkeypatch):
    (tmp_path / "sentences.txt").write_text("We count one and two today.\n")
    with pytest.raises(ForeignCorpus, match="made with other sentences;"):
        synthesise_corpus(whole, tmp_path / "sentences.txt", **ORDER)
    with monkeypatch.context() as patch:
        patch.setattr(voices, "available_engines", lambda: (RULES[0], replace(RULES[1], voice="en-us+f3")))
        with pytest.raises(ForeignCorpus, match="made with other engines;"):
            synthesise_corpus(whole, **ORDER)
    monkeypatch.setattr(teachers, "PROSODY", tmp_path / "sentences.txt")
    with pytest.raises(ForeignCorpus, match="made with other prosody;"):
        synthesise_corpus(whole, **ORDER)


@pytest.mark.parametrize("damage", [None, "", "[]", "{}"])
def test_nor_one_that_does_not_say_how_it_was_made(whole, tmp_path, damage):
    shutil.copy(whole / MANIFEST, tmp_path)
    if damage is not None:
        (tmp_path / ARGUMENTS).write_text(damage)
    with pytest.raises(ForeignCorpus, match=r"does not say in arguments\.json how its corpus was made; choose another"):
        synthesise_corpus(tmp_path, **ORDER)


def test_a_text_that_does_not_fit_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "audio").mkdir()
    [session] = plan([("We count one and two today.", "train")], people(8), 3)
    monkeypatch.setattr("feim.data.synthetic.voices.phonemise", lambda words: "_s_ˈ_u_ʃ_i_ _f_u_z_i_")
    assert record(session, tmp_path) == []
    assert not list((tmp_path / "audio").iterdir())
