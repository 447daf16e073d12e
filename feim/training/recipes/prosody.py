"""Train FEIM-TTS's prosody predictor alone, when its frames are learnt: durations and pitch for new rules or other actors.

    python -m feim train prosody --corpus corpora/teachers --corpus corpora/librispeech --faces LONDON_FOLDER

Takes "tts" (or what --initial names) and replaces it; all but the predictor stays as it is. Since nothing before the predictor moves,
every text is encoded once, with VOICES of its speaker's vectors. The shipped one took 0.2 hours on two CPU cores for 4500 steps.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from feim.data.batching import emotion_index, generators, known_times
from feim.data.features import Features
from feim.models import checkpoint
from feim.models.embeddings import VoiceNetwork
from feim.models.tts import FEIMTTS, NULL_SHARE, with_null_tokens
from feim.signal.text import encode
from feim.training.card import model_card, publish
from feim.training.loop import Settings, share_of_batch, train
from feim.training.order import Order
from feim.training.recipes.tts import Material, gather

STEPS, BATCH = 4500, 32
VOICES = 2
Example = dict[str, Tensor]


class PredictorAlone(nn.Module):
    """The model with all but its predictor asleep: no dropout, no gradient."""

    def __init__(self, tts: FEIMTTS):
        super().__init__()
        self.tts = tts
        tts.prosody.requires_grad_(True)

    def forward(self, batch: Example) -> Example:
        """h (B, C, N), mask (B, 1, N), speaker (B, D), emotion (B,), durations and tone (B, N) → losses."""
        self.tts.eval()
        self.tts.prosody.train(self.training)
        emotion = with_null_tokens(batch["emotion"], NULL_SHARE)
        known = (batch[name] for name in ("durations", "tone"))
        losses = self.tts.prosody_losses(batch["h"], batch["mask"], batch["speaker"], emotion, *known)
        return losses | {"loss": losses["duration"] + losses["pitch"]}


def run(order: Order) -> FEIMTTS:
    """Train the predictor on clips with known phone times, and save the whole model under the name that it had.

    Raises: MissingCheckpoint; ValueError when no clip has phone times.
    """
    order.refuse("prosody", "decoder", "name", "forget_emotions", "blocks")
    name = order.initial or "tts"
    tts = checkpoint.load(FEIMTTS, name, order.checkpoints)
    before = checkpoint.read_card(name, order.checkpoints)
    material = gather(order, checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints))
    examples = [encode_texts(tts, corpus, material) for corpus in material.corpora]
    if not all(examples):
        raise ValueError("a corpus has no clip with phone times; leave it out, or prepare it with them")
    steps, size = order.steps or STEPS, 8 if order.miniature else BATCH
    settings = Settings(steps, learning_rate=1e-3, warmup=min(100, steps // 10 + 1))
    drawn = batches(examples, material.shares, share_of_batch(size))
    trained = train(PredictorAlone(tts), drawn, lambda model, batch: model(batch), settings, order.out, order.resume)
    card = model_card(
        "prosody", order, what=before.get("what", ""), data=material.described(order), seconds=trained.seconds,
        settings=before.get("settings", {}) | {"prosody predictor alone": asdict(settings) | {"batch": size}},
    )  # fmt: skip
    card["command"] = f"{before.get('command', 'unknown')}; then {card['command']}"
    card["hours"] = round(card["hours"] + before.get("hours", 0.0), 2)
    publish(trained.model.tts, name, card, order.checkpoints)
    return trained.model.tts


@torch.inference_mode()
def encode_texts(tts: FEIMTTS, corpus: Features, material: Material) -> list[Example]:
    """Every clip with phone times, VOICES times, each with another of its speaker's vectors: features h (C, N) and what they should say."""
    found = []
    for index, clip in enumerate(corpus.clips):
        if clip.durations is None:
            continue
        symbols = torch.tensor(encode(clip.phonemes))[None]  # (1, N)
        durations, tone = (torch.from_numpy(values) for values in known_times(corpus, index))
        known = {"durations": durations, "tone": tone, "emotion": torch.tensor(emotion_index(clip))}
        random = np.random.default_rng(index)
        for _ in range(VOICES):
            face = torch.from_numpy(material.vector(clip.speaker, random).astype(np.float32))[None]
            h, _, speaker = tts.encode(symbols, torch.tensor([symbols.shape[1]]), face)
            found.append({"h": h[0].half(), "speaker": speaker[0], **known})
    return found


def batches(examples: list[list[Example]], shares: list[float], size: int) -> Callable[[int], Example]:
    """Index → a padded batch, one corpus chosen for each example by `shares`."""

    chances = np.array(shares) / sum(shares)

    def make(index: int) -> Example:
        chosen = []
        for random in generators(9, index, size):
            corpus = examples[random.choice(len(examples), p=chances)]
            chosen.append(corpus[random.integers(len(corpus))])
        longest = max(example["h"].shape[1] for example in chosen)

        def stack(name: str) -> Tensor:
            return torch.stack([nn.functional.pad(example[name], (0, longest - example[name].shape[-1])) for example in chosen])

        mask = torch.stack([(torch.arange(longest) < example["h"].shape[1]).float() for example in chosen])[:, None]  # (B, 1, N)
        whole = {name: torch.stack([example[name] for example in chosen]) for name in ("speaker", "emotion")}
        return {"h": stack("h").float(), "mask": mask, "durations": stack("durations"), "tone": stack("tone"), **whole}

    return make
