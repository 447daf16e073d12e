"""The intensity control: a slider whose four marks are as far apart as they sound, with a number box for exact values.

FEIM's γ runs from 0 to 30, but most of what is heard happens at its lower end: 0 is neutral, 1 the emotion as it was
labelled. On a straight scale these two would be one twentieth of a hand apart, so a third of the way lies between each two marks.
"""

import json

import gradio as gr

MARKS = {0: "neutral", 1: "as labelled", 15: "strong", 30: "strongest"}

_HTML = """
<div class="intensity">
  <div class="head">
    <label for="${name}-slider">Intensity</label>
    <input id="${name}-number" type="number" min="0" max="30" step="any" inputmode="decimal" aria-label="Intensity, 0 to 30">
  </div>
  <input id="${name}-slider" class="slide" type="range" min="0" max="300" step="1">
  <div class="marks">${marks.map(([gamma, meaning]) =>
    `<button type="button" data-gamma="${gamma}" aria-label="Intensity ${gamma}, ${meaning}"><b>${gamma}</b>${meaning}</button>`).join("")}
  </div>
</div>
"""

# The value is kept as text, because Gradio's HTML component loses the number 0.
_JS = """
const slider = element.querySelector("input[type=range]"), number = element.querySelector("input[type=number]");
const marks = props.marks.map(([gamma]) => gamma), third = slider.max / (marks.length - 1);
const round = (gamma) => Number(gamma.toFixed(gamma < 1 ? 2 : gamma < 10 ? 1 : 0));
function gammaAt(position) {
  const i = Math.min(Math.floor(position / third), marks.length - 2);
  return round(marks[i] + (position / third - i) * (marks[i + 1] - marks[i]));
}
function positionOf(gamma) {
  const i = Math.max(0, marks.findLastIndex((mark, k) => mark <= gamma && k < marks.length - 1));
  return third * (i + (gamma - marks[i]) / (marks[i + 1] - marks[i]));
}
function show(gamma) {
  const nearest = props.marks.find(([mark]) => mark === gamma);
  slider.value = positionOf(gamma);
  slider.style.setProperty("--filled", slider.value / slider.max);
  slider.setAttribute("aria-valuetext", nearest ? `${gamma}, ${nearest[1]}` : `${gamma}`);
  element.querySelectorAll("button").forEach((b) => b.classList.toggle("chosen", Number(b.dataset.gamma) === gamma));
}
function choose(gamma) { number.value = gamma; show(gamma); props.value = String(gamma); }
slider.addEventListener("input", () => choose(gammaAt(Number(slider.value))));
number.addEventListener("input", () => {
  const gamma = Math.min(30, Math.max(0, Number(number.value)));
  if (number.value !== "") { show(gamma); props.value = String(gamma); }
});
number.addEventListener("change", () => choose(Number(props.value)));
element.querySelectorAll("button").forEach((b) => b.addEventListener("click", () => choose(Number(b.dataset.gamma))));
watch("value", () => { number.value = Number(props.value); show(Number(props.value)); });
choose(Number(props.value));
"""


def intensity_control(value: float = 1, name: str = "intensity", curves: bool = False) -> gr.HTML:
    """The control; its value is γ as text ("1"), and the API takes a number too, or with `curves` many. `name` is its own on the page."""
    control = gr.HTML(
        str(value),
        label="Intensity",
        html_template=_HTML,
        js_on_load=_JS,
        marks=list(MARKS.items()),
        apply_default_css=False,
        name=name,
        elem_id=name,
    )
    number = {"type": "number", "description": json.dumps(MARKS)}
    control.api_info = lambda: {"anyOf": [number, {"type": "array", "items": number}]} if curves else number
    return control
