"""The Read a film tab: what is seen and heard in a visitor's film, how strongly and which emotion, over time."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import gradio as gr
import plotly.graph_objects as go

from feim.demo.answers import explained, remarks
from feim.demo.film_picture import draw_film
from feim.hearing import STRANGER
from feim.seeing import GUESSED, Seen
from feim.signal.ffmpeg import Undecodable, decode_frames, duration
from feim.signal.video import FPS
from feim.studio import Studio

CONSENT = "Use only films that you have the right to use."
REST = "Faces differ: one looks stern at rest, another smiles. Beside a photo of it at rest, the film tells what this face does."
LAW = """An estimate of what a face and a voice show, not of what anybody feels; at work and in schools, the EU AI Act forbids reading
emotions."""
_FACE = "<path d='M97 44c0 26 11 40 26 40s26-14 26-40M110 44h7M129 44h7M114 66q9 7 18 0'/>"
_STRIP = "<rect x='33' y='14' width='180' height='84' rx='12'/><path d='M52 28v8M52 52v8M52 76v8M194 28v8M194 52v8M194 76v8'/>"
_CURVE = "<path d='M8 142c34 0 34-24 62-24s30 18 56 18 30-26 56-26 26 20 56 20'/>"
IDLE = f"""<div class='idle'><svg class='drawn' viewBox='0 0 246 156' aria-hidden='true'>{_STRIP}{_FACE}{_CURVE}</svg>
<span>Choose a film of a face, or record one, and press <b>Read the film</b>.</span></div>"""
LONGEST = 60  # seconds of a film: others are waiting
# What the studio says about what it was not given, in words for those who cannot give it here.
HERE = {
    GUESSED: "how this face rests was guessed from the film itself; a photo of the same face at rest tells better",
    STRANGER: "the voice is a stranger's, of whom no other recording was heard; so what is heard is a rough estimate",
}
# In the browser, as the button is pressed: old messages go, and on a phone what is being done comes into view.
_PREPARE = """(...wish) => {
  document.querySelectorAll("[data-testid=toast-close]").forEach((cross) => cross.click());
  const result = document.querySelector("#read-status").closest(".result");
  if (result.getBoundingClientRect().top > 0.7 * innerHeight) result.scrollIntoView({ behavior: "smooth" });
  return wish;
}"""


def read_tab(studio: Studio) -> None:
    """Lay the tab out inside the Blocks that is being built, and connect it to the studio as the endpoint /read."""
    with gr.Row(equal_height=False, elem_classes="cards"):
        with gr.Column(scale=5, min_width=320, elem_classes="card"):
            film = gr.Video(
                label="Film", sources=["upload", "webcam"], include_audio=True, buttons=[], elem_id="read-film",
                webcam_options=gr.WebcamOptions(mirror=True),
            )  # fmt: skip
            gr.HTML(f"<p>{CONSENT}</p>", elem_classes="note")
            with gr.Accordion("The same face at rest (optional)", open=False):
                gr.HTML(f"<p>{REST}</p>", elem_classes="note")
                rest = gr.Image(
                    label="Photo at rest", sources=["upload", "webcam", "clipboard"], type="filepath", image_mode=None, buttons=[],
                    height=196, webcam_options=gr.WebcamOptions(mirror=True), elem_id="read-rest",
                )  # fmt: skip
            button = gr.Button("Read the film", variant="primary", size="lg", elem_id="read", elem_classes="go")
        with gr.Column(scale=6, min_width=320, elem_classes="card result"):
            status = gr.HTML(IDLE, html_template="<div role='status'>${value}</div>", elem_id="read-status", elem_classes="status")
            picture = gr.Plot(show_label=False, elem_id="read-picture", elem_classes="picture")
            gr.HTML(f"<p>{LAW}</p>", elem_classes="note")
    told = gr.JSON(visible=False)  # of programs

    def read(film, neutral=None, progress=gr.Progress()) -> dict:  # noqa: B008
        """Look at the face in a film, and listen to its voice; a photo of the same face at rest, as neutral, makes it surer.

        Gives the seconds, the likeliest emotion and the probability of each; for every picture, 25 a second, the intensity, from 0 to 1,
        the curve, which is the intensity from 0 to 30 that shows as much, the place along each emotion's axis, the distance from rest and
        the pseudo-label; what is heard, or null; and notes. An estimate. Nothing is kept.
        """
        with explained():
            return looked_at(film, neutral, progress).as_dict()

    def read_here(film, neutral, progress=gr.Progress()) -> tuple[str, go.Figure]:  # noqa: B008
        """The same for the page, in words and as a picture."""
        with explained():
            began = time.perf_counter()
            seen = looked_at(film, neutral, progress)
            return describe(seen, time.perf_counter() - began), draw_film(seen)

    def looked_at(film, neutral, progress: gr.Progress) -> Seen:
        """What came from the page → what is seen and heard. Raises ValueError."""
        if not film:
            raise ValueError("there is no film to read; choose one, or record one")
        if too_long(Path(film["path"])):
            raise ValueError(f"the film is longer than {LONGEST} seconds; cut out a part of it")
        return studio.analyse(video=film["path"], neutral=neutral and neutral["path"], progress=stage(progress))

    slow = {"preprocess": False, "concurrency_limit": 1, "concurrency_id": "speak"}  # the studio checks
    gr.on([], read, [film, rest], told, api_name="read", **slow)
    button.click(
        read_here, [film, rest], [status, picture], api_visibility="private", js=_PREPARE, show_progress_on=status, **slow
    )  # fmt: skip


def stage(progress: gr.Progress) -> Callable[[float, str], None]:
    """Tells a page how far the studio is; of a film that does not say how long it is, only that it is at work."""
    return lambda part, words: progress(part or None, desc=words)


def too_long(film: Path) -> bool:
    """Whether it says so, or still shows something then: what a browser records does not say how long it is."""
    if (duration(film) or 0) > LONGEST:
        return True
    try:
        with closing(decode_frames(film, FPS, start=LONGEST)) as frames:
            return next(frames, None) is not None
    except Undecodable:  # also where there is nothing any more; what is wrong with the rest, the studio says
        return False


def here(notes: tuple[str, ...]) -> list[str]:
    """The studio's notes, as they are said here."""
    return [HERE.get(note, note) for note in notes]


def describe(seen: Seen, spent: float) -> str:
    """What the visitor should know about it, as HTML."""
    voice = f", the voice sounds <b>{seen.heard.emotion}</b>" if seen.heard else ""  # else a note says why
    found = f"<p class='figures'>The face looks <b>{seen.emotion}</b>{voice}.</p>"
    took = f"<p class='figures'><b>{seen.seconds:.1f} s</b> of film read in <b>{spent:.1f} s</b></p>"
    return found + took + remarks((*here(seen.notes), *here(seen.heard.notes if seen.heard else ())))
