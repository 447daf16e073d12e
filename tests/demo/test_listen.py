"""The listening page as raters meet it: over HTTP, with good and bad answers, and in a browser with keys alone."""

import shutil
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
import numpy as np
import pytest
from PIL import Image

from feim.demo.listen import UNABLE, build_page, launch
from feim.evaluation.listening.answers import DATABASE, Answers
from feim.evaluation.listening.design import Control, Item, ListeningTest, Question, plan
from feim.evaluation.listening.folder import write_test
from feim.evaluation.listening.results import preference, read_results, score
from feim.signal.video import write_video

SYSTEMS = ("Old & plain", "Brand new")
SECRETS = (*SYSTEMS, "Old &amp; plain", "harvest sentence", "attention trap", "rated", "wanted")


@pytest.fixture(params=["mos", "ab", "films, mos", "films, ab"])
def test(request, tmp_path) -> ListeningTest:
    Image.new("RGB", (64, 64), "tan").save(tmp_path / "face.png")
    films, kind = "films" in request.param, request.param[-3:].strip()

    def tone(pitch: float) -> np.ndarray | Path:
        wave = 0.2 * np.sin(2 * np.pi * pitch * np.arange(1600) / 16_000).astype(np.float32)
        frames = [np.full((64, 64, 3), pitch / 2, np.uint8)] * 3
        return write_video(tmp_path / f"{pitch}.mp4", frames, wave, visible_mark=False) if films else wave

    heard = [tone(90)] * (2 if kind == "ab" else 1)
    return write_test(
        tmp_path / "test",
        ListeningTest(
            "Which <voice>?",
            kind,
            (Question("naturalness", "How natural?"), Question("emotion", "How {emotion}?")),
            SYSTEMS,
            (
                Item("harvest sentence 1", {SYSTEMS[0]: tone(100), SYSTEMS[1]: tone(200)}, "happy", tmp_path / "face.png"),
                Item("harvest sentence 2", {SYSTEMS[0]: tone(300), SYSTEMS[1]: tone(400)}, "sad", tmp_path / "face.png"),
            ),
            (Control("practice", heard, "happy"),),
            (Control("attention trap", heard, "sad", wanted={"naturalness": 2}),),
        ),
    )


@pytest.fixture
def address(test):
    page = build_page(test, Answers(test))
    yield launch(page)
    page.close()


@pytest.fixture
def call(address):
    """Call one of the page's functions as its browser would."""
    found = httpx.get(f"{address}config", timeout=60).json()["components"]
    (listening,) = [component["id"] for component in found if component["props"].get("elem_id") == "listening"]

    def post(name, wish):
        body = {"session_hash": "rater", "component_id": listening, "fn_name": name, "data": wish}
        return httpx.post(f"{address}gradio_api/component_server/", json=body, timeout=60).raise_for_status().json()

    return post


def sent(screen, naturalness=2, emotion=3):
    return {"code": screen["code"], "place": screen["place"], "values": {"naturalness": naturalness, "emotion": emotion}}


def test_two_raters_at_once_each_to_the_end(call, test):
    one, other = call("begin", None), call("begin", None)
    assert one["code"] != other["code"]
    while one["code"] or other["code"]:
        one, other = (call("answer", sent(screen)) if screen["code"] else screen for screen in (one, other))
    assert "Thank you" in one["html"]
    results = read_results(Answers(test))
    assert (results.finished, len(results.opinions)) == (2, 8 if test.kind == "mos" else 4)


def test_nothing_that_a_rater_gets_tells_the_systems(call, address, test):
    page = httpx.get(address, timeout=60).text + httpx.get(f"{address}config", timeout=60).text
    screen = call("begin", None)
    while screen["code"]:
        page += screen["html"]
        screen = call("answer", sent(screen))
    names = [*SECRETS, *(file.name for file in test.folder.iterdir()), str(test.folder)]
    assert not [name for name in names if name in page]
    assert "<voice>" not in page  # nor can a title carry markup


