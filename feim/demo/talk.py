"""The Talking face tab: a portrait says a text, or a recording, as a film that can be watched, kept, and drawn again with a new curve."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from feim.animating import TalkingHead
from feim.demo.answers import explained, file_name, pace, remarks, whole
from feim.demo.curve import curve_control, curve_of, drawn
from feim.demo.intensity import intensity_control
from feim.demo.kept import Kept, Making
from feim.demo.mixture import felt, mixture_input
from feim.demo.portrait import portrait_input
from feim.demo.thinking import NO_TEXT, think_input, thinking_html
from feim.feeling import Intensity, is_curve, parse_curve
from feim.hearing import samples
from feim.signal.emotion_arc import Feelings
from feim.signal.ffmpeg import duration
from feim.signal.subtitles import to_vtt
from feim.studio import Studio

TEXT = "Good morning. I have something to tell you, and you will not believe it."
_FACE = "<path d='M70 58c0 60 24 92 53 92s53-32 53-92c0-34-20-54-53-54S70 24 70 58Z'/><path d='M96 62h14M136 62h14M106 108q17 14 34 0'/>"
IDLE = f"""<div class='idle'><svg class='drawn' viewBox='0 0 246 156' aria-hidden='true'>{_FACE}</svg>
<span>Choose a portrait, write a sentence or give a recording, and press <b>Make the film</b>.</span></div>"""
CAPTIONS = "<label class='captions' hidden><input type='checkbox' checked> Subtitles</label>"
LONGEST = 300  # seconds of a recording: others are waiting
PAINTERS = {"portrait": "The photo's own pixels move", "gan": "A published GAN paints it anew"}
SHARE = 0.3  # of the whole, that is done when the first picture can be drawn


def talk_tab(studio: Studio) -> None:
    """Lay the tab out inside the Blocks that is being built, and connect it to the studio as the endpoints /animate and /think."""
    with gr.Row(equal_height=False, elem_classes="cards beside"):
        with gr.Column(scale=5, min_width=320, elem_classes="card"):
            face = portrait_input()
            with gr.Tabs():
                with gr.Tab("Say a text"):
                    text = gr.Textbox(TEXT, label="Text", placeholder="What should be said, in English?", lines=2, max_lines=12)
                with gr.Tab("Say a recording"):
                    recording = gr.Audio(label="Recording", sources=["upload", "microphone"], type="filepath", elem_id="recording")
                    gr.HTML("<p>A recording is said in place of the text. Use only voices that you have the right to use.</p>")
            with gr.Column(elem_id="chosen"):
                emotion, *more = mixture_input("happy", "film-share")
                intensity = intensity_control(name="film-intensity", curves=True)
            follow = gr.Checkbox(True, label="The face follows the voice", elem_id="follow", elem_classes="choice")
            think = think_input(recording)
            with gr.Accordion("Fine tuning", open=False):
                seed = gr.Number(0, label="Seed (another take)", precision=0, minimum=0, min_width=100)
                renderer = gr.Radio(
                    [(words, name) for name, words in PAINTERS.items()], value="portrait", label="How it is drawn", elem_id="renderer",
                )  # fmt: skip
            button = gr.Button("Make the film", variant="primary", size="lg", elem_id="animate", elem_classes="go")
        with gr.Column(scale=6, min_width=320, elem_classes="card result"):
            status = gr.HTML(IDLE, html_template="<div role='status'>${value}</div>", elem_id="film-status", elem_classes="status")
            film = gr.Video(label="AI-generated film", interactive=False, autoplay=True, buttons=["download"], elem_id="film")
            # Not Gradio's own subtitles, which become files that it does not delete.
            script = (Path(__file__).parent / "captions.js").read_text(encoding="utf-8")
            captions = gr.HTML("", html_template=CAPTIONS, apply_default_css=False, js_on_load=script, elem_id="captions")
            curve = curve_control()
            again = gr.Button("Draw it again", elem_id="again")
            kept = gr.State()
        with gr.Column(scale=5, min_width=320, elem_classes="card thoughts"):
            reasons = gr.HTML("", apply_default_css=False, elem_id="thought")

    def animate(text, face=None, emotion="neutral", intensity=1, seed=0, recording=None, renderer="portrait", progress=gr.Progress()):  # noqa: B008
        """Let a portrait say a text, or a recording.

        The emotion may be a mixture, such as happy:0.7+sad:0.3, or several, one after another, such as surprised,happy; the intensity may
        be a list of numbers, a curve over the film.
        Gives the film (mp4, 25 frames a second, with subtitles), a line about it, and the subtitles as WebVTT, which are empty for a
        recording. Nothing is kept.
        """
        with explained(), TemporaryDirectory() as folder:
            _, _, *answer = made(text, face, emotion, intensity, seed, recording, renderer, True, False, folder, progress)
            yield answer

    def animate_here(
        text, face, emotion, second, when, share, intensity, seed, recording, renderer, follow, think, progress=gr.Progress()  # noqa: B008
    ):  # fmt: skip
        """The same for the page, which can have a text thought through, shows the film's curve, and can have it drawn again."""
        with explained(), TemporaryDirectory() as folder:
            feelings = felt(emotion, second, when, share)
            making, talking, *answer = made(text, face, feelings, intensity, seed, recording, renderer, follow, think, folder, progress)
            yield *answer, curve_of(talking), Kept(making), thinking_html(making.thought) if making.thought else ""

    def animate_again(kept, curve, progress=gr.Progress()):  # noqa: B008
        """The same face says the same sound, with the visitor's curve."""
        with explained(), TemporaryDirectory() as folder:
            gamma = drawn(curve)
            if not kept:
                raise ValueError("there is no film yet; press Make the film")
            began, making = time.perf_counter(), kept.making()
            feelings, report = None if making.thought else making.emotion, stage(progress, 0, SHARE)
            talking = studio.animate(making.face, making.said, feelings, gamma, making.seed, thought=making.thought, progress=report)
            yield *filmed(talking, began, talking.notes, folder, progress), curve_of(talking)

    def think_through(text: str, emotion: str | None = None) -> dict:
        """Think a text through, as is done before a face is drawn.

        Gives the reasons, the emotion (the one that is asked for, where one is), its intensity, the muscles that show it, and the stressed
        words, as an estimate. Nothing is kept.
        """
        with explained():
            return studio.think(text, emotion or None).as_dict()

    def made(text, face, feelings: Feelings, intensity: Intensity, seed, recording, renderer, follow, think, folder, progress) -> tuple:
        """A wish from the page → what the film is made of, the film, and the answer about it. Raises ValueError."""
        if not face:
            raise ValueError("there is no face to animate; choose a portrait")
        began, seed, heard = time.perf_counter(), whole(seed, "seed"), recording or None
        if heard and (duration(Path(heard["path"])) or 0) > LONGEST:
            raise ValueError(f"the recording is longer than {LONGEST // 60} minutes; cut out a part of it")
        looked_at = studio.prepare(face["path"], renderer=renderer)
        thought = None
        if think and not heard:
            progress(0, desc="thinking")
            thought = studio.think(text or "")
            feelings, intensity = thought.emotion, thought.intensity
        spoken_with = float(parse_curve(intensity).mean()) if is_curve(intensity) else intensity
        report = stage(progress, 0, 0.8 * SHARE)
        said = samples(heard["path"]) if heard else studio.speak(text or "", looked_at, feelings, spoken_with, seed, progress=report)
        given, report = None if thought else feelings, stage(progress, 0.8 * SHARE, 0.2 * SHARE)
        talking = studio.animate(looked_at, said, given, intensity, seed, follow=bool(follow), thought=thought, progress=report)
        notes = (*(() if heard else said.notes), *talking.notes, *((NO_TEXT,) if think and heard else ()))
        making = Making(looked_at, said, talking.emotion, seed, thought)
        return making, talking, *filmed(talking, began, tuple(dict.fromkeys(notes)), folder, progress)

    wish = [text, face, emotion, intensity, seed, recording, renderer]
    here = [text, face, emotion, *more, intensity, seed, recording, renderer, follow, think]
    shown, slow = (
        [film, status, captions],
        {"show_progress_on": film, "preprocess": False, "concurrency_limit": 1, "concurrency_id": "speak"},
    )
    gr.on([], animate, wish, shown, api_name="animate", **slow)
    gr.on([button.click, text.submit], animate_here, here, [*shown, curve, kept, reasons], api_visibility="private", **slow)
    again.click(animate_again, [kept, curve], [*shown, curve], api_visibility="private", **slow)
    gr.api(think_through, api_name="think")


def stage(progress: gr.Progress, start: float, share: float) -> Callable[[float, str], None]:
    """Reports a stage's fraction as a part of the whole."""
    return lambda part, words: progress(start + share * part, desc=words)


def filmed(talking: TalkingHead, began: float, notes: tuple[str, ...], folder: str, progress: gr.Progress) -> tuple[str, str, str]:
    """The film as a file in `folder`, which Gradio copies to where it is deleted in time; a line about it; its subtitles."""
    path = talking.save(Path(folder) / f"{file_name(talking.emotion)}.mp4", progress=stage(progress, SHARE, 1 - SHARE))
    return str(path), describe(talking, time.perf_counter() - began, notes), to_vtt(talking.cues) if talking.cues else ""


def describe(talking: TalkingHead, spent: float, notes: tuple[str, ...]) -> str:
    """What the visitor should know about it, as HTML."""
    seconds = talking.timings["video"]
    return f"<p class='figures'><b>{seconds:.1f} s</b> of film in <b>{spent:.2f} s</b>: {pace(seconds, spent)}</p>" + remarks(notes)
