"""WORLD's view of a voice (Morise et al. 2016): pitch, spectral envelope and aperiodicity, 100 frames a second.

The teachers' voices are bent here, actors are measured here, and the source-filter vocoder ends here.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyworld

from feim.signal.audio import HOP, SAMPLE_RATE

FRAME_MS = 1000 * HOP / SAMPLE_RATE
PITCH_FLOOR, PITCH_CEILING = 60.0, 600.0  # Hz
PITCH_CENTRE, PITCH_SPREAD = 5.0, 0.35  # of speech, natural log of Hz: 148 Hz, six semitones
FFT_SIZE = pyworld.get_cheaptrick_fft_size(SAMPLE_RATE, PITCH_FLOOR + 11.0)
# Frames that a frame's sound can reach back: half of WORLD's window (512 samples) before a pulse, which is drawn as long as the way to
# the next, at most 963 samples (a pitch of 16.6 Hz, its lowest), half a frame more where a voice sets in, and one frame between frames.
REACH = 12


@dataclass(frozen=True)
class World:
    """One voice, frame by frame (10 ms).

    Attributes:
        pitch: (T,) Hz, 0 where unvoiced.
        envelope: (T, 513) power spectrum with the harmonics smoothed away.
        aperiodicity: (T, 513) share of noise in each bin, 0 to 1.
    """

    pitch: np.ndarray
    envelope: np.ndarray
    aperiodicity: np.ndarray

    @property
    def frames(self) -> int:
        return len(self.pitch)

    @property
    def voiced(self) -> np.ndarray:
        return self.pitch > 0


def track_pitch(wave: np.ndarray, noisy: bool = False) -> np.ndarray:
    """(samples,) → (⌈samples / 160⌉,) Hz, 0 where unvoiced.

    Args:
        noisy: recordings of rooms and microphones: Harvest, 20 times slower. DIO refined by StoneMask is as good on clean,
            synthetic speech, but loses whole recordings whose lowest harmonics are weak.
    """
    wave = np.ascontiguousarray(wave, dtype=np.float64)
    settings = {"f0_floor": PITCH_FLOOR, "f0_ceil": PITCH_CEILING, "frame_period": FRAME_MS}
    if noisy:
        pitch, _ = pyworld.harvest(wave, SAMPLE_RATE, **settings)
    else:
        pitch, times = pyworld.dio(wave, SAMPLE_RATE, **settings)
        pitch = pyworld.stonemask(wave, pitch, times, SAMPLE_RATE)
    return pitch[: -(-len(wave) // HOP)]


def spectral_envelope(wave: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """(samples,) and its pitch (T,) → (T, 513) power, without the harmonics (CheapTrick, Morise 2015)."""
    wave = np.ascontiguousarray(wave, dtype=np.float64)
    times = np.arange(len(pitch)) * FRAME_MS / 1000
    return pyworld.cheaptrick(wave, pitch, times, SAMPLE_RATE, f0_floor=PITCH_FLOOR + 11.0, fft_size=FFT_SIZE)


def analyse(wave: np.ndarray, pitch: np.ndarray | None = None) -> World:
    """(samples,) → World with T = ⌈samples / 160⌉ frames, aligned with feim.signal.audio.mel_spectrogram."""
    wave = np.ascontiguousarray(wave, dtype=np.float64)
    pitch = track_pitch(wave) if pitch is None else pitch
    times = np.arange(len(pitch)) * FRAME_MS / 1000
    envelope = spectral_envelope(wave, pitch)
    aperiodicity = pyworld.d4c(wave, pitch, times, SAMPLE_RATE, fft_size=FFT_SIZE)
    return World(pitch, envelope, aperiodicity)


def code_aperiodicity(aperiodicity: np.ndarray) -> np.ndarray:
    """(T, 513) → (T,) dB at 3 kHz: at 16 kHz D4C measures no more, and draws lines from −60 dB at 0 Hz and to 0 dB at 8 kHz."""
    return 20 * np.log10(np.maximum(aperiodicity[:, _bin(3000)], 1e-3))


def decode_aperiodicity(coded: np.ndarray) -> np.ndarray:
    """(T,) dB at 3 kHz → (T, 513). Unlike WORLD's own, it never takes a noisy voiced frame for an unvoiced one."""
    hertz = np.linspace(0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1)
    rising = np.clip(hertz / 3000, 0, 1)
    falling = np.clip((SAMPLE_RATE / 2 - hertz) / (SAMPLE_RATE / 2 - 3000), 0, 1)
    decibels = np.where(hertz < 3000, -60 + (coded[:, None] + 60) * rising, coded[:, None] * falling)
    return 10 ** (np.minimum(decibels, -1e-6) / 20)


