"""The prosody predictor hears who speaks and what they feel, and not the padding."""

import torch

from feim.nn.prosody import ProsodyPredictor, place


def build() -> ProsodyPredictor:
    return ProsodyPredictor(inputs=8, channels=16, blocks=2, condition=6, expansion=2).eval()


def test_place_runs_from_the_first_frame_to_the_last():
    mask = torch.tensor([[[1.0, 1, 1, 1, 1]], [[1.0, 1, 1, 0, 0]], [[1.0, 0, 0, 0, 0]]])
    found = place(mask)
    torch.testing.assert_close(found[:, 0], torch.tensor([[-1.0, -0.5, 0, 0.5, 1], [-1, 0, 1, 0, 0], [-1, 0, 0, 0, 0]]))


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
