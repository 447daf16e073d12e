"""The loop: learning, resuming as if nothing had happened, states that survive a kill, and bounded steps."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from feim.training import loop
from feim.training.loop import Settings, train

SETTINGS = Settings(steps=12, learning_rate=0.02, warmup=3, ema=0.9, mixed_precision=False, checkpoint_minutes=0.0, log_every=5)


@pytest.fixture(autouse=True)
def _fresh_accelerator():
    """Accelerate keeps one precision for the whole process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1))


def batches(index: int) -> dict:
    random = torch.Generator().manual_seed(index)
    x = torch.randn(16, 4, generator=random)
    return {"x": x, "y": x.sum(1, keepdim=True), "name": "a batch may hold more than tensors"}


def loss_fn(model: nn.Module, batch: dict) -> dict[str, torch.Tensor]:
    error = ((model(batch["x"]) - batch["y"]) ** 2).mean()
    return {"loss": error, "error": error}


def stopping_at(step: int):
    """Batches until the plug is pulled."""

    def until(index: int) -> dict:
        if index == step:
            raise KeyboardInterrupt
        return batches(index)

    return until


def equal(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_one_process_trains_one_model_in_bf16_and_the_next_in_float32(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "has_bf16", lambda device: True)  # emulated where it is not
    for mixed in (True, False, True):
        trained = train(network(), batches, loss_fn, replace(SETTINGS, steps=1, mixed_precision=mixed), tmp_path / str(mixed)).model
        assert {p.dtype for p in trained.parameters()} == {torch.float32}


def test_it_learns(tmp_path):
    model = network()
    before = float(loss_fn(model.eval(), batches(99))["loss"].detach())
    settings = Settings(steps=150, learning_rate=0.02, warmup=5, ema=0.9, mixed_precision=False)
    trained = train(model, batches, loss_fn, settings, tmp_path).model
    assert float(loss_fn(trained, batches(99))["loss"].detach()) < 0.2 * before
    assert not trained.training


def test_the_averaged_weights_come_back(tmp_path):
    model = network()
    averaged = train(model, batches, loss_fn, SETTINGS, tmp_path).model
    assert not equal(averaged, model)
    frozen = train(network(), batches, loss_fn, Settings(steps=5, ema=1.0, mixed_precision=False), tmp_path / "frozen").model
    moved = train(network(), batches, loss_fn, Settings(steps=5, ema=0.0, mixed_precision=False), tmp_path / "moved").model
    start = network()
    distance = [float((m[0].weight - start[0].weight).abs().max()) for m in (frozen, moved)]
    assert distance[0] < distance[1]


@pytest.mark.parametrize("step", [1, 5, 11])
def test_resumed_training_equals_uninterrupted_training(tmp_path, step):
    whole = train(network(), batches, loss_fn, SETTINGS, tmp_path / "whole").model
    with pytest.raises(KeyboardInterrupt):
        train(network(), stopping_at(step), loss_fn, SETTINGS, tmp_path / "broken")
    torch.rand(100)  # what happens meanwhile does not matter
    seen = []
    resumed = train(network(), lambda i: seen.append(i) or batches(i), loss_fn, SETTINGS, tmp_path / "broken", resume=True).model
    assert seen == list(range(step, 12))
    assert equal(whole, resumed)


def test_without_resume_training_begins_anew(tmp_path):
    first = train(network(), batches, loss_fn, SETTINGS, tmp_path).model
    seen = []
    again = train(network(), lambda i: seen.append(i) or batches(i), loss_fn, SETTINGS, tmp_path).model
    assert seen == list(range(12))
    assert equal(first, again)


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    done = train(network(), batches, loss_fn, SETTINGS, tmp_path)
    again = train(network(), lambda i: pytest.fail("asked for a batch"), loss_fn, SETTINGS, tmp_path, resume=True)
    assert equal(again.model, done.model)
    assert again.seconds == done.seconds


class Clock:
    """Every batch takes ten seconds, and nothing else any."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(loop.time, "monotonic", lambda: self.now)

    def batches(self, index: int) -> dict:
        self.now += 10
        return batches(index)


def test_time_is_counted_over_all_runs(tmp_path, monkeypatch):
    clock = Clock(monkeypatch)
    train(network(), clock.batches, loss_fn, replace(SETTINGS, steps=5), tmp_path)
    clock.now += 100_000  # between runs nobody trains
    assert train(network(), clock.batches, loss_fn, SETTINGS, tmp_path, resume=True).seconds == 120
    assert train(network(), clock.batches, loss_fn, SETTINGS, tmp_path).seconds == 120


def test_a_state_of_before_time_was_counted(tmp_path, monkeypatch):
    train(network(), batches, loss_fn, replace(SETTINGS, steps=5), tmp_path)
    [progress] = [path for path in (tmp_path / "state").glob("custom*.pkl") if "seconds" in torch.load(path)]
    torch.save({"step": 5}, progress)
    trained = train(network(), Clock(monkeypatch).batches, loss_fn, SETTINGS, tmp_path, resume=True)
    assert trained.seconds == 70


def test_a_run_goes_on_with_another_number_of_processes(tmp_path):
    """A process that the run did not have before finds no state of random numbers, and draws its own."""
    with pytest.raises(KeyboardInterrupt):
        train(network(), stopping_at(5), loss_fn, SETTINGS, tmp_path)
    (tmp_path / "state" / "random_states_0.pkl").unlink()
    seen = []
    train(network(), lambda i: seen.append(i) or batches(i), loss_fn, SETTINGS, tmp_path, resume=True)
    assert seen == list(range(5, 12))


@pytest.mark.parametrize(("processes", "share"), [(1, 14), (2, 7), (7, 2), (14, 1)])
def test_a_batch_is_the_same_however_many_share_it(monkeypatch, processes, share):
    monkeypatch.setattr(loop, "together", lambda: SimpleNamespace(num_processes=processes))
    assert loop.share_of_batch(14) == share


@pytest.mark.parametrize("processes", [4, 28])
def test_a_batch_that_cannot_be_shared_equally(monkeypatch, processes):
    monkeypatch.setattr(loop, "together", lambda: SimpleNamespace(num_processes=processes))
    with pytest.raises(ValueError, match=f"{processes} processes cannot share batches of 14 examples equally; start one of: 1, 2, 7, 14$"):
        loop.share_of_batch(14)


def test_the_state_of_another_model_is_refused(tmp_path):
    train(network(), batches, loss_fn, SETTINGS, tmp_path)
    other = nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 1))
    with pytest.raises(ValueError, match="state of another model; leave out --resume"):
        train(other, batches, loss_fn, SETTINGS, tmp_path, resume=True)


@pytest.mark.parametrize("moment", ["writing", "after the old state moved away", "before the old state is removed"])
def test_a_kill_at_any_moment_leaves_a_whole_state(tmp_path, monkeypatch, moment):
    """The run dies inside the third checkpoint; resumed, it ends as if it had not."""
    whole = train(network(), batches, loss_fn, SETTINGS, tmp_path / "whole").model
    folder = tmp_path / "killed"
    renamed = []

    class Path(type(folder)):
        def rename(self, target):
            if moment == "after the old state moved away" and self.name == "state.unfinished" and len(renamed) >= 4:
                raise KeyboardInterrupt
            renamed.append(self.name)
            return super().rename(target)

    saves = []

    def save_state(self, where, **settings):
        saves.append(where)
        save(self, where, **settings)
        if moment == "writing" and len(saves) == 3:
            next(where.glob("*.safetensors")).write_bytes(b"half")
            raise KeyboardInterrupt

    def remove(where, **settings):
        if moment == "before the old state is removed" and len(saves) == 3 and not (folder / "state.unfinished").exists():
            raise KeyboardInterrupt
        delete(where, **settings)

    save, delete = loop.Accelerator.save_state, loop.shutil.rmtree
    with monkeypatch.context() as patch:
        patch.setattr(loop, "Path", Path)
        patch.setattr(loop.Accelerator, "save_state", save_state)
        patch.setattr(loop.shutil, "rmtree", remove)
        with pytest.raises(KeyboardInterrupt):
            train(network(), batches, loss_fn, SETTINGS, folder)
    assert len(saves) == 3
    seen = []
    resumed = train(network(), lambda i: seen.append(i) or batches(i), loss_fn, SETTINGS, folder, resume=True).model
    assert seen[0] == (3 if moment == "before the old state is removed" else 2)
    assert equal(whole, resumed)
    assert (folder / "state").is_dir()


def test_a_huge_loss_takes_a_bounded_step(tmp_path):
    """Gradients are clipped between backward and the step: what the optimizer sees is never longer than `clip`."""
    seen = []

    def look(optimizer, *_):
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        seen.append(math.sqrt(sum(float(p.grad.square().sum()) for p in parameters)))

    def huge(model, batch):
        return {"loss": 1e6 * loss_fn(model, batch)["loss"]}

    hook = register_optimizer_step_pre_hook(look)
    try:
        model = network()
        start = [p.detach().clone() for p in model.parameters()]
        train(model, batches, huge, Settings(steps=2, warmup=0, clip=0.5, weight_decay=0, mixed_precision=False), tmp_path)
    finally:
        hook.remove()
    assert seen == pytest.approx([0.5, 0.5], rel=1e-3)
    moved = max(float((a - b).abs().max()) for a, b in zip(start, model.parameters(), strict=True))
    assert 0 < moved < 2.5e-3  # two steps at a learning rate of 1e-3


def test_small_gradients_are_not_stretched(tmp_path):
    seen = []
    hook = register_optimizer_step_pre_hook(lambda optimizer, *_: seen.append(optimizer.param_groups[0]["params"][0].grad.clone()))
    try:
        model = network()
        train(model, batches, lambda m, b: {"loss": 1e-4 * loss_fn(m, b)["loss"]}, Settings(steps=1, mixed_precision=False), tmp_path)
    finally:
        hook.remove()
    assert 0 < float(seen[0].norm()) < 0.01


def test_frozen_weights_stay(tmp_path):
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    trained = train(model, batches, loss_fn, SETTINGS, tmp_path).model
    assert torch.equal(trained[0].weight, before)
    assert not torch.equal(trained[2].weight, network()[2].weight)


def test_the_learning_rate_warms_up_and_falls_to_a_hundredth():
    settings = Settings(steps=100, warmup=10)
    rates = [loop.learning_rate_at(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert loop.learning_rate_at(100, settings) == pytest.approx(0.01)
    assert loop.learning_rate_at(55, settings) == pytest.approx(0.505)


def test_bf16_learns_too(tmp_path):
    settings = Settings(steps=100, learning_rate=0.02, warmup=5, ema=0.9, mixed_precision=True)
    trained = train(network(), batches, loss_fn, settings, tmp_path).model
    assert float(loss_fn(trained, batches(99))["loss"].detach()) < 1
    assert trained[0].weight.dtype == torch.float32


def test_losses_are_logged(tmp_path):
    train(network(), batches, loss_fn, SETTINGS, tmp_path)
    assert list((tmp_path / "logs").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("asked", "able", "computed"), [(True, True, torch.bfloat16), (True, False, torch.float32), (False, True, torch.float32)]
)
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
