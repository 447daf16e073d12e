"""Train the emotional talking face in the published stages: the emotion discriminator on real films, the generator alone, then both.
Before them, the speech encoder learns what mouths do, from all corpora whose phones' times are known, films or not.

    python -m feim train talking-face --corpus corpora/heads
    python -m feim train talking-face --name talking-face-wide --corpus corpora/crema_d

The first is what ships: narrow, for CPUs; the second has the paper's width and learning rates, for GPUs. Further words in the name are a
row of the paper's tables: talking-face-base, -se, -em, -se-em; a row's `-bsrgan` is what happens to its films afterwards, so the weights
are those of the row without it. `-seall` has squeeze-and-excitation after every layer, and `-heard` the authors' auxiliary loss of emotion
heard in the speech. Without a row, it is se-em.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.data.clip import Clip, read_manifest
from feim.data.talking import Talking, films, read_talking
from feim.data.voiced import heard_lips, read_voiced
from feim.models import checkpoint
from feim.models.lip_motion import lip_losses
from feim.models.talking_face import TalkingFace, to_signed
from feim.models.talking_face_objective import (
    EmotionDiscriminator,
    FrameDiscriminator,
    MouthHearer,
    Weights,
    deceiving_terms,
    discriminator_losses,
    eye_loss,
    mouth_loss,
    region_difference,
)
from feim.nn.perceptual import Perceptual, perceptual
from feim.training.adversarial import AdversarialSettings, train_adversarially
from feim.training.card import corpus_data, model_card, publish
from feim.training.loop import Settings, Trained, share_of_batch, together, train
from feim.training.order import Order

NAME = "talking-face"
ROWS = ("base", "base-bsrgan", "se", "se-bsrgan", "em", "em-bsrgan", "se-em", "se-em-bsrgan")  # of the paper's tables
APART = ("wide", "heard", "bsrgan")  # words that go with any row
WORDS = (*APART, "base", "se", "seall", "em")
WIDTH = 3 / 16
STEPS = (4000, 8000, 4000, 1000)  # of the speech encoder, the emotion discriminator, the generator alone, and both
RATES = {True: (1e-4, 1e-5, 1e-4), False: (1e-3, 1e-4, 3e-4)}  # wide, the paper's, or narrow: of the generator alone, in both, of opponents
BATCH, FRAMES = 4, 25
VOICES, SPOKEN = 16, 50  # the same of the speech encoder's own stage
LOOKED_AT = 2  # random frames of each film that the perceptual loss compares: all give the same mean, at twelve times the work
MEASURED = 16  # held-out stretches


@dataclass(frozen=True)
class Variant:
    """Which of the published systems.

    Attributes:
        squeeze: where squeeze-and-excitation is, one of SQUEEZES. eyes: whether the eye loss counts.
        enlarged: whether its films go through super-resolution afterwards. wide: of the paper's width.
        heard: whether the speech's embedding learns to tell the speaker's emotion.
        weights: what its weights are called.
    """

    squeeze: str
    eyes: bool
    enlarged: bool
    wide: bool
    heard: bool
    weights: str


def variant(name: str | None) -> Variant:
    """What the weights' name asks for, or talking-face-ROW for any of ROWS. Raises: ValueError for other words."""
    first, *words = (name or NAME).removeprefix(NAME).split("-")
    if first or not set(words) <= set(WORDS) or len(words) != len(set(words)):
        raise ValueError(f"--name {name} is no talking face; use {NAME}, followed by any of -{', -'.join(WORDS)}")
    row = [word for word in words if word not in APART] or ["se", "em"]
    if ("base" in row and row != ["base"]) or {"se", "seall"} <= set(row):
        raise ValueError(f"--name {name} contradicts itself; the rows are {', '.join(ROWS)}")
    squeeze = "all" if "seall" in row else "last" if "se" in row else "none"
    weights = "-".join([NAME, *(word for word in words if word != "bsrgan")])
    return Variant(squeeze, "em" in row, "bsrgan" in words, "wide" in words, "heard" in words, weights)


