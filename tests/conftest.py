"""What many tests share, made once in temporary folders: a corpus of rule voices, and models trained on it for a few steps."""

import importlib
import os
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch

import feim
from feim.data.clip import Clip, write_manifest
from feim.data.synthetic import voices
from feim.data.synthetic.corpus import synthesise_corpus
from feim.data.synthetic.engines import RULES
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.signal.emotion import EMOTIONS
from feim.training.order import Order
from feim.training.recipes import RECIPES

STEPS = {"vocoder": 30, "tts": 6}


# Models this small gain nothing from a second thread, and on a busy machine two wait for each other. Programs that tests start inherit it.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _seeds():
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 -- only to fix what libraries draw


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """18 clips of 12 designed speakers who all start from espeak-ng."""
    folder = tmp_path_factory.mktemp("corpora") / "miniature"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voices, "available_engines", lambda: RULES)
        clips = synthesise_corpus(folder, clips=18, speakers=12)
    training = [clip.id for clip in clips if clip.split == "train"]  # too few to show every emotion, unless they are told to
    label = dict(zip(training, cycle(EMOTIONS), strict=False))
    write_manifest(folder, [relabelled(clip, label.get(clip.id, clip.emotion)) for clip in clips])
    return folder


def relabelled(clip: Clip, emotion: str) -> Clip:
    """The clip under another emotion's name, at an intensity that suits the name."""
    return replace(clip, emotion=emotion, intensity=0.0 if emotion == "neutral" else clip.intensity or 0.5)


@pytest.fixture(scope="session")
def weights(corpus, tmp_path_factory) -> Path:
    """A checkpoints folder: untrained face and voice networks, vocoder and tts by their recipes in miniature."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    checkpoint.save(FaceNetwork(FaceNetwork.Config(hidden=16)), "face-network", {}, folder)
    checkpoint.save(VoiceNetwork(VoiceNetwork.Config(width=16, dilations=(1,))), "voice-network", {}, folder)
    for name, steps in STEPS.items():
        order = Order((corpus,), tmp_path_factory.mktemp("runs") / name, folder, steps=steps, miniature=True)
        importlib.import_module(RECIPES[name]).run(order)
    return folder


@pytest.fixture(scope="session")
def miniature(weights) -> feim.Studio:
    """A studio that hums rather than speaks, but does all that the shipped one does."""
    return feim.load(weights)
