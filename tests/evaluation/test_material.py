"""The material is chosen evenly, the same way every time, and only from what no model was trained on."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from feim.data.phone_times import PhonesDoNotFit
from feim.evaluation import material
from feim.evaluation.material import FULL, QUICK, Extent, gather
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS


def person(identity: str, gender: str, split: str = "test") -> SimpleNamespace:
    return SimpleNamespace(identity=identity, gender=gender, split=split, images={"neutral": identity})


PEOPLE = [person("a", "female"), person("b", "female", "train"), person("c", "male"), person("d", "male"), person("e", "male")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder whose texts and recordings are real files; people and teachers are stand-ins."""
    (tmp_path / "text").mkdir()
    names = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    lines = [f"this is sentence {a} {b} here." for a in names for b in (*names, *names)]
    (tmp_path / "text" / "ljspeech_sentences.txt").write_text("\n".join(lines))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "dnsmos_sig_bak_ovr.onnx").touch()
    write_audio(tmp_path / "long.flac", np.full(200_000, 0.1, dtype=np.float32))
    recordings = [SimpleNamespace(path=tmp_path / "long.flac", clip=SimpleNamespace(split=split)) for split in ("train", "test", "test")]
    monkeypatch.setattr(material, "read_librispeech", lambda source: recordings)
    monkeypatch.setattr(material, "read_london", lambda source: PEOPLE)
    monkeypatch.setattr(material, "portrait", lambda path: np.zeros((2, 2, 3), dtype=np.uint8))
    monkeypatch.setattr(material, "read_text", lambda engine, text: text)
    monkeypatch.setattr(material, "speak", lambda reading, speaker, emotion, intensity: (np.full(10, intensity), []))
    return tmp_path


def choose(folder, **extent):
    with ThreadPoolExecutor(1) as pool:
        return gather(folder, Extent(**extent), pool)


def test_only_what_is_held_out(folder):
    found = choose(folder, sentences=8, people=4)
    assert [p.identity for p, _ in found.people] == ["a", "c", "d", "e"]  # a woman, a man, then the rest
    assert [len(wave) for wave in found.recordings] == [144_000, 144_000]
    assert [line.emotion for line in found.lines] == [*EMOTIONS, "neutral"]
    assert all("eight here" in line.text for line in found.lines)  # line 7 of every twenty
    assert found.short


def test_teachers_read_as_strongly_as_labelled(folder):
    neutral, happy = choose(folder, sentences=2).lines
    assert neutral.teacher[0] == 0
    assert happy.teacher[0] == pytest.approx(material.LABELLED)


def test_a_sentence_that_no_teacher_can_read_is_replaced(folder, monkeypatch):
    def read_text(engine, text):
        if "one" in text:
            raise PhonesDoNotFit("no")
        return text

    monkeypatch.setattr(material, "read_text", read_text)
    found = choose(folder, sentences=5)
    assert len(found.lines) == 5
    assert not any("one" in line.text for line in found.lines)


def test_a_missing_judge_is_named(folder):
    (folder / "models" / "dnsmos_sig_bak_ovr.onnx").unlink()
    with pytest.raises(FileNotFoundError, match="DNS-Challenge"):
        choose(folder)


def test_quick_is_less_of_everything():
    assert all(getattr(QUICK, name) < getattr(FULL, name) for name in vars(FULL))
