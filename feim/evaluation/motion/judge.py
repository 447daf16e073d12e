"""The judge of courses: which emotion a face shows whose muscles move so. It learns here, from films that no generator has seen.

Half of what it learns from are the units that Du, Tao & Martinez (2014) saw 230 people use, each with its share of people; the other half
FACS's own combinations, those that are kept from the generators included: a judge should know them.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from feim.data.synthetic.heads.expressions import SEEN_IN_PEOPLE
from feim.data.synthetic.muscle_films import NATURAL, Combination, film
from feim.signal.emotion import EMOTIONS
from feim.signal.muscles import UNITS

SEED = 90_000  # far from the generators'
FILMS, STEPS, BATCH, HIDDEN = 6000, 1500, 128, 48


def features(levels: np.ndarray) -> torch.Tensor:
    """Courses (B, F, 17) → (B, 34): how far each unit goes at its height (the mean of its highest tenth) and on average."""
    height = np.sort(levels, axis=1)[:, -max(1, levels.shape[1] // 10) :].mean(1)
    return torch.from_numpy(np.concatenate([height, levels.mean(1)], axis=1)).float()


def taught(films: int = FILMS, steps: int = STEPS) -> nn.Module:
    """A judge that has learnt: features (B, 34) → (B, 7) logits in the order of EMOTIONS."""
    random = np.random.default_rng(SEED)
    seen, labels = [], []
    for number in range(films):
        label = EMOTIONS[number % len(EMOTIONS)]
        if number % 2:
            units = (unit for unit, share in SEEN_IN_PEOPLE[label].items() if unit in UNITS and random.random() < share)
            shown = Combination(units)
        else:
            choices = NATURAL.get(label, (Combination(),))
            shown = choices[int(random.integers(len(choices)))]
        seen.append(film(label, shown, random, 100).levels)
        labels.append(EMOTIONS.index(label))
    inputs, truth = features(np.stack(seen)), torch.tensor(labels)
    generator = torch.Generator().manual_seed(SEED)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        judge = nn.Sequential(nn.Linear(2 * len(UNITS), HIDDEN), nn.GELU(), nn.Dropout(0.2), nn.Linear(HIDDEN, len(EMOTIONS)))
        optimizer = torch.optim.AdamW(judge.parameters(), 5e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
        for _ in range(steps):
            chosen = torch.randint(films, (BATCH,), generator=generator)
            loss = F.cross_entropy(judge(inputs[chosen]), truth[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return judge.eval().requires_grad_(False)


def right(judge: nn.Module, levels: np.ndarray, labels: list[tuple[str, ...]]) -> float:
    """Share of courses (B, F, 17) that the judge gives one of their labels: compounds have two."""
    guess = judge(features(levels)).argmax(1).tolist()
    return float(np.mean([EMOTIONS[found] in allowed for found, allowed in zip(guess, labels, strict=True)]))
