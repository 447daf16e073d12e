"""The recipes of frame-wise intensity, in miniature: they learn, measure on people kept aside, and refuse what they would ignore."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.clip import read_manifest, write_manifest
from feim.data.synthetic.engines import RULES
from feim.data.synthetic.swelling import SWELLS, synthesise_swelling_corpus
from feim.data.tracked_voices import one, read_tracked, stretches
from feim.models import checkpoint
from feim.models.emotion_space import EmotionSpace
from feim.models.intensity import VoiceIntensity, intensity_losses
from feim.signal.emotion import EMOTIONS
from feim.training.recipes import emotion_space, voice_intensity
from tests.data.synthetic.heads.tiny_head import write_npz


@pytest.fixture(scope="module")
def swelling(tmp_path_factory):
    out = tmp_path_factory.mktemp("swelling")
    synthesise_swelling_corpus(out, clips=16, speakers=4, engines=RULES)
    return out


def test_voices_are_learnt_and_vary_as_they_should(order, swelling):
    voice_intensity.run(replace(order, corpora=(swelling,), steps=60))
    loaded = checkpoint.load(VoiceIntensity, "voice-intensity", order.checkpoints)
    torch.manual_seed(0)
    fresh = VoiceIntensity(loaded.config).eval()
    batch = stretches([read_tracked(swelling, "train")], 16, 40, 1.0, seed=9)(0)
    with torch.no_grad():
        before, after = (
            intensity_losses(model(batch["mel"], batch["pitch"], batch["weights"]), batch["truth"]) for model in (fresh, loaded)
        )
    assert float(after["loss"]) < float(before["loss"])
    card = checkpoint.read_card("voice-intensity", order.checkpoints)
    assert set(card["metrics"][swelling.name]) == {"Pearson, told the emotion", "Pearson, not told", "clips", "speakers"}
    assert card["licence"].startswith("Apache-2.0")


def test_tracks_are_made_as_lively_as_the_truth(swelling):
    torch.manual_seed(0)
    network = VoiceIntensity(VoiceIntensity.Config(channels=8, dilations=(1,))).eval()
    network.leave.bias.data.fill_(0.5)  # or they are cut at 0
    voices = read_tracked(swelling, "valid")
    voice_intensity.enliven(network, [voices])
    guessed, true = [], []
    for number, clip in enumerate(voices.clips):
        if clip.corpus == SWELLS:
            mel, pitch, track = one(voices, number)
            guessed.append(network.track(mel, pitch, {EMOTIONS.index(clip.emotion): 1.0}).var())
            true.append(track.var())
    assert np.mean(guessed) == pytest.approx(np.mean(true), rel=0.3)


def test_faces_are_learnt(order, tmp_path):
    write_npz(tmp_path)
    emotion_space.run(replace(order, corpora=(), heads=tmp_path, steps=20))
    loaded = checkpoint.load(EmotionSpace, "emotion-space", order.checkpoints)
    assert float(loaded.intensity.furthest.min()) > 0
    assert torch.isfinite(loaded.intensity.whitening).all()
    assert checkpoint.read_card("emotion-space", order.checkpoints)["metrics"]["other people"]["people"] >= 1


def without_validation(swelling: Path, tmp_path: Path) -> Path:
    """The same corpus as published ones are: people train or test."""
    shutil.copytree(swelling, tmp_path / "lent")
    clips = [replace(clip, split="train" if clip.split == "valid" else clip.split) for clip in read_manifest(swelling)]
    write_manifest(tmp_path / "lent", clips)
    return tmp_path / "lent"


def test_where_nobody_validates_some_who_train_do(swelling, tmp_path):
    lent = without_validation(swelling, tmp_path)
    people = {split: {clip.speaker for clip in read_tracked(lent, split).clips} for split in ("train", "valid", "test")}
    assert len(people["valid"]) == 1
    assert not people["train"] & people["valid"]
    assert people["test"] == {clip.speaker for clip in read_tracked(swelling, "test").clips}
    assert people["train"] | people["valid"] == {clip.speaker for clip in read_manifest(lent) if clip.split == "train"}
    alone = next(iter(people["test"]))
    write_manifest(lent, [replace(clip, split="train") for clip in read_manifest(lent) if clip.speaker == alone])
    with pytest.raises(ValueError, match="of three speakers or more"):
        read_tracked(lent, "valid")


@pytest.mark.parametrize("off", [-7, 7])
def test_films_and_their_sound_need_not_be_as_long(swelling, off):
    voices = read_tracked(swelling, "train")
    track = np.resize(voices.tracks[0], len(voices.tracks[0]) + off)
    mel, pitch, cut = one(replace(voices, tracks=[track]), 0)
    assert len(cut) == min(len(track), len(voices.tracks[0]))
    assert (mel.shape[1], len(pitch)) == (4 * len(cut), 4 * len(cut))
    batch = stretches([replace(voices, tracks=[track])], 4, len(track) + 10, 1.0)(0)
    assert torch.isfinite(batch["truth"]).all()


@pytest.mark.parametrize(("recipe", "option"), [(voice_intensity, {"blocks": 3}), (emotion_space, {"decoder": "unet"})])
def test_what_would_be_ignored_is_refused(order, recipe, option):
    with pytest.raises(ValueError, match=f"has no use for --{next(iter(option))}"):
        recipe.run(replace(order, **option))
