"""The recipe of the sync network, in miniature: it learns which sound belongs to a mouth, from films with truth and from phone times."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.clip import read_manifest, write_manifest
from feim.data.truth import read_truth
from feim.models import CHECKPOINTS, checkpoint
from feim.models.lip_sync import CHANNELS, LipSync, mouth_movement, sync_losses
from feim.models.portrait import FaceBasis
from feim.signal.action_units import expression
from feim.signal.face_motion import pose
from feim.signal.visemes import MOUTH, face_of
from feim.training.recipes import lip_sync

FILMS = Path(__file__).parents[3] / "assets" / "corpus"


@pytest.fixture(scope="module")
def voices(corpus) -> lip_sync.Voices:
    return lip_sync.read_voices(corpus, "train")


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    return lip_sync.movements(checkpoint.load(FaceBasis, "portrait"))


@pytest.fixture
def with_basis(order):
    for suffix in ("json", "safetensors"):
        (order.checkpoints / f"portrait.{suffix}").write_bytes((CHECKPOINTS / f"portrait.{suffix}").read_bytes())
    return order


def test_it_learns_and_saves(with_basis, voices, moves):
    order = replace(with_basis, steps=120)
    made = lip_sync.run(order)
    loaded = checkpoint.load(LipSync, "lip-sync", order.checkpoints)
    batch = lip_sync.matching_stretches([voices], moves, 8, 30, [1.0], seed=9)(0)
    torch.manual_seed(0)
    fresh = LipSync(loaded.config).eval()
    with torch.no_grad():
        before, after = (sync_losses(*model(batch["movement"], batch["mel"])) for model in (fresh, loaded))
        assert torch.allclose(made.hear(batch["mel"]), loaded.hear(batch["mel"]), atol=0.02)
    assert float(after["loss"]) < 0.9 * float(before["loss"])
    card = checkpoint.read_card("lip-sync", order.checkpoints)
    assert card["command"].startswith("python -m feim train lip-sync --corpus miniature")
    assert card["licence"].startswith("Apache-2.0")
    judged = lip_sync.measured(loaded, voices, moves)
    assert judged["clips"] == len(voices.lips)
    assert judged["confidence"] > 0
    assert judged["within ± 1 frame"] > 3 / 21  # what guesses would be


def test_films_with_truth_give_the_mouth_that_they_show():
    clips = [clip for clip in read_manifest(FILMS) if clip.split == "train"][:2]
    found = [lip_sync._filmed(FILMS, clip) for clip in clips]
    for clip, movement in zip(clips, found, strict=True):
        landmarks = read_truth(FILMS, clip).landmarks
        assert np.allclose(movement, mouth_movement(landmarks), atol=1e-3)
    assert lip_sync._filmed(FILMS, replace(clips[0], video=None)) is None
    assert lip_sync._filmed(FILMS, replace(clips[0], id="of no corpus")) is None


def test_stretches_are_cut_where_their_sound_is(voices, moves, monkeypatch):
    """Nothing disturbed, no habits and no feelings: the mouth is what the visemes of just this time move."""
    for name in ("HABIT", "BUILD", "EARLY", "CAMERA", "FEELING", "LEAN", "SHAKE", "DRIFT", "BEARDED", "LOST"):
        monkeypatch.setattr(lip_sync, name, 0.0)
    monkeypatch.setattr(lip_sync, "JITTER", (1e-9, 1e-9))
    batch = lip_sync.matching_stretches([voices], moves, 16, 24, [1.0])(0)
    assert batch["movement"].shape == (16, 24, CHANNELS)
    assert batch["mel"].shape == (16, 128, 96)
    for movement, mel in zip(batch["movement"].numpy(), batch["mel"].numpy(), strict=True):
        places = []
        for clip, lips in enumerate(voices.lips):
            whole = voices.features.mel[voices.features.frames(clip)].astype(np.float32)
            places += [(lips, f) for f in range(len(whole) // 4 - 23) if np.array_equal(whole[4 * f : 4 * f + 96].T, mel)]
        [(lips, start)] = places
        true = face_of(lips[start : start + 24].astype(float)) @ moves
        assert np.allclose(movement, true - true.mean(0), atol=1e-4)


def test_the_same_words_move_mouths_in_many_ways_but_alike(voices, moves):
    lips, seen = voices.lips[0], []
    for seed in range(40):
        movement = lip_sync.imagine(lips, 4, 24, moves, np.random.default_rng(seed))
        seen.append(lip_sync.disturb(movement, np.random.default_rng(seed)).ravel())
    alike = np.corrcoef(seen)[np.triu_indices(40, 1)]
    assert 0.2 < np.median(alike) < 0.95
    assert lip_sync.disturb(movement, np.random.default_rng(0)).mean(0) == pytest.approx(np.zeros(CHANNELS), abs=1e-6)


def test_a_smile_is_in_the_movements(moves):
    assert (expression("happy", 5.0) @ moves).min() < -0.03  # the corners go up
    assert (pose(jawOpen=0.3) @ moves).max() > 0.05
    assert (np.abs(face_of(np.eye(len(MOUTH))) @ moves).max(1) > 0.002).all()  # every shape of speech shows


def test_a_batch_is_the_same_however_often_it_is_asked_for(voices, moves):
    batches = lip_sync.matching_stretches([voices], moves, 4, 24, [1.0])
    one, again, other = batches(3), batches(3), batches(4)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["movement"], other["movement"])


def test_clips_that_are_all_too_short(voices, moves):
    with pytest.raises(ValueError, match="no clip of 9999 film frames or more"):
        lip_sync.matching_stretches([voices], moves, 4, 9999, [1.0])


def test_a_corpus_without_phone_times(with_basis, corpus, tmp_path):
    write_manifest(tmp_path, [replace(clip, durations=None) for clip in read_manifest(corpus)])
    with pytest.raises(ValueError, match="no training clips"):
        lip_sync.run(replace(with_basis, corpora=(tmp_path,)))


def test_it_has_no_decoder(order):
    with pytest.raises(ValueError, match="the recipe lip-sync has no use for --decoder"):
        lip_sync.run(replace(order, decoder="unet"))
