"""bf16 is used where the machine has it, and nowhere else."""

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn

from feim.training import loop, precision
from feim.training.precision import has_bf16


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


@pytest.fixture
def _fresh_accelerator():
    """Accelerate keeps one precision for the whole process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.parametrize(
    ("asked", "able", "computed"), [(True, True, torch.bfloat16), (True, False, torch.float32), (False, True, torch.float32)]
)
@pytest.mark.usefixtures("_fresh_accelerator")
def test_what_the_loop_computes_in(tmp_path, monkeypatch, asked, able, computed):
    monkeypatch.setattr(loop, "has_bf16", lambda device: able)
    seen = []

    def loss_fn(model: nn.Module, batch: dict) -> dict:
        product = batch["x"] @ next(model.parameters())
        seen.append(product.dtype)
        return {"loss": product.float().square().mean()}

    settings = loop.Settings(steps=1, mixed_precision=asked)
    loop.train(nn.Linear(4, 4, bias=False), lambda index: {"x": torch.ones(2, 4)}, loss_fn, settings, tmp_path)
    assert seen == [computed]
