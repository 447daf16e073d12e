"""The vocoder's recipe in miniature, on a corpus made in seconds: it learns, from the level-free envelope and rough mels."""

from dataclasses import replace

import pytest
import torch

from feim.data.batching import segments
from feim.data.clip import read_manifest
from feim.data.features import read_features
from feim.models import checkpoint
from feim.models.vocoder import SourceFilterVocoder, vocoder_losses
from feim.training.recipes import vocoder


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


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 201, 1000])
def test_no_corpus_gives_more_clips_than_the_most(count):
    kept = vocoder.thin_out(range(count), most=100)
    assert min(count, 51) <= len(kept) <= 100
    assert len(set(kept)) == len(kept)
    assert count - max(kept, default=0) <= -(-count // 100)  # up to the corpus's end


def test_it_has_one_decoder(order):
    with pytest.raises(ValueError, match="the recipe vocoder has no use for --decoder"):
        vocoder.run(replace(order, decoder="unet"))
