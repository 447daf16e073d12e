"""The page around the tabs: header, footer, look, and how it is served."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from gradio_client.utils import is_file_obj, is_file_obj_with_meta, is_http_url_like, traverse

from feim.demo.read import read_tab
from feim.demo.speak import speak_tab
from feim.demo.talk import talk_tab
from feim.studio import Studio

HERE = Path(__file__).parent
HOURGLASS = 600  # seconds: uploads and results older than this are deleted, and looked for as often
LOGO = """<svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true"><rect width="48" height="48" rx="13" fill="#101b24"/>
<path d="M20 9c-7 1-11 6-11 12 0 3 1 5 2 7v10h9v-5h4c2 0 3-1 3-3v-4l3-1-3-6c0-6-3-10-7-10z" fill="#7fcfc4"/>
<path d="M33 19q3 5 0 10M37.500 15q5.500 9 0 18" fill="none" stroke="#ff9e80" stroke-width="2.600" stroke-linecap="round"/></svg>"""
HEADER = f"""<header>{LOGO}<div><h1>FEIM</h1><p>A portrait, a sentence and a feeling become speech and a talking face.</p></div></header>"""
FOOTER = """<footer>
<p><b>The voice is an estimate.</b> It is guessed from how a face looks, after voices paired with faces by gender and age alone.
It is not the voice of the person shown, and says nothing about them. What you hear
and see is made by a machine: say so where you share it.</p>
<p><b>Nothing is kept.</b> Pictures, sounds and films are deleted within twenty minutes; texts are never stored; no visitor sees
another's.</p>
</footer>"""


class Page(gr.Blocks):
    """Blocks that take files from visitors' uploads alone: Gradio itself would fetch any web address, in place of any value."""

    async def preprocess_data(self, block_fn, inputs, state, explicit_call=False):
        """Gradio calls this with all values of a wish, before it touches the files among them."""
        for is_file in (is_file_obj, is_file_obj_with_meta):  # the second alone finds a file inside another, as Gradio does
            traverse(inputs, refuse_what_was_not_uploaded, is_file)
        return await super().preprocess_data(block_fn, inputs, state, explicit_call)


def refuse_what_was_not_uploaded(file: dict) -> dict:
    """A file as Gradio describes it, {"path": …}, unless it is a web address or a file of this machine. Raises gr.Error."""
    path = str(file["path"])
    if is_http_url_like(path):
        raise gr.Error("a web address cannot be used; save the picture and upload it", duration=None, print_exception=False)
    if not is_in_or_equal(path, get_upload_folder()):
        raise gr.Error("this file was not uploaded; upload it, and it can be used", duration=None, print_exception=False)
    return file


def build_page(studio: Studio) -> Page:
    """The demo over a studio; nothing of a visitor stays in it."""
    with Page(title="FEIM · a face gets a voice with feeling", delete_cache=(HOURGLASS, HOURGLASS), analytics_enabled=False) as page:
        gr.HTML(HEADER, elem_id="header")
        with gr.Tab("Speak"):
            speak_tab(studio)
        with gr.Tab("Talking face"):
            talk_tab(studio)
        with gr.Tab("Read a film"):
            read_tab(studio)
        gr.HTML(FOOTER, elem_id="footer")
    return page.queue(default_concurrency_limit=1, max_size=32)


def launch(page: gr.Blocks, footer_links: Sequence[str] = ("api", "settings"), **settings) -> tuple:
    """Serve a page at GRADIO_SERVER_NAME:GRADIO_SERVER_PORT (127.0.0.1:7860 where unset); `settings` as gr.Blocks.launch takes them."""
    return page.launch(
        theme=theme(), css_paths=HERE / "page.css", favicon_path=HERE / "icon.png", footer_links=list(footer_links),
        max_file_size="10mb", enable_monitoring=False, share=False, **settings,
    )  # fmt: skip


def theme() -> gr.themes.Base:
    """Shapes and font; page.css sets the colours. Plex comes with Gradio, so the page needs no network."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.teal, secondary_hue=gr.themes.colors.teal, neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    ).set(body_background_fill="#f6f3ee", body_background_fill_dark="#0e1418")  # fmt: skip
