"""Thinking before drawing: the box that asks for it; and what was thought, as HTML that screen readers can follow."""

from html import escape

import gradio as gr

from feim.language_model import from_environment
from feim.signal.action_units import ACTION_UNITS
from feim.signal.muscles import GRADES, Muscle
from feim.thinking import CHAIN, Reasoning

SOURCES = {CHAIN: "built-in rules and a small classifier"}
HINT = "The text then decides the feeling, its strength and the muscles that show it, and you read why."
SENT = " A language model that this page's owner has chosen reads it."
NO_TEXT = "a recording has no text to think about; the face shows the emotion and the intensity that are set"
# In the browser: emotion and intensity rest while the text decides them, which it cannot where a recording is said.
_REST = "(think, recording) => { document.querySelector('#chosen').inert = think && !recording; }"


def think_input(recording: gr.Audio) -> gr.Checkbox:
    """The box; while it is ticked, what is within #chosen is not in use, unless there is a recording."""
    hint = HINT + SENT if from_environment() else HINT
    think = gr.Checkbox(False, label="Think before drawing", info=hint, elem_id="think", elem_classes="choice")
    gr.on([think.change, recording.change], None, [think, recording], js=_REST, api_visibility="private")
    return think


def thinking_html(thought: Reasoning) -> str:
    """A section with the reasons in order; nothing in it is trusted: texts and a language model's sentences are escaped."""
    steps = "".join(f"<li>{escape(step)}</li>" for step in thought.steps)
    notes = "".join(f"<p class='remark'>{escape(note)}</p>" for note in thought.notes)
    by = SOURCES.get(thought.source, f"a {thought.source}")
    parts = [
        f"<h3>What it thought</h3><p class='estimate'>An estimate by {escape(by)}; it may be wrong.</p>",
        notes,
        f"<ol class='steps'>{steps}</ol>",
        _text(thought),
        _probabilities(thought.probabilities, thought.emotion),
        _muscles(thought.muscles),
    ]
    return f"<section class='thinking' aria-label='What it thought'>{''.join(parts)}</section>"


def _text(thought: Reasoning) -> str:
    """The words, stressed ones marked for eyes and ears."""
    if not thought.words:
        return ""
    shown = (f"<strong>{escape(word)}</strong>" if n in thought.emphasis else escape(word) for n, word in enumerate(thought.words))
    return f"<p class='words'><span>Stressed words are bold:</span> {' '.join(shown)}</p>"


def _probabilities(probabilities: dict[str, float], chosen: str) -> str:
    """A table whose bars are decoration: the numbers are there as text."""
    rows = []
    for label, value in sorted(probabilities.items(), key=lambda pair: -pair[1]):
        bar = f"<span class='bar' aria-hidden='true' style='width:{100 * value:.0f}%'></span>"
        mark = " aria-current='true'" if label == chosen else ""
        rows.append(f"<tr{mark}><th scope='row'>{escape(label)}</th><td>{value:.2f}</td><td class='track'>{bar}</td></tr>")
    head = "<thead class='unseen'><tr><th scope='col'>Emotion</th><th scope='col'>Probability</th><td></td></tr></thead>"
    return f"<table class='probabilities'><caption>How it sounds</caption>{head}<tbody>{''.join(rows)}</tbody></table>"


def _muscles(muscles: tuple[Muscle, ...]) -> str:
    """Every unit by its number, its name, its grade in words and when it is used."""
    if not muscles:
        return "<p class='muscles'>All muscles rest.</p>"
    rows = (
        f"<tr><th scope='row'>{muscle.unit} {escape(ACTION_UNITS[muscle.unit].name)}</th><td>{muscle.grade}, {GRADES[muscle.grade][0]}</td>"
        f"<td>{muscle.moment}</td></tr>"
        for muscle in muscles
    )
    head = "<thead><tr><th scope='col'>Action unit</th><th scope='col'>How far</th><th scope='col'>When</th></tr></thead>"
    return f"<table class='muscles'><caption>Which muscles show it</caption>{head}<tbody>{''.join(rows)}</tbody></table>"
