"""The emotion control: what is felt, and, for who wants it, some of another emotion at the same time."""

import gradio as gr

from feim.signal.emotion import EMOTIONS, Feeling

SHARE = 30  # per cent of the second emotion, until somebody moves the slider


def mixture_input(value: str, name: str) -> tuple[gr.Dropdown, gr.Dropdown, gr.Slider]:
    """The emotion, a second one ("" for none), and its share in per cent, which shows once there is one. `name` is its own on the page."""
    labels = [(label.capitalize(), label) for label in EMOTIONS]
    with gr.Row(elem_classes="feeling"):
        emotion = gr.Dropdown(labels, value=value, label="Emotion", min_width=120)
        second = gr.Dropdown([("Nothing else", ""), *labels], value="", label="And some", min_width=120)
    share = gr.Slider(
        5, 95, SHARE, step=5, label=how_much("much of the second"), visible=False, buttons=[], elem_id=name, elem_classes="share",
    )  # fmt: skip
    second.change(
        lambda label: gr.Slider(visible=bool(label), label=how_much(label)),
        second,
        share,
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    return emotion, second, share


def how_much(label: str) -> str:
    return f"How {label}, in per cent"


def mixed(emotion: Feeling, second: str | None, share: float) -> Feeling:
    """What the control says → what the studio takes."""
    if not second or second == emotion:
        return emotion
    return {emotion: 1 - share / 100, second: share / 100}
