"""The prosody predictor hears who speaks and what they feel, and not the padding."""

import torch

from feim.nn.prosody import ProsodyPredictor


def build() -> ProsodyPredictor:
    return ProsodyPredictor(inputs=8, channels=16, blocks=2, condition=6, expansion=2).eval()


def test_padding_changes_nothing():
    predictor, condition = build(), torch.randn(1, 6)
    h = torch.randn(1, 8, 9)
    mask = torch.ones(1, 1, 9)
    mask[..., 7:] = 0
    padded = predictor(h, mask, condition, condition)
    alone = predictor(h[..., :7], mask[..., :7], condition, condition)
    for long, short in zip(padded, alone, strict=True):
        assert long.shape == (1, 9)
        assert torch.allclose(long[:, :7], short, atol=1e-5)


def test_speaker_and_emotion_both_count():
    predictor, mask, h = build(), torch.ones(1, 1, 9), torch.randn(1, 8, 9)
    here, there = torch.randn(1, 6), torch.randn(1, 6)
    plain = predictor(h, mask, here, here)
    for speaker, emotion in ((there, here), (here, there)):
        changed = predictor(h, mask, speaker, emotion)
        assert all(not torch.allclose(a, b) for a, b in zip(changed, plain, strict=True))
