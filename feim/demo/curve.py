"""The curve under a film: how strongly the face feels in every frame, over the sound, to be drawn anew by mouse, finger or keys."""

from pathlib import Path

import gradio as gr
import numpy as np

from feim.animating import TalkingHead
from feim.signal.audio import loudness_envelope

MARKS = {0: "neutral", 1: "as labelled", 5: "strong", 30: "strongest"}
COLUMNS = 240  # of the waveform's outline
HANDLES = 11  # at most: on a phone a finger must find one of them

_HTML = """
<section class="curve" aria-label="Intensity over time" hidden>
  <div class="head"><b>Intensity over time</b><output></output></div>
  <div class="plot"><svg aria-hidden="true"></svg><div class="handles"></div></div>
  <p>Draw with the mouse or a finger, or move a handle with the arrow keys. Then have the film drawn again.</p>
  <div class="all">
    <label for="curve-times">All of it</label>
    <input id="curve-times" class="slide" type="range" min="0" max="3" step="0.05" value="1">
    <output for="curve-times">× 1</output>
    <button type="button">Reset</button>
  </div>
</section>
"""


def curve_control() -> gr.HTML:
    """The control; its value is what `curve_of` gives, and "gamma" in it what the visitor drew. It shows itself with the first film."""
    script = (Path(__file__).parent / "curve.js").read_text(encoding="utf-8")
    return gr.HTML(
        None, html_template=_HTML, js_on_load=script, apply_default_css=False, marks=list(MARKS.items()), most=HANDLES, elem_id="curve",
    )  # fmt: skip


def curve_of(talking: TalkingHead) -> dict[str, float | list[float]]:
    """A film's γ in every frame (two of them at least, which make a line), its sound's outline from 0 to 1, and its seconds."""
    gamma = np.round(talking.intensity.astype(float), 3)
    outline = np.abs(loudness_envelope(talking.waveform, COLUMNS)).max(axis=1)  # (COLUMNS,)
    return {
        "gamma": np.resize(gamma, max(2, len(gamma))).tolist(),
        "loud": np.round(outline / max(outline.max(), 0.05), 3).tolist(),
        "seconds": talking.timings["video"],
    }


def drawn(value: dict | None) -> list[float]:
    """What the visitor drew, γ in every frame. Raises ValueError before there is a film."""
    if not isinstance(value, dict) or not value.get("gamma"):
        raise ValueError("there is no curve yet; press Make the film")
    return value["gamma"]
