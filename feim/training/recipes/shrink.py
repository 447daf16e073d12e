"""Make FEIM-TTS's score network shallower, and teach it to say what the deep one said: the same voice in less room and time.

    python -m feim train shrink --initial tts-pl --corpus corpora/nemo --corpus corpora/librispeech --shares 0.75 0.25

Blocks in the middle go; the rest is fitted to the deep network's velocities on the corpora's clips, at random
times and noise, with emotion and without (Hinton et al. 2015, here on a regression). All else of the model stays as it is. The weights
are saved under the name that they had. A quarter of an hour on one CPU core.
"""

from collections.abc import Callable
from dataclasses import asdict, replace

import torch
from torch import Tensor, nn

from feim.data.batching import utterances
from feim.models import checkpoint
from feim.models.embeddings import VoiceNetwork
from feim.models.tts import FEIMTTS, UNLABELLED, stretch_of
from feim.nn import diffusion
from feim.nn.score_networks import ConvNeXtScore
from feim.training.card import model_card, publish
from feim.training.loop import Batch, Settings, share_of_batch, train
from feim.training.order import Order
from feim.training.recipes.tts import gather

STEPS, BATCH, FRAMES = 1500, 16, 192
BLOCKS = 4  # that are kept, half of them from either end
WITHOUT = 0.25  # share of examples without an emotion


def run(order: Order) -> FEIMTTS:
    """Shrink the initial weights and save them under their name. Raises: ValueError, MissingCheckpoint."""
    order.refuse("shrink", "heads", "decoder", "name", "forget_emotions")
    name = order.initial
    if name is None:
        raise ValueError("the recipe shrink needs --initial NAME, the weights to make smaller")
    deep = checkpoint.load(FEIMTTS, name, order.checkpoints)
    before = checkpoint.read_card(name, order.checkpoints)
    model = shallower(deep, order.blocks or BLOCKS)
    material = gather(order, checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints))
    size, frames = (4, 64) if order.miniature else (BATCH, FRAMES)
    drawn = asked(deep, utterances(material.corpora, material.vector, share_of_batch(size), frames, material.shares))

    def losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        velocity = network(*(batch[name] for name in ("noisy", "mu", "features", "condition", "time")))
        return {"loss": (velocity.float() - batch["velocity"]).square().mean()}

    steps = order.steps or STEPS
    settings = Settings(steps, learning_rate=6e-4, warmup=min(150, steps // 10 + 1), ema=0.995)
    trained = train(model.score, drawn, losses, settings, order.out, order.resume)
    model.score = trained.model
    card = model_card(
        "shrink", order, what=before.get("what", ""), data=material.described(order), seconds=trained.seconds,
        settings=before.get("settings", {}) | {"score network made shallower": asdict(settings) | {"batch": size, "frames": frames}},
    )  # fmt: skip
    card["command"] = f"{before.get('command', 'unknown')}; then {card['command']}"
    card["hours"] = round(card["hours"] + before.get("hours", 0.0), 2)
    publish(model.requires_grad_(False).eval(), name, card, order.checkpoints)
    return model


def shallower(deep: FEIMTTS, count: int = BLOCKS) -> FEIMTTS:
    """The same model without the blocks in the middle of its score network. Raises: ValueError for one that has none to lose."""
    blocks = deep.config.decoder_blocks
    if not isinstance(deep.score, ConvNeXtScore) or not 2 <= count < blocks:
        raise ValueError(f"a score network of {blocks} blocks cannot be made shallower to {count}; keep 2 or more of the default's kind")
    kept = [*range((count + 1) // 2), *range(blocks - count // 2, blocks)]
    model = FEIMTTS(replace(deep.config, decoder_blocks=len(kept)))
    names = {f"score.blocks.{old}.": f"score.blocks.{new}." for new, old in enumerate(kept)}
    weights = {}
    for key, value in deep.state_dict().items():
        prefix = next((old for old in names if key.startswith(old)), None)
        if prefix or not key.startswith("score.blocks."):
            weights[names[prefix] + key.removeprefix(prefix) if prefix else key] = value
    model.load_state_dict(weights)
    return model


def asked(deep: FEIMTTS, batches: Callable[[int], Batch]) -> Callable[[int], Batch]:
    """Index → what the deep network is asked about a batch's clips, and the velocity that it answers."""

    @torch.no_grad()
    def ask(index: int) -> Batch:
        batch = batches(index)
        random = torch.Generator().manual_seed(index)
        mel = (batch["mel"] - deep.config.mel_mean) / deep.config.mel_scale  # (B, 128, T)
        h, _, speaker = deep.encode(batch["symbols"], batch["lengths"], batch["face"])
        mu, features = deep.frames(h, *stretch_of(batch["durations"], batch["tone"], batch["start"], mel.shape[2]), speaker)
        time = torch.rand(len(mel), generator=random).clamp(1e-4, 1 - 1e-4)
        clean = (mel - mu) / deep.config.residual_scale
        noisy = diffusion.diffuse(clean, torch.randn(clean.shape, generator=random), time)
        emotion = torch.where(torch.rand(len(mel), generator=random) < WITHOUT, UNLABELLED, batch["emotion"])
        condition = speaker + deep.emotion(emotion)
        velocity = deep.score(noisy, mu, features, condition, time).float()
        return {"noisy": noisy, "mu": mu, "features": features, "condition": condition, "time": time, "velocity": velocity}

    return ask
