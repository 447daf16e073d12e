"""Train the recogniser of emotion in real voices, on actors and on teachers, and measure it on people it never heard.

    python -m feim train emotion-recogniser --corpus corpora/nemo --corpus corpora/teachers --corpus corpora/judges

Of corpora spoken by people every labelled clip is used, of teachers' corpora only the judges' speakers. Every actor in turn is left
out, the others train a recogniser, and it is asked about the one left out: knowing nothing of the voice, or having heard some of its
recordings without labels. What is saved has learnt from all actors.

    python -m feim train emotion-recogniser --name acted-emotion-judge …

saves one that knows only the people whose clips are kept for judges: it may grade generators that learnt from the others, and is
measured on those others. Rules of the teachers' emotions are averages over the same actors (feim.data.synthetic.actors): no sound of
an actor left out is heard, but a seventh of every average is theirs.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from feim.data.batching import generators
from feim.data.clip import SYNTHETIC, read_manifest
from feim.data.features import read_features
from feim.models.voice_emotion import VoiceEmotion
from feim.signal.emotion import EMOTIONS
from feim.signal.functionals import functionals
from feim.training.card import corpus_data, model_card, publish
from feim.training.loop import Settings, Trained, share_of_batch, together, train
from feim.training.order import Order

SETTINGS = Settings(steps=2000, learning_rate=3e-3, warmup=1, weight_decay=0.1, ema=0.9, mixed_precision=False)
BATCH = 128
NAME, FOR_JUDGES = "emotion-recogniser", "acted-emotion-judge"
TEACHERS_SHARE = 0.3  # of the examples
KNOWN = (0, 1, 3, 10, 30)  # recordings of a voice that it is told of, in training and when it is measured
KNOWN_SHARE = 0.4  # of the examples; in the others all recordings of the voice are known
NOISE = 0.3  # deviations, added to what is learnt from
SMOOTHING = 0.1  # of the labels
MEASURED_EVERY = 5  # every fifth teacher for judges is kept from the training
OUTLIERS = 0.005  # of the clips, at either end of every functional


@dataclass(frozen=True)
class Voice:
    """One speaker: functionals (K, D) of the clips, their emotions (K,), whether it is an actor or a teacher."""

    clips: Tensor
    emotions: Tensor
    is_actor: bool


@dataclass(frozen=True)
class Heard:
    """The voices of one corpus by CORPUS/SPEAKER, to learn from and to be measured on, and the corpus in the card's words."""

    training: dict[str, Voice]
    measured: dict[str, Voice]
    data: dict


def run(order: Order) -> VoiceEmotion:
    """Measure with every actor left out in turn, then train on all; save as "emotion-recogniser", or as "acted-emotion-judge".

    Raises: ValueError for another name, or when the corpora have fewer than two actors.
    """
    order.refuse("emotion-recogniser", "faces", "initial", "decoder", "shares", "forget_emotions", "blocks")
    name = order.name or NAME
    if name not in (NAME, FOR_JUDGES):
        raise ValueError(f"the recipe emotion-recogniser makes {NAME} or {FOR_JUDGES}, not {name}; leave --name out, or give one of them")
    with together().main_process_first():
        corpora = [hear(folder, judges_alone=name == FOR_JUDGES) for folder in order.corpora]
    titles = [title for corpus in corpora for title in corpus.training]
    training = [voice for corpus in corpora for voice in corpus.training.values()]
    measured = [voice for corpus in corpora for voice in corpus.measured.values()]
    actors = [index for index, voice in enumerate(training) if voice.is_actor]
    if len(actors) < 2:
        raise ValueError(f"the corpora have {len(actors)} speakers who are no teachers, with labels; the recogniser needs two or more")
    left_out = []
    for actor in actors:
        others = [*training[:actor], *training[actor + 1 :]]
        part = f"without-{actor}-{Path(titles[actor]).name}"  # speakers of two corpora may be called alike
        left_out.append((fit(order, others, part).model, training[actor]))
    trained = fit(order, training, "all")
    trained.model.temperature.fill_(temperature(left_out))
    each = {titles[actor]: accuracy([pair]) for actor, pair in zip(actors, left_out, strict=True)}
    metrics = {"actors left out": accuracies(left_out) | each}
    for title, is_actor in (("actors that judges leave to generators", True), ("teachers never heard", False)):
        if strangers := [(trained.model, voice) for voice in measured if voice.is_actor == is_actor]:
            metrics[title] = accuracies(strangers)
    card = model_card(
        "emotion-recogniser", order, what="which of seven emotions a voice shows, against what is usual for that voice",
        data=[corpus.data for corpus in corpora], settings=asdict(_settings(order)) | {"batch": BATCH}, seconds=trained.seconds,
        metrics=metrics,
    )  # fmt: skip
    publish(trained.model, name, card, order.checkpoints)
    if together().is_main_process:
        for title, found in metrics.items():
            tqdm.write(f"{title}, unweighted accuracy by how much of the voice is known: {found}", file=sys.stderr)
    return trained.model


