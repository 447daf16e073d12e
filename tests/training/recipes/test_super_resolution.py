"""The recipe of super-resolution in miniature: both stages, the blend that validation people choose, the card."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from feim.data.corpora.london import TEST_PEOPLE, read_london
from feim.models import checkpoint
from feim.models.super_resolution import CompactNetwork, RRDBNet
from feim.nn.perceptual import Perceptual
from feim.training.order import Order
from feim.training.recipes import super_resolution
from feim.training.recipes.super_resolution import choose_blend, discriminator_losses, lifelike_losses, split

SIDE = 320


@pytest.fixture
def london(tmp_path: Path) -> Path:
    """Four people of two discs on a slope, one of them held out."""
    folder, random, landmarks = tmp_path / "london", np.random.default_rng(0), {}
    (folder / "images").mkdir(parents=True)
    y, x = np.mgrid[:SIDE, :SIDE]
    with (folder / "metadata.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image", "identity", "expression", "age", "gender", "ethnicity"])
        for number, identity in enumerate([TEST_PEOPLE[0], "501", "502", "503"]):
            points = random.uniform(120, 200, (189, 2))
            points[:2], points[[87, 93]] = [[142, 150], [178, 150]], [[145, 190], [175, 190]]
            picture = np.stack([x / 2, y / 2, np.full_like(x, 20 * number)], axis=-1)
            for px, py in points[:2]:
                picture[(x - px) ** 2 + (y - py) ** 2 < 40] = 255
            Image.fromarray(picture.astype(np.uint8)).save(folder / "images" / f"{identity}.png")
            table.writerow([f"images/{identity}.png", identity, "neutral", "30", "female", "white"])
            landmarks[identity] = points.tolist()
    (folder / "landmarks189.json").write_text(json.dumps(landmarks))
    return folder


@pytest.fixture
def order(london, tmp_path, monkeypatch) -> Order:
    def narrow() -> Perceptual:
        layers = nn.ModuleList([nn.Conv2d(3, 2, 3, stride=4)])
        return Perceptual("a lone layer", layers, torch.full((3,), 0.5), torch.full((3,), 0.5), relative=True)

    monkeypatch.setattr(super_resolution, "perceptual", narrow)
    monkeypatch.setattr(super_resolution, "EXACT_BATCH", 2)
    monkeypatch.setattr(super_resolution, "LIFELIKE_BATCH", 2)
    monkeypatch.setattr(super_resolution, "TEST_SEEDS", (0,))
    monkeypatch.setattr(super_resolution, "SHARES", (0.0, 1.0))
    return Order((), tmp_path / "run", tmp_path / "weights", faces=london, steps=2, miniature=True)


@pytest.mark.parametrize(("name", "network"), [(None, CompactNetwork), ("super-resolution-rrdb", RRDBNet)])
def test_it_trains_and_says_what_it_did(order, name, network):
    super_resolution.run(replace(order, name=name))
    weights = checkpoint.load(network, name or "super-resolution", order.checkpoints)
    card = checkpoint.read_card(name or "super-resolution", order.checkpoints)
    assert card["data"][0]["people"] == 2  # of four: one is held out, one chooses the blend
    assert card["licence"].startswith("Apache-2.0; learnt from Face Research Lab London Set")
    assert card["settings"]["perceptual"] == "a lone layer"
    assert set(card["metrics"]["held-out people, degraded"]) == {"bicubic", "exact", "lifelike", "as saved"}
    assert all(torch.isfinite(value).all() for value in weights.state_dict().values())
    assert (order.out / "exact" / "state").is_dir()
    assert (order.out / "lifelike" / "state").is_dir()


def test_a_finished_run_is_not_trained_again(order, monkeypatch):
    first = super_resolution.run(order)
    monkeypatch.setattr(super_resolution, "pairs", lambda *given, **named: lambda index: pytest.fail("asked for a batch"))
    again = super_resolution.run(replace(order, resume=True))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"faces": None}, "give --faces"),
        ({"name": "sharp"}, "--name is one of super-resolution, super-resolution-rrdb"),
        ({"corpora": (Path("sounds"),)}, "leave out --corpus"),
        ({"decoder": "unet"}, "no use for --decoder"),
    ],
)
def test_orders_that_it_cannot_follow(order, given, message):
    with pytest.raises(ValueError, match=message):
        super_resolution.run(replace(order, **given))


def test_everybody_is_in_one_group(london):
    learning, validation, test = split(read_london(london))
    groups = [{person.identity for person in group} for group in (learning, validation, test)]
    assert groups == [{"502", "503"}, {"501"}, {TEST_PEOPLE[0]}]


def test_the_weights_of_the_losses():
    """A generator that is a quarter wrong everywhere, before a discriminator that finds everything half real."""
    batch = {"small": torch.zeros(1, 3, 4, 4), "large": torch.zeros(1, 3, 16, 16)}

    def network(small):
        return torch.full((1, 3, 16, 16), 0.25)

    class Look(nn.Module):
        def forward(self, made, real):
            return F.mse_loss(made, real)  # in [−1, 1]: (½)²

    losses, made = lifelike_losses(Look())(network, {"pixels": lambda x: torch.full((1, 1, 16, 16), 0.5)}, batch)
    assert float(losses["loss"]) == pytest.approx(1 * 0.25 + 1 * 0.25 + 0.1 * 0.25)
    assert torch.equal(made["made"], network(None))


def test_the_discriminator_is_content_when_it_is_right():
    batch, made = {"large": torch.ones(1, 3, 8, 8)}, {"made": torch.zeros(1, 3, 8, 8)}
    assert float(discriminator_losses({"pixels": lambda x: x[:, :1]}, batch, made)["loss"]) == 0
    assert float(discriminator_losses({"pixels": lambda x: 1 - x[:, :1]}, batch, made)["loss"]) == 2


@pytest.mark.parametrize(("lead", "expected"), [(5.0, 1.0), (1.8, 0.4), (0.0, 0.0)])
def test_the_blend_is_as_lifelike_as_the_pixels_allow(lead, expected):
    """Every share of the second network costs its size in decibels, and brings the activations nearer."""
    exact, lifelike = (nn.Linear(1, 1) for _ in range(2))

    def measure(ways):
        shares = [name for name in ways if name != "bicubic"]
        found = {name: {"PSNR": 20 + lead - float(name), "activations": 1 - float(name)} for name in shares}
        return found | {"bicubic": {"PSNR": 20.0, "activations": 2.0}}

    share, model = choose_blend(exact, lifelike, measure)
    assert share == expected
    assert torch.allclose(model.weight, exact.weight + share * (lifelike.weight - exact.weight))
