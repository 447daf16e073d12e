"""The Talking face tab: a portrait says a text, or a recording, as a film that can be watched and kept."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from feim.animating import TalkingHead
from feim.demo.answers import explained, pace, remarks, whole
from feim.demo.intensity import intensity_control
from feim.demo.portrait import portrait_input
from feim.signal.emotion import EMOTIONS
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
    """Lay the tab out inside the Blocks that is being built, and connect it to the studio as the endpoint /animate."""
    with gr.Row(equal_height=False, elem_classes="cards"):
        with gr.Column(scale=5, min_width=320, elem_classes="card"):
            face = portrait_input()
            with gr.Tabs():
                with gr.Tab("Say a text"):
                    text = gr.Textbox(TEXT, label="Text", placeholder="What should be said, in English?", lines=2, max_lines=12)
                with gr.Tab("Say a recording"):
                    recording = gr.Audio(label="Recording", sources=["upload", "microphone"], type="filepath", elem_id="recording")
                    gr.HTML("<p>A recording is said in place of the text. Use only voices that you have the right to use.</p>")
            emotion = gr.Dropdown([(label.capitalize(), label) for label in EMOTIONS], value="happy", label="Emotion")
            intensity = intensity_control(name="film-intensity")
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

    def animate(text, face=None, emotion="neutral", intensity=1, seed=0, recording=None, renderer="portrait", progress=gr.Progress()):  # noqa: B008
        """Let a portrait say a text, or a recording.

        Gives the film (mp4, 25 frames a second, with subtitles), a line about it, and the subtitles as WebVTT, which are empty for a
        recording. Nothing is kept.
        """
        with explained(), TemporaryDirectory() as folder:  # Gradio copies the film to where it is deleted in time
            if not face:
                raise ValueError("there is no face to animate; choose a portrait")
            began, feeling = time.perf_counter(), (emotion, intensity, whole(seed, "seed"))

            def report(start: float, share: float):
                return lambda part, stage: progress(start + share * part, desc=stage)

            heard = recording or None
            if heard and (duration(Path(heard["path"])) or 0) > LONGEST:
                raise ValueError(f"the recording is longer than {LONGEST // 60} minutes; cut out a part of it")
            looked_at = studio.prepare(face["path"], renderer=renderer)
            said = heard["path"] if heard else studio.speak(text or "", looked_at, *feeling, progress=report(0, 0.8 * SHARE))
            talking = studio.animate(looked_at, said, *feeling, progress=report(0.8 * SHARE, 0.2 * SHARE))
            path = talking.save(Path(folder) / f"feim-{talking.emotion}.mp4", progress=report(SHARE, 1 - SHARE))
            notes = talking.notes if heard else tuple(dict.fromkeys(said.notes + talking.notes))
            yield str(path), describe(talking, time.perf_counter() - began, notes), to_vtt(talking.cues) if talking.cues else ""

    gr.on(
        [button.click, text.submit], animate, [text, face, emotion, intensity, seed, recording, renderer], [film, status, captions],
        api_name="animate", show_progress_on=film, preprocess=False, concurrency_limit=1, concurrency_id="speak",
    )  # fmt: skip


def describe(talking: TalkingHead, spent: float, notes: tuple[str, ...]) -> str:
    """What the visitor should know about it, as HTML."""
    seconds = talking.timings["video"]
    return f"<p class='figures'><b>{seconds:.1f} s</b> of film in <b>{spent:.2f} s</b>: {pace(seconds, spent)}</p>" + remarks(notes)
