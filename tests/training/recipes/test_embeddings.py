"""The embeddings recipe in miniature: trains, saves both networks without the trunk, and measures held-out people and speakers."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from feim.data.clip import Clip, read_manifest, write_manifest
from feim.data.corpora.london import TEST_PEOPLE, read_london
from feim.data.matching import Voices
from feim.data.pairing import Described
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.signal.audio import write_audio
from feim.training.order import Order
from feim.training.recipes import embeddings
from feim.training.recipes.embeddings import Matching, matching_loss, partners, run

FACES = Path(__file__).parents[3] / "assets" / "faces"


@pytest.fixture(scope="module")
def london(tmp_path_factory) -> Path:
    """The demo's example portraits in the London Set's layout: four people to train on, two held out."""
    folder = tmp_path_factory.mktemp("first") / "london"
    folder.mkdir()
    portraits = ["woman-20s", "man-20s", "woman-asian", "man-asian", "woman-30s-and-over", "man-black"]
    identities = ["501", "502", "503", "504", *TEST_PEOPLE[:2]]
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
    folder = tmp_path_factory.mktemp("first") / "voices"
    (folder / "audio").mkdir(parents=True)
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


@pytest.fixture(scope="module")
def trained(london, voices, tmp_path_factory) -> Order:
    """Three steps on the hums, and on a second corpus of one of their speakers, who holds nobody out."""
    second, out = tmp_path_factory.mktemp("second") / "hum", tmp_path_factory.mktemp("out")
    shutil.copytree(voices, second)
    write_manifest(second, [replace(clip, speaker="other") for clip in read_manifest(voices) if clip.speaker == "s0"])
    order = Order((voices, second), out / "run", out / "checkpoints", faces=london, steps=3, miniature=True)
    assert isinstance(run(order), Matching)
    return order


def test_the_recipe_trains_saves_and_measures(trained):
    order = trained
    face = checkpoint.load(FaceNetwork, "face-network", order.checkpoints)
    voice = checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints)
    assert face(torch.rand(1, 3, 224, 224)).shape == voice(torch.randn(1, 128, 40)).shape == (1, 512)
    faces = checkpoint.read_card("face-network", order.checkpoints)["metrics"]["held-out people"]
    assert faces["people"] == 2
    assert 0 <= faces["area under curve, pitch of nearest voices against declared gender"] <= 1
    speakers = checkpoint.read_card("voice-network", order.checkpoints)["metrics"]["held-out speakers"]
    assert speakers["speakers"] == 2
    assert -1 <= speakers["cosine, different speakers"] <= speakers["cosine, same speaker"] + 0.5


def test_the_cards_say_who_was_seen_and_heard(trained):
    hums = {"name": "voices", "speakers": 6, "clips": 12, "hours": 0.01, "licence": "none"}
    for name in ("face-network", "voice-network"):
        card = checkpoint.read_card(name, trained.checkpoints)
        portraits = card["data"][-1]
        assert card["data"][0] == hums
        assert (portraits["people"], portraits["portraits"], portraits["licence"]) == (4, 8, "CC BY 4.0")
        assert card["command"] == "python -m feim train embeddings --corpus voices --corpus hum --faces london --steps 3 --miniature"
        assert [card["settings"][name] for name in ("pairs", "spare", "speakers in a step", "steps")] == [4, 2, 6, 3]


def test_a_face_is_paired_with_the_first_corpus_though_the_second_has_the_same_names(london):
    first = [Described("s0", "female", 26.0), Described("s1", "male", 26.0)]
    second = [Described("s0", "male", 26.0), Described("s1", "female", 26.0)]
    people = read_london(london)[:2]
    assert [person.gender for person in people] == ["female", "male"]
    silence = [np.zeros((300, 128), np.float16)]
    voices = Voices((*first, *second), (silence,) * 4, example=(), first=2)
    assert partners(people, voices) == [0, 1]


def test_every_process_compares_a_whole_batch(monkeypatch):
    monkeypatch.setattr(embeddings, "together", lambda: SimpleNamespace(num_processes=3))
    batches = SimpleNamespace(pairs=28, spare=20)
    assert embeddings._batch_settings(batches) == {"pairs": 28, "spare": 20, "speakers in a step": 144}


@pytest.mark.parametrize(("given", "words"), [({"initial": "tts"}, "--initial"), ({"decoder": "unet"}, "--decoder"), ({}, "give --faces")])
def test_orders_that_it_refuses(tmp_path, given, words):
    with pytest.raises(ValueError, match=words):
        run(Order((tmp_path,), tmp_path, tmp_path, **given))


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
