"""A studio in miniature: untrained networks of a few channels, so that everything a visitor meets is real but the voice."""

import shutil

import pytest
import torch

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
