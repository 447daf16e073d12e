"""Train the network that hears how strong an emotion is, frame by frame.

    python -m feim synthesise-corpus corpora/swelling --swelling --clips 3000 --speakers 96 --sentences SENTENCES
    python -m feim train voice-intensity --corpus corpora/swelling

A quarter of an hour on one CPU core. A corpus of films serves as well: with truth (synthesise-corpus --faces), or with pseudo-labels
(corpus --landmarks, label).
"""

from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from feim.data.synthetic.swelling import WANDERS
from feim.data.tracked_voices import Tracked, one, read_tracked, stretches
from feim.data.voice_augmentation import disguise_some
from feim.models import checkpoint
from feim.models.intensity import VoiceIntensity, intensity_losses
from feim.signal.emotion import EMOTIONS
from feim.training.card import corpora_data, model_card, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order

STEPS, BATCH, FRAMES = 5000, 16, 140  # film frames of an example
TOLD = 0.6  # of the examples know their emotion
CLEAN = 0.75  # of them are heard as they are; all others are disguised
SIZES = {False: {}, True: {"channels": 16, "dilations": (1, 2)}}


def run(order: Order) -> VoiceIntensity:
    """Train on the corpora's training clips, measure on speakers never heard; save as "voice-intensity"."""
    order.refuse("voice-intensity", "faces", "heads", "decoder", "name", "shares", "forget_emotions", "blocks")
    with together().main_process_first():
        corpora, valid, test = ([read_tracked(folder, split) for folder in order.corpora] for split in ("train", "valid", "test"))
    torch.manual_seed(0)
    if order.initial:
        model = checkpoint.load(VoiceIntensity, order.initial, order.checkpoints).requires_grad_(True)
    else:
        model = VoiceIntensity(VoiceIntensity.Config(**SIZES[order.miniature]))
    batches = stretches(corpora, share_of_batch(BATCH), FRAMES, TOLD)

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        guess = network(disguise_some(batch["mel"], CLEAN), batch["pitch"], batch["weights"])
        return intensity_losses(guess, batch["truth"])

    settings = Settings(order.steps or STEPS, learning_rate=1.5e-3, weight_decay=0.05)
    trained = train(model, batches, losses, settings, order.out, order.resume)
    enliven(trained.model, valid)
    card = model_card(
        "voice-intensity",
        order,
        what="log-mel spectrogram and pitch, with the emotion or without, to its intensity, 25 times a second",
        data=corpora_data(order, [voices.features for voices in corpora]),
        settings=asdict(settings) | {"batch": BATCH, "frames": FRAMES, "told": TOLD, "without disguise": CLEAN},
        seconds=trained.seconds,
        metrics={folder.name: measure(trained.model, voices) for folder, voices in zip(order.corpora, test, strict=True)},
    )
    publish(trained.model, "voice-intensity", card, order.checkpoints)
    return trained.model


def enliven(network: VoiceIntensity, corpora: list[Tracked]) -> None:
    """Make the network's tracks vary as much as true ones do, within clips of speakers that it has not learnt from.

    Those count in which the emotion swells with the phrases, as it does in films; where it wanders, less of it is heard at all.
    """
    network.liveliness.fill_(1.0)
    guessed, true = [], []
    for voices in corpora:
        for number, clip in enumerate(voices.clips):
            if clip.corpus == WANDERS:
                continue
            mel, pitch, track = one(voices, number)
            guessed.append(network.track(mel, pitch, {EMOTIONS.index(clip.emotion): 1.0}).var())
            true.append(track.var())
    network.liveliness.fill_(float(np.sqrt(np.mean(true) / max(np.mean(guessed), 1e-6))))


def measure(network: VoiceIntensity, voices: Tracked) -> dict[str, float]:
    """How alike heard and true tracks are, over all frames of speakers never heard: Pearson, told the emotion and not."""
    network.eval()
    found = {}
    for name, told in (("told the emotion", True), ("not told", False)):
        guesses, truths = [], []
        for number, clip in enumerate(voices.clips):
            mel, pitch, track = one(voices, number)
            guesses.append(network.track(mel, pitch, {EMOTIONS.index(clip.emotion): 1.0} if told else None))
            truths.append(track)
        found[f"Pearson, {name}"] = round(float(np.corrcoef(np.concatenate(guesses), np.concatenate(truths))[0, 1]), 3)
    return found | {"clips": len(voices.clips), "speakers": len({clip.speaker for clip in voices.clips})}
