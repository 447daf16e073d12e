"""Train FEIM-TTS.

    python -m feim train tts --corpus corpora/teachers --corpus corpora/librispeech --faces LONDON_FOLDER

The first corpus is the teachers'; further ones are unlabelled speech and learn the null token, as LRS3 does in the paper. Face and
voice networks must be trained before. Cost as measured: see assets/checkpoints/tts.json.
"""

import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from feim.data.batching import utterances
from feim.data.clip import read_manifest
from feim.data.corpora.london import read_london
from feim.data.features import Features, read_features
from feim.data.pairing import Described, describe_speakers, pair_faces_with_voices
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.models.tts import FEIMTTS
from feim.training.loop import Settings, describe_hardware, together, train
from feim.training.order import Order
from feim.training.recipes.embeddings import describe_faces

STEPS, BATCH, FRAMES = 10_000, 16, 192
TEACHERS_SHARE = 0.75
FACE_SHARE = 0.5  # of examples whose speaker has a face: the rest are conditioned on the voice itself
VECTORS = 12  # voice vectors kept for each speaker
COPIES = 8  # augmented copies of each portrait
MINIATURE = {
    "channels": 48, "encoder_blocks": 2, "prosody_channels": 32, "prosody_blocks": 1, "condition": 32, "frame_channels": 48,
    "frame_blocks": 1, "decoder_channels": 64, "decoder_blocks": 3,
}  # fmt: skip


def run(order: Order) -> FEIMTTS:
    """Train on the corpora's training clips and save as "tts"."""
    began = time.monotonic()
    voice = checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints)
    corpora = []
    for folder in order.corpora:
        clips = [clip for clip in read_manifest(folder) if clip.split == "train" and clip.phonemes]
        corpora.append(read_features(folder, clips))
    bank = voice_vectors(voice, corpora)
    faces = face_vectors(order, corpora[0]) if order.faces else {}
    shares = [TEACHERS_SHARE] + [(1 - TEACHERS_SHARE) / max(1, len(corpora) - 1)] * (len(corpora) - 1)
    size, frames = (8, 128) if order.miniature else (BATCH, FRAMES)
    size = max(1, size // together().num_processes)  # the same batch in all, however many share it
    batches = utterances(corpora, choose_vector(bank, faces), size, frames, shares)
    torch.manual_seed(0)
    if order.initial:
        model = checkpoint.load(FEIMTTS, order.initial, order.checkpoints).requires_grad_(True)
    else:
        model = FEIMTTS(FEIMTTS.Config(**MINIATURE) if order.miniature else None)

    model.default_face.copy_(torch.from_numpy(typical_vector(bank, corpora[0])))

    def losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return network(batch, voice.to(batch["mel"].device))

    settings = Settings(order.steps or STEPS, learning_rate=1e-3, warmup=min(200, (order.steps or STEPS) // 10 + 1))
    model = train(model, batches, losses, settings, order.out, order.resume)
    if together().is_main_process:
        checkpoint.save(model, "tts", _card(order, corpora, settings, time.monotonic() - began), order.checkpoints)
    return model


@torch.inference_mode()
def voice_vectors(voice: VoiceNetwork, corpora: list[Features]) -> dict[str, np.ndarray]:
    """Speaker → (up to VECTORS + 1, 512): vectors of single clips, and their mean."""
    bank: dict[str, list[np.ndarray]] = {}
    for corpus in corpora:
        for index, clip in enumerate(corpus.clips):
            vectors = bank.setdefault(clip.speaker, [])
            if len(vectors) < VECTORS:
                mel = torch.from_numpy(corpus.mel[corpus.frames(index)].astype(np.float32)).T[None]  # (1, 128, T)
                vectors.append(voice(mel)[0].numpy())
    means = {speaker: np.mean(vectors, axis=0) for speaker, vectors in bank.items()}
    return {speaker: np.stack([*bank[speaker], mean / np.linalg.norm(mean)]) for speaker, mean in means.items()}


def face_vectors(order: Order, teachers: Features) -> dict[str, np.ndarray]:
    """Teacher → (K, 512) vectors of the face it is paired with, seen in many ways."""
    network = checkpoint.load(FaceNetwork, "face-network", order.checkpoints)
    people = [person for person in read_london(order.faces) if person.split == "train"]
    described = describe_faces(network, people, COPIES, order.out / "faces.pt")  # (people, K, features)
    pairs = pair_faces_with_voices([Described(p.identity, p.gender, p.age) for p in people], describe_speakers(teachers.clips))
    found: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode():
        for person, features in zip(people, described, strict=True):
            found.setdefault(pairs[person.identity], []).append(network.embed(features).numpy())
    return {speaker: np.concatenate(vectors) for speaker, vectors in found.items()}


def typical_vector(bank: dict[str, np.ndarray], teachers: Features) -> np.ndarray:
    """(512,): the mean vector of the teacher who is most like all others, for speech without a face."""
    means = np.stack([bank[name][-1] for name in sorted({clip.speaker for clip in teachers.clips})])
    return means[(means @ means.T).sum(axis=1).argmax()]


def choose_vector(bank: dict[str, np.ndarray], faces: dict[str, np.ndarray]) -> Callable[[str, np.random.Generator], np.ndarray]:
    """(speaker, random) → one of the speaker's face or voice vectors."""

    def choose(speaker: str, random: np.random.Generator) -> np.ndarray:
        vectors = faces[speaker] if speaker in faces and random.random() < FACE_SHARE else bank[speaker]
        return vectors[random.integers(len(vectors))]

    return choose


def _card(order: Order, corpora: list[Features], settings: Settings, seconds: float) -> dict:
    hours = [corpus.starts[-1] / 360_000 for corpus in corpora]
    folders = " ".join(f"--corpus {folder.name}" for folder in order.corpora)
    return {
        "data": "; ".join(
            f"{folder.name}: {len(corpus.clips)} clips, {length:.1f} h"
            for folder, corpus, length in zip(order.corpora, corpora, hours, strict=True)
        ),
        "licence": "Apache-2.0; trained on synthetic speech (flite, festival: permissive), LibriSpeech (CC BY 4.0), "
        "London faces (CC BY 4.0)",
        "command": f"python -m feim train tts {folders} --faces london",
        "settings": asdict(settings) | {"batch": BATCH, "frames": FRAMES},
        "hardware": describe_hardware(),
        "hours": round(seconds / 3600, 2),
    }
