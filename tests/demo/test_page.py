"""The demo as visitors meet it: through its endpoint, with good and bad wishes, and in a browser."""

import io
import json
import shutil
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import soundfile
from gradio import processing_utils, route_utils
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from feim.demo.intensity import MARKS
from feim.demo.page import build_page, launch
from feim.demo.portrait import FACES
from feim.demo.speak import SCENES
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY
from feim.speaking import LABEL


@pytest.fixture(scope="module")
def page(studio):
    page = build_page(studio)
    launch(page, prevent_thread_lock=True, quiet=True)
    yield page
    page.close()


@pytest.fixture(scope="module")
def address(page):
    return page.local_url


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


def wish(client, **changes):
    return client.predict(**{"text": "Hello.", "face": None, "emotion": "happy", "intensity": 1, "seed": 0} | changes, api_name="/speak")


def test_speaks(client):
    sound, line, picture = wish(client, face=handle_file(str(next(FACES.glob("*.jpg")))), intensity=15)
    samples, rate = soundfile.read(sound)
    assert (rate, Path(sound).name) == (16_000, "feim-happy.wav")
    with soundfile.SoundFile(sound) as file:
        assert file.comment == LABEL
    assert f"{len(samples) / rate:.1f} s" in line
    assert picture["type"] == "plotly"


def test_same_seed_same_sound(client):
    sounds = [Path(wish(client, seed=seed)[0]).read_bytes() for seed in (3, 3, 4)]
    assert sounds[0] == sounds[1] != sounds[2]


def test_speed_and_pitch_reach_the_studio(client):
    slow, fast = (soundfile.read(wish(client, speed=speed)[0])[0] for speed in (0.5, 2))
    assert len(slow) > len(fast)
    assert Path(wish(client, pitch_shift=5)[0]).read_bytes() != Path(wish(client)[0]).read_bytes()


def test_the_endpoint_gives_the_whole_at_once(client):
    job = client.submit(text="Hello. My friend.", api_name="/speak")
    job.result()
    assert len(job.outputs()) == 1


def test_a_mixture_is_spoken(client):
    sound, *_ = wish(client, emotion="happy:0.7+sad:0.3")
    assert Path(sound).name == "feim-happy-sad.wav"
    assert Path(sound).read_bytes() != Path(wish(client, emotion="happy")[0]).read_bytes()


def test_notes_reach_the_visitor(client):
    assert "left out" in wish(client, text="Hello, мир.")[1]


def test_untouched_boxes_mean_the_defaults(client):
    assert wish(client, intensity="1", seed=None, speed=None, pitch_shift=None)[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": ""}, "nothing to say"),
        ({"text": " \n\t "}, "nothing to say"),
        ({"text": "🙂🙂"}, "nothing to say"),
        ({"emotion": "furious"}, "unknown emotion 'furious'"),
        ({"emotion": None}, "unknown emotion"),
        ({"emotion": "happy:-1+sad:2"}, "no weight of happy"),
        ({"intensity": 31}, "out of range"),
        ({"intensity": -0.1}, "out of range"),
        ({"intensity": "nan"}, "out of range"),
        ({"intensity": ""}, "out of range"),
        ({"seed": "first"}, "not a number"),
        ({"seed": 1.5}, "not a whole number"),
        ({"seed": "inf"}, "not a whole number"),
        ({"speed": 9}, "out of range"),
        ({"pitch_shift": "nan"}, "out of range"),
    ],
)
def test_bad_wishes_are_explained(client, changes, message):
    with pytest.raises(AppError, match=message):
        wish(client, **changes)


