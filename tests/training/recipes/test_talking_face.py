"""The recipe in miniature: three stages, any row of the published tables, films that come closer to the real ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from feim.data.clip import read_manifest
from feim.data.talking import films, read_talking
from feim.data.voiced import heard_lips, read_voiced
from feim.models import checkpoint
from feim.models.talking_face import TalkingFace
from feim.models.talking_face_objective import MouthHearer
from feim.models.talking_face_parts import SpeechEncoder, SqueezeExcitation
from feim.nn.perceptual import through_onet
from feim.training.order import Order
from feim.training.recipes import talking_face
from feim.training.recipes.talking_face import (
    ROWS,
    STEPS,
    Variant,
    hearing_loss,
    measure,
    reconstruction_loss,
    shared_out,
    similarity_terms,
    variant,
)
from tests.data.talking_films import talking_corpus


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> Path:
    return talking_corpus(tmp_path_factory.mktemp("films") / "heads", frames=10)


@pytest.fixture(scope="module")
def order(heads, tmp_path_factory) -> Order:
    """Two steps of each stage."""
    out = tmp_path_factory.mktemp("out")
    order = Order((heads,), out / "run", out / "weights", miniature=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(talking_face, "STEPS", (1, 1, 1, 1))
        patch.setattr(talking_face, "MEASURED", 2)
        talking_face.run(replace(order, steps=8))
    return replace(order, steps=8)


def test_all_stages_leave_their_state_and_the_last_one_weights(order):
    assert {path.name for path in order.out.iterdir()} == {"emotion", "reconstruction", "joint"}
    assert all((order.out / stage / "state").is_dir() for stage in ("emotion", "reconstruction", "joint"))
    model = checkpoint.load(TalkingFace, "talking-face", order.checkpoints)
    assert model.config.squeeze == "last"


def test_the_card_says_what_was_done(order):
    card = json.loads((order.checkpoints / "talking-face.json").read_text())
    assert card["data"] == [{"name": "heads", "speakers": 2, "clips": 6, "hours": 0.0, "licence": "synthetic"}]
    assert card["licence"].startswith("Apache-2.0")
    assert card["settings"]["stages"] == [2, 2, 2, 2]
    assert card["settings"]["eye loss"] is True
    assert card["settings"]["perceptual loss through"] in ("VGG19", "MTCNN's O-Net")
    assert card["metrics"]["held-out stretches"] == 2
    assert card["metrics"]["mouth, still picture"] > 1  # of 255: mouths move
    assert {"mouth, generated", "eyes, generated", "eyes, still picture"} <= set(card["metrics"])


def test_a_finished_run_is_resumed_to_the_same_weights(order, monkeypatch):
    monkeypatch.setattr(talking_face, "STEPS", (1, 1, 1, 1))
    monkeypatch.setattr(talking_face, "MEASURED", 1)
    before = checkpoint.fingerprint("talking-face", order.checkpoints)
    monkeypatch.setattr(talking_face, "films", lambda *_, **__: lambda index: pytest.fail("asked for a batch"))
    monkeypatch.setattr(talking_face, "measure", lambda *_: {})
    talking_face.run(replace(order, resume=True))
    assert checkpoint.fingerprint("talking-face", order.checkpoints) == before


def test_voices_without_films_teach_the_speech_encoder_first(order, corpus, monkeypatch, tmp_path):
    monkeypatch.setattr(talking_face, "measure", lambda *_: {})
    talking_face.run(replace(order, corpora=(*order.corpora, corpus), steps=4, out=tmp_path / "run", checkpoints=tmp_path))
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"speech", "emotion", "reconstruction", "joint"}
    card = json.loads((tmp_path / "talking-face.json").read_text())
    assert [entry["name"] for entry in card["data"]] == ["heads", corpus.name]
    assert card["data"][1]["clips"] > 0


def test_the_speech_encoder_learns_what_mouths_do(corpus):
    """From scratch, on a few clips: better than the mean mouth, and better with the sound of its own time."""
    clips = [clip for clip in read_manifest(corpus) if clip.split == "train"]
    batches = heard_lips([read_voiced(corpus, clips)], 8, 20)
    torch.manual_seed(0)
    network = MouthHearer(SpeechEncoder(0.05))
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    first = float(hearing_loss(network, batches(0))["loss"].detach())
    for step in range(150):
        optimizer.zero_grad()
        hearing_loss(network, batches(step))["loss"].backward()
        optimizer.step()
    with torch.no_grad():
        last, shuffled = batches(1000), batches(1000)
        shuffled["speech"] = shuffled["speech"].roll(1, 0)
        assert float(hearing_loss(network, last)["loss"]) < 0.85 * first
        assert float(hearing_loss(network, last)["loss"]) < float(hearing_loss(network, shuffled)["loss"])


def test_a_row_without_attention_or_eyes_is_one_word(order, monkeypatch, tmp_path):
    monkeypatch.setattr(talking_face, "measure", lambda *_: {})
    seen = []
    monkeypatch.setattr(talking_face, "eye_loss", lambda *_: seen.append("eyes"))
    model = talking_face.run(replace(order, name="talking-face-base-bsrgan", steps=3, out=tmp_path))
    assert not any(isinstance(module, SqueezeExcitation) for module in model.modules())
    assert not seen
    assert (order.checkpoints / "talking-face-base.safetensors").is_file()


def test_learning_goes_on_from_weights_of_the_same_variant_alone(order, monkeypatch, tmp_path):
    monkeypatch.setattr(talking_face, "measure", lambda *_: {})
    before = checkpoint.load(TalkingFace, "talking-face", order.checkpoints)
    kept = replace(order, initial="talking-face", steps=3, out=tmp_path, checkpoints=tmp_path)
    for path in order.checkpoints.glob("talking-face.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    after = talking_face.run(kept)
    differences = [float((a - b).detach().abs().max()) for a, b in zip(before.parameters(), after.parameters(), strict=True)]
    assert 0 < max(differences) < 0.01
    with pytest.raises(ValueError, match="weights talking-face are of another variant than talking-face-em"):
        talking_face.run(replace(kept, name="talking-face-em"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, Variant("last", True, False, False, False, "talking-face")),
        ("talking-face-wide", Variant("last", True, False, True, False, "talking-face-wide")),
        ("talking-face-seall-em", Variant("all", True, False, False, False, "talking-face-seall-em")),
        ("talking-face-wide-heard-em", Variant("none", True, False, True, True, "talking-face-wide-heard-em")),
        ("talking-face-se-bsrgan", Variant("last", False, True, False, False, "talking-face-se")),
    ],
)
def test_names_say_which_variant(name, expected):
    assert variant(name) == expected


def test_the_eight_published_rows_are_eight():
    found = [variant(f"talking-face-{row}") for row in ROWS]
    assert {(row.squeeze != "none", row.eyes, row.enlarged) for row in found} == {
        (squeeze, eyes, enlarged) for squeeze in (False, True) for eyes in (False, True) for enlarged in (False, True)
    }
    assert len({row.weights for row in found}) == 4


@pytest.mark.parametrize(
    "name", ["tts", "talking-face-tall", "talking-facewide", "talking-face-base-se", "talking-face-se-se", "talking-face-se-seall"]
)
def test_names_that_say_nothing(name, order):
    with pytest.raises(ValueError, match="--name"):
        talking_face.run(replace(order, name=name))


@pytest.mark.parametrize("steps", [1, 3, 9, 100, sum(STEPS)])
def test_steps_are_shared_out(steps):
    stages = shared_out(steps)
    assert min(stages) >= 1
    assert sum(stages) == max(4, steps)
    assert shared_out(sum(STEPS)) == STEPS


@pytest.mark.parametrize("option", ["faces", "heads", "decoder", "shares", "forget_emotions"])
def test_orders_that_it_refuses(order, option):
    with pytest.raises(ValueError, match=f"no use for --{option.replace('_', '-')}"):
        talking_face.run(replace(order, **{option: Path()}))


def test_the_generator_learns_to_open_the_mouth(heads):
    clips = [clip for clip in read_manifest(heads) if clip.split == "train"]
    batches = films([read_talking(heads, clips, processes=1)], 2, frames=4, neutral_share=0.0)
    torch.manual_seed(0)
    model = TalkingFace(TalkingFace.Config(width=0.02, dropout=0.0))
    losses = reconstruction_loss(similarity_terms(through_onet(), eyes=True))
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    found = []
    for step in range(30):
        loss = losses(model, batches(step % 3))
        optimizer.zero_grad()
        loss["loss"].backward()
        optimizer.step()
        found.append({name: float(value.detach()) for name, value in loss.items()})
    for name in ("loss", "mouth", "eyes", "perceptual"):
        assert found[-1][name] < 0.7 * found[0][name]


def test_what_is_measured_is_zero_for_the_film_itself(heads, monkeypatch):
    held_out = read_talking(heads, [clip for clip in read_manifest(heads) if clip.split == "valid"], processes=1)
    monkeypatch.setattr(talking_face, "MEASURED", 2)
    real = films([held_out], 1, 5, neutral_share=0.0, seed=1)
    shown = iter([real(0)["video"], real(1)["video"]])

    class Perfect(torch.nn.Module):
        def forward(self, *_):
            return type("Film", (), {"video": next(shown).float() / 127.5 - 1})

    found = measure(Perfect(), [held_out], 5)
    assert found["mouth, generated"] == found["eyes, generated"] == 0
    assert found["mouth, still picture"] > found["eyes, still picture"]