def run(order: Order) -> TalkingFace:
    """Train on the corpora's training clips (manifests with films, sounds and emotions); save under the variant's name.

    Raises: ValueError for a name that is no variant, or initial weights of another; MissingCheckpoint.
    """
    order.refuse(NAME, "faces", "heads", "decoder", "shares", "forget_emotions", "blocks")
    wanted = variant(order.name)
    with together().main_process_first():
        filmed = [folder for folder in order.corpora if any(clip.video for clip in read_manifest(folder))] or order.corpora
        corpora = [read_talking(folder, _clips(folder, "train")) for folder in filmed]
        held_out = [read_talking(folder, clips) for folder in filmed if (clips := _clips(folder, "valid"))]
        voices = [found for folder in order.corpora if (found := read_voiced(folder, _clips(folder, "train")))]
    size, frames = (2, 5) if order.miniature else (BATCH, FRAMES)
    generator, judge, steps = build(order, wanted), perceptual(), shared_out(order.steps or sum(STEPS))
    many, longer = (2, 5) if order.miniature else (VOICES, SPOKEN)
    heard = heard_lips(voices, share_of_batch(many), longer) if voices else None
    trained, settings = train_in_stages(generator, heard, films(corpora, share_of_batch(size), frames), judge, steps, wanted, order)
    card = model_card(
        NAME,
        order,
        what="a picture of 128×128, speech, emotion and intensity to a talking face",
        data=_described(order, filmed, corpora),
        settings=asdict(settings)
        | {"batch": size, "frames": frames, "stages": steps, "eye loss": wanted.eyes, "perceptual loss through": judge.source},
        seconds=trained.seconds,
        metrics=measure(trained.model, held_out, frames) if held_out else None,
    )
    publish(trained.model, wanted.weights, card, order.checkpoints)
    return trained.model


def build(order: Order, wanted: Variant) -> TalkingFace:
    """A new generator, or the order's initial one, of the variant that is wanted."""
    torch.manual_seed(0)
    width = 0.02 if order.miniature else 1.0 if wanted.wide else WIDTH
    config = TalkingFace.Config(width, wanted.squeeze, hears_emotion=wanted.heard)
    if not order.initial:
        return TalkingFace(config)
    generator = checkpoint.load(TalkingFace, order.initial, order.checkpoints)
    if generator.config != config:
        raise ValueError(f"the weights {order.initial} are of another variant than {order.name or NAME}: {generator.config}")
    return generator.requires_grad_(True)


def train_in_stages(
    generator: TalkingFace,
    voices: Callable[[int], dict[str, Tensor]] | None,
    batches: Callable[[int], dict[str, Tensor]],
    judge: Perceptual,
    steps: tuple[int, int, int, int],
    wanted: Variant,
    order: Order,
) -> tuple[Trained, AdversarialSettings]:
    """The stages, each in a folder of its own; the seconds are all stages', the settings the last one's.

    Without `voices` the first is left out.
    """
    width, terms = generator.config.width, similarity_terms(judge, wanted.eyes)
    discriminators = {"frame": FrameDiscriminator(width), "emotion": EmotionDiscriminator(width)}
    alone, against, theirs = RATES[wanted.wide]

    spent = 0.0
    if voices:
        settings = _settings(Settings, steps[0], alone)
        listening = train(MouthHearer(generator.speech_encoder), voices, hearing_loss, settings, order.out / "speech", order.resume)
        generator.speech_encoder.load_state_dict(listening.model.encoder.state_dict())
        spent = listening.seconds

    settings = _settings(Settings, steps[1], theirs)
    knowing = train(discriminators["emotion"], batches, recognition_loss, settings, order.out / "emotion", order.resume)
    discriminators["emotion"].load_state_dict(knowing.model.state_dict())

    settings = _settings(Settings, steps[2], alone)
    similar = train(generator, batches, reconstruction_loss(terms), settings, order.out / "reconstruction", order.resume)
    generator = similar.model.requires_grad_(True)

    settings = _settings(AdversarialSettings, steps[3], against, discriminator_learning_rate=theirs)
    losses = joint_losses(terms), opposing_losses
    both = train_adversarially(generator, discriminators, batches, *losses, settings, order.out / "joint", order.resume)
    return Trained(both.model, spent + knowing.seconds + similar.seconds + both.seconds), settings


def shared_out(steps: int) -> tuple[int, int, int, int]:
    """So many steps over the stages, in STEPS' proportions, at least one each."""
    first, second, _, last = (max(1, round(steps * share / sum(STEPS))) for share in STEPS)
    return first, second, max(1, steps - first - second - last), last


