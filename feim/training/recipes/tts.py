"""Train FEIM-TTS.

    python -m feim train tts --corpus corpora/teachers --corpus corpora/librispeech --faces LONDON_FOLDER

The first corpus is the teachers'; further ones are unlabelled speech and learn the null token, as LRS3 does in the paper. Face and
voice networks must be trained before. The shipped weights took 2.6 hours on two CPU cores (AVX512-BF16), shared with other work, for
12,000 steps. `--decoder unet` trains the paper's own 2-D decoder instead of the fast one, and saves it as "tts-unet".

    python -m feim train tts --name tts-pl --corpus corpora/nemo --corpus corpora/librispeech --faces LONDON_FOLDER --steps 7000

The second voice, Polish, learns emotion from real actors, whose phone times `python -m feim align` has found, and how others sound from
LibriSpeech's unlabelled speech.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from feim.data.batching import utterances
from feim.data.clip import read_manifest
from feim.data.corpora.london import Person, read_london
from feim.data.features import Features, read_features
from feim.data.pairing import Described, describe_speakers, pair_faces_with_voices
from feim.models import MODELS, checkpoint, model_class
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.models.tts import FEIMTTS
from feim.signal.emotion import EMOTIONS, UNLABELLED
from feim.training.card import corpora_data, model_card, portraits_data, publish
from feim.training.loop import Settings, share_of_batch, together, train
from feim.training.order import Order
from feim.training.portraits import describe_faces

STEPS, BATCH, FRAMES = 10_000, 16, 192
TEACHERS_SHARE = 0.75
FACE_SHARE = 0.5  # of examples whose speaker has a face: the rest are conditioned on the voice itself
VECTORS = 12  # voice vectors kept for each speaker
COPIES = 8  # augmented copies of each portrait
MINIATURE = {
    "channels": 48, "encoder_blocks": 2, "prosody_channels": 32, "prosody_blocks": 1, "condition": 32, "frame_channels": 48,
    "frame_blocks": 1, "decoder_channels": 64, "decoder_blocks": 3,
}  # fmt: skip
SIZES = {  # of weights that are not of the default size
    "tts-pl": {
        "channels": 128, "encoder_blocks": 4, "prosody_channels": 96, "condition": 96, "frame_channels": 160, "decoder_channels": 192,
        "decoder_blocks": 7,
    },
}  # fmt: skip
DEFAULT = FEIMTTS.Config().decoder
UNET_CHANNELS = {False: 64, True: 8}  # the paper's, and in miniature
LEARNING_RATES = {DEFAULT: 1e-3, "unet": 1e-4}  # the second is Face-TTS's


def run(order: Order) -> FEIMTTS:
    """Train on the corpora's training clips and save under the order's name, else as "tts", or as "tts-unet".

    Raises: ValueError for an unknown decoder, or one that the initial weights have not, or for another model's name; MissingCheckpoint.
    """
    check_name(order.name)
    model = build(order)
    voice = checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints)
    material = gather(order, voice)
    model.default_face.copy_(torch.from_numpy(material.typical))
    model.config = replace(model.config, unlearnt=unlearnt(order, model, material))
    size, frames = (8, 128) if order.miniature else (BATCH, FRAMES)
    batches = utterances(material.corpora, material.vector, share_of_batch(size), frames, material.shares)

    def losses(network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return network(batch, voice.to(batch["mel"].device))

    steps, decoder = order.steps or STEPS, model.config.decoder
    settings = Settings(steps, LEARNING_RATES[decoder], warmup=min(200, steps // 10 + 1))
    trained = train(model, batches, losses, settings, order.out, order.resume)
    card = model_card(
        "tts",
        order,
        what=f"text, face, emotion and intensity to log-mel spectrogram: FEIM-TTS with the {decoder} decoder",
        data=material.described(order),
        settings=asdict(settings) | {"batch": size, "frames": frames},
        seconds=trained.seconds,
    )
    publish(trained.model, order.name or ("tts" if decoder == DEFAULT else f"tts-{decoder}"), card, order.checkpoints)
    return trained.model


@dataclass(frozen=True)
class Material:
    """What FEIM-TTS learns from.

    Attributes:
        corpora: training clips with a text; shares: how often each is drawn.
        people: whose portraits it sees, nobody where the order has no faces.
        vector: (speaker, random) → (512,), a face or voice vector; typical: (512,), for speech without a face.
    """

    corpora: list[Features]
    shares: list[float]
    people: list[Person]
    vector: Callable[[str, np.random.Generator], np.ndarray]
    typical: np.ndarray

    @property
    def unlearnt(self) -> tuple[str, ...]:
        """Emotions that no clip shows."""
        shown = {clip.emotion for corpus in self.corpora for clip in corpus.clips}
        return tuple(label for label in EMOTIONS if label not in shown)

    def described(self, order: Order) -> list[dict]:
        """For the card."""
        return corpora_data(order, self.corpora) + ([portraits_data(self.people)] if self.people else [])


def check_name(name: str | None) -> None:
    """Raises: ValueError when no file, or another model's weights, would be called so: found before the training, not after it."""
    if name is not None and (not name or Path(name).name != name or (name in MODELS and model_class(name) is not FEIMTTS)):
        raise ValueError(f"--name {name} cannot be what weights of FEIM-TTS are called; use a plain name of their own, such as tts-pl")


