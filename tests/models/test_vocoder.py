"""The source-filter vocoder: what it promises of level and pitch, the codes it reads and writes, and that it learns to read them."""

import numpy as np
import pytest
import pyworld
import torch

from feim.models.vocoder import (
    SourceFilter,
    SourceFilterVocoder,
    cosine_basis,
    decode_pitch,
    frame_level,
    pitch_target,
    vocoder_losses,
)
from feim.signal.audio import mel_spectrogram
from feim.signal.world import FFT_SIZE, World, track_pitch


@pytest.fixture(scope="module")
def vocoder() -> SourceFilterVocoder:
    torch.manual_seed(0)
    return SourceFilterVocoder(SourceFilterVocoder.Config(channels=24, blocks=2)).eval()


def mel_of(frames: int = 30) -> torch.Tensor:
    return torch.randn(2, 128, frames, generator=torch.Generator().manual_seed(1)) - 5


def vowel(pitch: float, frames: int = 80) -> World:
    hertz = np.linspace(0, 8000, 513)
    envelope = 1e-5 + 1e-2 * np.exp(-0.5 * ((hertz - 900) / 200) ** 2)
    return World(np.full(frames, pitch), np.tile(envelope, (frames, 1)), np.full((frames, 513), 1e-3))


def test_shapes(vocoder):
    found = vocoder(mel_of())
    assert found.pitch.shape == (2, 128, 30)
    assert found.voicing.shape == found.aperiodicity.shape == (2, 30)
    assert found.envelope.shape == (2, 60, 30)


def test_a_louder_mel_is_the_same_voice_louder(vocoder):
    quiet, loud = vocoder(mel_of()), vocoder(mel_of() + 1.5)
    assert torch.allclose(quiet.pitch, loud.pitch, atol=1e-4)
    assert torch.allclose(quiet.voicing, loud.voicing, atol=1e-4)
    assert torch.allclose(loud.envelope[:, 1:], quiet.envelope[:, 1:], atol=1e-4)
    assert torch.allclose(loud.envelope[:, 0], quiet.envelope[:, 0] + 3.0, atol=1e-3)  # log power is twice log magnitude


def test_frame_level_is_the_log_of_the_root_mean_square():
    mel = mel_of()
    assert torch.allclose(frame_level(mel), mel.exp().square().mean(1).sqrt().log(), atol=1e-5)


@pytest.mark.parametrize("hertz", [65.0, 110.0, 187.3, 333.0, 580.0])
def test_a_pitch_survives_its_bins(vocoder, hertz):
    target = pitch_target(torch.tensor([[hertz]]), vocoder.bins)  # (1, bins, 1)
    assert float(target.sum()) == pytest.approx(1)
    assert float(decode_pitch(target[0].log(), vocoder.bins)) == pytest.approx(hertz, rel=0.005)


def test_bins_run_from_60_to_600_hz(vocoder):
    assert vocoder.bins[[0, -1]].tolist() == pytest.approx([60, 600])
    ratios = vocoder.bins[1:] / vocoder.bins[:-1]
    assert torch.allclose(ratios, ratios[0].expand_as(ratios), atol=1e-5)


def test_the_basis_is_worlds_own():
    coded = np.zeros((1, 60))
    coded[0, [0, 1, 3]] = -7.0, 0.5, 0.3
    decoded = np.log(pyworld.decode_spectral_envelope(coded, 16_000, FFT_SIZE))[0]  # (513,) over linear frequency
    drawn = (cosine_basis(60) @ torch.tensor(coded[0], dtype=torch.float32)).numpy()  # (96,) over the mel axis
    assert drawn[-1] == pytest.approx(decoded[-1], abs=0.1)
    assert drawn[0] == pytest.approx(decoded[0], abs=0.1)
    assert drawn.min() == pytest.approx(decoded.min(), abs=0.05)


def truth(frames: int = 20) -> dict[str, torch.Tensor]:
    pitch = torch.full((2, frames), 150.0)
    pitch[:, ::2] = 0
    return {"pitch": pitch, "envelope": torch.randn(2, 60, frames), "aperiodicity": -6 * torch.rand(2, frames)}


def test_losses_vanish_at_the_truth(vocoder):
    batch = truth()
    target = pitch_target(batch["pitch"], vocoder.bins)
    perfect = SourceFilter(
        target.clamp_min(1e-30).log(), torch.where(batch["pitch"] > 0, 20.0, -20.0), batch["envelope"], batch["aperiodicity"]
    )
    losses = vocoder_losses(perfect, batch, vocoder.bins)
    for name in ("voicing", "envelope", "aperiodicity"):
        assert float(losses[name]) == pytest.approx(0, abs=1e-6)
    voiced = target.transpose(1, 2)[batch["pitch"] > 0]
    entropy = -(voiced * voiced.clamp_min(1e-30).log()).sum(1).mean()
    assert float(losses["pitch"]) == pytest.approx(float(entropy), rel=1e-4)


