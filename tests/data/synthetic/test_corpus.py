"""The teachers' corpus is the same for the same seed, goes on where it stopped, and is what its manifest says."""

import numpy as np
import pytest

from feim.data.clip import MANIFEST, read_manifest, write_manifest
from feim.data.sentences import read_sentences
from feim.data.synthetic import corpus as teachers
from feim.data.synthetic import voices
from feim.data.synthetic.corpus import SENTENCES, WEAKEST, people, plan, record, synthesise_corpus
from feim.data.synthetic.engines import RULES
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


def content(folder) -> list[str]:
    """The sounds' names: espeak-ng's own samples are not the corpus's promise."""
    return sorted(path.name for path in (folder / "audio").iterdir())


def test_an_interrupted_corpus_goes_on_where_it_stopped(tmp_path, monkeypatch):
    order = {"clips": 9, "speakers": 8, "processes": 1}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    clips = synthesise_corpus(whole, **order)
    assert len(clips) == 9
    assert clips == read_manifest(whole)

    (broken / "audio").mkdir(parents=True)
    first, *_ = plan(read_sentences(SENTENCES), people(8), 9)
    write_manifest(broken, record(first, broken))
    made_first = {path.name: path.stat().st_mtime_ns for path in (broken / "audio").iterdir()}
    assert len(made_first) == 3
    assert synthesise_corpus(broken, **order) == clips
    assert content(broken) == content(whole)
    assert (broken / MANIFEST).read_bytes() == (whole / MANIFEST).read_bytes()
    assert {name: (broken / "audio" / name).stat().st_mtime_ns for name in made_first} == made_first  # not made again

    monkeypatch.setattr(teachers, "record", None)  # nothing is left to do
    assert synthesise_corpus(whole, **order) == clips


def test_a_text_that_does_not_fit_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "audio").mkdir()
    [session] = plan([("We count one and two today.", "train")], people(8), 3)
    monkeypatch.setattr("feim.data.synthetic.voices.phonemise", lambda words: "_s_ˈ_u_ʃ_i_ _f_u_z_i_")
    assert record(session, tmp_path) == []
    assert not list((tmp_path / "audio").iterdir())