def test_text_named_jpg_is_explained(client, tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("this is no picture")
    with pytest.raises(AppError, match=r"notes\.jpg"):
        wish(client, face=handle_file(str(path)))


def test_picture_without_face_is_explained(client, tmp_path):
    path = tmp_path / "sky.png"
    Image.new("RGB", (256, 256), "skyblue").save(path)
    with pytest.raises(AppError, match="no face"):
        wish(client, face=handle_file(str(path)))


def test_messages_cannot_carry_markup(client):
    with pytest.raises(AppError) as caught:
        wish(client, emotion="<img src=x>")
    assert "<img" not in str(caught.value)


def test_these_doors_are_public(client):
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/speak", "/animate", "/think", "/read"]


def test_nothing_is_kept(page, client, monkeypatch):
    """Gradio's clean-up comes every ten minutes; here it is called, before and after a visitor's files are ten minutes old."""
    assert not page.analytics_enabled
    frequency, age = page.delete_cache
    assert frequency + age <= 20 * 60  # seconds
    wish(client, face=handle_file(str(next(FACES.glob("*.jpg")))))
    shipped = {Path(file) for block in page.blocks.values() for file in block.keep_in_cache}
    files = {Path(file) for files in page.temp_file_sets for file in files} - shipped
    assert {".jpg", ".wav"} <= {file.suffix for file in files if file.is_file()}
    route_utils.delete_files_created_by_app(page, age)
    assert {".jpg", ".wav"} <= {file.suffix for file in files if file.is_file()}

    class Later(datetime):
        @classmethod
        def now(cls):
            return super().now() + timedelta(seconds=age + 1)

    monkeypatch.setattr(route_utils, "datetime", Later)
    route_utils.delete_files_created_by_app(page, age)
    assert not [file for file in files if file.exists()]


FILE = {"_type": "gradio.FileData"}


@pytest.fixture
def fetched(monkeypatch, tmp_path) -> list[str]:
    """The web addresses that Gradio would have asked."""
    asked = []

    async def fetch(url: str, **settings) -> str:
        asked.append(url)
        return shutil.copy(next(FACES.glob("*.jpg")), tmp_path)  # a copy: Gradio deletes what it fetched

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", fetch)
    return asked


WEB = "https://example.org/portrait.jpg"


@pytest.mark.parametrize(
    "changes",
    [
        {"face": {"path": WEB}},
        {"face": {"path": WEB, "meta": FILE}},
        {"text": {"path": WEB, "meta": FILE}},
        {"face": {"path": f"{get_upload_folder()}/x", "url": {"path": WEB, "meta": FILE}}},
    ],
)
def test_web_addresses_are_refused_before_they_are_asked(address, fetched, changes):
    assert posted(address, **changes) == "a web address cannot be used; save the picture and upload it"
    assert fetched == []


@pytest.mark.parametrize("meta", [{}, {"meta": FILE}])
@pytest.mark.parametrize("place", ["face", "text"])
def test_files_of_the_machine_are_no_portraits(address, tmp_path, place, meta):
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    said = {posted(address, **{place: {"path": str(path)} | meta}) for path in (secret, tmp_path / "nothing", "/etc/hostname")}
    assert said == {"this file was not uploaded; upload it, and it can be used"}


def posted(address: str, **changes) -> str:
    """What the endpoint says to a wish that Gradio's own client did not write."""
    values = {"text": "Hello.", "face": None, "emotion": "happy", "intensity": 1, "seed": 0, "speed": 1, "pitch_shift": 0} | changes
    order = ("face", "text", "emotion", "intensity", "seed", "speed", "pitch_shift")
    place = f"{address}gradio_api/call/speak"
    request = Request(place, json.dumps({"data": [values[name] for name in order]}).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    with urlopen(f"{place}/{event}") as answer:
        kind, data = answer.read().decode().strip().splitlines()[-2:]
    assert kind == "event: error"
    return json.loads(data.removeprefix("data: "))["error"]


def test_files_of_the_machine_are_out_of_reach(address, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"{address}gradio_api/file={secret}")


def test_marks_and_scenes_are_within_range():
    assert list(MARKS) == [0, 1, 15, 30]
    assert max(MARKS) == MAX_INTENSITY
    assert [emotion for _, emotion, _ in SCENES] == list(EMOTIONS)


# Keeps what Web Audio is asked to play: from when, in seconds, and the samples. It plays forever unless `given.ends` is set.
LISTEN = """
window.given = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when) {
  const samples = [...this.buffer.getChannelData(0)].map((sample) => Math.round(sample * 32768));
  given.push({ when, rate: this.context.sampleRate, samples });
  if (given.ends) start.call(this, when);
};
"""


def test_the_page_plays_while_it_speaks(browser, address):
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(LISTEN)
    button = page.get_by_role("button", name="Speak", exact=True)
    playing = page.get_by_role("button", name="Stop playing")
    usual = page.locator("#speech")

    def speak(words: str, ends: bool = False) -> list[dict]:
        page.goto(address)
        button.wait_for()
        page.evaluate("(ends) => { given.ends = ends; }", ends)
        page.get_by_label("Text", exact=True).fill(words)
        button.click()
        page.get_by_text("of speech in").wait_for()
        usual.get_by_role("button", name="Play", exact=True).wait_for()
        return page.evaluate("given")

    given = speak("We walked along the river, and it was getting late. " * 16)  # long enough to be seen playing on a busy machine
    assert len(given) >= 4
    for one, other in pairwise(given):
        ends = one["when"] + len(one["samples"]) / 16_000
        assert other["rate"] == 16_000
        assert other["when"] == pytest.approx(ends, abs=1e-6) or other["when"] > ends  # exactly behind it, or it was late
    with urlopen(usual.locator("a[download]").get_attribute("href")) as sound:
        samples, _ = soundfile.read(io.BytesIO(sound.read()), dtype="int16")
    assert [sample for piece in given for sample in piece["samples"]] == samples.tolist()
    assert playing.is_visible()
    assert usual.get_by_role("button", name="Pause").count() == 0  # nothing is heard twice
    usual.get_by_role("button", name="Play", exact=True).click()
    playing.wait_for(state="hidden")
    usual.get_by_role("button", name="Pause").wait_for()
    button.click()
    playing.wait_for()
    assert usual.get_by_role("button", name="Pause").count() == 0
    playing.click()
    playing.wait_for(state="hidden")

    speak("Hello.", ends=True)
    playing.wait_for(state="hidden")  # by itself, when all was heard
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_in_a_browser(browser, address, width):
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.set_default_timeout(60_000)
    complaints, strangers = [], []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith((address, "data:", "blob:")) else strangers.append(request.url))
    page.goto(address)
    slider = page.get_by_role("slider", name="Intensity")
    slider.focus()
    slider.press("End")
    assert page.get_by_role("spinbutton", name="Intensity, 0 to 30").input_value() == "30"
    page.get_by_role("button", name="Intensity 0, neutral").click()
    assert slider.get_attribute("aria-valuetext") == "0, neutral"
    page.get_by_role("button", name="average").first.click()
    page.get_by_role("button", name="Speak", exact=True).click()
    page.get_by_text("of speech in").wait_for()
    page.locator("#picture .js-plotly-plot").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out sideways
    assert not complaints
    assert not strangers
    page.get_by_label("Text", exact=True).fill(" ")
    page.get_by_role("button", name="Speak", exact=True).click()
    page.get_by_text("nothing to say").wait_for()
    page.close()
