"""Networks of the published size; the compact one begins from bicubic; films enlarged frame by frame, a few frames at a time."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from feim.models.checkpoint import parameters
from feim.models.super_resolution import CompactNetwork, RRDBNet, UNetDiscriminator, blend, enlarge
from feim.nn.precision import has_bf16


def compact(seed: int = 0, **config) -> CompactNetwork:
    """With last weights as if it had learnt something."""
    torch.manual_seed(seed)
    network = CompactNetwork(CompactNetwork.Config(**{"width": 8, "depth": 1} | config)).eval()
    nn.init.normal_(network.layers[-1].weight, std=0.05)
    return network


def frames(count: int, height: int = 24, width: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3)).astype(np.uint8)


def test_published_sizes():
    assert parameters(RRDBNet(RRDBNet.Config())) == 16_697_987  # as BSRGAN's weights
    assert 0.18e6 < parameters(CompactNetwork(CompactNetwork.Config())) < 0.2e6


@pytest.mark.parametrize("network", [compact(), RRDBNet(RRDBNet.Config(width=8, blocks=1, growth=4))])
def test_four_times_as_large(network):
    assert network(torch.rand(2, 3, 10, 7)).shape == (2, 3, 40, 28)


def test_the_compact_network_begins_from_bicubic():
    """As Pillow enlarges, but at the border, which is repeated."""
    small = torch.rand(1, 3, 12, 9)
    fresh = CompactNetwork(CompactNetwork.Config())(small)[0].detach()
    for colour in range(3):
        pillow = np.array(Image.fromarray(small[0, colour].numpy()).resize((36, 48), Image.Resampling.BICUBIC))
        assert np.allclose(fresh[colour, 8:-8, 8:-8], pillow[8:-8, 8:-8], atol=1e-5)


def test_bicubic_keeps_even_slopes():
    ramp = (torch.arange(12.0) / 12).expand(1, 3, 12, 12)
    large = CompactNetwork(CompactNetwork.Config(width=4, depth=0))(ramp)[0, 0, 20].detach()
    assert torch.allclose(large[8:-8].diff(), torch.tensor(1 / 48), atol=1e-6)
    assert torch.allclose(large[:3], torch.tensor(0.0), atol=0.02)


def test_each_new_pixel_has_its_own_layer():
    """A bias of one layer of one colour changes that one pixel of each 4×4 block."""
    network = CompactNetwork(CompactNetwork.Config(width=4, depth=0))
    network.layers[-1].bias.data[16 + 4 * 2 + 3] = 1.0  # green, row 2, column 3
    changed = network(torch.zeros(1, 3, 2, 2))[0].nonzero().tolist()
    assert changed == [[1, y, x] for y in (2, 6) for x in (3, 7)]


def test_the_dense_blocks_leave_most_as_it_is():
    network = RRDBNet(RRDBNet.Config(width=8, blocks=1, growth=4))
    x = torch.randn(1, 8, 6, 6)
    assert (network.trunk[0](x) - x).std() < 0.3 * x.std()


def test_the_discriminator_scores_every_pixel():
    discriminator = UNetDiscriminator(UNetDiscriminator.Config(width=4))
    pictures = torch.rand(2, 3, 32, 48, requires_grad=True)
    scores = discriminator(pictures)
    assert scores.shape == (2, 1, 32, 48)
    scores[0, 0, 16, 24].backward()
    assert pictures.grad[0, :, 16, 24].abs().sum() > 0
    assert (pictures.grad[0].abs().sum(0) > 0).float().mean() > 0.5  # the U-Net looks far around
    assert pictures.grad[1].abs().sum() == 0


def test_the_discriminators_layers_never_magnify():
    discriminator = UNetDiscriminator(UNetDiscriminator.Config(width=4))
    for layer in [*discriminator.down, *discriminator.up, discriminator.last[0]]:
        layer.parametrizations.weight.original.data *= 50
    for _ in range(30):
        discriminator(torch.rand(1, 3, 16, 16))
    for layer in [*discriminator.down, *discriminator.up, discriminator.last[0]]:
        assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, abs=0.05)


def test_blends_lie_between():
    one, other = compact(0), compact(1)
    for share in (0.0, 0.25, 1.0):
        mixed = blend(one, other, share)
        for name, value in mixed.items():
            assert torch.allclose(value, (1 - share) * one.state_dict()[name] + share * other.state_dict()[name], atol=1e-6)


def test_a_film_is_enlarged_frame_by_frame():
    network, film = compact(), frames(5, 90, 128)  # more pixels than one batch takes
    large = enlarge(network, film)
    assert large.shape == (5, 360, 512, 3)
    assert large.dtype == np.uint8
    for number in range(5):
        small = torch.from_numpy(film[number]).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            expected = (network(small)[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        assert np.abs(large[number].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("count", "side", "most"), [(100, 32, 64), (9, 128, 4), (3, 300, 1)])
def test_memory_does_not_grow_with_the_film(count, side, most):
    class Counting(CompactNetwork):
        seen = ()

        def forward(self, small):
            self.seen += (len(small),)
            return torch.zeros(1).expand(len(small), 3, 4 * small.shape[2], 4 * small.shape[3]).clone()

    network = Counting(CompactNetwork.Config(width=4, depth=0))
    enlarge(network, np.zeros((count, side, side, 3), np.uint8))
    assert sum(network.seen) == count
    assert max(network.seen) == most


def test_no_frames():
    assert enlarge(compact(), frames(0)).shape == (0, 96, 64, 3)


@pytest.mark.parametrize("film", [frames(1)[0], frames(1).astype(float), frames(1)[..., :2]])
def test_what_is_no_film(film):
    with pytest.raises(ValueError, match=r"use \(frames, height, width, 3\) of uint8"):
        enlarge(compact(), film)


@pytest.mark.skipif(not has_bf16(torch.device("cpu")), reason="bf16 would be emulated")
def test_lightened_it_draws_the_same_picture():
    film, network = frames(2), compact(width=32, depth=4)
    exact = enlarge(network, film).astype(int)
    network.compute_in(torch.bfloat16)
    assert network.layers[0].weight.dtype == torch.bfloat16
    difference = np.abs(enlarge(network, film).astype(int) - exact)
    assert difference.max() <= 3
    assert difference.mean() < 0.3
