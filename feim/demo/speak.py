"""The Speak tab: a portrait, a text, an emotion and an intensity become speech that can be heard, seen and kept."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr
import plotly.graph_objects as go
import soundfile

from feim.demo.answers import explained, file_name, number, pace, remarks, whole
from feim.demo.intensity import intensity_control
from feim.demo.mixture import felt, mixture_input
from feim.demo.pictures import draw
from feim.demo.portrait import portrait_input
from feim.speaking import Chunk, Speech
from feim.studio import Studio

SCENES = [  # text, emotion, intensity
    ["Good morning. The train to the sea leaves at nine from platform two.", "neutral", "1"],
    ["We did it! After all these years, we finally did it!", "happy", "5"],
    ["I kept your chair by the window. Nobody sits there now.", "sad", "5"],
    ["You promised me, and then you did it again.", "angry", "5"],
    ["Wait. Did you hear that? Somebody is in the house.", "fearful", "5"],
    ["There is something moving in my soup.", "disgusted", "5"],
    ["You came all this way, only to see me?", "surprised", "5"],
]
CAPTION = "From top to bottom: waveform, words and sounds, mel spectrogram, pitch."
_HEIGHTS = (6, 14, 26, 40, 58, 44, 70, 90, 64, 48, 76, 54, 36, 60, 84, 62, 40, 24, 34, 18, 8)
_WAVE = "".join(f"<rect x='{12 * i}' y='{50 - height / 2}' width='6' height='{height}' rx='3'/>" for i, height in enumerate(_HEIGHTS))
IDLE = f"""<div class='idle'><svg viewBox='0 0 246 100' aria-hidden='true'>{_WAVE}</svg>
<span>Choose a portrait, write a sentence, and press <b>Speak</b>.<br>Without a portrait, the default voice speaks.</span></div>"""
LIVE = """<div class='live' hidden><span class='bars' aria-hidden='true'><i></i><i></i><i></i></span><span>Playing</span>
<button type='button' aria-label='Stop playing'>Stop</button></div>"""
# In the browser, as Speak is pressed: the player gets ready, old messages go, and on a phone the result comes into view.
_PREPARE = """(...wish) => {
  document.querySelector("#live .live").dispatchEvent(new Event("begin", { bubbles: true }));
  document.querySelectorAll("[data-testid=toast-close]").forEach((cross) => cross.click());
  const result = document.querySelector(".result");
  if (result.getBoundingClientRect().top > 0.7 * innerHeight) result.scrollIntoView({ behavior: "smooth" });
  return wish;
}"""


def speak_tab(studio: Studio) -> None:
    """Lay the tab out inside the Blocks that is being built, and connect it to the studio as the endpoint /speak."""
    with gr.Row(equal_height=False, elem_classes="cards"):
        with gr.Column(scale=5, min_width=320, elem_classes="card"):
            face = portrait_input()
            text = gr.Textbox(SCENES[0][0], label="Text", placeholder="What should be said, in English?", lines=2, max_lines=12)
            place_of_scenes = gr.Column()
            emotion, *more = mixture_input("neutral", "share")
            intensity = intensity_control()
            with place_of_scenes:
                gr.Examples(
                    SCENES, [text, emotion, intensity], label="Or try a scene", visible_columns=[0], api_visibility="private",
                    example_labels=[feeling.capitalize() for _, feeling, _ in SCENES],
                )  # fmt: skip
            with gr.Accordion("Fine tuning", open=False), gr.Row():
                seed = gr.Number(0, label="Seed (another take)", precision=0, minimum=0, min_width=100)
                speed = gr.Number(1, label="Speed, 0.5 to 2", minimum=0.5, maximum=2, step=0.1, min_width=100)
                pitch_shift = gr.Number(0, label="Pitch, ± 12 semitones", minimum=-12, maximum=12, step=1, min_width=100)
            button = gr.Button("Speak", variant="primary", size="lg", elem_id="speak", elem_classes="go")
        with gr.Column(scale=6, min_width=320, elem_classes="card result"):
            status = gr.HTML(IDLE, html_template="<div role='status'>${value}</div>", elem_id="status", elem_classes="status")
            audio = gr.Audio(
                label="AI-generated speech", type="filepath", interactive=False, buttons=["download"], elem_id="speech",
                waveform_options=gr.WaveformOptions(waveform_color="#8fb3b1", waveform_progress_color="#12848a"),
            )  # fmt: skip
            picture = gr.Plot(show_label=False, elem_id="picture", elem_classes="picture")
            gr.HTML(f"<p>{CAPTION}</p>", elem_id="caption")
            live = gr.HTML([], html_template=LIVE, js_on_load=(Path(__file__).parent / "live.js").read_text(), elem_id="live")

    def speak(
        text, face=None, emotion="neutral", intensity=1, seed=0, speed=1, pitch_shift=0, progress=gr.Progress()  # noqa: B008
    ) -> Iterator[tuple[str, str, go.Figure]]:  # fmt: skip
        """Speak a text in a voice that suits a portrait.

        Gives the sound (wav, 16 kHz), a line about it with notes, and its picture. Nothing is kept.
        """
        with explained(), TemporaryDirectory() as folder:  # Gradio copies the sound to where it is deleted in time
            asked = arguments(text, face, emotion, intensity, seed, speed, pitch_shift)
            yield results(studio.speak(**asked, progress=lambda part, stage: progress(part, desc=stage)), folder)

    def speak_aloud(text, face, emotion, second, when, share, intensity, seed, speed, pitch_shift) -> Iterator[tuple]:
        """The same for the page, which plays the sound while it is made."""
        with explained(), TemporaryDirectory() as folder:
            pieces = []
            feelings = felt(emotion, second, when, share)
            for chunk in studio.stream(**arguments(text, face, feelings, intensity, seed, speed, pitch_shift)):
                pieces = [*pieces, piece(chunk)]  # all of them, of which Gradio sends what is new: none is lost in a slow browser
                yield pieces, gr.skip(), describe_making(chunk), gr.skip()
            yield gr.skip(), *results(chunk.speech, folder)

    wish = [text, face, emotion, intensity, seed, speed, pitch_shift]
    here = [text, face, emotion, *more, intensity, seed, speed, pitch_shift]
    checked = {"preprocess": False, "concurrency_limit": 1, "concurrency_id": "speak"}  # the studio checks, in words that Gradio lacks
    gr.on([], speak, wish, [audio, status, picture], api_name="speak", **checked)
    gr.on(
        [button.click, text.submit], speak_aloud, here, [live, audio, status, picture],
        api_visibility="private", js=_PREPARE, show_progress_on=status, **checked,
    )  # fmt: skip


def arguments(text, face, emotion, intensity, seed, speed, pitch_shift) -> dict:
    """What came from the page → the studio's arguments. Raises ValueError."""
    return {
        "text": text or "",
        "face": face and face["path"],
        "emotion": emotion,
        "intensity": intensity,
        "seed": whole(seed, "seed"),
        "speed": number(speed, "speed", 1),
        "pitch_shift": number(pitch_shift, "pitch shift", 0),
    }


