"""The emotion recogniser ignores padding, and its temperature makes probabilities true."""

import pytest
import torch

from feim.models.emotion_recognition import EmotionRecogniser, pitch_features
from feim.signal.emotion import EMOTIONS


@pytest.fixture
def model() -> EmotionRecogniser:
    torch.manual_seed(0)
    return EmotionRecogniser(EmotionRecogniser.Config(width=16, dilations=(1, 2))).eval()


def test_pitch_features():
    found = pitch_features(torch.tensor([[0.0, 160, 320, 0]]))
    torch.testing.assert_close(found[0], torch.tensor([[0.0, 0, 1, 0], [0, -0.5, 0.5, 0], [0, 1, 1, 0]]))


def test_padding_is_not_heard(model):
    mel, pitch = torch.randn(2, 128, 60), 100 + 100 * torch.rand(2, 60)
    alone = model(mel[:1, :, :40], pitch[:1, :40])
    padded = model(mel, pitch, torch.tensor([40, 60]))
    assert padded.shape == (2, len(EMOTIONS))
    torch.testing.assert_close(padded[:1], alone, rtol=1e-4, atol=1e-5)


def test_shipped_size():
    assert sum(p.numel() for p in EmotionRecogniser(EmotionRecogniser.Config()).parameters()) <= 400_000


def test_calibration_finds_the_temperature(model):
    torch.manual_seed(1)
    logits = 3 * torch.randn(20_000, len(EMOTIONS))
    emotions = torch.distributions.Categorical(logits=logits / 2).sample()
    assert model.calibrate(logits, emotions) == pytest.approx(2, rel=0.05)
    # Calibrating what is calibrated changes nothing.
    assert model.calibrate(logits / model.temperature, emotions) == pytest.approx(2, rel=0.05)
