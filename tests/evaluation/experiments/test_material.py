"""Lines are paired by length, readings keep their readers' voices, and what was never trained on stays apart."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from feim.data.clip import Clip
from feim.data.phone_times import PhonesDoNotFit
from feim.evaluation import material as evaluation
from feim.evaluation.experiments import material
from feim.evaluation.experiments.material import Extent, Material, gather, read_aloud
from feim.evaluation.material import HeldOut
from feim.signal.emotion import EMOTIONS
from tests.evaluation.experiments.conftest import Pool


def ears(mel: torch.Tensor) -> torch.Tensor:
    return mel.mean().expand(1, 512)


def make(tmp_path, **given) -> Material:
    kept = HeldOut(given.get("unseen", []), [], given.get("recordings", []), tmp_path)
    extent = Extent(readings=7, scripts=3, speakers=2)
    return Material(extent, given.get("seen", []), kept, folder=tmp_path, studio=None, ears=ears, pool=Pool())


def test_pairs_have_equally_many_words_and_no_sentence_twice(tmp_path):
    found = make(tmp_path, seen=["a b c", "d e", "f g h", "i j k"], unseen=["1 2 3", "4 5 6 7", "8 9", "10 11 12", "13 14 15"])
    assert found.pairs == [("a b c", "1 2 3"), ("d e", "8 9"), ("f g h", "10 11 12")]


def test_teachers_read_in_turn_with_the_next_emotion(tmp_path, monkeypatch):
    def read(text, turn, takes):
        [(_, level)] = takes
        return None if turn == 1 else (f"teacher {turn % 2}", np.full(2000, 0.1 * (turn % 2)), [np.full(20, level)])

    monkeypatch.setattr(material, "read_aloud", read)
    found = make(
        tmp_path, unseen=[f"This is sentence number {word}." for word in ("one", "two", "three", "four", "five", "six", "ten", "nine")]
    )
    readings = found.teachers
    assert [reading.emotion for reading in readings] == ["neutral", *EMOTIONS[2:], "neutral"]  # the second could not be read
    assert readings[0].wave[0] == 0
    assert readings[1].wave[0] == pytest.approx(material.LABELLED)
    assert torch.equal(readings[0].vector, readings[1].vector)  # one teacher, one introduction
    assert not torch.equal(readings[0].vector, readings[2].vector)


def test_a_reading_is_known_by_another_clip_of_its_reader(tmp_path, monkeypatch):
    clips = [
        Clip(f"{speaker}-{n}", "librispeech", speaker, "en-us", text, "CC BY 4.0", audio=f"{speaker}-{n}")
        for speaker, texts in (("1", ["one more time", "and again"]), ("2", ["only once"]), ("3", ["", "three", "four"]))
        for n, text in enumerate(texts)
    ]
    given = []
    monkeypatch.setattr(material, "prepare_recordings", lambda recordings, out, workers: given.extend(recordings) or clips)
    monkeypatch.setattr(material, "read_audio", lambda path: np.full(1600, 0.01 * (int(path.name[-1]) + 1), dtype=np.float32))
    recordings = [SimpleNamespace(clip=SimpleNamespace(speaker=str(number // 3))) for number in range(30)]
    first, third = make(tmp_path, recordings=recordings).other_corpus
    assert [recording.clip.speaker for recording in given] == ["0", "0", "1", "1", "2", "2", "3", "3"]  # not the whole corpus
    assert (first.text, third.text) == ("one more time", "three")
    assert first.wave[0] == pytest.approx(0.01)
    assert torch.equal(third.vector, ears(material.mel_spectrogram(np.full(1600, 0.03, dtype=np.float32))[None])[0])


def test_takes_share_one_reading_and_six_teachers_are_tried(monkeypatch):
    asked = []

    def read_text(engine, text):
        asked.append(engine)
        if engine < 2 and text == "hard":
            raise PhonesDoNotFit("no")
        return text

    for module in (material, evaluation):
        monkeypatch.setattr(module, "read_text", read_text)
    monkeypatch.setattr(evaluation, "design_speakers", lambda count: [SimpleSpeaker(str(i), i // 7) for i in range(count)])
    monkeypatch.setattr(material, "speak", lambda reading, speaker, emotion="neutral", level=0.0: ((reading, emotion, level), None))
    name, introduction, takes = read_aloud("hard", 0, [("happy", 0.5), ("sad", 1.0)])
    assert name == "14"
    assert takes == [("hard", "happy", 0.5), ("hard", "sad", 1.0)]
    assert introduction == (material.INTRODUCTION, "neutral", 0.0)
    assert asked == [0, 1, 2, 2]
    monkeypatch.setattr(evaluation, "TEACHERS", 8)
    assert read_aloud("hard", 0, [("happy", 0.5)]) is None


class SimpleSpeaker(SimpleNamespace):
    def __init__(self, name, engine):
        super().__init__(name=name, engine=engine)

    def __hash__(self):
        return hash(self.name)


def test_seen_sentences_are_those_that_the_teachers_read(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / evaluation.DNSMOS).touch()
    sentences = [("read", "train"), ("validated", "valid"), ("never read", "train"), ("tested", "test")]
    for module in (material, evaluation):
        monkeypatch.setattr(module, "read_sentences", lambda path: sentences)
    monkeypatch.setattr(material, "plan", lambda *_: [SimpleNamespace(text=text) for text in ("read", "cut short.", "validated")])
    split = [SimpleNamespace(split=s, clip=SimpleNamespace(split=s)) for s in ("train", "test")]
    monkeypatch.setattr(evaluation, "read_london", lambda path: split)
    monkeypatch.setattr(evaluation, "read_librispeech", lambda path: split)
    found = gather(tmp_path, tmp_path, Extent(), None, ears, Pool())
    assert (found.seen, found.unseen) == (["read"], ["tested"])
    assert [one.split for one in (*found.kept.people, *found.kept.recordings)] == ["test", "test"]


def test_a_missing_judge_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="DNS-Challenge"):
        gather(tmp_path, tmp_path, Extent(), None, ears, Pool())
