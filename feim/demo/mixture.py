"""The emotion control: what is felt, and, for who wants it, another emotion: some of it at the same time, or all of it in the end."""

import gradio as gr

from feim.signal.emotion import EMOTIONS
from feim.signal.emotion_arc import Feelings

SHARE = 30  # per cent of the second emotion, until somebody moves the slider
AT_ONCE, IN_THE_END = "at the same time", "in the end"


def mixture_input(value: str, name: str) -> list[gr.Component]:
    """The emotion, a second one ("" for none), when that is felt, and its share in per cent; the last two show once they are needed.

    `name` is the share's own on the page.
    """
    labels = [(label.capitalize(), label) for label in EMOTIONS]
    with gr.Row(elem_classes="feeling"):
        emotion = gr.Dropdown(labels, value=value, label="Emotion", min_width=120)
        second = gr.Dropdown([("Nothing else", ""), *labels], value="", label="Second emotion", min_width=120)
    when = gr.Radio(
        [(words.capitalize(), words) for words in (AT_ONCE, IN_THE_END)], value=AT_ONCE, visible=False, show_label=False, label="When",
        elem_id=f"{name}-when", elem_classes="when",
    )  # fmt: skip
    share = gr.Slider(
        5, 95, SHARE, step=5, label=how_much("much of the second"), visible=False, buttons=[], elem_id=name, elem_classes="share",
    )  # fmt: skip
    gr.on(
        [second.change, when.change],
        lambda label, moment: (gr.Radio(visible=bool(label)), gr.Slider(visible=bool(label) and moment == AT_ONCE, label=how_much(label))),
        [second, when],
        [when, share],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    return [emotion, second, when, share]


def how_much(label: str) -> str:
    return f"How {label}, in per cent"


def felt(emotion: Feelings, second: str | None, when: str, share: float) -> Feelings:
    """What the control says → what the studio takes."""
    if not second or second == emotion:
        return emotion
    if when == IN_THE_END:
        return [emotion, second]
    return {emotion: 1 - share / 100, second: share / 100}
