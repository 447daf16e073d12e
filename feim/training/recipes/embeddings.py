"""Train the face and voice networks: which voices suit a face, and who speaks.

    python -m feim train embeddings --corpus corpora/teachers --corpus corpora/librispeech --faces LONDON_FOLDER

Each London person is paired with one voice of the first corpus by declared gender and age (feim.data.pairing: never the same
person); all other voices learn only to be told apart. Cost as measured: see assets/checkpoints/voice-network.json.
"""

import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.data.corpora.london import Person, read_london
from feim.data.face_augmentation import augment_faces
from feim.data.matching import MatchingBatches, Voices, read_voices
from feim.data.pairing import Described, pair_faces_with_voices
from feim.evaluation.matching import measure_faces, measure_voices
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.signal.face import find_face, read_image
from feim.training.loop import Settings, train
from feim.training.order import Order

COPIES = 24  # augmented copies of each portrait; the trunk is frozen, so each is described once
NOISE = 0.2  # standard deviation added to the mels, nepers
SETTINGS = Settings(steps=900, learning_rate=2e-3, warmup=50, weight_decay=0.05, ema=0.98, checkpoint_minutes=2)
HELD_OUT = ("judge", "test")  # splits of speakers that no network trains on


class Matching(nn.Module):
    """Both networks and the learnt sharpness of the comparison (CLIP, Radford et al. 2021)."""

    def __init__(self, face: FaceNetwork, voice: VoiceNetwork):
        super().__init__()
        self.face, self.voice = face, voice
        self.log_sharpness = nn.Parameter(torch.tensor(10.0).log())

    def forward(self, faces: Tensor, mel: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Described faces (F, ·), mel (2S, 128, T) → faces (F, 512), voices (2S, 512), sharpness of at most 20."""
        return self.face.embed(faces), self.voice(mel, lengths), self.log_sharpness.exp().clamp(max=20)


def matching_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """InfoNCE (van den Oord et al. 2018) between faces and voices, and between two cuts of each voice.

    InfoNCE only ranks, and leaves faces and voices in separate cones; the two cosine terms bring true pairs together.
    """
    mel = batch["mel"] + NOISE * torch.randn_like(batch["mel"]) * model.training
    faces, voices, sharpness = model(batch["faces"], mel, batch["lengths"])
    one, other = voices.chunk(2)  # (S, 512) each
    voice = _contrast(sharpness * one @ other.T)
    centre = F.normalize(one + other, dim=1)  # (S, 512)
    similarity = faces @ centre.T  # (F, S)
    own = similarity.diagonal()
    face = F.cross_entropy(sharpness * similarity, torch.arange(len(faces), device=faces.device))
    apart = (1 - own).mean() + (1 - (one * other).sum(1)).mean()
    return {"loss": face + voice + apart, "face": face, "voice": voice, "own_voice": own.mean(), "same_voice": (one * other).sum(1).mean()}


def _contrast(logits: Tensor) -> Tensor:
    """Every row must find its column, and every column its row: (S, S) → ()."""
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def run(order: Order) -> Matching:
    """Train both networks; save face-network and voice-network with their cards."""
    began = time.monotonic()
    if order.faces is None:
        raise ValueError("this recipe looks at faces; give --faces with the London set's folder")
    everybody = read_london(order.faces)
    people = [person for person in everybody if person.split == "train"]
    voices = read_voices(order.corpora)
    pairs = pair_faces_with_voices([_described(person) for person in people], voices.speakers[: voices.first])
    position = {speaker.name: index for index, speaker in enumerate(voices.speakers)}

    torch.manual_seed(SETTINGS.seed)
    model = Matching(FaceNetwork(FaceNetwork.Config()), VoiceNetwork(_voice_config(order.miniature)))
    faces = describe_faces(model.face, people, 2 if order.miniature else COPIES, order.out / "faces.pt")
    model.face.standardise(faces.flatten(0, 1))
    size = {"pairs": 4, "spare": 2} if order.miniature else {}
    batches = MatchingBatches(voices, faces, [position[pairs[person.identity]] for person in people], **size)
    settings = replace(SETTINGS, steps=order.steps or SETTINGS.steps)
    model = train(model, batches, matching_loss, settings, order.out, order.resume)

    card = _card(order, settings, voices, people, (time.monotonic() - began) / 3600)
    held_out = [person for person in everybody if person.split == "test"]
    heard = {"held-out people": measure_faces(model.face, model.voice, held_out, voices)} if held_out else {}
    unheard = read_voices(order.corpora, HELD_OUT)
    spoken = {"held-out speakers": measure_voices(model.voice, unheard)} if len(unheard.speakers) > 1 else {}
    checkpoint.save(model.face, "face-network", card | {"metrics": heard}, order.checkpoints)
    checkpoint.save(model.voice, "voice-network", card | {"metrics": spoken}, order.checkpoints)
    return model


def _voice_config(miniature: bool) -> VoiceNetwork.Config:
    return VoiceNetwork.Config(width=16, dilations=(1,)) if miniature else VoiceNetwork.Config()


def _described(person: Person) -> Described:
    return Described(person.identity, person.gender, person.age)


def describe_faces(network: FaceNetwork, people: list[Person], copies: int, cache: Path) -> Tensor:
    """Every portrait of every person through `copies` augmentations and the frozen trunk: (people, images · copies, features).

    Args:
        cache: a file that keeps the result for a resumed run.
    """
    if cache.is_file():
        return torch.load(cache, weights_only=True)
    described = []
    for number, person in enumerate(people):
        random = np.random.default_rng((SETTINGS.seed, number))
        crops = torch.stack([read_crop(path) for path in person.images.values()]).repeat(copies, 1, 1, 1)  # (copies · images, 3, 224, 224)
        crops[len(person.images) :] = augment_faces(crops[len(person.images) :], random)  # the first of each stays as it is
        described.append(network.describe(crops))
    fewest = min(len(features) for features in described)
    faces = torch.stack([features[:fewest] for features in described])
    cache.parent.mkdir(parents=True, exist_ok=True)
    torch.save(faces, cache)
    return faces


def read_crop(path: Path) -> Tensor:
    """A portrait's aligned crop, (3, 224, 224) in [0, 1]."""
    return torch.tensor(find_face(read_image(path)).crop).permute(2, 0, 1).float() / 255


def _card(order: Order, settings: Settings, voices: Voices, people: list[Person], hours: float) -> dict:
    corpora = ", ".join(path.name for path in order.corpora)
    folders = " ".join(f"--corpus {path.name}" for path in order.corpora)
    return {
        "data": f"{len(people)} people of the Face Research Lab London Set (CC BY 4.0; DeBruine & Jones 2017); {len(voices.speakers)} "
        f"speakers and {sum(map(len, voices.mels))} clips of {corpora}. Pairs are demographic, never the same person.",
        "licence": "Apache-2.0; O-Net, through which the face network looks, comes with facenet-pytorch (MIT) and is not in this file",
        "command": f"python -m feim train embeddings {folders} --faces london",
        "settings": asdict(settings),
        "hardware": f"{torch.get_num_threads()} CPU thread" if not torch.cuda.is_available() else torch.cuda.get_device_name(),
        "hours": round(hours, 2),
    }
