"""Train the face and voice networks: which voices suit a face, and who speaks.

    python -m feim train embeddings --corpus corpora/teachers --corpus corpora/librispeech --faces LONDON_FOLDER

Each London person is paired with one voice of the first corpus by declared gender and age (feim.data.pairing: never the same
person); all other voices learn only to be told apart. Both shipped networks took 0.2 hours together on one CPU thread.

A voice is told apart from those beside it in a batch, so a batch is not shared out: each of several processes has a whole one.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.data.clip import read_manifest
from feim.data.corpora.london import Person, read_london
from feim.data.matching import MatchingBatches, Voices, read_voices
from feim.data.pairing import Described, pair_faces_with_voices
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.nn.losses import contrast
from feim.training.card import corpus_data, model_card, portraits_data, publish
from feim.training.loop import Settings, together, train
from feim.training.matching_measures import measure_faces, measure_voices
from feim.training.order import Order
from feim.training.portraits import describe_faces

COPIES = 24  # augmented copies of each portrait; the trunk is frozen, so each is described once
NOISE = 0.2  # standard deviation added to the mels, nepers
SETTINGS = Settings(steps=900, learning_rate=2e-3, warmup=50, weight_decay=0.05, ema=0.98, checkpoint_minutes=2)
UNHEARD_SPLITS = ("judge", "test")  # splits of speakers that no network trains on
FACE = (
    "aligned portrait to a 512-d vector among those of the voices that suit it; pairs are made by declared gender and age, never of one "
    "person; it looks through the O-Net of facenet-pytorch (MIT), which is not in this file"
)
VOICE = "log-mel spectrogram to a 512-d vector: who speaks, beside the faces whom that voice suits"


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
    voice = contrast(sharpness * one @ other.T)
    centre = F.normalize(one + other, dim=1)  # (S, 512)
    similarity = faces @ centre.T  # (F, S)
    own = similarity.diagonal()
    face = F.cross_entropy(sharpness * similarity, torch.arange(len(faces), device=faces.device))
    apart = (1 - own).mean() + (1 - (one * other).sum(1)).mean()
    return {"loss": face + voice + apart, "face": face, "voice": voice, "own_voice": own.mean(), "same_voice": (one * other).sum(1).mean()}


def run(order: Order) -> Matching:
    """Train both networks; save face-network and voice-network with their cards."""
    order.refuse("embeddings", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    if order.faces is None:
        raise ValueError("this recipe looks at faces; give --faces with the London set's folder")
    everybody = read_london(order.faces)
    people = [person for person in everybody if person.split == "train"]
    torch.manual_seed(SETTINGS.seed)
    model = Matching(FaceNetwork(FaceNetwork.Config()), VoiceNetwork(_voice_config(order.miniature)))
    with together().main_process_first():
        voices, unheard = read_voices(order.corpora), _held_out_voices(order)
        faces = describe_faces(model.face, people, 2 if order.miniature else COPIES, order.out)
    model.face.standardise(faces.flatten(0, 1))
    size = {"pairs": 4, "spare": 2} if order.miniature else {}
    batches = MatchingBatches(voices, faces, partners(people, voices), **size)
    settings = replace(SETTINGS, steps=order.steps or SETTINGS.steps)
    trained = train(model, batches, matching_loss, settings, order.out, order.resume)
    model = trained.model

    held_out = [person for person in everybody if person.split == "test"]
    heard = {"held-out people": measure_faces(model.face, model.voice, held_out, voices)} if held_out else {}
    spoken = {"held-out speakers": measure_voices(model.voice, unheard)} if len(unheard.speakers) > 1 else {}
    learnt = {
        "data": [*_corpora_data(order, voices), portraits_data(people)],
        "settings": asdict(settings) | _batch_settings(batches),
        "seconds": trained.seconds,
    }
    publish(model.face, "face-network", model_card("embeddings", order, what=FACE, metrics=heard, **learnt), order.checkpoints)
    publish(model.voice, "voice-network", model_card("embeddings", order, what=VOICE, metrics=spoken, **learnt), order.checkpoints)
    return model


def partners(people: Sequence[Person], voices: Voices) -> list[int]:
    """For each person, where in `voices` the paired voice is: always of the first corpus, whatever names the others have."""
    first = voices.speakers[: voices.first]
    described = [Described(person.identity, person.gender, person.age) for person in people]
    pairs = pair_faces_with_voices(described, first)
    position = {speaker.name: index for index, speaker in enumerate(first)}
    return [position[pairs[person.identity]] for person in people]


def _batch_settings(batches: MatchingBatches) -> dict[str, int]:
    """Faces, and voices without one, that each process compares with each other; the speakers of one step over all processes."""
    return {
        "pairs": batches.pairs,
        "spare": batches.spare,
        "speakers in a step": together().num_processes * (batches.pairs + batches.spare),
    }


def _voice_config(miniature: bool) -> VoiceNetwork.Config:
    return VoiceNetwork.Config(width=16, dilations=(1,)) if miniature else VoiceNetwork.Config()


def _held_out_voices(order: Order) -> Voices:
    """Those of the corpora that have some."""
    folders = [folder for folder in order.corpora if any(clip.split in UNHEARD_SPLITS and clip.gender for clip in read_manifest(folder))]
    return read_voices(folders, UNHEARD_SPLITS)


def _corpora_data(order: Order, voices: Voices) -> list[dict]:
    data = []
    for folder in order.corpora:
        here = [folder in example.parents for example in voices.example]  # of each speaker
        frames = sum(len(mel) for mels, inside in zip(voices.mels, here, strict=True) if inside for mel in mels)
        clips = [clip for clip in read_manifest(folder) if clip.split == "train" and clip.gender]
        data.append(corpus_data(folder, clips, frames))
    return data
