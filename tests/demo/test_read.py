"""The Read a film tab: what is seen and heard reaches people as words and a picture, programs as numbers; bad films get one line."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from feim.demo.film_picture import COLOURS, LANE, draw_film
from feim.demo.pictures import PANEL
from feim.demo.portrait import FACES
from feim.demo.read import HERE, LAW, describe, too_long
from feim.hearing import ESTIMATE as HEARD_ESTIMATE
from feim.hearing import STRANGER, Heard
from feim.models.emotion_space import AXES
from feim.seeing import ESTIMATE, GUESSED, Seen
from feim.signal.action_units import strength
from feim.signal.emotion import EMOTIONS
from feim.signal.ffmpeg import duration, running
from feim.signal.video import write_video
from tests.demo.conftest import visit

CLIP = Path(__file__).parents[2] / "assets" / "corpus" / "video" / "00003.mp4"  # a second of somebody angry


@pytest.fixture(scope="module")
def analysed(studio):
    return studio.analyse(video=CLIP)


def wish(client, **changes):
    return client.predict(**{"film": handle_file(str(CLIP)), "neutral": None} | changes, api_name="/read")


# ---- through the API ------------------------------------------------------------------------------------------------------


def test_programs_get_what_the_studio_found(client, analysed):
    told = wish(client)
    tracks = {"intensity", "curve", "distance", "label"}
    assert set(told) == {"seconds", "emotion", "emotions", "places", "heard", "notes"} | tracks
    assert (told["seconds"], told["emotion"]) == (pytest.approx(analysed.seconds), "angry")
    assert told["emotions"] == pytest.approx(analysed.emotions)
    assert told["intensity"] == pytest.approx(analysed.intensity, abs=1e-5)
    assert strength(np.array(told["curve"])) == pytest.approx(analysed.intensity, abs=1e-4)
    assert told["heard"]["emotions"] == pytest.approx(analysed.heard.emotions)
    assert told["heard"]["intensity"] == pytest.approx(analysed.heard.intensity, abs=1e-5)
    assert told["notes"] == [ESTIMATE, GUESSED]
    assert told["heard"]["notes"] == [HEARD_ESTIMATE, STRANGER]


def test_a_face_at_rest_is_looked_at(client, analysed):
    told = wish(client, neutral=handle_file(str(FACES / "average-woman-20s.jpg")))
    assert told["notes"] == [ESTIMATE]
    assert told["intensity"] != pytest.approx(analysed.intensity, abs=1e-2)


def test_there_must_be_a_film(client):
    with pytest.raises(AppError, match="there is no film to read; choose one"):
        wish(client, film=None)


def test_what_shows_no_face_is_refused(client, tmp_path):
    Image.new("RGB", (128, 128), "skyblue").save(tmp_path / "sky.png")
    sky = write_video(tmp_path / "sky.mp4", [np.full((128, 128, 3), 180, np.uint8)] * 5)
    with pytest.raises(AppError, match="no face is seen in 5 pictures; use one from the front"):
        wish(client, film=handle_file(str(sky)))
    with pytest.raises(AppError, match="the face at rest: no face is seen in the picture; use one from the front"):
        wish(client, neutral=handle_file(str(tmp_path / "sky.png")))


def test_what_is_no_film_is_refused(client, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(AppError, match=r"broken\.mp4 is damaged or not a sound or video"):
        wish(client, film=handle_file(str(tmp_path / "broken.mp4")))


def test_a_film_has_an_end(client, monkeypatch):
    monkeypatch.setattr("feim.demo.read.LONGEST", 1)
    with pytest.raises(AppError, match="the film is longer than 1 seconds; cut out a part of it"):
        wish(client)


@pytest.fixture
def recorded(tmp_path) -> Path:
    """As a browser records: nobody knows yet how long it will be."""
    with running("-i", str(CLIP), "-c", "copy", "-f", "matroska", "-") as (process, _):
        (tmp_path / "recorded.webm").write_bytes(process.stdout.read())
    assert duration(tmp_path / "recorded.webm") is None
    return tmp_path / "recorded.webm"


@pytest.mark.parametrize(("longest", "too"), [(0.5, True), (1, True), (1.2, False), (60, False)])
def test_a_film_has_an_end_also_where_it_does_not_say_so(recorded, monkeypatch, longest, too):
    monkeypatch.setattr("feim.demo.read.LONGEST", longest)
    assert [too_long(path) for path in (recorded, CLIP)] == [too, too]


def test_a_recording_whose_last_moment_is_lost_is_read(client, recorded, analysed):
    """As Gradio's page sends it."""
    recorded.write_bytes(recorded.read_bytes()[:-2000])
    told = wish(client, film=handle_file(str(recorded)))
    assert told["emotion"] == "angry"
    assert 0.5 * analysed.seconds < told["seconds"] <= analysed.seconds


