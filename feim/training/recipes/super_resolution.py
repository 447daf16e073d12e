"""Train super-resolution ×4 on the London portraits: first for exact pixels, then against a discriminator, then somewhere between.

    python -m feim train super-resolution --faces LONDON_FOLDER
    python -m feim train super-resolution --faces LONDON_FOLDER --name super-resolution-rrdb

The shipped weights took half an hour on one thread of a busy CPU. The second line trains the paper's network, which wants a GPU.

As BSRGAN (Zhang et al. 2021, arXiv:2103.14006, §5): L1 alone, then L1, perceptual and adversarial losses weighted 1, 1 and 0.1; the
discriminator is the U-Net of its authors' code, with least squares. The perceptual loss sees through VGG19 where its weights are at
hand, else through MTCNN's O-Net; the card says which.

The networks of both stages are blended (ESRGAN, §3.4). The share of the second is chosen on people held out of training: the one
whose faces come closest to the true ones in the eyes of the perceptual network, while the pixels still beat bicubic by MARGIN.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.data.corpora.london import Person, read_london
from feim.data.face_pairs import pairs, read_portraits
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork
from feim.models.super_resolution import CompactNetwork, RRDBNet, UNetDiscriminator, blend
from feim.nn.perceptual import Perceptual, perceptual
from feim.training.adversarial import AdversarialSettings, Discriminators, train_adversarially
from feim.training.card import model_card, portraits_data, publish
from feim.training.loop import Settings, share_of_batch, train
from feim.training.order import Order
from feim.training.super_resolution_measures import bicubic, measure_enlargement

NAME = "super-resolution"
NETWORKS = {NAME: CompactNetwork, f"{NAME}-rrdb": RRDBNet}
MINIATURES = {NAME: {"width": 8, "depth": 1}, f"{NAME}-rrdb": {"width": 8, "blocks": 1, "growth": 4}}
DISCRIMINATORS = {NAME: 12, f"{NAME}-rrdb": 64}  # width: one that a CPU can train, and the paper's
EXACT = Settings(steps=3000, learning_rate=2e-3, warmup=100, weight_decay=0.0)
EXACT_BATCH, EXACT_SIDE = 8, 128
LIFELIKE = AdversarialSettings(steps=300, learning_rate=2e-4, warmup=50, discriminator_learning_rate=4e-4, betas=(0.9, 0.99), ema=0.99)
LIFELIKE_BATCH, LIFELIKE_SIDE = 4, 128
WEIGHTS = {"pixels": 1.0, "perceptual": 1.0, "adversarial": 0.1}  # the paper's
VALIDATION_EVERY = 7  # of the training people, in order
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MARGIN = 1.25  # dB above bicubic, on validation people
TEST_SEEDS = (0, 1, 2)


def run(order: Order) -> nn.Module:
    """Train both stages, blend, save as order.name (NETWORKS)."""
    name = order.name or NAME
    order.refuse("super-resolution", "initial", "decoder", "shares", "forget_emotions", "blocks")
    if order.corpora:
        raise ValueError("this recipe looks at faces alone; leave out --corpus")
    if order.faces is None:
        raise ValueError("this recipe looks at faces; give --faces with the London set's folder")
    if name not in NETWORKS:
        raise ValueError(f"there is no network for {name}; --name is one of {', '.join(NETWORKS)}")
    learning, validation, test = split(read_london(order.faces))
    portraits, look = read_portraits(learning), perceptual()

    torch.manual_seed(0)
    model = NETWORKS[name](NETWORKS[name].Config(**(MINIATURES[name] if order.miniature else {})))
    discriminator = UNetDiscriminator(UNetDiscriminator.Config(4 if order.miniature else DISCRIMINATORS[name]))
    exact_settings = replace(EXACT, steps=order.steps or EXACT.steps)
    lifelike_settings = replace(LIFELIKE, steps=order.steps or LIFELIKE.steps)
    batches = pairs(portraits, share_of_batch(EXACT_BATCH), EXACT_SIDE)
    exact = train(model, batches, pixel_losses, exact_settings, order.out / "exact", order.resume)
    batches = pairs(portraits, share_of_batch(LIFELIKE_BATCH), LIFELIKE_SIDE, seed=1)
    lifelike = train_adversarially(
        copy.deepcopy(exact.model),
        {"pixels": discriminator},
        batches,
        lifelike_losses(look),
        discriminator_losses,
        lifelike_settings,
        order.out / "lifelike",
        order.resume,
    )

    look, faces = look.cpu(), checkpoint.load(FaceNetwork, "face-network")
    share, model = choose_blend(exact.model, lifelike.model, lambda ways: measure_enlargement(ways, validation, look, faces))
    ways = {"bicubic": bicubic, "exact": exact.model, "lifelike": lifelike.model, "as saved": model}
    card = model_card(
        "super-resolution",
        order,
        what="faces to four times the size, blind to how they were blurred, reduced, disturbed and compressed",
        data=[portraits_data(learning)],
        settings={
            "exact": asdict(exact_settings) | {"batch": EXACT_BATCH, "side": EXACT_SIDE},
            "lifelike": asdict(lifelike_settings) | {"batch": LIFELIKE_BATCH, "side": LIFELIKE_SIDE, "weights": WEIGHTS},
            "perceptual": look.source,
            "share of lifelike": share,
        },
        seconds=exact.seconds + lifelike.seconds,
        metrics={
            "held-out people, degraded": measure_enlargement(ways, test, look, faces, TEST_SEEDS),
            "held-out people, only reduced": measure_enlargement(ways, test, look, faces, degraded=False),
        },
    )
    publish(model, name, card, order.checkpoints)
    return model


def split(people: Sequence[Person]) -> tuple[list[Person], list[Person], list[Person]]:
    """Who is learnt from, who decides on the blend, and who is measured on at the end."""
    known = [person for person in people if person.split == "train"]
    learning = [person for number, person in enumerate(known) if number % VALIDATION_EVERY]
    return learning, known[::VALIDATION_EVERY], [person for person in people if person.split == "test"]


def pixel_losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """L1 of all pixels, in [0, 1]."""
    return {"loss": F.l1_loss(network(batch["small"]), batch["large"])}


def lifelike_losses(look: Perceptual) -> Callable:
    """Exact, to the perceptual network like the true one, and real to the discriminator (least squares, Mao et al. 2017)."""

    def losses(network: nn.Module, discriminators: Discriminators, batch: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        made = network(batch["small"])
        parts = {
            "pixels": F.l1_loss(made, batch["large"]),
            "perceptual": look.to(made.device)(2 * made - 1, 2 * batch["large"] - 1),
            "adversarial": (discriminators["pixels"](made) - 1).square().mean(),
        }
        return {"loss": sum(WEIGHTS[name] * part for name, part in parts.items())} | parts, {"made": made}

    return losses


def discriminator_losses(discriminators: Discriminators, batch: dict[str, Tensor], made: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every pixel of a true picture is to score one, every pixel of a made one zero."""
    real, false = discriminators["pixels"](batch["large"]), discriminators["pixels"](made["made"])
    loss = (real - 1).square().mean() + false.square().mean()
    return {"loss": loss, "real": real.mean(), "false": false.mean()}


def choose_blend(exact: nn.Module, lifelike: nn.Module, measure: Callable) -> tuple[float, nn.Module]:
    """The share of `lifelike` that comes nearest to the true faces' activations, of those that beat bicubic by MARGIN in PSNR.

    Args:
        measure: {name: way to enlarge} → {name: measures}, of measure_enlargement.

    Returns: share and network; nothing but `exact` where none beats bicubic by so much.
    """
    networks = {}
    for share in SHARES:
        networks[share] = copy.deepcopy(exact)
        networks[share].load_state_dict(blend(exact, lifelike, share))
    measured = measure({"bicubic": bicubic} | {str(share): network for share, network in networks.items()})
    enough = [share for share in SHARES if measured[str(share)]["PSNR"] >= measured["bicubic"]["PSNR"] + MARGIN]
    best = min(enough, key=lambda share: measured[str(share)]["activations"], default=0.0)
    return best, networks[best]
