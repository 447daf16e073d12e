"""How a clip was said, in numbers that do not depend on what was said: statistics of pitch, level, timing and timbre over the clip.

The parameters are those of speech research on emotion (Eyben et al. 2016, the Geneva minimalistic set), as far as a mel spectrogram
and a pitch contour show them. Not one of them knows who speaks: a voice's own habits are taken off by who compares clips.
"""

import numpy as np

from feim.signal.audio import FRAME_RATE

SPOKEN = 35.0  # dB under the loudest frame: pauses and breaths
PARTS = 6  # of the clip, for contours
FEWEST = 12  # frames: of a clip, of its speech, and of its voice
BANDS = 16  # of eight mel bands each
MODULATIONS = ((0.5, 2), (2, 4), (4, 7), (7, 12))  # Hz: phrases, stresses, syllables, tremor
_DECIBELS = 20 / np.log(10)


def functionals(mel: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """mel (128, T), natural log; pitch (T,) Hz, 0 where unvoiced → (COUNT,) float32, all of them finite.

    A clip of less than twelve voiced frames is taken as monotonous over its loud frames, twelve at least; one that is shorter is held.
    Raises: ValueError for a clip without frames.
    """
    mel, pitch = np.asarray(mel, dtype=np.float64).T, np.asarray(pitch, dtype=np.float64)  # (T, 128)
    if not len(mel):
        raise ValueError("a clip without frames was not said in any way; give one with sound")
    missing = max(0, FEWEST - len(mel))
    mel, pitch = np.pad(mel, ((0, missing), (0, 0)), mode="edge"), np.pad(pitch, (0, missing), mode="edge")
    level = 10 * np.log10(np.exp(2 * mel).mean(axis=1) + 1e-10)  # (T,) dB
    loud = level > level.max() - SPOKEN
    voiced = pitch > 0
    semitones = 12 * np.log2(np.where(voiced, pitch, 1.0))
    if voiced.sum() < FEWEST:
        voiced, semitones = level >= min(level.max() - 20, np.sort(level)[-FEWEST]), np.zeros(len(level))
    spoken = np.flatnonzero(loud)
    start = min(spoken[0], len(level) - FEWEST)
    inside = slice(start, max(spoken[-1] + 1, start + FEWEST))
    middle = np.median(level[loud])
    groups = (
        _pitch(semitones, voiced, inside),
        _level(level - middle, loud, voiced, inside),
        _timing(level - middle, loud, voiced, inside),
        _timbre(mel, voiced, inside),
        _dependence(mel, semitones, level, voiced),
    )
    return np.nan_to_num(np.concatenate(groups)).astype(np.float32)


def _pitch(semitones: np.ndarray, voiced: np.ndarray, inside: slice) -> np.ndarray:
    """Height, range, liveliness, skewness; slope and curve; contour; ends, peak and trough; modulation."""
    heard = semitones[voiced]
    places = np.flatnonzero(voiced)
    q = np.percentile(heard, (5, 25, 50, 75, 95))
    relative = heard - q[2]
    steps = np.abs(np.diff(heard))
    skewness = (relative**3).mean() / (heard.std() ** 3 + 1e-3)
    slope = np.polyfit(np.linspace(-1, 1, len(semitones))[voiced], np.clip(relative, -10, 10), 2)[:2]
    contour = _part_means(np.clip(semitones - q[2], -10, 10), voiced, inside)
    count = len(heard)
    last, first = relative[int(0.8 * count) :], relative[: max(3, int(0.2 * count))]
    line = np.interp(np.arange(len(semitones)), places, np.clip(relative, -12, 12))[places[0] : places[-1] + 1]
    return np.array([
        q[2], q[0], q[4], heard.mean(), q[4] - q[0], q[3] - q[1], heard.std(), steps.mean(), (steps < 1).mean(), skewness,
        *slope, *contour, contour[-1] - contour[-2], last.mean(), first.mean(), relative[-5:].mean() - last[0],
        relative.max(), relative.argmax() / count, relative.min(), relative.argmin() / count, *_modulation(line),
    ])  # fmt: skip


def _level(level: np.ndarray, loud: np.ndarray, voiced: np.ndarray, inside: slice) -> np.ndarray:
    """Of the level above its median, dB: contour, spread, quick changes, ends, skewness, modulation."""
    spoken = level[inside]
    steps = np.diff(spoken)
    places = np.flatnonzero(voiced)
    last, first = places[int(0.8 * len(places)) :], places[: max(3, int(0.2 * len(places)))]
    return np.array([
        *_part_means(level, voiced | loud, inside), level[loud].std(), *np.percentile(spoken, (10, 90)), np.abs(steps).mean(),
        np.abs(steps).std(), *np.percentile(steps, (95, 5)), (steps > 3).mean(), (spoken**3).mean() / (spoken.std() ** 3 + 1e-3),
        level[last].mean(), level[first].mean(), *_modulation(np.maximum(level, -30)[places[0] : places[-1] + 1]),
    ])  # fmt: skip


def _timing(level: np.ndarray, loud: np.ndarray, voiced: np.ndarray, inside: slice) -> np.ndarray:
    """Voiced stretches and syllables a second, their length, voiced and spoken shares, seconds spoken and silent around."""
    seconds = (inside.stop - inside.start) / FRAME_RATE
    smooth = np.convolve(level, np.hanning(9) / np.hanning(9).sum(), "same")
    peaks = ((smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] > smooth[2:]) & (level[1:-1] > -15)).sum()
    edges = np.flatnonzero(np.diff(np.pad(voiced.astype(int), 1)))
    runs = edges[1::2] - edges[::2]
    around = (len(level) - (inside.stop - inside.start)) / FRAME_RATE
    return np.array([
        len(runs) / seconds, voiced[inside].mean(), peaks / seconds, runs.mean(), runs.std(), loud[inside].mean(), seconds, around,
    ])  # fmt: skip


