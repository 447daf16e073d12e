"""The portrait: upload, webcam, clipboard, or one of the example faces. Every tab that needs a face uses it."""

from pathlib import Path

import gradio as gr

FACES = Path(__file__).parents[2] / "assets" / "faces"
CONSENT = "Use only portraits that you have the right to use."
# Gradio leaves pictures among examples without a name for those who do not see them.
_NAME_FACES = """
const portrait = element.closest(".portrait");
const name = () => portrait.querySelectorAll(".gallery-item").forEach((button, i) => {
  button.title = props.names[i];
  button.setAttribute("aria-label", props.names[i]);
});
new MutationObserver(name).observe(portrait, { childList: true, subtree: true });
name();
"""


def portrait_input() -> gr.Image:
    """The image component; its value reaches the studio as it was uploaded, so that the studio says what is wrong with it."""
    with gr.Row(elem_classes="portrait"):
        face = gr.Image(
            label="Portrait", sources=["upload", "webcam", "clipboard"], type="filepath", image_mode=None, buttons=[], height=196,
            min_width=190, scale=4, webcam_options=gr.WebcamOptions(mirror=True),
        )  # fmt: skip
        with gr.Column(min_width=120, scale=5):
            examples = sorted(FACES.glob("*.jpg"))
            if examples:
                gr.Examples([str(path) for path in examples], face, label="Or take one", api_visibility="private")
            names = [path.stem.replace("-", " ") for path in examples]
            gr.HTML(f"<p>{CONSENT}</p>", elem_classes="note", js_on_load=_NAME_FACES, names=names)
    return face