def results(speech: Speech, folder: str) -> tuple[str, str, go.Figure]:
    """The sound as a file in `folder`, the line about it and its picture."""
    return str(speech.save(Path(folder) / f"{file_name(speech.emotion)}.wav")), describe(speech), draw(speech)


def piece(chunk: Chunk) -> dict[str, str | bool]:
    """A chunk for live.js: its samples as a wav file has them, in base64, and whether it is the last."""
    samples = io.BytesIO()
    soundfile.write(samples, chunk.waveform, chunk.sample_rate, format="RAW", subtype="PCM_16", endian="LITTLE")
    return {"sound": base64.b64encode(samples.getvalue()).decode(), "last": chunk.speech is not None}


def describe_making(chunk: Chunk) -> str:
    """What the visitor sees while more is made, as HTML."""
    share = f"<progress max='{chunk.sentences}' value='{chunk.sentence}' aria-hidden='true'></progress>"
    where = f": sentence {chunk.sentence} of {chunk.sentences}" if chunk.sentences > 1 else ""
    return f"<p class='making'>Speaking{where}{share}</p>"


def describe(speech: Speech) -> str:
    """What the visitor should know about it, as HTML: how fast it was made, and the studio's notes."""
    sound, spent = speech.timings["audio"], speech.timings["total"]
    return f"<p class='figures'><b>{sound:.1f} s</b> of speech in <b>{spent:.2f} s</b>: {pace(sound, spent)}</p>" + remarks(speech.notes)