# ---- in a browser ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
def test_a_visitor_reads_a_film(browser, address, width):
    page, complaints = visit(browser, address, "Read a film", width, 844)
    assert page.get_by_text("Use only films that you have the right to use.").is_visible()
    assert page.get_by_text(" ".join(LAW.split())).is_visible()
    assert page.locator("#read-picture").is_hidden()
    page.locator("#read-film input[type=file]").set_input_files(CLIP)
    page.locator("#read-film video").wait_for()
    page.get_by_role("button", name="Read the film").click()
    page.locator("#read-status").get_by_text("looking").first.wait_for()
    page.locator("#read-picture .js-plotly-plot").wait_for()
    status = page.locator("#read-status [role=status]")
    status.get_by_text("of film read in").wait_for()
    told = status.inner_text()
    assert "The face looks angry, the voice sounds angry." in told
    assert "1.1 s of film read in" in told
    for note in (ESTIMATE, HERE[GUESSED], HEARD_ESTIMATE, HERE[STRANGER]):
        assert note.lower() in told.lower()
    drawn = page.locator("#read-picture .js-plotly-plot").inner_text()
    for words in ("How strongly", "Which emotion is seen", "On the whole", "as labelled", *EMOTIONS):
        assert words in drawn
    card = page.locator("#read-picture").evaluate("(card) => [card.scrollWidth, card.clientWidth]")
    assert card[0] == card[1]  # all of it is seen at once
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert complaints == []
    page.close()


# ---- words and picture ----------------------------------------------------------------------------------------------------


def shares(**most: float) -> dict[str, float]:
    return {label: most.get(label, 0.0) for label in EMOTIONS}


@pytest.fixture
def seen() -> Seen:
    """Two seconds of a face that becomes sad, and a voice that is angry."""
    intensity = np.linspace(0, 0.8, 50, dtype=np.float32)
    places = np.full((50, 6), -0.1)
    places[:, AXES.index("sad")] = intensity
    heard = Heard(shares(angry=0.7, sad=0.3), (), 2.0, np.zeros(200), 1, (HEARD_ESTIMATE,), np.full(50, 0.5, np.float32))
    nothing = np.zeros((50, 189, 2))
    return Seen(
        shares(sad=0.996, neutral=0.004), intensity, places, intensity, intensity, nothing, nothing[0], 2.0, (ESTIMATE, GUESSED), heard
    )


def test_the_picture_shows_what_is_seen_and_heard(seen):
    figure = draw_film(seen)
    by_name = {(trace.type, trace.name): trace for trace in figure.data if trace.name}
    line, heard = by_name["scatter", "seen"], by_name["scatter", "heard"]
    assert (line.x[0], line.x[-1], list(figure.layout.xaxis.range)) == (0, 2, [0, 2])
    np.testing.assert_allclose(line.y, seen.intensity)
    np.testing.assert_allclose(heard.y, 0.5)
    assert (line.fill, heard.line.dash) == ("tozeroy", "dash")

    lanes = [by_name["scatter", label] for label in AXES]
    for above, below in zip(lanes[:-1], lanes[1:], strict=True):
        assert above.y[0] == below.y[0] + 1
    for label, lane in zip(AXES, lanes, strict=True):
        height = seen.intensity if label == "sad" else 0 * seen.intensity  # what is below 0 is at rest
        np.testing.assert_allclose(lane.y - lane.y[0], LANE * height, atol=1e-6)
        assert lane.line.color == COLOURS[label]

    for name, found, texts in (("seen", seen, ["", "", "100%", "", "", "", ""]), ("heard", seen.heard, ["", "", "30%", "70%", "", "", ""])):
        bars = by_name["bar", name]
        assert dict(zip(bars.y, bars.x, strict=True)) == found.emotions
        assert list(bars.text) == texts


def test_without_a_voice_nothing_is_heard(seen):
    silent = replace(seen, heard=None)
    assert not [trace for trace in draw_film(silent).data if trace.name == "heard"]
    assert "heard" not in " ".join(note.text for note in draw_film(silent).layout.annotations)
    assert "the voice sounds" not in describe(silent, 1)
    assert silent.as_dict()["heard"] is None
    unweighed = replace(seen, heard=replace(seen.heard, intensity=None))
    assert [trace.type for trace in draw_film(unweighed).data if trace.name == "heard"] == ["bar"]
    assert unweighed.as_dict()["heard"]["intensity"] is None


def test_one_picture_is_a_line(seen):
    photo = replace(seen, intensity=seen.intensity[-1:], places=seen.places[-1:], seconds=0.04, heard=None)
    line = next(trace for trace in draw_film(photo).data if trace.name == "seen")
    assert (list(line.x), list(line.y)) == ([0, 0.04], pytest.approx([0.8, 0.8]))


def test_a_minute_stays_small(seen):
    minute = replace(seen, intensity=np.resize(seen.intensity, 1500), places=np.resize(seen.places, (1500, 6)), seconds=60.0)
    assert len(draw_film(minute).to_json()) < 500_000


def test_the_line_says_what_was_found_and_how_fast(seen):
    told = describe(seen, 3.14159)
    assert "The face looks <b>sad</b>, the voice sounds <b>angry</b>." in told
    assert "<b>2.0 s</b> of film read in <b>3.1 s</b>" in told
    assert told.count("class='remark'") == 3
    assert GUESSED not in told
    assert "neutral" not in told  # the studio's word for what the page calls the photo at rest


def luminance(colour: str) -> float:
    channels = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8) / 255
    return float(np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))


def test_emotions_can_be_told_apart_on_the_panel():
    assert list(COLOURS) == list(EMOTIONS)
    for colour in COLOURS.values():
        assert (luminance(colour) + 0.05) / (luminance(PANEL) + 0.05) >= 4.5  # WCAG's for text
    for one, other in combinations(COLOURS.values(), 2):
        assert np.abs(np.array([*bytes.fromhex(one[1:])], int) - [*bytes.fromhex(other[1:])]).sum() > 60
