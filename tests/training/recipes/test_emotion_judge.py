"""The emotion judge's recipe in miniature: a corpus of buzzes in which every emotion has its own pitch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.clip import Clip, write_manifest
from feim.evaluation.judges import EmotionJudge
from feim.models import checkpoint
from feim.models.emotion_recognition import EmotionRecogniser
from feim.signal.audio import read_audio, write_audio
from feim.signal.emotion import EMOTIONS
from feim.training.order import Order
from feim.training.recipes import emotion_judge


def buzz(pitch: float, seed: int) -> np.ndarray:
    time = np.arange(9_600) / 16_000
    noise = 0.003 * np.random.default_rng(seed).standard_normal(len(time))
    return (0.1 * sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 9)) + noise).astype(np.float32)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("buzzes")
    (folder / "audio").mkdir()
    clips = []
    for speaker in range(5):
        for index, emotion in enumerate(EMOTIONS):
            name = f"{speaker}-{emotion}"
            write_audio(folder / "audio" / f"{name}.flac", buzz(100 * 1.25**index, seed=speaker * 10 + index))
            clips.append(
                Clip(
                    id=name, corpus="buzzes", speaker=f"judge-{speaker}", language="en-us", text="", licence="synthetic",
                    split="judge", audio=f"audio/{name}.flac", emotion=emotion,
                )
            )  # fmt: skip
    write_manifest(folder, clips)
    return folder


def test_the_recipe_learns_saves_and_reports(corpus, tmp_path):
    order = Order((corpus,), tmp_path / "run", tmp_path / "weights", steps=120, miniature=True)
    emotion_judge.run(order)
    card = json.loads((tmp_path / "weights" / "emotion-judge.json").read_text())
    assert card["data"] == [{"name": corpus.name, "speakers": 4, "clips": 28, "hours": 0.0, "licence": "synthetic"}]
    assert (card["metrics"]["held-out speakers"], card["metrics"]["held-out clips"]) == (1, 7)
    assert card["settings"]["batch"] == 8
    assert card["metrics"]["accuracy, held-out speakers"]["all"] > 0.7  # chance is 0.14
    judge = EmotionJudge(checkpoint.load(EmotionRecogniser, "emotion-judge", tmp_path / "weights"))
    assert judge.emotion(read_audio(corpus / "audio" / "0-neutral.flac")) == "neutral"


def test_people_of_two_corpora_are_counted_one_by_one(corpus, tmp_path):
    """Corpora name their people alike."""
    order = Order((corpus, corpus), tmp_path / "run", tmp_path / "weights", steps=1, miniature=True)
    emotion_judge.run(order)
    metrics = checkpoint.read_card("emotion-judge", order.checkpoints)["metrics"]
    assert (metrics["held-out speakers"], metrics["held-out clips"]) == (2, 14)


def test_batches_repeat_themselves_and_balance_emotions(corpus, tmp_path):
    speech, held_out = emotion_judge.judges_speech(Order((corpus,), tmp_path, tmp_path))
    assert {clip.speaker for clip in held_out[0].clips} == {"judge-0"}
    assert "judge-0" not in {clip.speaker for clip in speech[0].clips}
    make = emotion_judge.batches(speech, 70, 50)
    first, again = make(3), make(3)
    assert all((first[name] == again[name]).all() for name in first)
    assert first["mel"].shape == (70, 128, 50)
    assert set(first["emotion"].tolist()) == set(range(len(EMOTIONS)))
    assert (first["mel"] != make(4)["mel"]).any()


def test_batches_are_the_same_however_many_processes_share_them(corpus, tmp_path):
    speech, _ = emotion_judge.judges_speech(Order((corpus,), tmp_path, tmp_path))
    whole, half = emotion_judge.batches(speech, 8, 50)(3), emotion_judge.batches(speech, 4, 50)
    for name, rows in whole.items():
        assert torch.equal(rows, torch.cat([half(6)[name], half(7)[name]]))


@pytest.mark.parametrize("given", [{"initial": "tts"}, {"decoder": "unet"}, {"faces": Path("london")}])
def test_orders_that_it_refuses(corpus, tmp_path, given):
    [option] = given
    with pytest.raises(ValueError, match=f"emotion-judge has no use for --{option}"):
        emotion_judge.run(Order((corpus,), tmp_path, tmp_path, **given))


def test_too_few_speakers(tmp_path):
    write_manifest(tmp_path, [])
    with pytest.raises(ValueError, match="at least 5"):
        emotion_judge.run(Order((tmp_path,), tmp_path / "run", tmp_path / "weights", miniature=True))
