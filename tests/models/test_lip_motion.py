"""Speech to lips: its frames and its reach, pieces that equal the whole, and a loss that cares for shut lips."""

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.lip_motion import LipMotion, lip_losses
from feim.signal.action_units import lip_gap
from feim.signal.audio import MEL_SILENCE
from feim.signal.visemes import MOUTH, SHUT, face_of, mouth_of, visemes


@pytest.fixture(scope="module")
def network() -> LipMotion:
    torch.manual_seed(0)
    return LipMotion().eval()


def mel_of(frames: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 128, frames, generator=torch.Generator().manual_seed(1)) - 5


def test_it_is_small_and_needs_little_of_the_future(network):
    assert checkpoint.parameters(network) <= 250_000
    assert network.delay <= 0.2


@pytest.mark.parametrize(("frames", "film"), [(1, 1), (4, 1), (5, 2), (400, 100), (403, 101)])
def test_four_mel_frames_are_one_of_film(network, frames, film):
    found = network(mel_of(frames, batch=2)).detach()
    assert found.shape == (2, film, len(MOUTH))
    assert 0 <= float(found.min()) < float(found.max()) <= 1


def test_it_reads_what_it_says_and_no_more(network):
    mel = mel_of(600).requires_grad_()
    [gradient] = torch.autograd.grad(network(mel)[0, 60].sum(), mel)
    read = gradient[0].abs().sum(0).nonzero()[:, 0]
    assert int(read.min()) == 240 - network.past
    assert int(read.max()) == 240 + network.ahead


def test_pieces_are_the_whole(network):
    mel = mel_of(400)
    whole = network(mel)[0]
    for first, last in ((40, 60), (60, 61)):
        piece = network.within(mel[..., 4 * first - network.past : 4 * (last - 1) + network.ahead + 1])[0].clamp(0, 1)
        assert torch.allclose(piece, whole[first:last], atol=1e-5)


def test_before_and_after_is_silence(network):
    mel = mel_of(80)
    longer = torch.nn.functional.pad(mel, (40, 40), value=MEL_SILENCE)
    assert torch.allclose(network(longer)[:, 10:30], network(mel), atol=1e-5)


def test_shapes_of_a_face(network):
    mel = mel_of(50)
    shapes = network.speech_shapes(mel[0].numpy())
    assert shapes.shape == (13, 47)
    assert shapes.dtype == np.float32
    assert np.allclose(mouth_of(shapes)[:, MOUTH.index("mouthPucker")], network(mel)[0, :, MOUTH.index("mouthPucker")].detach(), atol=1e-5)


def test_it_speaks_in_half_precision(network):
    half = LipMotion().eval()
    half.load_state_dict(network.state_dict())
    mel = mel_of(50)[0]
    assert np.allclose(half.to(torch.bfloat16).speech_shapes(mel), network.speech_shapes(mel), atol=0.05)


def lips_of(symbols: str, durations: list[int]) -> torch.Tensor:
    return torch.from_numpy(mouth_of(visemes(symbols, durations))).float()[None]


def test_the_truth_costs_nothing_and_lips_that_stay_open_cost_most():
    truth = lips_of("apa", [20, 12, 20])
    press = MOUTH.index("mouthPress")
    shut = truth[0, :, press] > 0.5 * SHUT
    assert all(float(value) == 0 for value in lip_losses(truth, truth).values())
    in_vowel, in_consonant = truth.clone(), truth.clone()
    in_vowel[:, 2, MOUTH.index("jawOpen")] += 0.1
    in_consonant[0, int(shut.nonzero()[0]), MOUTH.index("jawOpen")] += 0.1
    assert float(lip_losses(in_consonant, truth)["shapes"]) == pytest.approx(4 * float(lip_losses(in_vowel, truth)["shapes"]), rel=1e-3)


def test_the_loss_measures_the_gap_in_centimetres():
    truth = lips_of("aeiou", [12] * 5)
    wrong = truth.clone()
    wrong[..., MOUTH.index("jawOpen")] += 0.05
    wrong[..., MOUTH.index("mouthLowerDown")] += 0.1
    apart = lip_gap(face_of(wrong[0].numpy())) - lip_gap(face_of(truth[0].numpy()))
    assert float(lip_losses(wrong, truth)["gap"]) == pytest.approx(float(apart.mean()), rel=1e-3)


def test_it_learns_two_sounds_apart():
    """A network this size tells two spectra apart in a few steps: one opens the jaw, one presses the lips."""
    torch.manual_seed(0)
    network = LipMotion(LipMotion.Config(channels=16, causal=(1,)))
    vowel, hum = torch.full((128, 40), -8.0), torch.full((128, 40), -8.0)
    vowel[40:80], hum[:20] = 0.0, 0.0
    mel = torch.cat([vowel, hum] * 4, dim=1)[None]
    truth = lips_of("am" * 4, [40, 40] * 4)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(120):
        loss = lip_losses(network(mel), truth)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    gap = lip_gap(network.eval().speech_shapes(mel[0]))
    assert gap[[5, 25, 45]].min() > 0.5
    assert abs(gap[[15, 35, 55]]).max() < 0.1
