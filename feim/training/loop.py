"""The one training loop: every model, one CPU or many machines, through Accelerate; resumable at any step.

A recipe brings a model, batches and a loss. The loop brings mixed precision, clipping after backward, a warm-up and cosine
schedule, an exponential moving average of the weights, checkpoints that survive a kill, TensorBoard logs and a progress bar.
"""

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list, parse_flag_from_env, set_seed
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from feim.nn.precision import has_bf16
from feim.training.memory import keep_freed_memory

Batch = dict[str, Tensor]
STATES = ("state", "state.old")  # the last checkpoint; the one before, which is alone for a moment while they are swapped
PATIENCE = timedelta(hours=12)  # with the first process, while it analyses a corpus for all


@dataclass(frozen=True)
class Settings:
    """How long and how fast.

    Attributes:
        steps; learning_rate: its peak; warmup: steps up to it, then a cosine down to a hundredth.
        weight_decay; clip: largest gradient norm; ema: decay of the averaged weights.
        mixed_precision: bf16 autocast on CPUs and GPUs with instructions for it; the others train in float32.
        checkpoint_minutes: between checkpoints; log_every: steps between log entries; seed.
    """

    steps: int
    learning_rate: float = 1e-3
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    mixed_precision: bool = True
    checkpoint_minutes: float = 4.0
    log_every: int = 20
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """What training gives.

    Attributes:
        model: the averaged weights in a model like the one given, on the CPU, in eval mode.
        seconds: that its steps took, those of earlier runs that this one resumed included.
    """

    model: nn.Module
    seconds: float


