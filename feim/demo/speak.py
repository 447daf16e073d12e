"""The Speak tab: a portrait, a text, an emotion and an intensity become speech that can be heard, seen and kept."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr
import plotly.graph_objects as go

from feim.demo.intensity import intensity_control
from feim.demo.pictures import draw
from feim.signal.emotion import EMOTIONS
from feim.studio import Speech, Studio

FACES = Path(__file__).parents[2] / "assets" / "faces"
SCENES = [  # text, emotion, intensity
    ["Good morning. The train to the sea leaves at nine from platform two.", "neutral", "1"],
    ["We did it! After all these years, we finally did it!", "happy", "5"],
    ["I kept your chair by the window. Nobody sits there now.", "sad", "5"],
    ["You promised me, and then you did it again.", "angry", "5"],
    ["Wait. Did you hear that? Somebody is in the house.", "fearful", "5"],
    ["There is something moving in my soup.", "disgusted", "5"],
    ["You came all this way, only to see me?", "surprised", "5"],
]
CONSENT = "Use a portrait that you may use: your own, or one whose owner agreed."
WAITING = "Choose a portrait, type a sentence, and press <b>Speak</b>."
IDLE = f"<p class='idle'>{WAITING}</p>"


def speak_tab(studio: Studio) -> None:
    """Lay the tab out inside the Blocks that is being built."""
    with gr.Row(elem_classes="tab", equal_height=False):
        with gr.Column(scale=5, min_width=320, elem_classes="card"):
            face = gr.Image(
                label="Portrait", sources=["upload", "webcam", "clipboard"], type="filepath", image_mode=None, height=260, buttons=[],
                elem_id="portrait", webcam_options=gr.WebcamOptions(mirror=True),
            )  # fmt: skip
            if portraits := sorted(FACES.glob("*.jpg")):
                gr.Examples([str(path) for path in portraits], face, label="Or take one of these", elem_id="faces", api_visibility="private")
            gr.HTML(f"<p>{CONSENT} Without a portrait, the default voice speaks.</p>", elem_classes="note")
            text = gr.Textbox(
                label="Text", placeholder="What should be said, in English?", value=SCENES[0][0], lines=3, max_lines=12, elem_id="text"
            )
            with gr.Row():
                emotion = gr.Dropdown([(label.capitalize(), label) for label in EMOTIONS], value="neutral", label="Emotion", scale=3, min_width=140)
                seed = gr.Number(0, label="Take (seed)", precision=0, minimum=0, scale=2, min_width=110)
            intensity = intensity_control()
            gr.Examples(
                SCENES, [text, emotion, intensity], label="Scenes to try", elem_id="scenes", visible_columns=[0],
                example_labels=[emotion.capitalize() for _, emotion, _ in SCENES], api_visibility="private",
            )  # fmt: skip
            button = gr.Button("Speak", variant="primary", size="lg", elem_id="speak")
        with gr.Column(scale=6, min_width=320, elem_classes="card result"):
            status = gr.HTML(IDLE, html_template="<div role='status'>${value}</div>", elem_id="status", min_height=76)
            audio = gr.Audio(label="AI-generated speech", type="filepath", interactive=False, autoplay=True, buttons=["download"], elem_id="speech")
            picture = gr.Plot(label="Its waveform, words, sounds, mel spectrogram and pitch", elem_id="picture")

    def speak(
        text: str, face: dict | None, emotion: str, intensity: float, seed: int, progress: gr.Progress = gr.Progress()  # noqa: B008
    ) -> Iterator[tuple[str, str, go.Figure]]:
        """Speak a text in the voice that suits a portrait.

        Gives the sound (wav, 16 kHz), one line about it with notes, and its picture. Nothing is kept.
        """
        try:
            speech = studio.speak(
                text or "", face and face["path"], emotion, intensity, seed=_whole(seed), progress=lambda part, stage: progress(part, desc=stage)
            )
            with TemporaryDirectory() as folder:
                sound = speech.save(Path(folder) / f"feim-{speech.emotion}.wav")
                yield str(sound), describe(speech), draw(speech)
        except (ValueError, OSError) as error:
            raise gr.Error(escape(str(error)), title="That did not work", duration=None, print_exception=False) from error

    gr.on(
        [button.click, text.submit], speak, [text, face, emotion, intensity, seed], [audio, status, picture],
        api_name="speak", preprocess=False, show_progress_on=status, concurrency_limit=1,
    )  # fmt: skip


def _whole(seed: float | None) -> int:
    try:
        return int(seed or 0)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"seed {seed!r} is not a whole number; use 0, 1, 2 …") from error


def describe(speech: Speech) -> str:
    """What the visitor should know about it, as HTML: how fast it was made, and the studio's notes."""
    sound, spent = speech.timings["audio"], speech.timings["total"]
    pace = f"{sound / spent:.0f}× faster than real time" if sound >= 2 * spent else f"{spent / sound:.1f} s for each second"
    line = f"<p class='figures'><b>{sound:.1f} s</b> of speech in <b>{spent:.2f} s</b>: {pace}</p>"
    return line + "".join(f"<p class='remark'>{escape(note)}</p>" for note in speech.notes)
