"""Sound in and out: mono float32 at 16 kHz, and the log-mel spectrogram every model reads.

The front end is Face-TTS's (128 slaney bands, 1024-point FFT, 10 ms hop, natural log clipped at 1e-5),
so there are exactly 100 frames a second, four to a 25-fps video frame.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import torch
from torchaudio.functional import melscale_fbanks, resample
from torchaudio.transforms import GriffinLim, InverseMelScale

from feim.signal.ffmpeg import Undecodable, decode_sound

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 160
N_MELS = 128
FRAME_RATE = SAMPLE_RATE // HOP
AT_ONCE = 60 * FRAME_RATE  # frames
MEL_FLOOR = 1e-5
MEL_SILENCE = float(np.log(MEL_FLOOR))


class UnreadableAudio(ValueError):
    """The file is missing, empty, or in no format that libsndfile or ffmpeg can read."""


def read_audio(source: str | Path) -> np.ndarray:
    """Read any sound (wav, flac, ogg, mp3; or the soundtrack of a video) as 16 kHz mono.

    Returns: (samples,) float32 in [−1, 1].
    Raises: UnreadableAudio.
    """
    path = Path(source)
    if not path.is_file():
        raise UnreadableAudio(f"there is no sound file at {path}")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)  # (samples, channels)
    except soundfile.LibsndfileError:
        samples, rate = _read_soundtrack(path)
    if not len(samples):
        raise UnreadableAudio(f"{path.name} holds no sound; record or export it again")
    return to_standard(samples.mean(axis=1), rate)


def _read_soundtrack(path: Path) -> tuple[np.ndarray, int]:
    """Decode with ffmpeg what libsndfile cannot: m4a, aac, mp4, flv, webm. Returns (samples, 1) float32 and the rate."""
    try:
        return decode_sound(path, SAMPLE_RATE)[:, None], SAMPLE_RATE
    except Undecodable as error:
        raise UnreadableAudio(f"{path.name} is not a sound this can read ({error}); use wav, flac, ogg, mp3 or mp4") from error


def to_standard(samples: np.ndarray, rate: int) -> np.ndarray:
    """Bring mono samples (samples,) at `rate` Hz to 16 kHz float32 in [−1, 1]."""
    wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
    if rate != SAMPLE_RATE:
        wave = resample(wave, rate, SAMPLE_RATE)
    return wave.nan_to_num().clamp(-1, 1).numpy()


def write_audio(path: str | Path, samples: np.ndarray, rate: int = SAMPLE_RATE, comment: str | None = None) -> Path:
    """Write (samples,) float32 in [−1, 1]; the suffix chooses wav, flac, ogg or mp3. `comment` goes into the file's metadata.

    Raises: OSError, naming the path, when it cannot be written.
    """
    path = Path(path)
    try:
        with soundfile.SoundFile(path, "w", rate, 1) as file:
            if comment:
                file.comment = comment
            file.write(samples)
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError) as error:
        raise OSError(f"cannot write sound to {path}: use an existing, writable folder and .wav, .flac, .ogg or .mp3") from error
    return path


def hertz_to_mel(hertz: np.ndarray) -> np.ndarray:
    """Frequencies → places on the mel scale of Slaney 1998, where all bands are equally wide: linear to 1 kHz, logarithmic above."""
    hertz = np.asarray(hertz, dtype=np.float64)
    return np.where(hertz < 1000, hertz * 3 / 200, 15 + 27 * np.log(np.maximum(hertz, 1000) / 1000) / np.log(6.4))


@cache
def mel_filterbank() -> torch.Tensor:
    """(513, 128): the triangles of equal area that gather a magnitude spectrum into mel bands."""
    return melscale_fbanks(N_FFT // 2 + 1, 0.0, SAMPLE_RATE / 2, N_MELS, SAMPLE_RATE, norm="slaney", mel_scale="slaney")


@cache
def _window() -> torch.Tensor:
    return torch.hann_window(N_FFT)


def spectrogram(wave: torch.Tensor) -> torch.Tensor:
    """Magnitude of the short-time Fourier transform: (…, samples) → (…, 513, T), T = ⌈samples / 160⌉, frame t centred on sample 160·t."""
    return torch.cat(list(_spectra(wave)), dim=-1)


def mel_spectrogram(wave: torch.Tensor | np.ndarray) -> torch.Tensor:
    """Log-mel spectrogram: (…, samples) at 16 kHz → (…, 128, T), natural log of magnitude, clipped at 1e-5."""
    wave = torch.as_tensor(wave, dtype=torch.float32)
    weights = mel_filterbank().to(wave).T
    return torch.cat([(weights @ part).clamp_min(MEL_FLOOR).log() for part in _spectra(wave)], dim=-1)


def _spectra(wave: torch.Tensor) -> Iterator[torch.Tensor]:
    """The spectrogram a minute at a time: it is eight times as large as what is made of it."""
    frames = -(-wave.shape[-1] // HOP)
    around = torch.nn.functional.pad(wave, (N_FFT // 2, N_FFT // 2))
    for start in range(0, max(1, frames), AT_ONCE):
        end = min(start + AT_ONCE, max(1, frames))
        part = around[..., start * HOP : (end - 1) * HOP + N_FFT]
        spectrum = torch.stft(part, N_FFT, HOP, window=_window().to(wave), center=False, return_complex=True)
        yield spectrum.abs()[..., : frames - start]


def griffin_lim(mel: torch.Tensor, iterations: int = 32) -> torch.Tensor:
    """Log-mel (128, T) → waveform (160·T,) in [−1, 1] by Griffin and Lim 1984: the reference that every vocoder must beat.

    A mel louder than a waveform can be is made as loud as it can, without clipping.
    """
    frames = mel.shape[-1]
    shortest = N_FFT // HOP + 1  # frames that a transform, mirrored at the ends, needs
    mel = torch.nn.functional.pad(mel, (0, max(0, shortest - frames)), value=MEL_SILENCE)
    inverse = InverseMelScale(N_FFT // 2 + 1, N_MELS, SAMPLE_RATE, norm="slaney", mel_scale="slaney")
    magnitude = inverse(mel.exp())  # (513, T)
    magnitude = torch.cat([magnitude, magnitude[:, -1:]], dim=1)  # 160·T samples have T + 1 centred frames
    samples = mel.shape[-1] * HOP
    synthesise = GriffinLim(N_FFT, n_iter=iterations, hop_length=HOP, power=1.0, length=samples, rand_init=False)
    wave = synthesise(magnitude)
    return (wave / wave.abs().max().clamp_min(1))[: frames * HOP]


def loudness_envelope(samples: np.ndarray, points: int = 1000) -> np.ndarray:
    """(samples,) → (points, 2): minimum and maximum of equal stretches, to draw a waveform."""
    stretches = np.array_split(samples, min(points, len(samples)))
    return np.array([(stretch.min(), stretch.max()) for stretch in stretches])
