"""The Talking face tab through its endpoint: a film comes back, marked, and bad wishes get one line."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from gradio.utils import get_upload_folder
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from feim.demo.portrait import FACES
from feim.signal.mark import read_label
from feim.signal.video import read_video

FACE = str(FACES / "average-man-20s.jpg")


def wish(client, **changes):
    given = {"text": "Hello.", "face": handle_file(FACE), "emotion": "happy", "intensity": 1, "seed": 0, "recording": None}
    return client.predict(**given | changes, api_name="/animate")


def path_of(film) -> Path:
    return Path(film["video"] if isinstance(film, dict) else film)


def test_a_film_comes_back_marked(client):
    film, line, subtitles = wish(client)
    video = read_video(path_of(film))
    assert (video.height, video.width) == (512, 512)
    assert read_label(path_of(film)).comment.startswith("AI-generated")
    assert f"{sum(1 for _ in video.frames()) / 25:.1f} s" in line
    assert video.waveform is not None
    assert re.fullmatch(r"WEBVTT\n\n00:00:0\S+ --> 00:00:0\S+\nHello\.\n", subtitles)


def test_a_recording_is_said_in_place_of_the_text(client, tmp_path):
    wave = 0.1 * np.sin(2 * np.pi * 150 * np.arange(8000) / 16_000)
    soundfile.write(tmp_path / "said.wav", wave, 16_000)
    film, _, subtitles = wish(client, recording=handle_file(str(tmp_path / "said.wav")))
    assert subtitles == ""  # nobody knows the words
    assert sum(1 for _ in read_video(path_of(film)).frames()) == 13


def test_a_mixture_and_a_curve_come_through_the_api(client):
    film, line, _ = wish(client, emotion="happy:0.7+sad:0.3", intensity=[0, 5, 1])
    assert path_of(film).name == "feim-happy-sad.mp4"
    assert "of film in" in line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"face": None}, "choose a portrait"),
        ({"text": ""}, "nothing to say"),
        ({"intensity": 31}, "out of range"),
        ({"intensity": [1, 31]}, "number 2 of the curve, is out of range"),
        ({"intensity": [1]}, "two or more numbers"),
        ({"emotion": "happy:0.5+bored:0.5"}, "unknown emotion 'bored'"),
        ({"seed": 0.5}, "whole"),
    ],
)
def test_bad_wishes_get_a_line(client, changes, said):
    with pytest.raises(AppError, match=said):
        wish(client, **changes)


def test_a_recording_has_an_end(client, tmp_path, monkeypatch):
    monkeypatch.setattr("feim.demo.talk.LONGEST", 1)
    soundfile.write(tmp_path / "long.wav", np.zeros(3 * 16_000), 16_000)
    with pytest.raises(AppError, match="recording is longer"):
        wish(client, recording=handle_file(str(tmp_path / "long.wav")))


def test_a_visitor_makes_a_film(address, tmp_path):
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(viewport={"width": 1280, "height": 1000})
        wrong = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(address)
        page.get_by_role("tab", name="Talking face").click()
        page.locator(".gallery-item:visible").nth(2).click()
        page.get_by_label("Text").and_(page.locator(":visible")).fill("Hello & <i>welcome</i>.")
        page.get_by_role("button", name="Make the film").click()
        page.wait_for_selector("#film video", timeout=120_000)
        page.wait_for_function("document.querySelector('#film video').readyState >= 2", timeout=30_000)
        assert page.evaluate("document.querySelector('#film video').videoWidth") == 512
        assert "of film in" in page.inner_text("#film-status")

        cues = "[...document.querySelector('#film .spoken')?.track.cues ?? []]"
        page.wait_for_function(f"{cues}.length")
        (cue,) = page.evaluate(f"{cues}.map((cue) => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent])")
        assert 0 <= cue[0] < cue[1] <= page.evaluate("document.querySelector('#film video').duration")
        assert cue[2].startswith("Hello")
        switch = page.get_by_label("Subtitles")
        for wanted in ("hidden", "showing"):
            switch.click()
            assert page.evaluate("document.querySelector('#film .spoken').track.mode") == wanted
        assert not list(Path(get_upload_folder()).rglob("*.vtt"))  # nowhere but in the browser

        soundfile.write(tmp_path / "said.wav", np.zeros(8000), 16_000)
        page.get_by_role("tab", name="Say a recording").click()
        page.locator("#recording input[type=file]").set_input_files(tmp_path / "said.wav")
        page.locator("#recording [aria-label=Play]").wait_for()
        page.get_by_role("button", name="Make the film").click()
        switch.wait_for(state="hidden", timeout=120_000)
        assert page.locator("#film .spoken").count() == 0
        assert wrong == []
