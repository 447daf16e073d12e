"""Both score networks keep the mel's shape and listen to everything they are given."""

import pytest
import torch

from feim.nn.score_networks import ConvNeXtScore, UNetScore, _LinearAttention, fold, time_embedding, unfold

MELS, FEATURES, CONDITION = 16, 6, 8


def convnext() -> ConvNeXtScore:
    network = ConvNeXtScore(MELS, FEATURES, CONDITION, channels=12, blocks=2)
    return shaken(network)


def unet() -> UNetScore:
    return shaken(UNetScore(MELS, CONDITION, channels=8))


def shaken(network: torch.nn.Module) -> torch.nn.Module:
    """Parameters that start at zero are moved, as training would."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return network.eval()


def inputs(frames: int = 12) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(2)
    sizes = {"x": (2, MELS, frames), "mu": (2, MELS, frames), "features": (2, FEATURES, frames // 2), "condition": (2, CONDITION)}
    return {name: torch.randn(size, generator=random) for name, size in sizes.items()} | {"t": torch.tensor([0.2, 0.9])}


def test_fold_puts_two_frames_side_by_side():
    x = torch.randn(2, 3, 8)
    folded = fold(x)
    assert folded.shape == (2, 6, 4)
    for channel in range(3):
        assert torch.equal(folded[:, 2 * channel], x[:, channel, 0::2])
        assert torch.equal(folded[:, 2 * channel + 1], x[:, channel, 1::2])
    assert torch.equal(unfold(folded), x)


def test_time_embedding():
    t = torch.linspace(0, 1, 50)
    embedded = time_embedding(t, 16)
    assert embedded.shape == (50, 16)
    assert torch.allclose(embedded[:, :8] ** 2 + embedded[:, 8:] ** 2, torch.ones(50, 8), atol=1e-5)
    distances = torch.cdist(embedded, embedded) + torch.eye(50)
    assert distances.min() > 0.05  # no two times look alike


@pytest.mark.parametrize("network", [convnext(), unet()], ids=["convnext", "unet"])
@pytest.mark.parametrize("multiples", [1, 3, 5])
def test_the_velocity_has_the_mels_shape(network, multiples):
    given = inputs(4 * multiples)
    assert network(**given).shape == given["x"].shape
    assert 4 * multiples % network.multiple == 0


@pytest.mark.parametrize(
    ("network", "name"),
    [
        *((convnext(), name) for name in ("x", "mu", "features", "condition", "t")),
        *((unet(), name) for name in ("x", "mu", "condition", "t")),  # the paper's network sees the text through mu alone
    ],
)
def test_every_input_is_heard(network, name):
    given = inputs()
    before = network(**given)
    given[name] = given[name] + 0.05
    assert (network(**given) - before).abs().amax() > 1e-4


@pytest.mark.parametrize("network", [convnext(), unet()], ids=["convnext", "unet"])
def test_examples_of_a_batch_do_not_mix(network):
    given = inputs()
    alone = network(**{name: value[1:] for name, value in given.items()})
    assert torch.allclose(network(**given)[1:], alone, atol=1e-5)


def test_convnext_starts_from_zero_velocity():
    assert not ConvNeXtScore(MELS, FEATURES, CONDITION, channels=12, blocks=1)(**inputs()).any()


def test_gradients_reach_every_parameter():
    for network in (convnext(), unet()):
        network(**inputs()).square().mean().backward()
        assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_linear_attention_is_its_definition():
    attention = _LinearAttention(8, heads=2, width=3)
    x = torch.randn(1, 8, 2, 5)
    assert torch.equal(attention(x), x)  # ReZero
    torch.nn.init.ones_(attention.scale)
    query, key, value = attention.inputs(x).view(3, 2, 3, 10)  # (heads, width, places) each
    weights = key.exp() / key.exp().sum(-1, keepdim=True)
    context = torch.einsum("hkp,hvp->hkv", weights, value)
    expected = attention.output(torch.einsum("hkv,hkp->hvp", context, query).reshape(1, 6, 2, 5))
    assert torch.allclose(attention(x) - x, expected, atol=1e-5)
