"""The embeddings recipe in miniature: trains, saves both networks without the trunk, and measures held-out people and speakers."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.clip import Clip, write_manifest
from feim.data.corpora.london import HELD_OUT
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.signal.audio import write_audio
from feim.training.order import Order
from feim.training.recipes.embeddings import Matching, describe_faces, matching_loss, run

FACES = Path(__file__).parents[2] / "assets" / "faces"


@pytest.fixture(scope="module")
def london(tmp_path_factory) -> Path:
    """The demo's example portraits in the London Set's layout: four people to train on, two held out."""
    folder = tmp_path_factory.mktemp("london")
    portraits = ["woman-20s", "man-20s", "woman-asian", "man-asian", "woman-30s-and-over", "man-black"]
    identities = ["501", "502", "503", "504", *HELD_OUT[:2]]
    with (folder / "metadata.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image", "identity", "expression", "age", "gender", "ethnicity"])
        for number, (identity, portrait) in enumerate(zip(identities, portraits, strict=True)):
            for expression in ("neutral", "smiling"):
                image = FACES / f"average-{portrait}.jpg"
                gender = "female" if portrait.startswith("woman") else "male"
                table.writerow([image, identity, expression, 25 + number, gender, "any"])
    (folder / "landmarks189.json").write_text(json.dumps({identity: [[0, 0]] * 189 for identity in identities}))
    return folder


@pytest.fixture(scope="module")
def voices(tmp_path_factory) -> Path:
    """Hums: six speakers of different pitch to train on, two held out, two clips each."""
    folder = tmp_path_factory.mktemp("voices")
    (folder / "audio").mkdir()
    clips = []
    for number in range(8):
        for take in range(2):
            time = np.arange(24_000) / 16_000
            pitch = (220 if number % 2 else 110) * 1.05 ** (number // 2) * (1 + 0.02 * np.sin(9 * time + take))
            wave = 0.2 * np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / 16_000)).astype(np.float32)
            audio = f"audio/{number}-{take}.flac"
            write_audio(folder / audio, wave)
            split = "train" if number < 6 else "judge"
            gender = ("male", "female")[number % 2]
            clips.append(Clip(f"{number}-{take}", "hums", f"s{number}", "en-us", "hm", "none", split, audio=audio, gender=gender, age=30.0))
    write_manifest(folder, clips)
    return folder


def test_the_recipe_trains_saves_and_measures(london, voices, tmp_path):
    order = Order(corpora=(voices,), out=tmp_path / "run", checkpoints=tmp_path / "checkpoints", faces=london, steps=3, miniature=True)
    model = run(order)
    assert isinstance(model, Matching)
    face = checkpoint.load(FaceNetwork, "face-network", order.checkpoints)
    voice = checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints)
    assert face(torch.rand(1, 3, 224, 224)).shape == voice(torch.randn(1, 128, 40)).shape == (1, 512)
    faces = checkpoint.read_card("face-network", order.checkpoints)["metrics"]["held-out people"]
    assert faces["people"] == 2
    assert 0 <= faces["area under curve, pitch of nearest voices against declared gender"] <= 1
    speakers = checkpoint.read_card("voice-network", order.checkpoints)["metrics"]["held-out speakers"]
    assert speakers["speakers"] == 2
    assert -1 <= speakers["cosine, different speakers"] <= speakers["cosine, same speaker"] + 0.5


def test_described_faces_are_kept_for_a_resumed_run(tmp_path):
    kept = torch.rand(2, 4, 8)
    torch.save(kept, tmp_path / "faces.pt")
    assert torch.equal(describe_faces(FaceNetwork(FaceNetwork.Config(hidden=4)), [], 3, tmp_path / "faces.pt"), kept)


class _Given(torch.nn.Module):
    """A model whose vectors are given: what does the loss say of them?"""

    def __init__(self, faces, voices):
        super().__init__()
        self.vectors = faces, voices

    def forward(self, faces, mel, lengths):
        return *self.vectors, torch.tensor(10.0)


def test_the_loss_prefers_true_pairs():
    batch = {"faces": torch.zeros(3, 1), "mel": torch.zeros(8, 128, 4), "lengths": torch.full((8,), 4)}
    voices = torch.eye(512)[:4]
    perfect = matching_loss(_Given(voices[:3], torch.cat([voices, voices])), batch)
    confused = matching_loss(_Given(voices[[1, 2, 0]], torch.cat([voices, voices.roll(1, 0)])), batch)
    assert perfect["loss"] < 0.01
    assert perfect["own_voice"] == 1
    assert confused["loss"] > 5