def hear(folder: Path, judges_alone: bool) -> Heard:
    """Functionals of a corpus's labelled clips. Raises: ValueError when it has none."""
    clips = [clip for clip in read_manifest(folder) if clip.emotion]
    synthetic = all(clip.licence == SYNTHETIC for clip in clips)
    if synthetic:
        clips = [clip for clip in clips if clip.split == "judge"]
    if not clips:
        raise ValueError(f"{folder} has no clip with an emotion that this recipe may hear, of teachers only judges'; leave it out")
    names = sorted({clip.speaker for clip in clips})
    if synthetic:
        away = set(names[::MEASURED_EVERY])
    else:
        away = {clip.speaker for clip in clips if clip.split != "judge"} if judges_alone else set()
    found = read_features(folder, clips)
    described = torch.from_numpy(np.stack([_describe(found.mel[here], found.pitch[here]) for here in map(found.frames, range(len(clips)))]))
    labels = torch.tensor([EMOTIONS.index(clip.emotion) for clip in clips])
    voices = {}
    for name in names:
        own = torch.tensor([clip.speaker == name for clip in clips])
        voices[name] = Voice(described[own], labels[own], not synthetic)
    used = [index for index, clip in enumerate(clips) if clip.speaker not in away]
    frames = sum(int(found.starts[index + 1] - found.starts[index]) for index in used)
    return Heard(
        {f"{folder.name}/{name}": voice for name, voice in voices.items() if name not in away},
        {f"{folder.name}/{name}": voice for name, voice in voices.items() if name in away},
        corpus_data(folder, [clips[index] for index in used], frames),
    )