def hears_voice(world: World) -> np.ndarray:
    """(T,) whether a frame is voiced by both the pitch tracker and D4C, which finds noise even at the lowest frequencies if not."""
    return world.voiced & (world.aperiodicity[:, _bin(100)] < 0.5)


def _bin(hertz: float) -> int:
    return round(hertz * FFT_SIZE / SAMPLE_RATE)


def synthesise(world: World, start: int = 0, stop: int | None = None) -> np.ndarray:
    """World → (160·T,) float32 in [−1, 1], or exactly what that has between the frames `start` and `stop`.

    WORLD sets pulse after pulse, and draws their noise in the same order: a stretch needs every frame before it, but few after it.
    """
    stop = world.frames if stop is None else stop
    beginning = slice(stop + REACH)
    parts = (np.ascontiguousarray(part[beginning], dtype=np.float64) for part in (world.pitch, world.envelope, world.aperiodicity))
    wave = pyworld.synthesize(*parts, SAMPLE_RATE, FRAME_MS)[: HOP * stop]
    wave = np.pad(wave, (0, HOP * stop - len(wave)))[HOP * start :]
    return np.clip(np.nan_to_num(wave), -1, 1).astype(np.float32)


def shift_pitch(world: World, semitones: float) -> World:
    """A higher or lower voice, formants unmoved."""
    return replace(world, pitch=world.pitch * 2 ** (semitones / 12))


def warp_formants(world: World, scale: float) -> World:
    """Move every formant to `scale` times its frequency: above 1 a shorter vocal tract."""
    bins = np.arange(world.envelope.shape[1])
    source = np.clip(bins / scale, 0, bins[-1])
    low = np.floor(source).astype(int)
    high = np.minimum(low + 1, bins[-1])
    part = source - low
    logs = np.log(np.maximum(world.envelope, 1e-16))
    envelope = np.exp(logs[:, low] * (1 - part) + logs[:, high] * part)
    aperiodicity = world.aperiodicity[:, low] * (1 - part) + world.aperiodicity[:, high] * part
    return replace(world, envelope=envelope, aperiodicity=aperiodicity)


def stretch(world: World, positions: np.ndarray) -> World:
    """Read the voice at fractional frame `positions` (T′,): slower, faster, or anything between."""
    low = np.clip(np.floor(positions).astype(int), 0, world.frames - 1)
    high = np.minimum(low + 1, world.frames - 1)
    part = np.clip(positions - low, 0, 1)
    nearest = np.where(part < 0.5, low, high)
    both = (world.pitch[low] > 0) & (world.pitch[high] > 0)
    pitch = np.where(both, world.pitch[low] * (1 - part) + world.pitch[high] * part, world.pitch[nearest])
    part = part[:, None]
    envelope = np.exp(np.log(np.maximum(world.envelope[low], 1e-16)) * (1 - part) + np.log(np.maximum(world.envelope[high], 1e-16)) * part)
    return World(pitch, envelope, world.aperiodicity[nearest])


def fill_unvoiced(pitch: np.ndarray) -> np.ndarray:
    """(T,) Hz with zeros → (T,) natural log of Hz with unvoiced frames interpolated; all zeros where nothing is voiced."""
    voiced = np.flatnonzero(pitch > 0)
    if not len(voiced):
        return np.zeros_like(pitch)
    return np.interp(np.arange(len(pitch)), voiced, np.log(pitch[voiced]))
