"""The mel front end against an independent one, sounds through files, and what cannot be read or written."""

import subprocess

import numpy as np
import pytest
import soundfile
import torch
from imageio_ffmpeg import get_ffmpeg_exe

from feim.signal.audio import (
    HOP,
    MEL_SILENCE,
    SAMPLE_RATE,
    UnreadableAudio,
    griffin_lim,
    hertz_to_mel,
    loudness_envelope,
    mel_filterbank,
    mel_spectrogram,
    read_audio,
    spectrogram,
    to_standard,
    write_audio,
)

NOISE = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)


def tone(hertz: float, seconds: float = 1.0, rate: int = SAMPLE_RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def slaney_mel(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def slaney_hertz(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def slow_mel_frame(wave: np.ndarray, frame: int) -> np.ndarray:
    """One frame of the front end, written out: Hann window around sample 160·frame, magnitude, triangles of equal area, logarithm."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    magnitude = np.abs(np.fft.rfft(np.pad(wave, 512)[160 * frame : 160 * frame + 1024] * window))
    bins = np.arange(513) * SAMPLE_RATE / 1024
    edges = [slaney_hertz(mel) for mel in np.linspace(0, slaney_mel(8000), 130)]
    bands = []
    for low, centre, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        triangle = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
        bands.append((triangle * 2 / (high - low)) @ magnitude)
    return np.log(np.maximum(bands, 1e-5))


@pytest.mark.parametrize(("samples", "frames"), [(16_000, 100), (16_001, 101), (15_999, 100), (160, 1), (1, 1)])
def test_a_hundred_frames_a_second(samples, frames):
    assert mel_spectrogram(np.zeros(samples, np.float32)).shape == (128, frames)


@pytest.mark.parametrize("frame", [0, 20, 49])
def test_the_mel_is_what_its_definition_says(frame):
    assert mel_spectrogram(NOISE)[:, frame].numpy() == pytest.approx(slow_mel_frame(NOISE, frame), abs=2e-3)


@pytest.mark.parametrize("frames", [1, 9, 10, 11, 35])
def test_a_long_sound_in_parts_has_the_mel_of_the_whole(monkeypatch, frames):
    wave = torch.randn(2, frames * HOP - 7)
    whole = mel_spectrogram(wave)
    monkeypatch.setattr("feim.signal.audio.AT_ONCE", 10)
    assert whole.shape == (2, 128, frames)
    assert torch.allclose(mel_spectrogram(wave), whole, atol=1e-5)


def test_the_mel_scale_is_linear_to_1_khz_and_logarithmic_above():
    hertz = np.array([0, 500, 999.9, 1000, 1000.1, 6400, 8000])
    assert hertz_to_mel(hertz) == pytest.approx([slaney_mel(one) for one in hertz])
    assert hertz_to_mel(6400) == pytest.approx(15 + 27)


def test_bands_are_equally_far_apart_on_the_mel_scale():
    centres = [slaney_hertz(band * slaney_mel(8000) / 129) for band in range(1, 129)]
    peaks = mel_filterbank().argmax(dim=0).numpy() * SAMPLE_RATE / 1024
    assert np.abs(peaks - centres).max() < SAMPLE_RATE / 1024
    assert np.diff(hertz_to_mel(np.array(centres))) == pytest.approx(slaney_mel(8000) / 129)


def test_silence_is_the_floor():
    assert torch.equal(mel_spectrogram(torch.zeros(4000)), torch.full((128, 25), float(np.log(1e-5))))
    assert pytest.approx(np.log(1e-5)) == MEL_SILENCE


@pytest.mark.parametrize("hertz", [250, 700, 1500, 3000, 6500])
def test_a_tone_peaks_in_its_band(hertz):
    expected = slaney_mel(hertz) / slaney_mel(8000) * 129 - 1
    peak = mel_spectrogram(tone(hertz))[:, 50].argmax()
    assert abs(float(peak) - expected) <= 1


def test_twice_as_loud_is_ln_2_more():
    difference = mel_spectrogram(2 * NOISE) - mel_spectrogram(NOISE)
    assert torch.allclose(difference, torch.full_like(difference, np.log(2)), atol=1e-4)


def test_frames_are_centred_on_every_160th_sample():
    click = torch.zeros(16_000)
    click[160 * 37] = 1
    assert int(spectrogram(click).sum(0).argmax()) == 37


def test_batches_are_single_waves_side_by_side():
    waves = torch.tensor(np.stack([NOISE, NOISE[::-1]]))
    assert torch.allclose(mel_spectrogram(waves)[1], mel_spectrogram(waves[1]), atol=1e-5)


def test_griffin_lim_brings_the_mel_back():
    phase = 2 * np.pi * np.cumsum(np.linspace(120, 180, 16_000)) / SAMPLE_RATE
    wave = 0.05 * sum(np.sin(k * phase) / k for k in range(1, 20)) + 0.02 * NOISE.repeat(2)
    mel = mel_spectrogram(wave)
    again = griffin_lim(mel)
    assert again.shape == (16_000,)
    assert np.corrcoef(mel_spectrogram(again).flatten(), mel.flatten())[0, 1] > 0.97


def test_griffin_lim_stays_in_range():
    mel = mel_spectrogram(NOISE)
    quiet, loud = griffin_lim(mel), griffin_lim(mel + np.log(100))
    assert quiet.abs().max() < 1
    assert loud.abs().max() == pytest.approx(1)
    assert np.corrcoef(mel_spectrogram(loud).flatten(), mel.flatten())[0, 1] > 0.9  # made less loud, not clipped


@pytest.mark.parametrize(("suffix", "closeness"), [("wav", 1.0), ("flac", 1.0), ("ogg", 0.99), ("mp3", 0.99)])
def test_write_and_read_again(tmp_path, suffix, closeness):
    wave = tone(440) * np.linspace(0, 1, 16_000, dtype=np.float32)
    path = write_audio(tmp_path / f"tone.{suffix}", wave, comment="made by a machine")
    again = read_audio(path)
    assert again.dtype == np.float32
    assert len(again) == len(wave)
    assert np.corrcoef(again, wave)[0, 1] >= closeness - 1e-6
    with soundfile.SoundFile(path) as file:
        assert file.samplerate == SAMPLE_RATE
        assert file.comment == "made by a machine"


def test_stereo_at_another_rate_becomes_mono_at_16_khz(tmp_path):
    left = tone(1000, rate=44_100)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, np.zeros_like(left)], axis=1), 44_100)
    wave = read_audio(tmp_path / "stereo.wav")
    assert len(wave) == SAMPLE_RATE
    assert int(np.abs(np.fft.rfft(wave)).argmax()) == 1000
    assert np.abs(wave[1000:-1000]).max() == pytest.approx(0.25, abs=0.01)  # the mean of 0.5 and nothing


def test_what_libsndfile_cannot_read_ffmpeg_can(tmp_path):
    write_audio(tmp_path / "tone.wav", tone(500))
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", tmp_path / "tone.wav", "-c:a", "aac", tmp_path / "tone.m4a"]
    subprocess.run(command, check=True)
    wave = read_audio(tmp_path / "tone.m4a")
    assert len(wave) == pytest.approx(SAMPLE_RATE, abs=2500)  # AAC pads
    assert int(np.abs(np.fft.rfft(wave)).argmax()) * SAMPLE_RATE / len(wave) == pytest.approx(500, abs=3)


def test_samples_outside_the_range_are_made_safe():
    assert to_standard(np.array([np.nan, 2.0, -3.0, 0.5]), SAMPLE_RATE).tolist() == [0.0, 1.0, -1.0, 0.5]


def test_a_missing_file(tmp_path):
    with pytest.raises(UnreadableAudio, match=r"there is no sound file at .*nothing\.wav"):
        read_audio(tmp_path / "nothing.wav")


@pytest.mark.parametrize("content", [b"", b"this is a text, not a sound\n" * 20, bytes(range(256)) * 40])
def test_what_is_no_sound(tmp_path, content):
    (tmp_path / "sound.wav").write_bytes(content)
    with pytest.raises(UnreadableAudio, match=r"sound\.wav is not a sound.*use wav") as raised:
        read_audio(tmp_path / "sound.wav")
    assert "\n" not in str(raised.value)


def test_a_sound_of_no_samples(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), SAMPLE_RATE)
    with pytest.raises(UnreadableAudio, match=r"empty\.wav holds no sound"):
        read_audio(tmp_path / "empty.wav")


@pytest.mark.parametrize("name", ["no/such/folder.wav", "unknown.xyz", "no_suffix", "folder.wav"])
def test_what_cannot_be_written(tmp_path, name):
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(OSError, match=r"cannot write sound to .*writable folder") as raised:
        write_audio(tmp_path / name, NOISE)
    assert name in str(raised.value)


def test_loudness_envelope():
    drawn = loudness_envelope(np.repeat([0.1, -0.5, 0.3, 0.0], 100), points=4)
    assert drawn.tolist() == [[0.1, 0.1], [-0.5, -0.5], [0.3, 0.3], [0.0, 0.0]]
    assert loudness_envelope(NOISE[:5]).shape == (5, 2)


def test_griffin_lim_of_a_few_frames():
    for frames in (1, 2, 5):
        assert griffin_lim(torch.full((128, frames), -3.0)).shape == (160 * frames,)
