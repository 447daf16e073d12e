"""The experiment: the same network, told a label, told muscles too, in one stage or two, or told another film's muscles.

Every seed trains a network of its own on natural combinations of units; what it is asked for are combinations that no training film has:
natural ones that were kept away, and two emotions at once. How strongly each arm is guided, and where its stages change, is chosen on
other combinations, the same for all seeds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn

from feim.data.synthetic.muscle_films import COMPOUNDS, MuscleFilm, compound_films, films
from feim.evaluation.motion.judge import right
from feim.models.motion import Guidance, MotionDiffusion, Wish, motion_losses
from feim.nn.agreement import f1
from feim.signal.emotion import EMOTIONS
from feim.signal.muscles import SEEN, Muscle, asked
from feim.training.loop import Settings, train
from feim.training.recipes.motion import BATCH, batches

FRAMES = 100  # of every tested stretch
HIGHEST = 0.1  # of the frames: how far a unit goes is the mean over these
SAMPLED = 70_000  # where the tested films' seeds begin

WEIGHTS = (1, 1.5, 2, 3)
ARMS = {
    "label": [Guidance(emotion=w, change=0, still=0) for w in WEIGHTS],
    "one stage": [Guidance(together=w) for w in WEIGHTS],
    "muscles alone": [Guidance(muscles=w, change=1, still=0) for w in WEIGHTS],
    "two stages": [Guidance(e, m, change) for e, m, change in product((1, 1.5), (2, 3), (0.9, 0.8))],
}


@dataclass(frozen=True)
class Asked:
    """What is asked for in a test: films, and the emotions that each may be taken for."""

    films: list[MuscleFilm]
    labels: list[tuple[str, ...]]

    @property
    def wanted(self) -> np.ndarray:
        """(B, 17) bool: the units that should be seen."""
        return np.stack([asked(one.muscles) for one in self.films])


def asked_for(split: str, count: int) -> Asked:
    """About `count` films of a split's natural combinations; and of compounds, every third of which is for validation, as many at most."""
    natural = [one for one in films(split, 7 * count // 6, SAMPLED + (split == "test"), FRAMES) if one.muscles]
    pairs = list(COMPOUNDS)
    both = compound_films(2 * count, SAMPLED, FRAMES)
    mine = [n for n in range(len(both)) if (n % len(pairs) % 3 == 0) == (split == "valid")][:count]
    labels = [(one.emotion,) for one in natural] + [pairs[n % len(pairs)] for n in mine]
    return Asked([*natural, *(both[n] for n in mine)], labels)


def trained(seed: int, steps: int, films_each: int, folder: Path, laid: bool = True) -> MotionDiffusion:
    """A network of its own: other initial weights, films and noise; goes on where an earlier run stopped."""
    settings = Settings(steps, learning_rate=2e-3, mixed_precision=False, seed=seed, checkpoint_minutes=60)
    torch.manual_seed(seed)
    network = MotionDiffusion(MotionDiffusion.Config(laid=laid))
    return train(network, batches(1000 + seed, films_each, BATCH), motion_losses, settings, folder, resume=True).model


def drawn(network: MotionDiffusion, films: Sequence[MuscleFilm], guidance: Guidance, muscles: Sequence[tuple[Muscle, ...]] | None = None):
    """What the network draws for these films' feelings and muscles, or for others' muscles: (B, F, 17)."""
    told = muscles or [one.muscles for one in films]
    wishes = [Wish(EMOTIONS.index(one.emotion), one.strength, m) for one, m in zip(films, told, strict=True)]
    return network.sample(wishes, FRAMES, range(len(films)), guidance)


def seen(levels: np.ndarray) -> np.ndarray:
    """Which units a film shows: (B, F, 17) → (B, 17) bool."""
    return np.sort(levels, axis=1)[:, -round(HIGHEST * levels.shape[1]) :].mean(1) >= SEEN


def shuffled(films: Sequence[MuscleFilm]) -> list[tuple[Muscle, ...]]:
    """For every film the muscles of one that shows another emotion."""
    found = []
    for number, one in enumerate(films):
        others = [two for two in (*films[number + 1 :], *films[:number]) if two.emotion != one.emotion]
        found.append(others[number % 5].muscles)
    return found


def chosen(networks: Iterable[MotionDiffusion], valid: Asked) -> dict[str, Guidance]:
    """Of every arm the setting with the highest mean F1 over all networks, on the validation's combinations."""
    wanted = valid.wanted
    networks = list(networks)

    def mean_f1(guidance: Guidance) -> float:
        return float(np.mean([f1(seen(drawn(network, valid.films, guidance)), wanted) for network in networks]))

    return {arm: max(settings, key=mean_f1) for arm, settings in ARMS.items()}


def compared(network: MotionDiffusion, judge: nn.Module, test: Asked, settings: dict[str, Guidance]) -> dict[str, dict[str, float]]:
    """Arm → F1 of the units asked for, over all films, natural ones and compounds; of units in single frames, beside the true film's;
    and the share of emotions that the judge finds.
    """
    wanted, compound = test.wanted, np.array([len(labels) > 1 for labels in test.labels])
    truth = np.stack([one.levels for one in test.films]) >= SEEN  # (B, F, 17): when, too
    plans: dict[str, Callable[[], np.ndarray]] = {arm: lambda g=g: drawn(network, test.films, g) for arm, g in settings.items()}
    plans["shuffled"] = lambda: drawn(network, test.films, settings["two stages"], shuffled(test.films))
    found = {}
    for arm, draw in plans.items():
        levels = draw()
        shown = seen(levels)
        found[arm] = {
            "F1": f1(shown, wanted),
            "frames": f1(levels >= SEEN, truth),
            "natural": f1(shown[~compound], wanted[~compound]),
            "compound": f1(shown[compound], wanted[compound]),
            "emotion": right(judge, levels, test.labels),
        }
    return found
