"""A disguised voice still says the same."""

from pathlib import Path

import numpy as np
import torch

from feim.data.voice_augmentation import _other_throat, disguise, disguise_some
from feim.signal.audio import MEL_SILENCE, mel_spectrogram, read_audio

SPOKEN = Path(__file__).parents[2] / "assets" / "corpus" / "audio" / "00000.flac"


def test_disguised_voices_say_the_same_in_many_ways():
    mel = mel_spectrogram(read_audio(SPOKEN))[:, 40:200].expand(64, -1, -1)
    disguised = disguise(mel)
    assert disguised.shape == mel.shape
    assert torch.isfinite(disguised).all()
    assert float(disguised.min()) >= MEL_SILENCE
    level = disguised.mean((1, 2))
    assert float(level.std()) > 0.3  # louder and softer, noisier and cleaner
    narrow = (disguised[:, 126] == MEL_SILENCE).all(1)
    assert 3 <= int(narrow.sum()) <= 40
    loud = mel[0].mean(0)
    follows = [float(torch.corrcoef(torch.stack([loud, one.mean(0)]))[0, 1]) for one in disguised]
    assert np.median(follows) > 0.8  # and in the same rhythm


def test_some_voices_are_heard_as_they_are():
    mel = torch.randn(400, 128, 6, generator=torch.Generator().manual_seed(0)) - 6
    for share, least, most in ((0.0, 0, 0), (0.5, 150, 250), (1.0, 400, 400)):
        same = (disguise_some(mel, share) == mel).all((1, 2))
        assert least <= int(same.sum()) <= most


def test_another_throat_moves_a_tone():
    mel = torch.full((32, 128, 20), -8.0)
    mel[:, 60] = 0.0
    places = _other_throat(mel)[..., 10].argmax(1)
    assert int(places.min()) < 57
    assert int(places.max()) > 63
    assert int(places.min()) >= 53
    assert int(places.max()) <= 69