def hearing_loss(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Before all others: what the mouth does."""
    return lip_losses(network(batch["speech"]), batch["lips"])


def recognition_loss(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """First published stage: the emotion that a real film shows."""
    return {"loss": F.cross_entropy(network(to_signed(batch["video"])).float(), batch["emotion"])}


Terms = Callable[[Tensor, dict[str, Tensor]], dict[str, Tensor]]


def similarity_terms(judge: Perceptual, eyes: bool) -> Terms:
    """(video, batch) → the objective's terms that compare a film with the real one."""

    def terms(video: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        real = to_signed(batch["video"])  # (B, F, 3, 128, 128)
        seen = torch.rand(real.shape[:2], device=real.device).argsort(1)[:, :LOOKED_AT]  # (B, 2)
        films_of = torch.arange(len(real), device=real.device)[:, None]
        found = {"mouth": mouth_loss(video, real, batch["mouth"])}
        unlike = judge.to(real.device)(video[films_of, seen].flatten(0, 1), real[films_of, seen].flatten(0, 1))
        # The paper's weight is for VGG19. Relative distances of all layers together would outweigh the mouth, which then stays still.
        found["perceptual"] = unlike / len(judge.layers) if judge.relative else unlike
        return found | ({"eyes": eye_loss(video, real, batch["eyes"])} if eyes else {})

    return terms


def reconstruction_loss(terms: Terms) -> Callable[[nn.Module, dict[str, Tensor]], dict[str, Tensor]]:
    """Second stage: the generator against the real film alone."""

    def losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        film = network(to_signed(batch["image"]), batch["speech"], batch["emotion"], batch["amount"])
        found = terms(film.video, batch) | _heard(film, batch)
        return {"loss": Weights().total(found)} | found

    return losses


def joint_losses(terms: Terms) -> Callable:
    """Last stage: the whole objective."""

    def losses(network: nn.Module, discriminators: dict[str, nn.Module], batch: dict[str, Tensor]) -> tuple[dict, dict]:
        image = to_signed(batch["image"])
        film = network(image, batch["speech"], batch["emotion"], batch["amount"])
        found = terms(film.video, batch) | _heard(film, batch)
        found |= deceiving_terms(discriminators, image, film.video, batch["emotion"])
        return {"loss": Weights().total(found)} | found, {"video": film.video}

    return losses


def opposing_losses(discriminators: dict[str, nn.Module], batch: dict[str, Tensor], made: dict[str, Tensor]) -> dict[str, Tensor]:
    """Last stage, the other side."""
    image, real = to_signed(batch["image"]), to_signed(batch["video"])
    return discriminator_losses(discriminators, image, real, made["video"].float(), batch["emotion"])


@torch.no_grad()
def measure(model: TalkingFace, held_out: list[Talking], frames: int) -> dict[str, float]:
    """How far films of unseen clips are from the real ones, of 255, beside a picture that never moves."""
    batches = films(held_out, 1, frames, neutral_share=0.0, seed=1)
    found: dict[str, float] = {}
    for number in range(MEASURED):
        batch = batches(number)
        image, real = to_signed(batch["image"]), to_signed(batch["video"])
        made = model(image, batch["speech"], batch["emotion"], batch["amount"]).video
        for what, video in (("generated", made), ("still picture", image[:, None].expand_as(real))):
            for where, points in (("mouth", batch["mouth"][:, :, None]), ("eyes", batch["eyes"])):
                name = f"{where}, {what}"
                found[name] = found.get(name, 0.0) + float(region_difference(video, real, points)) / MEASURED
    return {"held-out stretches": MEASURED} | {name: round(value, 2) for name, value in found.items()}


def _settings(kind: type[Settings], steps: int, rate: float, **more: float) -> Settings:
    return kind(steps=steps, learning_rate=rate, warmup=min(200, steps // 10 + 1), weight_decay=0.0, **more)


def _heard(film, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The auxiliary term of the authors' code, where the generator has it."""
    return {} if film.heard is None else {"heard": F.cross_entropy(film.heard.float(), batch["emotion"])}


def _described(order: Order, filmed: Sequence[Path], corpora: list[Talking]) -> list[dict]:
    """For the card: what was seen, and what was only heard."""
    seen = [corpus_data(folder, found.clips, 4 * int(found.starts[-1])) for folder, found in zip(filmed, corpora, strict=True)]
    heard = {folder: _clips(folder, "train") for folder in order.corpora if folder not in filmed}
    return seen + [corpus_data(folder, clips, sum(sum(clip.durations or ()) for clip in clips)) for folder, clips in heard.items()]


def _clips(folder: Path, split: str) -> list[Clip]:
    return [clip for clip in read_manifest(folder) if clip.split == split]
