"""The prosody recipe moves the predictor and nothing else, and the card tells both trainings."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from feim.data.clip import read_manifest, write_manifest
from feim.models import checkpoint
from feim.models.tts import FEIMTTS
from feim.training.recipes import prosody


@pytest.fixture
def trained(order, weights, tmp_path):
    folder = tmp_path / "all weights"
    shutil.copytree(weights, folder)
    return prosody.run(replace(order, checkpoints=folder, steps=8)), folder


def test_only_the_predictor_moves(trained, weights):
    before, (after, _) = checkpoint.load(FEIMTTS, "tts", weights).state_dict(), trained
    moved = {name for name, value in after.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("prosody.") for name in moved)


def test_the_card_tells_both_trainings(trained):
    card = json.loads((trained[1] / "tts.json").read_text())
    first, second = card["command"].split("; then ")
    assert first.startswith("python -m feim train tts ")
    assert second.startswith("python -m feim train prosody --corpus miniature")
    assert card["settings"]["steps"] != card["settings"]["prosody predictor alone"]["steps"] == 8
    checkpoint.load(FEIMTTS, "tts", trained[1])


def test_batches_are_padded_and_masked():
    examples = [[{
        "h": torch.full((4, length), float(length)), "speaker": torch.ones(3), "durations": torch.full((length,), 2),
        "tone": torch.full((length,), 0.5), "emotion": torch.tensor(1),
    }] for length in (3, 5)]  # fmt: skip
    batch, halves = prosody.batches(examples, [0.5, 0.5], 16)(0), prosody.batches(examples, [0.5, 0.5], 8)
    assert torch.equal(batch["mask"], torch.cat([halves(0)["mask"], halves(1)["mask"]]))  # two processes would draw the same
    lengths = batch["h"][:, 0, 0].long()
    assert set(lengths.tolist()) == {3, 5}
    inside = torch.arange(5) < lengths[:, None]
    assert torch.equal(batch["mask"][:, 0] == 1, inside)
    for name in ("durations", "tone"):
        assert batch[name].shape == (16, 5)
        assert not batch[name][~inside].any()
        assert batch[name][inside].all()


def test_a_corpus_without_phone_times(order, corpus, weights, tmp_path):
    shutil.copytree(corpus, tmp_path / "corpus")
    write_manifest(tmp_path / "corpus", [replace(clip, durations=None) for clip in read_manifest(corpus)])
    with pytest.raises(ValueError, match="no clip with phone times"):
        prosody.run(replace(order, corpora=(tmp_path / "corpus",), checkpoints=weights, steps=2))
