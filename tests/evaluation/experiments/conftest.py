"""A stage in miniature: the miniature studio, readings by a known voice, fake judges, and a pool that works in this process."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from feim.evaluation.experiments import stage as stages
from feim.evaluation.experiments.material import Extent, Material, Reading, count_phonemes
from feim.evaluation.experiments.stage import Stage, Voice
from feim.evaluation.judges import SpeakerJudge
from feim.evaluation.material import HeldOut
from feim.models import checkpoint
from feim.models.embeddings import VoiceNetwork
from feim.signal.emotion import EMOTIONS

EXTENT = Extent(readings=7, swept=2, scripts=2, faces=3, texts=1, speakers=2, arm=7)
TEXTS = ["We count to two now.", "They all came back again.", "The sun is out today."]


class Pool:
    """Maps in this process."""

    map = staticmethod(map)


class Judge:
    """As sure of an emotion as the clip is long, and of another as it is not."""

    def __init__(self, favourite: str):
        self.favourite = EMOTIONS.index(favourite)

    def probabilities(self, wave: np.ndarray) -> np.ndarray:
        found = np.full(len(EMOTIONS), 0.05)
        found[self.favourite] = 0.7
        return found


def unit(seed: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(512, generator=random), dim=0)


def buzz(pitch: float, seconds: float = 0.6) -> np.ndarray:
    time = np.arange(int(seconds * 16_000)) / 16_000
    return (0.1 * sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 9))).astype(np.float32)


@pytest.fixture
def stage(miniature, weights, tmp_path, monkeypatch) -> Stage:
    """Ears that hear what was said but the last word, and rate everything 3."""
    monkeypatch.setattr(stages, "transcribe", lambda wave: "we count to two")
    monkeypatch.setattr(stages, "rate_naturalness", lambda wave, weights: SimpleNamespace(ovr=3.0))
    ears = checkpoint.load(VoiceNetwork, "voice-network", weights)
    material = Material(
        EXTENT, TEXTS[:1], HeldOut(TEXTS, [], [], tmp_path / "dnsmos.onnx"), folder=tmp_path, studio=miniature, ears=ears, pool=Pool(),
    )  # fmt: skip
    material.short = TEXTS
    material.people = [(SimpleNamespace(gender="female"), unit(seed)) for seed in range(3)]
    material.pairs = [(TEXTS[0], TEXTS[2]), (TEXTS[1], TEXTS[2])]
    material.teachers = [
        Reading(TEXTS[i % 3], emotion, f"teacher {i}", buzz(120 + 10 * i), count_phonemes(TEXTS[i % 3]), unit(10 + i))
        for i, emotion in enumerate(EMOTIONS)
    ]
    material.other_corpus = [Reading(TEXTS[i], "neutral", str(i), buzz(150), count_phonemes(TEXTS[i]), unit(20 + i)) for i in range(2)]
    return Stage(Voice(miniature), material, {"first judge": Judge("happy"), "second judge": Judge("sad")}, SpeakerJudge(ears), Pool())


@pytest.fixture
def teachers(monkeypatch):
    """Whoever reads aloud does so higher with every level of emotion."""

    def read_aloud(text, turn, takes):
        return "somebody", buzz(100), [buzz(100 * 2 ** (level / 12)) for _, level in takes]

    for module in ("sweep", "scripts"):
        monkeypatch.setattr(f"feim.evaluation.experiments.{module}.read_aloud", read_aloud)
