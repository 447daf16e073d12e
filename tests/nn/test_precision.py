"""bf16 is used where the machine has it, and nowhere else; a model in bf16 says what it said."""

import pytest
import torch

from feim.nn import precision
from feim.nn.blocks import ConvNeXtBlock
from feim.nn.precision import has_bf16, lighten
from feim.nn.score_networks import ConvNeXtScore, UNetScore


@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16", "bf16", "sve_bf16"])
def test_processors_with_and_without_its_instructions(monkeypatch, instructions):
    for able in (True, False):
        found = {"architecture": "x86_64", "avx2": True, "avx512_f": True, "neon": True, instructions: able}
        monkeypatch.setattr(precision.torch.cpu, "get_capabilities", lambda found=found: found)
        assert has_bf16(torch.device("cpu")) is able


def test_a_gpu_that_only_emulates_it_has_it_not(monkeypatch):
    monkeypatch.setattr(precision.torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert not has_bf16(torch.device("cuda"))
    monkeypatch.setattr(precision.torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    assert has_bf16(torch.device("cuda"))


def score_network() -> ConvNeXtScore:
    torch.manual_seed(4)
    network = ConvNeXtScore(mels=16, features=6, condition=8, channels=32, blocks=2).eval()
    torch.nn.init.normal_(network.output.weight, std=0.2)
    return network


@pytest.mark.parametrize("able", [True, False])
def test_only_wide_layers_become_bf16_and_only_where_it_is_computed(monkeypatch, able):
    monkeypatch.setattr(precision, "has_bf16", lambda device: able)
    network = score_network()
    assert lighten(network) is network
    changed = {name.split(".")[-2] for name, parameter in network.named_parameters() if parameter.dtype == torch.bfloat16}
    assert changed == ({"input", "widen", "narrow"} if able else set())


def test_a_light_network_answers_in_float32_what_it_answered(monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    random = torch.Generator().manual_seed(1)
    x, mu = torch.randn(2, 1, 16, 24, generator=random)
    given = x, mu, torch.randn(1, 6, 12, generator=random), torch.randn(1, 8, generator=random), torch.tensor([0.4])
    network = score_network()
    before = network(*given)
    after = lighten(network)(*given)
    assert after.dtype == torch.float32
    assert 0 < (after - before).norm() / before.norm() < 0.02


def test_a_light_block_keeps_what_it_adds_to_in_float32(monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    block = lighten(ConvNeXtBlock(8))
    torch.nn.init.zeros_(block.scale)
    x = torch.randn(1, 8, 20)
    assert torch.equal(block(x), x)  # bf16 would have rounded it


def test_models_without_such_layers_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    network = lighten(UNetScore(mels=16, condition=8, channels=8))
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
