"""The training loop of two sides: a generator, and the discriminators that tell what it makes from what is real.

Like feim.training.loop, through Accelerate and resumable at any step. In each step the generator learns first, then the
discriminators, from the same batch and the same made examples (the order of BasicSR and of BSRGAN's code), so each is made once.

Gradients are averaged over processes here and not by DistributedDataParallel, which allows one forward pass for each backward pass:
discriminators look twice or more (real, made, and between them for gradient penalties).
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from feim.training.loop import Batch, Progress, Settings, Trained, learning_rate_at, moving_average, prepared, take_steps

Discriminators = Mapping[str, nn.Module]


@dataclass(frozen=True)
class AdversarialSettings(Settings):
    """How long and how fast, for both sides; what Settings says holds for each, `ema` for the generator alone.

    Attributes:
        discriminator_learning_rate: their peak; None is the generator's.
        betas: of Adam, for both; a first one below 0.9 suits what changes as fast as an opponent (Radford et al. 2016).
    """

    weight_decay: float = 0.0
    discriminator_learning_rate: float | None = None
    betas: tuple[float, float] = (0.5, 0.99)


def train_adversarially(
    generator: nn.Module,
    discriminators: Discriminators,
    batches: Callable[[int], Batch],
    generator_losses: Callable[[nn.Module, Discriminators, Batch], tuple[dict[str, Tensor], Batch]],
    discriminator_losses: Callable[[Discriminators, Batch, Batch], dict[str, Tensor]],
    settings: AdversarialSettings,
    folder: str | Path,
    resume: bool = False,
) -> Trained:
    """Train `generator` against `discriminators`.

    Args:
        discriminators: by name; one optimiser teaches all of them.
        batches: index → batch, as for feim.training.loop.train.
        generator_losses: (generator, discriminators, batch) → named losses, of which "loss" is minimised, and what was made.
            The discriminators' own weights are frozen meanwhile.
        discriminator_losses: (discriminators, batch, made) → named losses, of which "loss" is minimised. What was made is detached.
        folder: for state/ (the last checkpoint) and logs/ (TensorBoard; the discriminators' losses under "discriminators/").
        resume: go on from the last checkpoint when there is one.

    Returns: the generator's averaged weights, as `train` returns a model. The discriminators given receive their last weights.
    Raises: ValueError when that checkpoint is of other models.
    """
    accelerator = prepared(settings, folder)
    average = AveragedModel(generator, multi_avg_fn=moving_average(settings.ema), use_buffers=True).to(accelerator.device)
    made_by = _Side(accelerator, {"generator": generator}, settings.learning_rate, settings)
    told_by = _Side(accelerator, discriminators, settings.discriminator_learning_rate or settings.learning_rate, settings)
    progress = Progress()
    accelerator.register_for_checkpointing(average, made_by.schedule, told_by.schedule, progress)

    def step(batch: Batch) -> dict[str, Tensor]:
        told_by.freeze(True)
        with accelerator.autocast():
            losses, made = generator_losses(made_by.modules["generator"], told_by.modules, batch)
        made_by.learn(losses["loss"])
        told_by.freeze(False)
        made = {name: value.detach() for name, value in made.items()}
        with accelerator.autocast():
            told = discriminator_losses(told_by.modules, batch, made)
        told_by.learn(told["loss"])
        average.update_parameters(made_by.modules["generator"])
        return losses | {f"discriminators/{name}": value for name, value in told.items()}

    take_steps(accelerator, batches, step, settings, folder, progress, resume)
    for name, module in discriminators.items():
        module.load_state_dict(told_by.modules[name].state_dict())
    return Trained(average.module.cpu().eval(), progress.seconds)


class _Side:
    """The generator or the discriminators: copies that one optimiser teaches, and its schedule."""

    def __init__(self, accelerator: Accelerator, modules: Discriminators, peak: float, settings: AdversarialSettings):
        self.accelerator, self.clip = accelerator, settings.clip
        # Copies, because Accelerate changes their forward for good. Evaluation mode: cast like any model, not wrapped to average gradients.
        copies = {name: copy.deepcopy(module).train() for name, module in modules.items()}
        self.modules = {name: accelerator.prepare_model(module, evaluation_mode=True) for name, module in copies.items()}
        self.weights = [weight for module in self.modules.values() for weight in module.parameters() if weight.requires_grad]
        if accelerator.num_processes > 1:
            for weight in self.weights:
                weight.data.copy_(broadcast(weight.data))
        optimizer = torch.optim.AdamW(self.weights, peak, betas=settings.betas, weight_decay=settings.weight_decay)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_at(step, settings))
        self.optimizer = accelerator.prepare_optimizer(optimizer)

    def freeze(self, frozen: bool) -> None:
        """Let gradients pass through, but not into, those weights that this side learns; or into them again."""
        for weight in self.weights:
            weight.requires_grad_(not frozen)

    def learn(self, loss: Tensor) -> None:
        """One step down the mean of all processes' losses."""
        self.accelerator.backward(loss)
        if self.accelerator.num_processes > 1:
            _average_gradients(self.accelerator, self.weights)
        self.accelerator.clip_grad_norm_(self.weights, self.clip)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()


def _average_gradients(accelerator: Accelerator, weights: list[nn.Parameter]) -> None:
    """Every weight's gradient becomes its mean over all processes; no gradient counts as zero."""
    gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
    means = accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), "mean")
    for weight, mean in zip(weights, means.split([weight.numel() for weight in weights]), strict=True):
        weight.grad = mean.view_as(weight).clone()
