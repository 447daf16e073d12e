"""Thoughts on the page: everything is there as text, nothing of it is trusted; a film keeps them, and other programs may ask."""

import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from gradio_client import Client
from gradio_client.exceptions import AppError

from feim.demo.page import build_page, launch
from feim.demo.thinking import SENT, thinking_html
from feim.signal.emotion import EMOTIONS
from feim.signal.muscles import Muscle
from feim.studio import Studio
from feim.thinking import Reasoning

EVIL = "<script>alert(1)</script>"


def thought(**changes) -> Reasoning:
    given = {
        "text": EVIL, "steps": ("I read 2 words.", EVIL), "emotion": "happy", "intensity": 2.0, "muscles": (Muscle(12, 0.5, "late"),),
        "words": ("so", EVIL), "emphasis": (0,), "probabilities": dict.fromkeys(EMOTIONS, 1 / 7), "notes": (EVIL,),
    }  # fmt: skip
    return Reasoning(**given | changes)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_is_whole_and_escaped():
    for one in (thought(), thought(muscles=(), words=(), emphasis=(), notes=(), source="language model")):
        parser = Tags()
        parser.feed(thinking_html(one))
        assert parser.open == []
        assert "script" not in parser.seen
        assert EVIL not in thinking_html(one)


def test_everything_is_there_as_text():
    page = thinking_html(thought())
    parts = ("<ol", "estimate", "12 lip corner puller", "C, marked", "late", "<strong>so</strong>", "0.14")
    for part in (*parts, "scope='row'", "aria-hidden='true'"):
        assert part in page
    for label in EMOTIONS:
        assert label in page
    assert "All muscles rest" in thinking_html(thought(muscles=()))
    assert "language model" in thinking_html(thought(source="language model"))


# ---- on the page -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wishes():
    """What Studio.animate was asked for in this module: (feeling, intensity, thought)."""
    animate, asked = Studio.animate, []

    def told(studio, face, speech, emotion=None, intensity=None, seed=0, **more):
        asked.append((emotion, intensity, more.get("thought")))
        return animate(studio, face, speech, emotion, intensity, seed, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Studio, "animate", told)
        yield asked


@pytest.fixture(scope="module")
def address(studio, wishes):
    page = build_page(replace(studio))
    launch(page, prevent_thread_lock=True, quiet=True)
    yield page.local_url
    page.close()


def test_other_programs_can_ask(address, studio):
    client = Client(address, verbose=False)
    assert client.predict("Get out, you liar!", api_name="/think") == studio.think("Get out, you liar!").as_dict()
    assert client.predict("Get out, you liar!", emotion="sad", api_name="/think")["emotion"] == "sad"
    assert "no words" in client.predict("???", api_name="/think")["notes"][0]
    with pytest.raises(AppError, match="unknown emotion 'purple'"):
        client.predict("Hello.", emotion="purple", api_name="/think")
    with pytest.raises(AppError, match="the text is 7"):
        client.predict(7, api_name="/think")


def test_who_reads_the_text_is_said(studio, monkeypatch):
    def hints() -> str:
        return "".join(block.info or "" for block in build_page(studio).blocks.values() if getattr(block, "elem_id", "") == "think")

    assert "the feeling" in hints()
    assert SENT not in hints()
    monkeypatch.setenv("FEIM_LLM_URL", "http://127.0.0.1:9/v1")
    assert SENT in hints()


def test_a_visitor_has_a_text_thought_through(address, wishes, tmp_path):
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(viewport={"width": 390, "height": 900})
        page.set_default_timeout(120_000)
        wrong = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: wrong.append(dialog.message) or dialog.dismiss())
        page.goto(address)
        page.get_by_role("tab", name="Talking face").click()
        assert page.locator(".thoughts").is_hidden()
        page.locator(".gallery-item:visible").nth(2).click()
        page.locator(".portrait:visible img:not(.gallery-item img)").wait_for()
        evil = "I am so happy <img src=x onerror=alert(1)>!"
        page.get_by_label("Text").and_(page.locator(":visible")).fill(evil)
        resting = "document.querySelector('#chosen').inert"
        assert not page.evaluate(resting)
        page.get_by_label("Think before drawing").check()
        page.wait_for_function(resting)

        page.get_by_role("button", name="Make the film").click()
        page.get_by_role("heading", name="What it thought").wait_for()
        page.wait_for_function("document.querySelector('#film video')?.readyState >= 2")
        assert f"“{evil}”" in page.inner_text("#thought .steps li >> nth=0")
        assert page.locator("#thought img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        emotion, _, thought = wishes[-1]
        assert (emotion, thought.text) == (None, evil)
        assert page.locator("#thought [aria-current]").inner_text().startswith(thought.emotion)

        source = page.evaluate("document.querySelector('#film video').src")
        page.locator(".curve [role=slider]").first.press("Home")
        page.get_by_role("button", name="Draw it again").click()
        page.wait_for_function("(old) => (document.querySelector('#film video')?.src ?? old) !== old", arg=source)
        assert (wishes[-1][0], wishes[-1][1][0], wishes[-1][2]) == (None, 0, thought)
        assert page.get_by_role("heading", name="What it thought").is_visible()

        soundfile.write(tmp_path / "said.wav", np.zeros(8000), 16_000)
        page.get_by_role("tab", name="Say a recording").click()
        page.locator("#recording input[type=file]").set_input_files(tmp_path / "said.wav")
        page.locator("#recording [aria-label=Play]").wait_for()
        page.wait_for_function(f"!{resting}")
        page.get_by_role("button", name="Make the film").click()
        page.locator(".thoughts").wait_for(state="hidden")
        page.get_by_text("A recording has no text to think about").wait_for()
        assert wishes[-1][0::2] == ("happy", None)
        assert wrong == []
