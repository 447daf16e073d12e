"""What all recipes have in common: they run an order, write weights and a card, and say what a corpus lacks."""

import importlib
import json
from dataclasses import replace

import pytest

from feim.data.clip import BrokenManifest, read_manifest, write_manifest
from feim.models import checkpoint
from feim.models.tts import FEIMTTS
from feim.models.vocoder import SourceFilterVocoder
from feim.training.recipes import RECIPES, tts, vocoder


def test_every_recipe_runs_an_order():
    for module in RECIPES.values():
        assert callable(importlib.import_module(module).run)


@pytest.mark.parametrize(("name", "model_class"), [("tts", FEIMTTS), ("vocoder", SourceFilterVocoder)])
def test_weights_and_cards(weights, name, model_class):
    model = checkpoint.load(model_class, name, weights)
    card = json.loads((weights / f"{name}.json").read_text())
    assert card["parameters"] == sum(value.numel() for value in model.state_dict().values())
    assert card["parameters"] < 400_000
    [data] = card["data"]
    assert data["name"] == "miniature"
    assert data["licence"] == "synthetic"
    assert card["licence"] == "Apache-2.0; learnt from miniature (synthetic)"
    assert card["command"].startswith(f"python -m feim train {name} --corpus miniature --steps ")


@pytest.mark.parametrize("recipe", [tts, vocoder])
def test_a_folder_without_a_corpus(order, tmp_path, recipe):
    with pytest.raises(BrokenManifest, match="synthesise-corpus"):
        recipe.run(replace(order, corpora=(tmp_path / "nothing",)))


@pytest.mark.parametrize("recipe", [tts, vocoder])
def test_a_corpus_without_training_clips(order, corpus, tmp_path, recipe):
    write_manifest(tmp_path, [clip for clip in read_manifest(corpus) if clip.split != "train"])
    with pytest.raises(ValueError, match="no training clips"):
        recipe.run(replace(order, corpora=(tmp_path,)))
