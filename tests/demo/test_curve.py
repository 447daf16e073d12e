"""The curve under a film, in a browser: it shows what the face felt, is drawn by hand, keys and factor, and reaches the next film."""

import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.request import Request, urlopen

import numpy as np
import pytest

from feim.demo.curve import COLUMNS, HANDLES, curve_of, drawn
from feim.demo.page import build_page, launch
from feim.signal.action_units import strength
from feim.studio import Studio
from tests.demo.conftest import visit


class Ear:
    """Stands in for the network that hears how strongly a voice feels."""

    def track(self, mel, pitch, weights):
        return (0.5 + 0.3 * np.sin(np.arange(-(-mel.shape[1] // 4)) / 6)).astype(np.float32)


@pytest.fixture(scope="module")
def made():
    """(speeches, films) that were made in this module, in order."""
    speak, animate = Studio.speak, Studio.animate
    speeches, films = [], []

    def kept(way, told):
        return lambda *given, **wish: told.append(way(*given, **wish)) or told[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Studio, "speak", kept(speak, speeches))
        patch.setattr(Studio, "animate", kept(animate, films))
        yield speeches, films


@pytest.fixture(scope="module")
def address(studio, made):
    hearing = replace(studio)
    hearing._taken["voice-intensity"] = Ear()
    page = build_page(hearing)
    launch(page, prevent_thread_lock=True, quiet=True)
    yield page.local_url
    page.close()


def filmed(browser, address, width: int, touch: bool = False, before=lambda page: None):
    """A page on which a film was made, and what the browser complains about."""
    page, complaints = visit(browser, address, "Talking face", width, touch=touch)
    assert page.locator(".curve").is_hidden()
    assert page.get_by_role("button", name="Draw it again").is_hidden()
    page.locator(".gallery-item:visible").nth(2).click()
    page.locator(".portrait:visible img:not(.gallery-item img)").wait_for()  # a button pressed before it arrives asks for a portrait
    page.get_by_label("Text").and_(page.locator(":visible")).fill(
        "We walked along the river, and it was late. " * 6
    )  # what is not trained speaks fast
    before(page)
    page.get_by_role("button", name="Make the film").click()
    page.locator(".curve").wait_for()
    page.wait_for_function("document.querySelector('#film video')?.readyState >= 2")
    return page, complaints


def shown(page) -> list[float]:
    return [float(handle.get_attribute("aria-valuenow")) for handle in page.locator(".curve [role=slider]").all()]


def draw_again(page, films):
    """Press the button, and wait for the film."""
    source = page.evaluate("document.querySelector('#film video').src")
    page.get_by_role("button", name="Draw it again").click()
    page.wait_for_function("(old) => { const film = document.querySelector('#film video'); return film && film.src !== old; }", arg=source)
    return films[-1]


def at_handles(film, count: int) -> np.ndarray:
    """γ of the film where the handles are."""
    return film.intensity[np.floor(np.arange(count) * (len(film.intensity) - 1) / (count - 1) + 0.5).astype(int)]


def test_the_curve_is_what_the_face_felt_and_becomes_what_it_feels(browser, address, made):
    speeches, films = made
    page, complaints = filmed(browser, address, 1280)
    first, handles = films[-1], page.locator(".curve [role=slider]")
    assert first.intensity.std() > 0  # it followed the voice
    count = handles.count()
    assert 3 <= count <= HANDLES
    assert shown(page) == pytest.approx(at_handles(first, count), abs=0.06)
    assert handles.first.get_attribute("aria-label") == "At 0 seconds"
    assert page.evaluate("document.documentElement.scrollWidth") == 1280

    # keys
    handle = handles.nth(1)
    handle.press("End")
    assert (handle.get_attribute("aria-valuenow"), handle.get_attribute("aria-valuetext")) == ("30", "30, strongest")
    handle.press("ArrowDown")
    assert 5 < float(handle.get_attribute("aria-valuenow")) < 30
    handle.press("Home")
    assert handle.get_attribute("aria-valuetext") == "0, neutral"
    before = shown(page)[2]
    handles.nth(2).press("ArrowUp")
    assert shown(page)[2] > before
    handles.nth(2).press("PageDown")
    assert shown(page)[2] < before

    # the mouse: a handle is pulled to the top, its neighbours stay
    box, plot, rest = handles.nth(-2).bounding_box(), page.locator(".curve svg").bounding_box(), shown(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, plot["y"] - 50, steps=5)
    page.mouse.up()
    now = shown(page)
    assert now[-2] == 30
    assert now[:-3] + now[-1:] == rest[:-3] + rest[-1:]

    again = draw_again(page, films)
    assert len(speeches) == 1  # the same sound
    assert again.waveform is speeches[0].waveform
    assert at_handles(again, count) == pytest.approx(now, abs=0.5)
    assert again.intensity[at := len(again.intensity) - 1 - round((len(again.intensity) - 1) / (count - 1))] == pytest.approx(
        30, abs=0.01
    ), at
    assert again.intensity.min() == 0
    page.wait_for_function("document.querySelector('#film-status').innerText.includes('of film in')")
    assert shown(page) == pytest.approx(now, abs=0.06)
    assert complaints == []
    page.close()


def test_all_of_it_is_multiplied_and_reset(browser, address, made):
    _, films = made
    page, complaints = filmed(browser, address, 1280)
    first, factor = films[-1], page.get_by_role("slider", name="All of it")
    rest = shown(page)
    factor.focus()
    factor.press("End")
    assert factor.get_attribute("aria-valuetext") == "times 3"
    assert shown(page) == pytest.approx(np.minimum(30, 3 * np.array(rest)), abs=0.2)
    tripled = draw_again(page, films)
    assert tripled.intensity == pytest.approx(np.minimum(30, 3 * first.intensity), abs=0.01)

    page.wait_for_function("document.querySelector('#curve-times').value === '1'")  # the new film's curve is as it is
    factor.focus()
    factor.press("Home")
    assert set(shown(page)) == {0.0}
    page.get_by_role("button", name="Reset").click()
    assert shown(page) == pytest.approx(np.minimum(30, 3 * np.array(rest)), abs=0.2)
    assert factor.get_attribute("aria-valuetext") == "times 1"
    assert complaints == []
    page.close()


def test_a_finger_draws_through_all_that_it_passes(browser, address, made):
    _, films = made
    page, complaints = filmed(browser, address, 390, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390  # nothing sticks out sideways
    page.locator(".curve").scroll_into_view_if_needed()
    plot = page.locator(".curve svg").bounding_box()
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, across: float) -> None:
        point = {"x": plot["x"] + across * plot["width"], "y": plot["y"] + 0.5 * plot["height"]}
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if kind == "touchEnd" else [point]})

    touch("touchStart", 0.01)
    for across in (0.2, 0.3, 0.75, 0.99):  # faster than the handles lie
        touch("touchMove", across)
    touch("touchEnd", 0)
    level = shown(page)
    assert max(level) - min(level) < 0.05
    height = (plot["height"] * 0.5 - 24) / (plot["height"] - 36)
    assert strength(level[0]) == pytest.approx(height, abs=0.02)
    again = draw_again(page, films)
    assert at_handles(again, len(level)) == pytest.approx(level, abs=0.02)
    assert complaints == []
    page.close()


def second_is(page, label: str) -> None:
    page.get_by_label("Second emotion").and_(page.locator(":visible")).click()
    page.get_by_role("option", name=label).click()


def test_another_emotion_in_the_end(browser, address, made):
    """The share is for what is felt at the same time."""
    speeches, films = made

    def choose(page):
        second_is(page, "Surprised")
        page.locator("#film-share").wait_for()
        page.locator("#film-share-when").get_by_label("In the end").check()
        page.locator("#film-share").wait_for(state="hidden")

    page, complaints = filmed(browser, address, 1280, before=choose)
    assert films[-1].emotion == speeches[-1].emotion == "happy,surprised"
    page.locator(".curve [role=slider]").first.press("Home")
    assert draw_again(page, films).emotion == "happy,surprised"
    assert complaints == []
    page.close()


def test_a_steady_face_and_a_second_emotion(browser, address, made):
    speeches, films = made

    def choose(page):
        page.get_by_label("The face follows the voice").uncheck()
        share = page.locator("#film-share")
        assert share.is_hidden()
        second_is(page, "Sad")
        share.wait_for()
        share.locator("input[type=number]").fill("40")
        share.locator("input[type=number]").press("Tab")

    page, complaints = filmed(browser, address, 1280, before=choose)
    assert films[-1].emotion == speeches[-1].emotion == "happy:0.6+sad:0.4"
    assert set(films[-1].intensity) == {1.0}
    assert set(shown(page)) == {1.0}
    assert page.locator(".curve [role=slider]").first.get_attribute("aria-valuetext") == "1, as labelled"
    page.locator(".curve [role=slider]").first.press("Home")
    again = draw_again(page, films)
    assert again.emotion == "happy:0.6+sad:0.4"
    assert again.intensity[0] == 0 < again.intensity[-1]
    assert complaints == []
    page.close()


@pytest.mark.parametrize("curve", [None, {}, "x", {"gamma": [1, 2]}])
def test_nobody_draws_without_a_film(address, curve):
    with urlopen(f"{address}config") as config:
        [function] = [one["id"] for one in json.load(config)["dependencies"] if one["api_name"] == "animate_again"]
    said = []
    asked = {"data": [None, curve], "fn_index": function, "session_hash": "somebody"}
    urlopen(Request(f"{address}gradio_api/queue/join", json.dumps(asked).encode(), {"Content-Type": "application/json"})).close()
    with urlopen(f"{address}gradio_api/queue/data?session_hash=somebody") as events:
        for line in events:
            if line.startswith(b"data: "):
                said.append(json.loads(line.removeprefix(b"data: ")))
            if said and said[-1]["msg"] in ("process_completed", "close_stream"):
                break
    assert "press Make the film" in said[-1]["output"]["error"]


# ---- what goes to the browser and comes back ------------------------------------------------------------------------------


def talking(frames: int, waveform: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(intensity=np.linspace(0, 30, frames, dtype=np.float32), waveform=waveform, timings={"video": frames / 25})


@pytest.mark.parametrize("frames", [1, 2, 100])
def test_a_curve_is_a_line_over_an_outline(frames):
    sound = 0.1 * np.random.default_rng(0).standard_normal(640 * frames) * np.linspace(0, 1, 640 * frames)
    curve = curve_of(talking(frames, sound))
    assert len(curve["gamma"]) == max(2, frames)
    assert curve["gamma"][0] == 0
    assert curve["gamma"] == drawn(curve)
    assert len(curve["loud"]) == COLUMNS
    assert 0 <= min(curve["loud"]) < max(curve["loud"]) == 1
    assert max(curve_of(talking(frames, 0 * sound))["loud"]) == 0


@pytest.mark.parametrize("value", [None, {}, "curve", {"gamma": []}])
def test_before_the_first_film_nothing_is_drawn(value):
    with pytest.raises(ValueError, match="there is no curve yet"):
        drawn(value)
