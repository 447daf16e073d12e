"""Pseudo-labels know how far a face is from itself, whichever way it goes; voices' tracks are as long as the film, whatever is heard."""

import numpy as np
import pytest
import torch

from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.models import checkpoint
from feim.models.intensity import FaceIntensity, VoiceIntensity, intensity_losses, unblinked
from feim.signal.audio import MEL_SILENCE, SAMPLE_RATE, mel_spectrogram
from feim.signal.emotion import EMOTIONS
from feim.signal.expressiveness import WITHOUT_MOUTH, displacements
from feim.signal.landmarks import BROWS, UPPER_LIDS
from feim.signal.world import track_pitch

UP, SQUINT = ([i for brow in BROWS for i in brow], [i for lid in UPPER_LIDS for i in lid[1:-1]])


def face(brows: float = 0.0, lids: float = 0.0, noise: float = 0.004, seed: int = 0) -> np.ndarray:
    """(189, 2), brows up and lids down by so many inter-pupil distances, as a network sees it."""
    points = MEAN_SHAPE + np.random.default_rng(seed).normal(0, noise, MEAN_SHAPE.shape)
    points[UP, 1] -= brows
    points[SQUINT, 1] += lids
    return points


@pytest.fixture(scope="module")
def labels() -> FaceIntensity:
    """Of people whose brows go far and whose lids do not."""
    calm = np.stack([face(seed=i) for i in range(400)])
    way = np.random.default_rng(0).uniform(0, 1, 400)
    felt = np.stack([face(0.2 * w, seed=i) if i % 2 else face(0, 0.04 * w, seed=i) for i, w in enumerate(way)])
    model = FaceIntensity(FaceIntensity.Config(ways=2))
    return model.fit(*(displacements(faces, MEAN_SHAPE, WITHOUT_MOUTH) for faces in (calm, felt)))


def test_a_face_at_rest_shows_nothing_and_one_that_goes_far_shows_all(labels):
    still = labels.distances(np.stack([face(seed=i) for i in range(900, 960)]), MEAN_SHAPE)
    assert still.mean() < 0.1
    for far in (face(0.2, noise=0), face(0, 0.04, noise=0)):  # as far as people go that way: brows five times as far as lids
        assert labels.distances(far[None].repeat(9, 0), MEAN_SHAPE) == pytest.approx(1, abs=0.15)


def test_half_as_far_is_half(labels):
    track = labels.distances(np.stack([face(0.2 * share, noise=0) for share in np.linspace(0, 1, 21)]), MEAN_SHAPE)
    assert (np.diff(track[3:-3]) > 0).all()
    assert track[10] == pytest.approx(0.5 * track[-3] / 0.9, abs=0.06)


def test_each_persons_own_most_is_one(labels):
    tracks = labels.labels([np.linspace(0, 0.3, 50), np.linspace(0, 0.6, 50)])
    assert np.percentile(np.concatenate(tracks), labels.config.percentile) == pytest.approx(1, abs=1e-6)
    assert tracks[0].max() == pytest.approx(tracks[1].max() / 2)
    assert np.isfinite(labels.labels([np.zeros(10)])[0]).all()  # somebody who never moves


def test_blinks_are_bridged():
    track = np.full(40, 0.5, np.float32)
    track[20:22] = 3
    np.testing.assert_allclose(unblinked(track), 0.5)
    assert len(unblinked(np.ones(1, np.float32))) == 1


# ---- voices ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network() -> VoiceIntensity:
    return checkpoint.load(VoiceIntensity, "voice-intensity")


def hear(network: VoiceIntensity, wave: np.ndarray, weights: dict[int, float] | None = None) -> np.ndarray:
    return network.track(mel_spectrogram(wave).numpy(), track_pitch(wave, noisy=True), weights)


@pytest.mark.parametrize("samples", [160, 161, 640, 16_000, 40_001])
@pytest.mark.parametrize("sound", ["silence", "noise", "chord"])
def test_any_sound_has_a_track_as_long_as_its_film(network, samples, sound):
    time = np.arange(samples) / SAMPLE_RATE
    wave = {
        "silence": np.zeros(samples),
        "noise": 0.1 * np.random.default_rng(0).standard_normal(samples),
        "chord": sum(0.1 * np.sin(2 * np.pi * hertz * time) for hertz in (262, 330, 392)),
    }[sound].astype(np.float32)
    track = hear(network, wave)
    assert len(track) == -(-samples // 640)
    assert np.isfinite(track).all()
    assert 0 <= track.min() <= track.max() <= 1


def test_louder_recordings_of_the_same_are_as_strong(network):
    random = np.random.default_rng(0)
    wave = np.cumsum(random.standard_normal(32_000))
    wave = (0.1 * wave / np.abs(wave).max() * np.sin(np.arange(32_000) / 9)).astype(np.float32)
    quiet, loud = hear(network, wave), hear(network, 3 * wave)
    assert np.abs(quiet - loud).mean() < 0.12


def test_silence_after_a_voice_changes_little_and_nothing_told_is_not_neutral(network):
    mel = np.random.default_rng(0).normal(-5, 2, (128, 400)).astype(np.float32)
    pitch = np.full(400, 180.0)
    track = network.track(mel, pitch, {1: 1.0})
    longer = network.track(np.pad(mel, ((0, 0), (0, 200)), constant_values=MEL_SILENCE), np.pad(pitch, (0, 200)), {1: 1.0})
    assert np.abs(longer[:60] - track[:60]).mean() < 0.1
    assert np.abs(network.track(mel, pitch, None) - network.track(mel, pitch, {0: 1.0})).max() > 0.01


def test_a_mixture_is_told_as_its_weights():
    torch.manual_seed(0)
    model = VoiceIntensity(VoiceIntensity.Config(channels=8, dilations=(1,))).eval()
    mel, pitch = torch.randn(1, 128, 40) - 5, torch.full((1, 40), 120.0)
    told = torch.zeros(1, len(EMOTIONS))
    told[0, 1], told[0, 2] = 0.7, 0.3
    expected = model(mel, pitch, told)[0].clamp(0, 1).detach().numpy()
    np.testing.assert_allclose(model.track(mel[0].numpy(), pitch[0].numpy(), {1: 0.7, 2: 0.3}), expected, atol=1e-6)


def test_the_truth_costs_nothing_and_its_mean_costs_much():
    truth = torch.rand(4, 50)
    none = intensity_losses(truth, truth)
    assert float(none["loss"]) == pytest.approx(0, abs=1e-3)
    assert float(none["concordance"]) == pytest.approx(1, abs=1e-3)
    flat = intensity_losses(torch.full_like(truth, 0.5), truth)
    assert float(flat["concordance"]) == pytest.approx(0, abs=1e-3)
    assert float(flat["loss"]) > 1
