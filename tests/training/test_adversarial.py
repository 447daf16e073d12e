"""The loop of two sides: both learn, neither through the other's step, and a resumed run is the whole run."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn
from torch.nn import functional as F

from feim.training import loop
from feim.training.adversarial import AdversarialSettings, train_adversarially

ROOT = Path(__file__).parents[2]
SETTINGS = AdversarialSettings(steps=8, learning_rate=0.01, warmup=2, ema=0.9, mixed_precision=False, checkpoint_minutes=0.0, log_every=3)


@pytest.fixture(autouse=True)
def _fresh_accelerator():
    """Accelerate keeps one precision for the whole process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def generator() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.1), nn.LeakyReLU(), nn.Linear(8, 1))


def critics() -> dict[str, nn.Module]:
    torch.manual_seed(1)
    return {
        "wide": nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(1, 16)), nn.LeakyReLU(), nn.Linear(16, 1)),
        "linear": nn.Linear(1, 1),
    }


def batches(index: int) -> dict:
    """Noise, and the real: numbers around 3."""
    random = torch.Generator().manual_seed(index)
    return {"noise": torch.randn(64, 1, generator=random), "real": 3 + 0.5 * torch.randn(64, 1, generator=random)}


def generator_losses(network: nn.Module, discriminators, batch: dict):
    made = network(batch["noise"])
    told = sum(discriminator(made).mean() for discriminator in discriminators.values())
    return {"loss": -told, "told": told}, {"made": made}


def discriminator_losses(discriminators, batch: dict, made: dict) -> dict:
    loss = sum(F.relu(1 - network(batch["real"])).mean() + F.relu(1 + network(made["made"])).mean() for network in discriminators.values())
    return {"loss": loss}


def run(folder: Path, network: nn.Module, against: dict, settings=SETTINGS, batches=batches, resume=False):
    return train_adversarially(network, against, batches, generator_losses, discriminator_losses, settings, folder, resume)


def equal(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_what_is_made_comes_to_look_real(tmp_path):
    settings = replace(SETTINGS, steps=250, warmup=5, checkpoint_minutes=9.0)
    before = generator().eval()(batches(999)["noise"]).mean().item()
    trained = run(tmp_path, generator(), critics(), settings).model
    after = trained(batches(999)["noise"]).mean().item()
    assert abs(before - 3) > 2
    assert abs(after - 3) < 0.75
    assert not trained.training


def test_each_side_learns_in_its_own_step_alone(tmp_path):
    """With the other side's rate at zero, it stays exactly as it was; a step of one never moves the other."""
    against = critics()
    run(tmp_path / "a", generator(), against, replace(SETTINGS, discriminator_learning_rate=1e-30, warmup=0))
    assert equal(against["linear"], critics()["linear"])
    against = critics()
    trained = run(tmp_path / "b", generator(), against, replace(SETTINGS, learning_rate=1e-30, discriminator_learning_rate=0.01, ema=0.0))
    assert torch.allclose(trained.model[0].weight, generator()[0].weight, atol=1e-6)
    assert not equal(against["linear"], critics()["linear"])


def test_discriminators_are_frozen_while_the_generator_learns_and_what_it_made_is_detached_afterwards(tmp_path):
    seen = []

    def ours(network, discriminators, batch):
        seen.append(any(weight.requires_grad for critic in discriminators.values() for weight in critic.parameters()))
        return generator_losses(network, discriminators, batch)

    def theirs(discriminators, batch, made):
        seen.append(all(weight.requires_grad for critic in discriminators.values() for weight in critic.parameters()))
        seen.append(made["made"].requires_grad)
        return discriminator_losses(discriminators, batch, made)

    train_adversarially(generator(), critics(), batches, ours, theirs, replace(SETTINGS, steps=2), tmp_path)
    assert seen == [False, True, False] * 2


def test_weights_that_are_not_to_be_learnt_stay_so(tmp_path):
    against = critics()
    against["linear"].bias.requires_grad_(False)
    run(tmp_path, generator(), against)
    assert torch.equal(against["linear"].bias, critics()["linear"].bias)
    assert not torch.equal(against["linear"].weight, critics()["linear"].weight)
    assert not against["linear"].bias.requires_grad


@pytest.mark.parametrize("step", [1, 5])
def test_resumed_training_equals_uninterrupted_training(tmp_path, step):
    def until(index: int) -> dict:
        if index == step:
            raise KeyboardInterrupt
        return batches(index)

    whole_critics, resumed_critics = critics(), critics()
    whole = run(tmp_path / "whole", generator(), whole_critics).model
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "broken", generator(), critics(), batches=until)
    torch.rand(100)  # what happens meanwhile does not matter
    seen = []
    resumed = run(tmp_path / "broken", generator(), resumed_critics, batches=lambda i: seen.append(i) or batches(i), resume=True).model
    assert seen == list(range(step, 8))
    assert equal(whole, resumed)
    assert all(equal(whole_critics[name], resumed_critics[name]) for name in whole_critics)


def test_the_state_of_other_models_is_refused(tmp_path):
    run(tmp_path, generator(), critics(), replace(SETTINGS, steps=1))
    with pytest.raises(ValueError, match="another model"):
        run(tmp_path, generator(), {"linear": nn.Linear(1, 1), "wide": nn.Linear(1, 2)}, resume=True)


def test_the_models_given_can_be_used_in_any_precision_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "has_bf16", lambda device: True)  # emulated where it is not
    against = critics()
    for mixed in (True, False):
        trained = run(tmp_path / str(mixed), generator(), against, replace(SETTINGS, steps=1, mixed_precision=mixed)).model
        assert {weight.dtype for weight in trained.parameters()} == {torch.float32}
        assert "forward" not in vars(against["wide"])  # Accelerate's bf16 wrapper stayed on its own copy


PROCESS = """
import sys
from pathlib import Path

import torch
from torch import nn

from feim.training.adversarial import train_adversarially
from feim.training.loop import together

sys.path.insert(0, sys.argv[1])
from tests.training.test_adversarial import SETTINGS, batches, critics, discriminator_losses, generator_losses

here, folder, against = together().process_index, Path(sys.argv[2]), critics()
torch.manual_seed(here)  # other initial weights in every process: the first one's count


def half(index):
    return {name: value.chunk(2)[here] for name, value in batches(index // 2).items()}


trained = train_adversarially(nn.Linear(1, 1), against, half, generator_losses, discriminator_losses, SETTINGS, folder)
torch.save([trained.model.state_dict(), *(critic.state_dict() for critic in against.values())], folder / f"{here}.pt")
"""


def test_two_processes_learn_what_one_does(tmp_path):
    (tmp_path / "process.py").write_text(PROCESS)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*launch, tmp_path / "process.py", ROOT, tmp_path], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    against = critics()
    torch.manual_seed(0)
    alone = [run(tmp_path / "alone", nn.Linear(1, 1), against).model.state_dict(), *(critic.state_dict() for critic in against.values())]
    for one, *two in zip(alone, first, second, strict=True):
        for key, value in one.items():
            assert torch.equal(two[0][key], two[1][key])
            assert torch.allclose(value, two[0][key], atol=1e-4)
