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
from feim.data.synthetic.corpus import (
    ARGUMENTS,
    SENTENCES,
    WEAKEST,
    ForeignCorpus,
    people,
    plan,
    plan_for_judges,
    record,
    synthesise_corpus,
    synthesise_judges_corpus,
)
from feim.data.synthetic.engines import RULES, EngineFailed
from feim.data.synthetic.voices import design_speakers
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


def judges_plan(clips: int = 600, seed: int = 1000) -> list:
    return list(plan_for_judges(read_sentences(SENTENCES), design_speakers(24, seed, split="judge"), clips, seed))


def test_the_judges_plan_is_the_same_for_the_same_seed():
    assert judges_plan() == judges_plan()
    assert judges_plan() != judges_plan(seed=1001)


def test_the_judges_plan_goes_beyond_the_teachers():
    sessions = judges_plan()
    takes = [take for session in sessions for take in session.takes]
    assert [len(session.takes) for session in sessions] == [6] * 100
    assert len({take.id for take in takes}) == 600
    counts = [sum(take.emotion == emotion for take in takes) for emotion in EMOTIONS]
    assert max(counts) - min(counts) <= 1  # in turn
    assert {take.intensity for take in takes if take.emotion == "neutral"} == {0.0}
    felt = [take.intensity for take in takes if take.emotion != "neutral"]
    assert 0.2 <= min(felt) < 0.25
    assert 1.45 < max(felt) <= 1.5
    assert {take.speaker.split for take in takes} == {"judge"}
    assert all(take.speaker.engine == session.engine for session in sessions for take in session.takes)
    assert {session.engine for session in sessions} == set(RULES)
    learnt = {text for text, split in read_sentences(SENTENCES) if split == "train"}
    whole = [session.text in learnt for session in sessions]
    assert 0.4 < np.mean(whole) < 0.65  # a text of a few words is not cut
    assert all(4 <= len(session.text.split()) <= 9 for session, uncut in zip(sessions, whole, strict=True) if not uncut)
    teachers_people = {speaker.colour for speaker in people(60)}
    assert not teachers_people & {take.speaker.colour for take in takes}


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

    monkeypatch.setattr(teachers, "one_thread_each", Pool)
    monkeypatch.setattr(teachers, "record", fail)
    with pytest.raises(EngineFailed, match="no such folder"):
        synthesise_corpus(tmp_path, **ORDER | {"clips": 300})
    assert len(asked) <= 2
    assert read_manifest(tmp_path) == []


def test_a_neutral_corpus_shows_no_emotion(whole, tmp_path):
    clips = synthesise_corpus(tmp_path, **ORDER, neutral=True)
    assert {(clip.emotion, clip.intensity) for clip in clips} == {("neutral", 0.0)}
    assert synthesise_corpus(tmp_path, **ORDER, neutral=True) == clips
    for folder, neutral in ((whole, True), (tmp_path, False)):
        with pytest.raises(ForeignCorpus, match="other neutral"):
            synthesise_corpus(folder, **ORDER, neutral=neutral)


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


def test_the_judges_corpus_goes_on_too_and_is_the_judges_alone(tmp_path):
    whole, begun = tmp_path / "whole", tmp_path / "begun"
    made = synthesise_judges_corpus(whole, clips=12, speakers=5, processes=1)
    assert [clip.id for clip in made] == [f"{session:05d}-{take}" for session in range(2) for take in range(6)]
    assert {clip.split for clip in made} == {"judge"}
    (begun / "audio").mkdir(parents=True)
    shutil.copy(whole / ARGUMENTS, begun)
    shutil.copy(whole / "audio" / "00000-0.flac", begun / "audio")
    write_manifest(begun, made[:6])
    assert synthesise_judges_corpus(begun, clips=12, speakers=5, processes=1) == made
    assert len(list((begun / "audio").iterdir())) == 7  # the first text is not read again
    with pytest.raises(ForeignCorpus, match="made with other split;"):
        synthesise_corpus(whole, clips=12, speakers=5, seed=1000)


def test_a_teachers_corpus_is_not_continued_for_judges(whole):
    with pytest.raises(ForeignCorpus, match="made with other split;"):
        synthesise_judges_corpus(whole, clips=9, speakers=8, seed=0)


def test_too_few_judges(tmp_path):
    with pytest.raises(ValueError, match="4 speakers are too few; use 5 or more"):
        synthesise_judges_corpus(tmp_path / "new", speakers=4)
    assert not (tmp_path / "new").exists()


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
