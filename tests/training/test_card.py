"""Every model's card says the same things in the same order, and no less than the truth about licences and hardware."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from feim.data.clip import SYNTHETIC, Clip
from feim.data.corpora import publication
from feim.models import checkpoint
from feim.training import card
from feim.training.card import corpus_data, describe_hardware, model_card, publish
from feim.training.order import Order

KEYS = ["what", "data", "licence", "command", "settings", "hardware", "hours", "metrics"]


def clips(*licences: str) -> list[Clip]:
    return [Clip(str(number), "any", f"s{number % 2}", "en-us", "", licence) for number, licence in enumerate(licences)]


def a_card(order: Order, *licences: str) -> dict:
    data = [corpus_data(Path("any/voices"), clips(*licences), 72_000)]
    return model_card("vocoder", order, what="this to that", data=data, settings={"steps": 3}, seconds=5400)


@pytest.fixture
def order(tmp_path) -> Order:
    return Order((Path("any/voices"),), tmp_path / "run", tmp_path / "weights")


def test_the_same_keys_in_the_same_order(order):
    made = a_card(order, "CC BY 4.0", "CC BY 4.0", "public domain")
    assert list(made) == KEYS
    assert made["data"] == [{"name": "voices", "speakers": 2, "clips": 3, "hours": 0.2, "licence": "CC BY 4.0, public domain"}]
    assert made["hours"] == 1.5
    assert made["command"] == order.command("vocoder")
    assert made["licence"] == "Apache-2.0; learnt from voices (CC BY 4.0, public domain)"


def test_every_recipes_card_is_of_this_shape(weights):
    for name in ("tts", "vocoder"):
        assert list(checkpoint.read_card(name, weights)) == ["name", "parameters", "config", *KEYS]


def test_copyleft_passes_on(order):
    assert a_card(order, "CC BY 4.0", publication.GPL)["licence"].startswith("GPL 3.0; learnt from")


@pytest.mark.parametrize("licence", [publication.RESEARCH_ONLY, publication.ODBL, "unknown licence"])
def test_terms_that_bind_are_told(order, licence):
    assert a_card(order, "CC BY 4.0", licence)["licence"].startswith("bound by the terms of its data")


def test_free_terms_are_free(order):
    assert a_card(order, publication.CC_BY, publication.PUBLIC_DOMAIN, SYNTHETIC)["licence"].startswith("Apache-2.0")
    assert a_card(order, publication.CC_BY_NC_ND)["licence"].startswith("non-commercial")
    assert a_card(order, f"{publication.CC_BY_NC_SA}, synthetic voices")["licence"].startswith("non-commercial")


def test_what_is_not_for_commerce_stays_so(order):
    assert a_card(order, "CC BY 4.0", "CC BY-NC-SA 4.0")["licence"].startswith("non-commercial; learnt from voices (CC BY")
    publish(Toy(), "toy", a_card(order, "CC BY-NC-SA 4.0"), order.checkpoints)
    later = a_card(Order(order.corpora, order.out, order.checkpoints, initial="toy"), "CC BY 4.0")
    assert later["data"][-1] == {"name": "initial weights toy", "licence": "non-commercial"}
    assert later["licence"].startswith("non-commercial")


class Toy(nn.Module):
    @dataclass(frozen=True)
    class Config:
        width: int = 3

    def __init__(self):
        super().__init__()
        self.config = self.Config()
        self.weight = nn.Parameter(torch.ones(3))


@pytest.mark.parametrize("first", [True, False])
def test_the_first_process_writes_and_all_wait(order, monkeypatch, first):
    waited = []

    def wait():
        waited.append((order.checkpoints / "toy.json").exists())

    monkeypatch.setattr(card, "together", lambda: SimpleNamespace(is_main_process=first, wait_for_everyone=wait))
    publish(Toy(), "toy", {"what": "a toy"}, order.checkpoints)
    assert waited == [first]


def test_hardware(monkeypatch):
    def on(device: str):
        monkeypatch.setattr(card, "together", lambda: SimpleNamespace(device=torch.device(device), num_processes=2))

    on("cpu")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert describe_hardware() == "CPU, 2 × 4 threads"
    on("cuda")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "GTX 1")
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * 2**29)
    assert describe_hardware() == "2 × GTX 1, 1.5 GiB of its memory at most"
