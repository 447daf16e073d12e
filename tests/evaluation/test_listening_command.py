"""python -m feim listen, as a command of its own, and the test that a studio and its teachers make."""

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from urllib.request import urlopen

import numpy as np
import pytest

from feim.__main__ import main
from feim.evaluation.listening.answers import Answers
from feim.evaluation.listening.design import Item, ListeningTest, Question, plan
from feim.evaluation.listening.folder import read_sound, write_test
from feim.evaluation.listening.material import BASE, TEACHER, make_test


@pytest.fixture
def listen(capsys):
    """Run the command; gives its exit code, what it printed and what it complained."""

    def run(*arguments) -> tuple[int, str, str]:
        code = main(["listen", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def folder(tmp_path):
    """A test with one rater who is through."""
    sound = np.full(800, 0.1, np.float32)
    items = tuple(Item(name, {"base": sound, "new": sound}) for name in "xy")
    test = write_test(tmp_path / "test", ListeningTest("Voices", "mos", (Question("naturalness", "How natural?"),), ("base", "new"), items))
    answers = Answers(test)
    rater = answers.enrol()
    for place, stimulus in enumerate(plan(test, rater.code, rater.number)):
        answers.record(rater, place, {"naturalness": 4 if stimulus.systems == ("new",) else 2})
    return test.folder


def test_results_for_people_and_for_machines(folder, listen):
    code, printed, complaint = listen(folder, "--results")
    assert (code, complaint) == (0, "")
    assert "| new | 4.00 ± 0.00 | **4.00 ± 0.00** | +100.00 % | +2.00 ± 0.00 |" in printed
    _, line, _ = listen(folder, "--results", "--json")
    found = json.loads(line)
    assert found["raters"]["finished"] == 1
    assert found["results"]["new"]["questions"]["naturalness"]["mean"] == 4


def test_bad_folders_are_one_line(folder, tmp_path, listen):
    (folder / "answers.sqlite").write_bytes(b"damaged" * 1000)
    for arguments, message in (
        ((folder, "--results"), "cannot be used"),
        ((tmp_path / "none",), "there is no listening test"),
        ((folder, "--make", "--results"), "do not go together"),
    ):
        code, printed, complaint = listen(*arguments)
        assert (code, printed) == (2, "")
        assert message in complaint
        assert complaint.count("\n") == 1


def test_the_page_opens_and_closes(folder):
    with subprocess.Popen(
        [sys.executable, "-m", "feim", "listen", folder], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as page:
        try:
            line = page.stdout.readline().split()
            assert line[0] == "Voices"
            assert b"Listening test" in urlopen(line[-1], timeout=60).read()
        finally:
            page.send_signal(signal.SIGINT)
            page.wait(60)


class Humming:
    """A studio that hums a length and a level for each γ."""

    def __init__(self):
        self.said = []

    def speak(self, text, face, emotion, intensity):
        self.said.append((text, face, emotion, intensity))
        return SimpleNamespace(waveform=np.full(1600, 0.01 * (1 + intensity), np.float32))


@pytest.mark.parametrize("kind", ["mos", "ab"])
def test_a_test_is_made_of_studio_and_teachers(tmp_path, kind):
    studio = Humming()
    test = make_test(studio, tmp_path / "made", kind, sentences=4, intensity=5, say=lambda line: None)
    assert test.systems == ((BASE, "FEIM-TTS, γ = 5", TEACHER) if kind == "mos" else (BASE, "FEIM-TTS, γ = 5"))
    assert [item.emotion for item in test.items] == ["happy", "sad", "angry", "fearful"]
    for item in test.items:
        levels = [read_sound(test.folder / item.files[system])[0].max() / 32768 for system in test.systems[:2]]
        assert levels == pytest.approx([0.01, 0.06], abs=1e-3)
        assert item.picture
    assert len({text for text, *_ in studio.said}) == 5  # four to rate and one to practise
    (check,) = test.checks
    assert check.wanted == {question.name: 2 if kind == "mos" else 3 for question in test.questions}
    if kind == "mos":
        teachers = [read_sound(test.folder / item.files[TEACHER])[0] for item in test.items]
        assert all(len(sound) > 8000 and np.abs(sound.astype(int)).max() > 1000 for sound in teachers)


def test_impossible_tests_are_refused_before_anything_is_spoken(folder, tmp_path):
    studio = Humming()
    with pytest.raises(ValueError, match="choose 4 to 8"):
        make_test(studio, tmp_path / "short", sentences=3)
    with pytest.raises(FileExistsError):
        make_test(studio, folder)
    assert not studio.said
