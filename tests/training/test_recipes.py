"""The recipes of vocoder and tts in miniature, on a corpus made in seconds: weights, cards, resuming, and what is missing."""

import importlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from feim.data.batching import segments
from feim.data.clip import BrokenManifest, read_manifest, write_manifest
from feim.data.features import read_features
from feim.models import checkpoint
from feim.models.checkpoint import MissingCheckpoint
from feim.models.tts import FEIMTTS, Sampling
from feim.models.vocoder import SourceFilterVocoder, vocoder_losses
from feim.training.order import Order
from feim.training.recipes import RECIPES, tts, vocoder


@pytest.fixture
def order(corpus, weights, tmp_path) -> Order:
    """Four steps into new folders; the face and voice networks are already there."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("face-network", "voice-network"):
        for suffix in ("json", "safetensors"):
            (folder / f"{name}.{suffix}").write_bytes((weights / f"{name}.{suffix}").read_bytes())
    return Order((corpus,), tmp_path / "run", folder, steps=4, miniature=True)


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


def test_the_vocoder_learns(corpus, weights):
    clips = [clip for clip in read_manifest(corpus) if clip.split == "train"]
    batch = segments([read_features(corpus, clips, vocoder.KINDS)], vocoder.KINDS, 16, 64, seed=9)(0)
    trained = checkpoint.load(SourceFilterVocoder, "vocoder", weights)
    fresh = SourceFilterVocoder(trained.config).eval()
    fresh.envelope_mean.copy_(trained.envelope_mean)
    fresh.envelope_scale.copy_(trained.envelope_scale)
    with torch.no_grad():
        before, after = (vocoder_losses(model(batch["mel"]), batch, trained.bins) for model in (fresh, trained))
    for name in ("loss", "envelope", "voicing"):
        assert float(after[name]) < float(before[name])


def test_envelope_statistics_are_measured_at_equal_level(corpus):
    clips = read_manifest(corpus)[:4]
    batch = segments([read_features(corpus, clips, vocoder.KINDS)], vocoder.KINDS, 8, 64)(0)
    louder = {name: value.clone() for name, value in batch.items()}
    louder["mel"] += 1.0
    louder["envelope"][:, 0] += 2.0
    models = [SourceFilterVocoder(SourceFilterVocoder.Config(channels=8, blocks=1)) for _ in range(2)]
    for model, seen in zip(models, (batch, louder), strict=True):
        vocoder._fit_statistics(model, seen)
    assert torch.allclose(models[0].envelope_mean, models[1].envelope_mean, atol=1e-3)
    assert torch.allclose(models[0].envelope_scale, models[1].envelope_scale, atol=1e-3)
    assert (models[0].envelope_scale > 0).all()


def test_roughened_mels_are_noisy_by_different_amounts():
    mel = torch.zeros(64, 128, 10)
    amounts = vocoder.roughen(mel).std(dim=(1, 2))
    assert 0 <= float(amounts.min()) < 0.05
    assert 0.2 < float(amounts.max()) < 0.3


def test_tts_resumes_and_starts_from_other_weights(order):
    first = tts.run(replace(order, steps=2))
    assert (order.out / "state").is_dir()
    again = tts.run(replace(order, steps=2, resume=True))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    started = tts.run(replace(order, steps=1, initial="tts", out=order.out.with_name("second")))
    assert started.config == first.config
    near = (started.symbol.weight - first.symbol.weight).abs().max()
    assert 0 < float(near) < 0.02


def test_the_papers_decoder_has_weights_of_its_own(order, corpus):
    trained = tts.run(replace(order, steps=1, decoder="unet"))
    assert trained.config.decoder == "unet"
    assert not (order.checkpoints / "tts.json").exists()
    fresh = tts.build(replace(order, decoder="unet")).score.state_dict()
    assert any(not torch.equal(weights, fresh[name]) for name, weights in trained.score.state_dict().items())
    loaded = checkpoint.load(FEIMTTS, "tts-unet", order.checkpoints)
    said = loaded.synthesise(torch.arange(1, 9), loaded.default_face, emotion=1, intensity=1.0, sampling=Sampling(steps=1))
    assert said.mel.shape == (128, int(said.durations.sum()))
    assert "--decoder unet" in checkpoint.read_card("tts-unet", order.checkpoints)["command"]
    assert tts.build(replace(order, initial="tts-unet")).config.decoder == "unet"


def test_decoders_that_do_not_fit(order, weights):
    with pytest.raises(ValueError, match="unknown decoder 'wavenet'; use one of: convnext, unet"):
        tts.run(replace(order, decoder="wavenet"))
    with pytest.raises(ValueError, match="the weights tts have the decoder convnext, not unet; leave out --decoder"):
        tts.run(replace(order, decoder="unet", initial="tts", checkpoints=weights))
    with pytest.raises(ValueError, match="the recipe vocoder has no use for --decoder"):
        vocoder.run(replace(order, decoder="unet"))


def test_speech_without_a_face_has_a_typical_voice(weights, corpus):
    model = checkpoint.load(FEIMTTS, "tts", weights)
    assert float(model.default_face.norm()) == pytest.approx(1, abs=1e-3)
    assert not torch.allclose(model.default_face, torch.full((512,), 512**-0.5), atol=1e-3)


def test_voice_vectors_are_single_clips_and_their_mean(corpus, weights):
    voice = checkpoint.load(tts.VoiceNetwork, "voice-network", weights)
    clips = [clip for clip in read_manifest(corpus) if clip.split == "train"]
    bank = tts.voice_vectors(voice, [read_features(corpus, clips)])
    assert set(bank) == {clip.speaker for clip in clips}
    for speaker, vectors in bank.items():
        assert len(vectors) == sum(clip.speaker == speaker for clip in clips) + 1
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
        mean = vectors[:-1].mean(axis=0)
        assert vectors[-1] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_faces_and_voices_are_chosen_in_turn():
    bank, faces = {"a": np.zeros((3, 512)), "b": np.zeros((3, 512))}, {"a": np.ones((2, 512))}
    choose = tts.choose_vector(bank, faces)
    random = np.random.default_rng(0)
    assert np.mean([choose("a", random)[0] for _ in range(400)]) == pytest.approx(tts.FACE_SHARE, abs=0.08)
    assert not choose("b", random).any()


def test_the_typical_voice_is_most_like_all_others():
    angles = {"left": -1.0, "middle": 0.1, "right": 1.0}
    bank = {name: np.array([[np.cos(angle), np.sin(angle)]]) for name, angle in angles.items()}
    teachers = type("Corpus", (), {"clips": [type("Clip", (), {"speaker": name}) for name in angles]})
    assert tts.typical_vector(bank, teachers) == pytest.approx(bank["middle"][0])


def test_tts_needs_the_voice_network(order):
    (order.checkpoints / "voice-network.json").unlink()
    with pytest.raises(MissingCheckpoint, match=r"voice-network\.json is missing; restore it"):
        tts.run(order)


@pytest.mark.parametrize("recipe", [tts, vocoder])
def test_a_folder_without_a_corpus(order, tmp_path, recipe):
    with pytest.raises(BrokenManifest, match="synthesise-corpus"):
        recipe.run(replace(order, corpora=(tmp_path / "nothing",)))


@pytest.mark.parametrize("recipe", [tts, vocoder])
def test_a_corpus_without_training_clips(order, corpus, tmp_path, recipe):
    write_manifest(tmp_path, [clip for clip in read_manifest(corpus) if clip.split != "train"])
    with pytest.raises(ValueError, match="no training clips"):
        recipe.run(replace(order, corpora=(tmp_path,)))
