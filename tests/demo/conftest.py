"""A studio in miniature: untrained networks of a few channels, so that everything a visitor meets is real but the voice."""

import shutil

import pytest
import torch
from gradio_client import Client

from feim.demo.page import build_page, launch
from feim.models.embeddings import FaceNetwork
from feim.models.tts import FEIMTTS, Sampling
from feim.models.vocoder import SourceFilterVocoder
from feim.studio import Studio


@pytest.fixture(scope="session")
def studio() -> Studio:
    torch.manual_seed(0)
    tts = FEIMTTS(
        FEIMTTS.Config(
            channels=16, encoder_blocks=1, prosody_channels=16, prosody_blocks=1, condition=16, frame_channels=16, frame_blocks=1,
            decoder_channels=16, decoder_blocks=1, pitch_bins=8,
        )
    )  # fmt: skip
    vocoder = SourceFilterVocoder(SourceFilterVocoder.Config(channels=16, blocks=1, pitch_bins=16))
    faces = FaceNetwork(FaceNetwork.Config(hidden=8))
    for model in (tts, vocoder, faces):
        model.requires_grad_(False).eval()
    return Studio(tts, vocoder, faces, Sampling(steps=2))


@pytest.fixture(scope="session")
def speech(studio):
    return studio.speak("Out of the blue, a fox!")


@pytest.fixture(scope="module")
def address(studio):
    """Where the page is, over the studio in miniature."""
    page = build_page(studio)
    launch(page, prevent_thread_lock=True, quiet=True)
    yield page.local_url
    page.close()


@pytest.fixture(scope="module")
def client(address) -> Client:
    """A program that uses the page."""
    return Client(address, verbose=False)


def visit(browser, address: str, tab: str, width: int, height: int = 900, touch: bool = False):
    """A page at one of its tabs, and the list of what the browser will complain about."""
    page = browser.new_page(viewport={"width": width, "height": height}, has_touch=touch)
    page.set_default_timeout(120_000)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.get_by_role("tab", name=tab).click()
    return page, complaints


@pytest.fixture(scope="module")
def browser():
    """Chromium, for pages as visitors see them."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