def test_a_rater_returns_with_the_code(call):
    screen = call("answer", sent(call("begin", None)))
    again = call("go_on", f"{screen['code'][:4]} {screen['code'][4:]}".lower())
    assert again == screen
    assert "nobody has this code" in call("go_on", "WRONG")["trouble"].lower()


def test_bad_answers_are_told_and_not_kept(call, test):
    screen = call("begin", None)
    for wish in (
        sent(screen, naturalness=6), sent(screen, emotion=None), sent(screen) | {"values": {}}, sent(screen) | {"place": 3},
        sent(screen) | {"code": "NOBODY"}, {"code": screen["code"]}, {}, None, "text", [1, 2],
    ):  # fmt: skip
        assert call("answer", wish)["trouble"]
    assert Answers(test).everything() == (1, [])


def test_the_same_answer_twice_goes_on_with_the_next(call, test):
    screen = call("begin", None)
    call("answer", sent(screen, naturalness=1))
    assert call("answer", sent(screen, naturalness=3))["place"] == 1
    assert {answer.value for answer in Answers(test).everything()[1]} == {1, 3}  # 3 is the answer about emotion


def test_a_damaged_database_is_told_without_paths(call, test, capsys):
    screen = call("begin", None)
    (test.folder / DATABASE).write_bytes(b"damaged" * 1000)
    assert call("answer", sent(screen)) == {"trouble": UNABLE}
    assert DATABASE in capsys.readouterr().err


def test_the_page_takes_no_files(address):
    assert httpx.get(f"{address}config", timeout=60).json()["dependencies"] == []  # no endpoint for which Gradio would fetch any
    sent = httpx.post(f"{address}gradio_api/upload", files={"files": bytes(11_000_000)}, timeout=60)
    assert sent.status_code == 413


def test_files_of_the_test_are_out_of_reach(address, test):
    for file in test.folder.iterdir():
        with pytest.raises(HTTPError, match="403"):
            urlopen(f"{address}gradio_api/file={file}")


def test_in_a_browser_with_keys_alone(address, test):
    width = 390 if (test.kind == "mos") != test.of_films else 1280
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    complaints, strangers = [], []
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
        ) as browser,
    ):
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.set_default_timeout(60_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: None if request.url.startswith((address, "data:", "blob:")) else strangers.append(request.url))
        page.goto(address)
        page.get_by_role("button", name="I agree").focus()
        page.keyboard.press("Enter")
        page.locator(".trial").wait_for()
        page.keyboard.press("2")  # too early: nothing was heard yet
        assert page.locator(":checked").count() == 0
        page.keyboard.press("Enter")
        page.get_by_text("Play it to the end first").wait_for()

        def rate(number: int) -> None:
            page.locator("h2", has_text=f"{number} of").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out sideways
            assert page.locator("video" if test.of_films else "audio").count() == len(plan(test, "any", 0)[0].files)
            for heard, key in enumerate("ab" if test.kind == "ab" else " ", start=1):
                page.keyboard.press("Space" if key == " " else key)
                page.wait_for_function(f"document.querySelectorAll('.player.done').length == {heard}")
            for key in "23":
                page.keyboard.press(key)
            page.keyboard.press("Enter")

        rate(1)
        rate(2)
        page.locator("h2", has_text="3 of").wait_for()
        page.reload()
        page.get_by_role("button", name="Go on").click()  # the browser remembers the code
        total = len(plan(test, "any", 0))
        for number in range(3, total + 1):
            rate(number)
        page.get_by_role("heading", name="Thank you").wait_for()
    assert not complaints
    assert not strangers
    results = read_results(Answers(test))
    assert results.finished == 1
    if test.kind == "mos":
        assert (score(results, SYSTEMS[0], "naturalness").mean, score(results, SYSTEMS[1], "emotion").mean) == (2, 3)
    else:
        assert preference(results, SYSTEMS, "naturalness").mean == 0.5
