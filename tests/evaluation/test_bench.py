"""The bench times the same sentence with both decoders."""

import pytest
import torch

from feim.evaluation import bench
from feim.models.embeddings import FaceNetwork
from feim.models.tts import FEIMTTS, Sampling
from feim.models.vocoder import SourceFilterVocoder
from feim.studio import Studio


@pytest.fixture(scope="module")
def studio() -> Studio:
    torch.manual_seed(0)
    tts = FEIMTTS(
        FEIMTTS.Config(
            channels=16, encoder_blocks=1, prosody_channels=16, prosody_blocks=1, condition=16, frame_channels=16, frame_blocks=1,
            decoder_channels=16, decoder_blocks=1,
        )
    ).eval()  # fmt: skip
    vocoder = SourceFilterVocoder(SourceFilterVocoder.Config(channels=16, blocks=1)).eval()
    return Studio(tts, vocoder, FaceNetwork(FaceNetwork.Config(hidden=8)).eval(), Sampling(steps=1))


def test_the_papers_decoder_says_the_same_for_as_long(studio, monkeypatch):
    monkeypatch.setattr(bench, "PAPER_CHANNELS", 8)
    paper = bench.with_paper_decoder(studio)
    assert paper.tts.config.decoder == "unet"
    assert (paper.sampling.steps, paper.sampling.solver) == (10, "euler")
    ours, theirs = (s.speak("We wait.", None, "happy", 5.0) for s in (studio, paper))
    assert abs(len(ours.waveform) - len(theirs.waveform)) <= 4 * 160  # the U-Net pads to a multiple of four frames


def test_bench_reports_every_stage(studio, monkeypatch, capsys):
    monkeypatch.setattr(bench, "PAPER_CHANNELS", 8)
    monkeypatch.setattr(bench, "TEXTS", {"short": "We go.", "5 s": "We go now."})
    found = bench.bench_speak(studio)
    assert set(found["texts"]) == {"short", "5 s"}
    row = found["texts"]["5 s"]
    assert row["total"] >= row["acoustic"] > 0
    assert found["times faster"]["total"] > 0
    assert found["peak memory, GiB"] > 0
    printed = capsys.readouterr().out
    assert "5 s, U-Net, 10 Euler" in printed
    assert "times faster" in printed
