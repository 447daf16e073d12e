"""The doctor finds what is missing or damaged, and says what to do."""

import shutil

import pytest

from feim import doctor
from feim.data.synthetic import engines
from feim.models import MODELS, checkpoint
from feim.models.embeddings import VoiceNetwork
from feim.models.emotion_recognition import EmotionRecogniser
from feim.models.emotion_space import EmotionSpace
from feim.models.expression_judge import ExpressionJudge
from feim.models.intensity import VoiceIntensity
from feim.models.landmarks import LandmarkNetwork
from feim.models.lip_motion import LipMotion
from feim.models.lip_sync import LipSync
from feim.models.motion import MotionDiffusion
from feim.models.portrait import FaceBasis
from feim.models.super_resolution import CompactNetwork
from feim.models.talking_face import TalkingFace
from feim.models.text_emotion import TextEmotion
from feim.models.voice_emotion import VoiceEmotion

MOVERS = {  # what moves faces, as small as it gets
    "landmarks": LandmarkNetwork(LandmarkNetwork.Config()),
    "portrait": FaceBasis(FaceBasis.Config(points=190, variations=1)),
    "super-resolution": CompactNetwork(CompactNetwork.Config(width=8, depth=1)),
    "expression-judge": ExpressionJudge(),
    "lip-motion": LipMotion(LipMotion.Config(channels=8, causal=(1,))),
    "lip-sync": LipSync(LipSync.Config(channels=8, dilations=(1,), embedding=4)),
    "talking-face": TalkingFace(TalkingFace.Config(width=0.02)),
    "text-emotion": TextEmotion(TextEmotion.Config(buckets=8)),
    "voice-intensity": VoiceIntensity(VoiceIntensity.Config(channels=8, dilations=(1,))),
    "emotion-space": EmotionSpace(EmotionSpace.Config(hidden=8)),
    "motion": MotionDiffusion(MotionDiffusion.Config(channels=8, blocks=1, condition=8)),
}


@pytest.fixture
def ward(weights, tmp_path, monkeypatch):
    """A copy of the miniature weights that may be damaged."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(weights, folder)
    checkpoint.save(EmotionRecogniser(EmotionRecogniser.Config(width=16, dilations=(1,))), "emotion-judge", {}, folder)
    checkpoint.save(VoiceNetwork(VoiceNetwork.Config(width=16, dilations=(1,))), "speaker-judge", {}, folder)
    for name in ("emotion-recogniser", "acted-emotion-judge"):
        card = {"licence": "non-commercial; learnt from actors (CC BY-NC-SA 4.0)"}
        checkpoint.save(VoiceEmotion(VoiceEmotion.Config(hidden=4)), name, card, folder)
    for name, network in MOVERS.items():
        checkpoint.save(network, name, {}, folder)
    for suffix in ("json", "safetensors"):
        shutil.copy(folder / f"tts.{suffix}", folder / f"tts-pl.{suffix}")
    monkeypatch.setattr(doctor, "CHECKPOINTS", folder)
    return folder


def complaints(name: str) -> list[str]:
    return [line for line in doctor.examine()["missing"] if line.startswith(f"weights {name}:")]


def test_a_healthy_installation(ward, capsys):
    found = doctor.examine()
    assert set(found["checkpoints"]) == set(MODELS)
    assert found["checkpoints"]["tts"]["parameters"] > 10_000
    assert found["checkpoints"]["tts"]["MiB"] > 0
    assert not [line for line in found["missing"] if line.startswith("weights")]
    doctor.show(found)
    told = capsys.readouterr().out
    assert f"{found['checkpoints']['tts']['parameters']:,} parameters" in told
    assert f"Teachers' voices: {', '.join(engine.name for engine in engines.available_engines())}\n" in told


def test_weights_that_are_not_for_commerce_are_listed_as_such(ward, capsys):
    doctor.show(doctor.examine())
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert "non-commercial; learnt from actors (CC BY-NC-SA 4.0)" in lines["emotion-recogniser"]
    assert "non-commercial" in lines["acted-emotion-judge"]
    assert "non-commercial" not in lines["tts"]
    assert "Apache-2.0" in lines["tts"]


@pytest.mark.parametrize("name", ["emotion-recogniser", "acted-emotion-judge", "tts-pl"])
def test_shipped_weights_that_learnt_from_actors_are_not_for_commerce(name):
    """The actors' licence is CC BY-NC-SA."""
    assert checkpoint.read_card(name)["licence"].startswith("non-commercial; ")


@pytest.mark.parametrize("name", MODELS)
def test_truncated_weights(ward, name, capsys):
    path = ward / f"{name}.safetensors"
    path.write_bytes(path.read_bytes()[:-20])
    [line] = complaints(name)
    assert "is damaged or of another version" in line
    doctor.show(doctor.examine())
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("name", MODELS)
def test_missing_weights(ward, name):
    (ward / f"{name}.safetensors").unlink()
    assert complaints(name) == [f"weights {name}: {name}.safetensors is missing; restore it from the repository"]
    (ward / f"{name}.json").unlink()
    assert complaints(name) == [f"weights {name}: restore assets/checkpoints, or python -m feim train"]


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null"])
def test_a_damaged_card(ward, content):
    (ward / "tts.json").write_text(content)
    [line] = complaints("tts")
    assert "tts.json is damaged" in line


def test_a_program_without_its_voices_is_missing_something(ward, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(engines, "_voices", lambda program: {"slt"} if program == "flite" else set())
    found = doctor.examine()
    assert found["engines"] == ["espeak-en-us", "espeak-en-us+f2"]  # one voice is too few
    assert "festival: optional, for training: apt-get install festival festvox-us-slt-hts" in found["missing"]
    assert not [line for line in found["missing"] if line.startswith("flite")]


def test_missing_programs_and_packages(ward, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda program: None)
    (tmp_path / "requirements.txt").write_text("# Speech\ntorch==2.11.0  # and no other\n-r more.txt\n\nno-such-package>=1\n")
    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "requirements.txt")
    found = doctor.examine()
    assert list(found["packages"]) == ["torch", "no-such-package"]
    assert found["packages"]["no-such-package"] is None
    assert "no-such-package: pip install -r requirements.txt" in found["missing"]
    assert "flite: optional, for training: apt-get install flite" in found["missing"]
    assert found["engines"] == ["espeak-en-us", "espeak-en-us+f2"]


def test_without_a_list_of_requirements_the_essential_ones_are_looked_for(monkeypatch, tmp_path):
    listed = doctor.required_packages()
    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "requirements.txt")
    assert set(doctor.required_packages()) == set(doctor.ESSENTIAL) < set(listed)
