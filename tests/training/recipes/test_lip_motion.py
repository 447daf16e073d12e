"""The recipe that teaches lips to follow voices, in miniature: it learns, from disguised voices and true phone times."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from feim.data.clip import read_manifest, write_manifest
from feim.models import checkpoint
from feim.models.lip_motion import LipMotion, lip_losses
from feim.models.portrait import FaceBasis
from feim.signal.face_motion import SHAPES
from feim.signal.landmarks import CHIN
from feim.signal.landmarks import MOUTH as MOUTH_POINTS
from feim.signal.visemes import MOUTH, mouth_of, speech_level, visemes
from feim.training.recipes import lip_motion


@pytest.fixture(scope="module")
def spoken(corpus) -> lip_motion.Spoken:
    return lip_motion.read_spoken(corpus, "train")


def test_it_learns_and_saves(order, spoken):
    made = lip_motion.run(replace(order, steps=150))
    loaded = checkpoint.load(LipMotion, "lip-motion", order.checkpoints)
    batch = lip_motion.stretches([spoken], 16, 40, loaded.past, loaded.ahead, [1.0], seed=9)(0)
    torch.manual_seed(0)
    fresh = LipMotion(loaded.config).eval()
    with torch.no_grad():
        before, after = (lip_losses(model.within(batch["mel"]), batch["lips"]) for model in (fresh, loaded))
        assert torch.allclose(made.within(batch["mel"]), loaded.within(batch["mel"]), atol=0.02)
    for name in ("loss", "shapes", "gap"):
        assert float(after[name]) < 0.95 * float(before[name])
    card = checkpoint.read_card("lip-motion", order.checkpoints)
    assert card["command"].startswith("python -m feim train lip-motion --corpus miniature")
    assert card["licence"].startswith("Apache-2.0")


def test_lips_are_the_visemes_of_the_phones(spoken):
    clip, mel = spoken.features.clips[0], spoken.features.mel[spoken.features.frames(0)]
    shapes = visemes(clip.phonemes, clip.durations, speech_level(mel.T))
    assert spoken.lips[0].shape == (-(-len(mel) // 4), 10)
    assert np.allclose(spoken.lips[0], mouth_of(shapes), atol=1e-3)


def test_stretches_are_cut_where_their_lips_are(spoken):
    past, ahead = 9, 6
    batch = lip_motion.stretches([spoken], 64, 30, past, ahead, [1.0])(0)
    assert batch["mel"].shape == (64, 128, past + 4 * 29 + ahead + 1)
    assert batch["lips"].shape == (64, 30, 10)
    found = 0
    for mel, lips in zip(batch["mel"], batch["lips"], strict=True):
        for clip, truth in enumerate(spoken.lips):
            whole = spoken.features.mel[spoken.features.frames(clip)].astype(np.float32)
            places = [f for f in range(len(truth) - 1) if f * 4 >= past and np.array_equal(whole[4 * f], mel[:, past + 40])]
            for place in places:  # where the stretch's tenth frame is in its clip
                found += 1
                assert np.array_equal(lips[10], truth[place].astype(np.float32))
    assert found > 30


def test_a_batch_is_the_same_however_often_it_is_asked_for(spoken):
    batches = lip_motion.stretches([spoken], 4, 20, 9, 6, [1.0])
    one, again, other = batches(3), batches(3), batches(4)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["mel"], other["mel"])


def test_landmarks_are_as_far_away_as_their_shapes_put_them():
    basis = checkpoint.load(FaceBasis, "portrait")
    moves = lip_motion.landmark_moves(basis)
    truth = torch.rand(2, 5, len(MOUTH), generator=torch.Generator().manual_seed(0)) / 2
    open_more = truth.clone()
    open_more[..., MOUTH.index("jawOpen")] += 0.2
    moved = basis.shapes[SHAPES.index("jawOpen"), [*MOUTH_POINTS, *CHIN]].norm(dim=-1).mean()
    assert float(lip_motion.landmark_distance(truth, truth, moves)) < 2e-4
    assert float(lip_motion.landmark_distance(open_more, truth, moves)) == pytest.approx(0.2 * float(moved), rel=0.01)


def test_held_out_clips_are_measured_corpus_by_corpus(corpus, tmp_path):
    held_out = tmp_path / "held_out"
    shutil.copytree(corpus, held_out)
    write_manifest(held_out, [replace(clip, split="valid") for clip in read_manifest(corpus)])
    network, moves = checkpoint.load(LipMotion, "lip-motion"), lip_motion.landmark_moves(checkpoint.load(FaceBasis, "portrait"))
    learnt, untaught = (lip_motion.measure(one, [corpus, held_out], moves) for one in (network, LipMotion(network.config).eval()))
    assert list(learnt) == ["held_out"]  # the other has no clips that it did not learn from
    off = "landmarks off, in inter-pupil distances"
    assert 0 < learnt["held_out"][off] < 0.9 * untaught["held_out"][off] < 0.9 * learnt["held_out"]["still mouth"]
    assert learnt["held_out"]["frames of p, b, m with shut lips"] > untaught["held_out"]["frames of p, b, m with shut lips"]


@pytest.mark.parametrize(("start", "rows"), [(-3, [9, 9, 9, 0, 1]), (1, [1, 2, 3, 9, 9]), (-9, [9] * 5), (7, [9] * 5)])
def test_outside_a_clip_is_silence(start, rows):
    array = np.arange(4, dtype=np.float16)[:, None]
    assert lip_motion._cut(array, start, 5, 9.0)[:, 0].tolist() == rows


def test_a_corpus_without_phone_times(order, corpus, tmp_path):
    write_manifest(tmp_path, [replace(clip, durations=None) for clip in read_manifest(corpus)])
    with pytest.raises(ValueError, match="no training clips"):
        lip_motion.run(replace(order, corpora=(tmp_path,)))


def test_it_has_no_decoder(order):
    with pytest.raises(ValueError, match="the recipe lip-motion has no use for --decoder"):
        lip_motion.run(replace(order, decoder="unet"))