def unlearnt(order: Order, model: FEIMTTS, material: Material) -> tuple[str, ...]:
    """Emotions that neither the corpora show nor the initial weights know."""
    if order.initial is None or order.forget_emotions:
        return material.unlearnt
    return tuple(label for label in material.unlearnt if label in model.config.unlearnt)


def gather(order: Order, voice: VoiceNetwork) -> Material:
    """Read the order's corpora and portraits, and describe every speaker."""
    people = [person for person in read_london(order.faces) if person.split == "train"] if order.faces else []
    with together().main_process_first():
        corpora = [read_speech(folder, number) for number, folder in enumerate(order.corpora)]
        faces = face_vectors(order, people, corpora[0]) if people else {}
    bank = voice_vectors(voice, corpora)
    return Material(corpora, shares_of(order), people, choose_vector(bank, faces), typical_vector(bank, corpora[0]))


def shares_of(order: Order) -> list[float]:
    """How often each of the order's corpora is drawn. Raises: ValueError when there are not as many shares as corpora."""
    others = len(order.corpora) - 1
    if order.shares is None:
        return [TEACHERS_SHARE] + [(1 - TEACHERS_SHARE) / max(1, others)] * others
    if len(order.shares) != others + 1 or min(order.shares) <= 0:
        raise ValueError(f"--shares {order.shares} does not suit {others + 1} corpora; give one number above 0 for each")
    return list(order.shares)


def build(order: Order) -> FEIMTTS:
    """A new model with the decoder that the order asks for, or the order's initial weights with their own."""
    if order.decoder not in (None, *LEARNING_RATES):
        raise ValueError(f"unknown decoder {order.decoder!r}; use one of: {', '.join(LEARNING_RATES)}")
    if order.initial is not None:
        model = checkpoint.load(FEIMTTS, order.initial, order.checkpoints).requires_grad_(True)
        if order.decoder not in (None, model.config.decoder):
            raise ValueError(
                f"the weights {order.initial} have the decoder {model.config.decoder}, not {order.decoder}; "
                "leave out --decoder to go on with theirs, or --initial to start anew"
            )
        if order.forget_emotions:
            with torch.no_grad():
                model.emotion.weight.copy_(model.emotion.weight[UNLABELLED].expand_as(model.emotion.weight))
        return model
    if order.forget_emotions:
        raise ValueError("--forget-emotions needs --initial: a new model has none to forget")
    size = dict(MINIATURE if order.miniature else SIZES.get(order.name, {}))
    if order.decoder == "unet":
        size |= {"decoder": "unet", "decoder_channels": UNET_CHANNELS[order.miniature]}
    torch.manual_seed(0)
    return FEIMTTS(FEIMTTS.Config(**size))


def read_speech(folder: Path, number: int) -> Features:
    """The training clips with a text; their speakers are called NUMBER/NAME, because corpora give different people the same name."""
    found = read_features(folder, [clip for clip in read_manifest(folder) if clip.split == "train" and clip.phonemes])
    return replace(found, clips=[replace(clip, speaker=f"{number}/{clip.speaker}") for clip in found.clips])


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


def face_vectors(order: Order, people: list[Person], teachers: Features) -> dict[str, np.ndarray]:
    """Teacher → (K, 512) vectors of the face it is paired with, seen in many ways."""
    network = checkpoint.load(FaceNetwork, "face-network", order.checkpoints)
    described = describe_faces(network, people, COPIES, order.out)  # (people, K, features)
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