def _describe(mel: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """mel (T, 128) and pitch (T, 1) as features keep them → (D,)."""
    return functionals(mel.T, pitch[:, 0].astype(np.float64))


def _settings(order: Order) -> Settings:
    return replace(SETTINGS, steps=order.steps or (100 if order.miniature else SETTINGS.steps))


def fit(order: Order, voices: Sequence[Voice], part: str) -> Trained:
    """Train on `voices`; the run's state is in the order's folder under the name of this part."""
    torch.manual_seed(0)
    model = VoiceEmotion()
    get_to_know_people(model, [voice.clips for voice in voices if voice.is_actor])
    return train(model, batches(model, voices, share_of_batch(BATCH)), losses, _settings(order), order.out / part, order.resume)


def get_to_know_people(model: VoiceEmotion, people: Sequence[Tensor]) -> None:
    """Set what is usual for people in general, and how far a voice strays from what is usual for it, each speaker counted alike."""
    everything = torch.cat(list(people))
    model.lowest.copy_(everything.quantile(OUTLIERS, dim=0))
    model.highest.copy_(everything.quantile(1 - OUTLIERS, dim=0))
    clips = [person.clamp(model.lowest, model.highest) for person in people]
    model.usual.copy_(torch.stack([person.mean(0) for person in clips]).mean(0))
    model.spread.copy_(torch.stack([person.var(0, correction=0) for person in clips]).mean(0).sqrt().clamp_min(1e-4))


def batches(model: VoiceEmotion, voices: Sequence[Voice], size: int) -> Callable[[int], dict[str, Tensor]]:
    """Index → inputs (B, D + 1) of the recogniser and emotions (B,): actors and teachers, known well, hardly, or not at all."""
    kinds = [kind for kind in ([v for v in voices if v.is_actor], [v for v in voices if not v.is_actor]) if kind]
    friends = [[model.acquaint(voice.clips) for voice in kind] for kind in kinds]

    def example(random: np.random.Generator) -> tuple[Tensor, Tensor]:
        kind = int(random.random() < TEACHERS_SHARE) if len(kinds) > 1 else 0
        who = random.integers(len(kinds[kind]))
        voice, known = kinds[kind][who], friends[kind][who]
        if random.random() < KNOWN_SHARE:
            known = model.acquaint(voice.clips[_some(len(voice.clips), random.choice(KNOWN), random)])
        clip = random.integers(len(voice.clips))
        inputs = model.compare(voice.clips[clip : clip + 1], known)[0]
        noise = torch.from_numpy(random.normal(0, NOISE, len(inputs) - 1).astype(np.float32))
        return inputs + F.pad(noise, (0, 1)), voice.emotions[clip]

    def make(index: int) -> dict[str, Tensor]:
        inputs, emotions = zip(*map(example, generators(13, index, size)), strict=True)
        return {"inputs": torch.stack(inputs), "emotion": torch.stack(emotions)}

    return make


def losses(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of every member against smoothed labels."""
    logits = model(batch["inputs"])  # (M, B, 7)
    emotions = batch["emotion"].expand(len(logits), -1)
    return {
        "loss": F.cross_entropy(logits.flatten(0, 1), emotions.flatten(), label_smoothing=SMOOTHING),
        "accuracy": (logits.argmax(-1) == emotions).float().mean(),
    }


Asked = Sequence[tuple[VoiceEmotion, Voice]]  # recognisers, each with a voice that it never heard


def accuracies(asked: Asked) -> dict[str, float]:
    """Unweighted accuracy by how many recordings of the voice are known, and with "all" of them."""
    random = np.random.default_rng(0)
    found = {str(known): accuracy(asked, known, random) for known in KNOWN}
    return found | {"all": accuracy(asked)}


def accuracy(asked: Asked, known: int | None = None, random: np.random.Generator | None = None) -> float:
    """Mean over emotions, then over voices, of the share of clips whose likeliest emotion is the true one; None: all are known."""
    means = []
    for model, voice in asked:
        some = slice(None) if known is None else _some(len(voice.clips), known, random)
        right = model.probabilities(voice.clips, model.acquaint(voice.clips[some])).argmax(-1) == voice.emotions
        means.append(np.mean([right[voice.emotions == label].float().mean().item() for label in voice.emotions.unique()]))
    return round(float(np.mean(means)), 3)


def temperature(asked: Asked) -> float:
    """That at which the recognisers predict the emotions of voices that they never heard best."""
    candidates = torch.logspace(-1, 1, 201)
    total = torch.zeros(len(candidates))
    for model, voice in asked:
        votes = model.probabilities(voice.clips, model.acquaint(voice.clips)).clamp_min(1e-9).log() * model.temperature
        total += torch.stack([F.cross_entropy(votes / t, voice.emotions, reduction="sum") for t in candidates])
    return float(candidates[total.argmin()])


def _some(count: int, wanted: int, random: np.random.Generator) -> Tensor:
    """Places of at most `wanted` of `count` clips."""
    return torch.from_numpy(random.permutation(count)[:wanted])