def train(
    model: nn.Module,
    batches: Callable[[int], Batch],
    loss_fn: Callable[[nn.Module, Batch], dict[str, Tensor]],
    settings: Settings,
    folder: str | Path,
    resume: bool = False,
) -> Trained:
    """Train `model`.

    Args:
        batches: index → batch. The same index always gives the same batch, so a resumed run sees what the whole run would have.
            In a step each of P processes takes the next of P batches, and their gradients are averaged.
        loss_fn: (model, batch) → named losses; "loss" is minimised, the mean over all processes of each is logged.
        folder: for state/ (the last checkpoint) and logs/ (TensorBoard).
        resume: go on from the last checkpoint when there is one.

    Raises: ValueError when that checkpoint is of another model.
    """
    accelerator = prepared(settings, folder)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_at(step, settings))
    average = AveragedModel(model, multi_avg_fn=moving_average(settings.ema), use_buffers=True)
    model, optimizer = accelerator.prepare(model, optimizer)
    average.to(accelerator.device)
    progress = Progress()
    accelerator.register_for_checkpointing(average, schedule, progress)

    def step(batch: Batch) -> dict[str, Tensor]:
        with accelerator.autocast():
            losses = loss_fn(model, batch)
        accelerator.backward(losses["loss"])
        accelerator.clip_grad_norm_(trained, settings.clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        average.update_parameters(accelerator.unwrap_model(model))
        return losses

    model.train()
    take_steps(accelerator, batches, step, settings, folder, progress, resume)
    return Trained(average.module.cpu().eval(), progress.seconds)


def prepared(settings: Settings, folder: str | Path) -> Accelerator:
    """Accelerate for one run, in the precision that the hardware has, its random numbers at the run's seed."""
    precision = "bf16" if settings.mixed_precision and has_bf16(together().device) else "no"
    AcceleratorState._reset_state()  # or a process could not train one model in bf16 and the next in float32
    accelerator = Accelerator(mixed_precision=precision, log_with="tensorboard", project_dir=folder)
    if accelerator.device.type == "cpu":
        keep_freed_memory()
    set_seed(settings.seed, device_specific=True)
    return accelerator


def take_steps(
    accelerator: Accelerator,
    batches: Callable[[int], Batch],
    step: Callable[[Batch], dict[str, Tensor]],
    settings: Settings,
    folder: str | Path,
    progress: "Progress",
    resume: bool,
) -> None:
    """From the last checkpoint, or the beginning, to the last step: batches go in, losses are logged, checkpoints are kept.

    Args: step: learns from one batch, which is on the device, and tells its losses; progress: registered for checkpointing.
    Raises: ValueError when that checkpoint is of another model.
    """
    folder = Path(folder)
    states = [folder / name for name in STATES if (folder / name).is_dir()]
    if resume and states:
        load_state_of(accelerator, states[0])
    accelerator.init_trackers("logs")
    saved = time.monotonic()
    began = saved - progress.seconds
    bar = tqdm(total=settings.steps, initial=progress.step, desc=folder.name, unit="step", disable=not accelerator.is_main_process)
    while progress.step < settings.steps:
        batch = batches(progress.step * accelerator.num_processes + accelerator.process_index)
        losses = step({name: value.to(accelerator.device) if isinstance(value, Tensor) else value for name, value in batch.items()})
        progress.step += 1
        progress.seconds = time.monotonic() - began
        bar.update()
        if progress.step % settings.log_every == 0:
            means = accelerator.reduce({name: value.detach().float() for name, value in losses.items()}, "mean")
            values = {name: float(value) for name, value in means.items()}
            accelerator.log(values, step=progress.step)
            bar.set_postfix({name: f"{value:.3f}" for name, value in values.items()})
        due = [time.monotonic() - saved > 60 * settings.checkpoint_minutes]
        if broadcast_object_list(due)[0]:  # the first process's clock decides for all
            save_state_of(accelerator, folder)
            saved = time.monotonic()
    bar.close()
    save_state_of(accelerator, folder)
    for tracker in accelerator.trackers:
        tracker.finish()  # and no end_training, which would part the processes: they still have a card to write


def together() -> PartialState:
    """Who trains beside this process (torchrun, accelerate launch); alone otherwise. CPUs talk through gloo."""
    return PartialState(cpu=not torch.cuda.is_available() or parse_flag_from_env("ACCELERATE_USE_CPU"), timeout=PATIENCE)


def share_of_batch(size: int) -> int:
    """How many of a batch of `size` examples this process takes: the same batch in all, however many share it.

    Raises: ValueError when the processes cannot take equally many.
    """
    processes = together().num_processes
    if size % processes:
        even = ", ".join(str(count) for count in range(1, size + 1) if size % count == 0)
        raise ValueError(f"{processes} processes cannot share batches of {size} examples equally; start one of: {even}")
    return size // processes


class Progress:
    """The step that the next batch belongs to, and the seconds that all before it took."""

    step, seconds = 0, 0.0

    def state_dict(self) -> dict:
        return {"step": self.step, "seconds": self.seconds}

    def load_state_dict(self, state: dict) -> None:
        self.step = state["step"]
        self.seconds = state.get("seconds", 0.0)  # the first states kept none


def moving_average(decay: float) -> Callable:
    """The averaged weights' update; young averages forget faster, so that short runs are averaged too."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        keep = min(decay, (1 + int(count)) / (10 + int(count)))
        for average, now in zip(averaged, current, strict=True):
            if average.is_floating_point():
                average.lerp_(now.to(average), 1 - keep)
            else:
                average.copy_(now)

    return update


def learning_rate_at(step: int, settings: Settings) -> float:
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    done = min(1.0, (step - settings.warmup) / max(1, settings.steps - settings.warmup))
    return 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2


def load_state_of(accelerator: Accelerator, state: Path) -> None:
    try:
        accelerator.load_state(state)
    except (RuntimeError, ValueError) as error:  # torch's own, of weights and of optimizers that do not fit
        raise ValueError(f"{state} is the state of another model; leave out --resume, or give this run a folder of its own") from error


def save_state_of(accelerator: Accelerator, folder: Path) -> None:
    """Write beside the last checkpoint, then swap: a kill at any moment leaves one whole state."""
    unfinished, (state, old) = folder / "state.unfinished", (folder / name for name in STATES)
    accelerator.save_state(unfinished)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        if state.exists():
            shutil.rmtree(old, ignore_errors=True)
            state.rename(old)
        unfinished.rename(state)
        shutil.rmtree(old, ignore_errors=True)
    accelerator.wait_for_everyone()