def test_unvoiced_frames_teach_no_pitch_and_no_aperiodicity(vocoder):
    batch = truth()
    guess = {"voicing": torch.zeros(2, 20), "envelope": batch["envelope"]}
    unvoiced = (batch["pitch"] == 0).float()
    logits, noise = torch.randn(2, 128, 20), torch.randn(2, 20)
    one = vocoder_losses(SourceFilter(logits, aperiodicity=noise, **guess), batch, vocoder.bins)
    moved = SourceFilter(logits + torch.randn(2, 128, 20) * unvoiced[:, None], aperiodicity=noise + 3 * unvoiced, **guess)
    other = vocoder_losses(moved, batch, vocoder.bins)
    assert float(one["pitch"]) == pytest.approx(float(other["pitch"]))
    assert float(one["aperiodicity"]) == pytest.approx(float(other["aperiodicity"]))


def test_an_envelope_one_neper_off_costs_one(vocoder):
    batch = truth()
    louder = batch["envelope"].clone()
    louder[:, 0] += 1
    guess = SourceFilter(torch.zeros(2, 128, 20), torch.zeros(2, 20), louder, batch["aperiodicity"])
    assert float(vocoder_losses(guess, batch, vocoder.bins)["envelope"]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("frames", [1, 7, 40])
def test_the_sound_is_as_long_as_the_mel(vocoder, frames):
    wave, pitch = vocoder.synthesise(mel_of(frames)[0])
    assert wave.shape == (160 * frames,)
    assert wave.dtype == np.float32
    assert pitch.shape == (frames,)
    assert np.isfinite(wave).all()


def test_unvoiced_frames_are_noise(vocoder):
    world = vocoder.read(mel_of(200)[0])
    assert ((world.pitch == 0) | ((world.pitch >= 59) & (world.pitch <= 601))).all()
    assert (world.aperiodicity[world.pitch == 0] > 0.999).all()
    assert (world.aperiodicity <= 1).all()


@pytest.mark.parametrize(("semitones", "hertz"), [(0.0, 120.0), (12.0, 240.0), (-5.0, 120 * 2 ** (-5 / 12))])
def test_pitch_shift_moves_pitch_and_no_formant(vocoder, monkeypatch, semitones, hertz):
    monkeypatch.setattr(vocoder, "read", lambda mel: vowel(120.0))
    wave, pitch = vocoder.synthesise(mel_of()[0], semitones)
    assert pitch == pytest.approx(hertz)
    assert np.median(track_pitch(wave, noisy=True)) == pytest.approx(hertz, rel=0.01)
    peak = mel_spectrogram(wave)[:, 10:-10].mean(1).argmax()
    assert abs(int(peak) - 38) <= 6  # 900 Hz: three mels to 200 Hz, 129 steps to 8 kHz


def test_it_learns_to_read_pitch_and_voicing():
    """Buzzes of many pitches: after a few steps the vocoder reads pitches that it has not seen."""
    torch.manual_seed(0)
    vocoder = SourceFilterVocoder(SourceFilterVocoder.Config(channels=48, blocks=2))
    time = np.arange(3200) / 16_000

    def buzzes(pitches: np.ndarray) -> torch.Tensor:
        waves = [0.1 * sum(np.sin(2 * np.pi * k * hertz * time) / k for k in range(1, 12)) for hertz in pitches]
        return mel_spectrogram(np.stack(waves).astype(np.float32))  # (B, 128, 20)

    optimizer = torch.optim.Adam(vocoder.parameters(), 3e-3)
    random = np.random.default_rng(0)
    for _ in range(120):
        pitches = 90 * 3 ** random.random(16)
        found = vocoder(buzzes(pitches))
        batch = {"envelope": found.envelope.detach(), "aperiodicity": found.aperiodicity.detach()}
        batch["pitch"] = torch.tensor(pitches, dtype=torch.float32)[:, None].expand(-1, 20)
        loss = vocoder_losses(found, batch, vocoder.bins)
        optimizer.zero_grad()
        loss["loss"].backward()
        optimizer.step()
    unseen = np.array([101.0, 149.0, 222.0])
    with torch.no_grad():
        found = vocoder.eval()(buzzes(unseen))
    read = [float(decode_pitch(logits, vocoder.bins).median()) for logits in found.pitch]
    assert read == pytest.approx(unseen.tolist(), rel=0.04)
    assert (found.voicing > 0).all()
