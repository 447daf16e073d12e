"""Weights on disk: what comes back, and what is said when they cannot."""

import json
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from feim.models import checkpoint
from feim.models.checkpoint import DamagedCheckpoint, MissingCheckpoint
from feim.models.tts import FEIMTTS


class Toy(nn.Module):
    @dataclass(frozen=True)
    class Config:
        widths: tuple[int, ...] = (3, 5)
        bias: bool = True

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(nn.Linear(a, b, config.bias) for a, b in zip(config.widths[:-1], config.widths[1:], strict=True))
        self.register_buffer("seen", torch.tensor([1.0, 2.0]))


@pytest.fixture
def toy(tmp_path) -> Toy:
    model = Toy(Toy.Config((3, 4, 2)))
    checkpoint.save(model, "toy", {"licence": "Apache-2.0", "γ": "[0, 30]"}, tmp_path)
    return model


def test_what_was_saved_comes_back(toy, tmp_path):
    loaded = checkpoint.load(Toy, "toy", tmp_path)
    assert loaded.config == toy.config
    assert isinstance(loaded.config.widths, tuple)
    for name, value in toy.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.half().float())
        assert loaded.state_dict()[name].dtype == torch.float32
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_the_card(toy, tmp_path):
    card = checkpoint.read_card("toy", tmp_path)
    assert card == {
        "name": "toy",
        "parameters": 3 * 4 + 4 + 4 * 2 + 2 + 2,
        "config": {"widths": [3, 4, 2], "bias": True},
        "licence": "Apache-2.0",
        "γ": "[0, 30]",
    }
    assert checkpoint.parameters(toy) == card["parameters"] - 2  # a buffer is not learnt


def test_an_old_pair_is_replaced_and_nothing_else_is_left(toy, tmp_path):
    other = Toy(Toy.Config((2, 2), bias=False))
    checkpoint.save(other, "toy", {}, tmp_path)
    assert torch.equal(checkpoint.load(Toy, "toy", tmp_path).layers[0].weight, other.layers[0].weight.half().float())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.json", "toy.safetensors"]


def test_a_folder_is_made(tmp_path):
    checkpoint.save(Toy(Toy.Config()), "toy", {}, tmp_path / "new" / "folder")
    assert checkpoint.load(Toy, "toy", tmp_path / "new" / "folder")


def test_a_loaded_model_speaks_as_the_rounded_one_did(tmp_path):
    torch.manual_seed(1)
    small = {"channels": 16, "prosody_channels": 16, "condition": 16, "frame_channels": 16, "decoder_channels": 16, "decoder_blocks": 1}
    model = FEIMTTS(FEIMTTS.Config(**small)).eval()
    for value in model.state_dict().values():
        value.copy_(value.half().float())
    checkpoint.save(model, "tts", {}, tmp_path)
    loaded = checkpoint.load(FEIMTTS, "tts", tmp_path)
    symbols, face = torch.arange(1, 12), torch.ones(512) / 512**0.5
    one, other = (m.synthesise(symbols, face, 1, 2.0, generator=torch.Generator().manual_seed(3)) for m in (model, loaded))
    assert torch.equal(one.mel, other.mel)


def expect(error: type[ValueError], words: str, folder, model_class=Toy) -> None:
    with pytest.raises(error, match=words) as raised:
        checkpoint.load(model_class, "toy", folder)
    assert "\n" not in str(raised.value)
    assert str(folder) in str(raised.value)


def test_missing(tmp_path):
    expect(MissingCheckpoint, r"toy\.json is missing; restore it .* or train it", tmp_path)


def test_a_card_without_weights(toy, tmp_path):
    (tmp_path / "toy.safetensors").unlink()
    expect(MissingCheckpoint, r"toy\.safetensors is missing; restore it", tmp_path)


@pytest.mark.parametrize("content", [b"", b"not json", b'{"config": ', b"\xff\xfe\x00binary"])
def test_a_damaged_card(toy, tmp_path, content):
    (tmp_path / "toy.json").write_bytes(content)
    expect(DamagedCheckpoint, r"toy\.json is damaged .*restore it", tmp_path)


@pytest.mark.parametrize("card", [[], "card", {}, {"config": [1]}, {"config": {"wings": 2}}, {"config": {"widths": [3, "wide"]}}])
def test_a_foreign_card(toy, tmp_path, card):
    (tmp_path / "toy.json").write_text(json.dumps(card))
    expect(DamagedCheckpoint, "damaged .*restore it", tmp_path)


@pytest.mark.parametrize("length", [0, 4, 50, -1])
def test_truncated_weights(toy, tmp_path, length):
    path = tmp_path / "toy.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    expect(DamagedCheckpoint, r"toy\.safetensors is damaged or of another version", tmp_path)


def test_weights_of_another_size(toy, tmp_path):
    card = checkpoint.read_card("toy", tmp_path)
    checkpoint.save(Toy(Toy.Config((3, 7, 2))), "toy", {}, tmp_path)
    (tmp_path / "toy.json").write_text(json.dumps(card))
    expect(DamagedCheckpoint, "damaged or of another version", tmp_path)


def test_weights_of_another_model(toy, tmp_path):
    expect(DamagedCheckpoint, "damaged or of another version", tmp_path, FEIMTTS)
    (tmp_path / "toy.safetensors").write_bytes(b"RIFF....WAVEfmt " * 100)
    expect(DamagedCheckpoint, "damaged or of another version", tmp_path)
