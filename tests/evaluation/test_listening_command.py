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
import soundfile

from feim.__main__ import main
from feim.evaluation.listening.answers import Answers
from feim.evaluation.listening.collected import collect_test
from feim.evaluation.listening.design import Item, ListeningTest, Question, plan
from feim.evaluation.listening.folder import BadTest, read_sound, read_test, write_test
from feim.evaluation.listening.material import BASE, CALM, STILL, TEACHER, make_test
from feim.signal.video import read_video, write_video


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
        ((folder, "--from", tmp_path), "add --make"),
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
            try:
                page.wait(60)
            finally:
                page.kill()  # or a page that does not close is waited for without end


class Humming:
    """A studio that hums a length and a level for each γ, and shows γ as a shade of grey that grows brighter."""

    def __init__(self):
        self.said, self.shown = [], []

    def speak(self, text, face, emotion, intensity):
        self.said.append((text, face, emotion, intensity))
        return SimpleNamespace(waveform=np.full(1600, 0.01 * (1 + intensity), np.float32))

    def animate(self, face, speech, emotion, intensity):
        self.shown.append((face, float(speech.waveform[0]), emotion, intensity))
        frames = [np.full((64, 64, 3), 20 * (1 + intensity) + 10 * number, np.uint8) for number in range(3)]
        return SimpleNamespace(
            frames=frames, still=np.zeros((64, 64, 3), np.uint8), waveform=speech.waveform,
            save=lambda path: write_video(path, frames, speech.waveform, visible_mark=False),
        )  # fmt: skip


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


def greys(test: ListeningTest, file: str) -> list[int]:
    """The middle of every picture of a film."""
    return [int(frame[32, 32, 0]) for frame in read_video(test.folder / file).frames()]


@pytest.mark.parametrize("kind", ["mos", "ab"])
def test_a_test_of_films_is_made_of_the_studio(tmp_path, kind):
    studio = Humming()
    test = make_test(studio, tmp_path / "made", kind, sentences=4, intensity=5, films=True, say=lambda line: None)
    assert test.systems == ((CALM, "FEIM, γ = 5", STILL) if kind == "mos" else (CALM, "FEIM, γ = 5"))
    assert test.of_films
    for item in test.items:
        assert greys(test, item.files[CALM]) == pytest.approx([20, 30, 40], abs=3)
        assert greys(test, item.files["FEIM, γ = 5"]) == pytest.approx([120, 130, 140], abs=3)
        if kind == "mos":
            assert greys(test, item.files[STILL]) == pytest.approx([0, 0, 0], abs=3)
    assert {round(level, 2) for _, level, *_ in studio.shown} == {0.06}  # whatever the face does, the voice is the same
    names = [question.name for question in test.questions]
    if kind == "mos":
        assert [question.name for question in test.questions if question.overall] == ["motion", "noise", "quality"]  # the paper's aggregate
        assert names == ["motion", "noise", "quality", "realistic", "pleasing", "lips", "expressiveness"]
    (check,) = test.checks
    assert check.wanted == dict.fromkeys(names, 2 if kind == "mos" else 3)
    said = read_video(test.folder / check.files[0])
    assert np.abs(said.waveform).max() > 0.1
    assert next(said.frames()).std() > 10  # and it can be read


@pytest.fixture
def systems(tmp_path):
    """Two folders of films with the same three names, each film of another grey: 20, 40 … and 120, 140 …"""
    for system, base in (("old", 20), ("new", 120)):
        (tmp_path / system).mkdir()
        for number, name in enumerate(("0-sad", "1-happy", "2-angry")):
            frames = [np.full((64, 64, 3), base + 20 * number, np.uint8)] * 3
            write_video(tmp_path / system / f"{name}.mp4", frames, np.full(1920, 0.1, np.float32), visible_mark=False)
    return tmp_path / "old", tmp_path / "new"


@pytest.mark.parametrize("kind", ["mos", "ab"])
def test_a_test_is_made_of_films_that_are_there(systems, tmp_path, listen, kind):
    code, line, _ = listen(tmp_path / "test", "--make", "--kind", kind, "--from", *systems, "--json")
    assert (code, json.loads(line)["systems"], json.loads(line)["stimuli"]) == (0, ["old", "new"], 6 if kind == "mos" else 4)
    test = read_test(tmp_path / "test")
    assert [(item.name, item.emotion) for item in test.items] == [("1-happy", "happy"), ("2-angry", "angry")]
    shades = [greys(test, item.files[system])[0] for item in test.items for system in test.systems]
    assert shades == pytest.approx([40, 140, 60, 160], abs=3)
    (practice,) = test.training
    assert [greys(test, file)[0] for file in practice.files] == pytest.approx([20, 120][: 2 if kind == "ab" else 1], abs=3)
    assert "expressiveness" in [question.name for question in test.questions]


def test_names_without_emotions_are_not_asked_about_them(systems, tmp_path):
    for system in systems:
        (system / "2-angry.mp4").rename(system / "2.mp4")
    test = collect_test(systems, tmp_path / "test")
    assert [item.emotion for item in test.items] == ["", ""]
    assert [question.name for question in test.questions] == ["motion", "noise", "quality", "realistic", "pleasing", "lips"]


def test_sounds_that_are_there_make_a_test_too(tmp_path):
    for system in ("a", "b"):
        (tmp_path / system).mkdir()
        for name in "xy":
            soundfile.write(tmp_path / system / f"{name}.flac", np.full(800, 0.1), 16_000)
    test = collect_test([tmp_path / "a", tmp_path / "b"], tmp_path / "test")
    assert not test.of_films
    assert [question.name for question in test.questions] == ["naturalness"]


def test_systems_that_do_not_fit_together_are_explained(systems, tmp_path):
    def refused(*given, message: str) -> None:
        with pytest.raises(BadTest, match=message):
            collect_test(given, tmp_path / "test")
        assert not (tmp_path / "test" / "test.json").exists()

    old, new = systems
    refused(old, old, message="different names")
    refused(old, tmp_path / "nowhere", message="there is no folder")
    soundfile.write(new / "3.wav", np.zeros(800), 16_000)
    refused(old, new, message="there is no old/3")
    soundfile.write(old / "3.wav", np.zeros(800), 16_000)
    refused(old, new, message="films and sounds")
    for system in systems:
        for file in system.iterdir():
            file.unlink()
    refused(old, new, message="0 names in old, new are too few")


def test_impossible_tests_are_refused_before_anything_is_spoken(folder, tmp_path):
    studio = Humming()
    with pytest.raises(ValueError, match="choose 4 to 8"):
        make_test(studio, tmp_path / "short", sentences=3)
    with pytest.raises(FileExistsError):
        make_test(studio, folder)
    assert not studio.said