def _timbre(mel: np.ndarray, voiced: np.ndarray, inside: slice) -> np.ndarray:
    """Of voiced and of other frames, dB in 16 bands: colour, its spread and pace; cepstral spread; harmonics; flux; tilt."""
    bands = mel.reshape(len(mel), BANDS, -1).mean(axis=2) * _DECIBELS  # (T, 16)
    sung, breathed = bands[voiced], bands[inside][~voiced[inside]]
    colour = sung.mean(axis=0)
    breath = breathed.mean(axis=0) if len(breathed) > 3 else colour - 20
    order = np.arange(1, 13)[:, None]
    cepstra = mel[voiced] @ np.cos(np.pi * order * (np.arange(mel.shape[1]) + 0.5) / mel.shape[1]).T / mel.shape[1]  # (V, 12)
    ripple = np.abs(np.diff(mel[voiced], 2, axis=1))  # between neighbouring bands: harmonics of a clear voice
    harmonics = [ripple[:, :30].mean(), ripple[:, 32:62].mean(), ripple[:, 64:].mean()]
    flux = np.abs(np.diff(mel[inside], axis=0)).mean(axis=1)
    return np.concatenate([
        colour - colour.mean(), sung.std(axis=0), np.abs(np.diff(bands[inside], axis=0)).mean(axis=0),
        breath - breath.mean(), [breath.mean() - colour.mean()], cepstra.std(axis=0), harmonics,
        [flux.mean(), flux.std(), np.percentile(flux, 90)],
    ])  # fmt: skip


def _dependence(mel: np.ndarray, semitones: np.ndarray, level: np.ndarray, voiced: np.ndarray) -> np.ndarray:
    """How timbre follows level: the colour of the loudest third against the softest; tilt, and its ties to level and pitch."""
    bands = mel.reshape(len(mel), BANDS, -1).mean(axis=2)[voiced] * _DECIBELS
    order = np.argsort(level[voiced])
    third = max(1, len(order) // 3)
    colour = bands[order[-third:]].mean(axis=0) - bands[order[:third]].mean(axis=0)
    low, high = (np.log(np.exp(part).mean(axis=1) + 1e-6) for part in (mel[voiced, :40], mel[voiced, 64:]))
    tilt = (high - low) * _DECIBELS
    ties = [_correlation(a, b) for a, b in ((tilt, level[voiced]), (semitones[voiced], level[voiced]), (semitones[voiced], tilt))]
    return np.concatenate([colour, [tilt.mean(), tilt.std(), *ties]])


def _part_means(line: np.ndarray, use: np.ndarray, inside: slice) -> np.ndarray:
    """(T,) → (PARTS,): the mean of each part's frames in `use` (T,); a part without any takes the mean of the others."""
    parts = zip(np.array_split(line[inside], PARTS), np.array_split(use[inside], PARTS), strict=True)
    means = np.array([values[chosen].mean() if chosen.any() else np.nan for values, chosen in parts])
    known = means[~np.isnan(means)]
    return np.where(np.isnan(means), known.mean() if len(known) else 0.0, means)


def _modulation(line: np.ndarray) -> list[float]:
    """The log share of its power, from 0.5 to 20 Hz, in each of MODULATIONS."""
    points = max(512, len(line))
    power = np.abs(np.fft.rfft((line - line.mean()) * np.hanning(len(line)), points)) ** 2
    hertz = np.fft.rfftfreq(points, 1 / FRAME_RATE)
    whole = power[(hertz > 0.5) & (hertz < 20)].sum() + 1e-9
    return [np.log(power[(hertz >= low) & (hertz < high)].sum() / whole + 1e-4) for low, high in MODULATIONS]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's, 0 where one of them never changes."""
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / (np.sqrt((a @ a) * (b @ b)) + 1e-9))


COUNT = len(functionals(np.zeros((128, 40)), np.full(40, 100.0)))
