"""What a face does besides speaking: blinks, eyes that wander and come back, a head that sways and nods, brows that rise on stressed words.

Rules with numbers from people who were measured, drawn from a seed: the same seed moves the same way, and a longer film begins as a
shorter one did.
"""

from dataclasses import replace

import numpy as np

from feim.signal.action_units import strength
from feim.signal.audio import FRAME_RATE as SOUND_RATE
from feim.signal.emotion import EMOTIONS, parse_intensity
from feim.signal.emotion_arc import Arc, Feelings, parse_arc
from feim.signal.face_motion import FRAME_RATE, FaceMotion, at_rest, pose
from feim.signal.visemes import with_expression
from feim.signal.world import fill_unvoiced

STEPS = SOUND_RATE // FRAME_RATE  # sound frames in a video frame
DEGREE = np.pi / 180
FURTHEST = 4 * DEGREE  # that the head turns, in any direction

# Blinks a minute: 26 when talking, as measured by Bentivoglio et al. 1997. How emotions change it is our choice: fear blinks, anger stares.
BLINKS = {"neutral": 26, "happy": 28, "sad": 18, "angry": 14, "fearful": 32, "disgusted": 22, "surprised": 12}
# Lids close in about 75 ms and open in twice that (VanderWerf et al. 2003): how shut they are, frame by frame; seldom quicker or slower.
BLINK_SHAPES = ((0.55, 1.0, 0.45), (0.5, 1.0, 0.65, 0.2), (0.35, 0.95, 1.0, 0.55, 0.15))
BLINK_CHANCES = (0.3, 0.5, 0.2)

# How an emotion at its strongest holds the head (pitch up, degrees), and how lively head and brows are against neutral.
POSTURE = {"neutral": 0, "happy": 0.5, "sad": -2.2, "angry": -1.2, "fearful": 0.8, "disgusted": 0.8, "surprised": 1.0}
LIVELINESS = {"neutral": 1.0, "happy": 1.3, "sad": 0.6, "angry": 1.3, "fearful": 0.9, "disgusted": 0.9, "surprised": 1.2}

SWAY = np.array([1.1, 0.7, 0.7]) * DEGREE  # standard deviation of yaw, pitch and roll between nods
SWAY_SECONDS = 0.7  # in which it forgets where it was
ACCENT_APART = 0.4  # s between accents, at least
ACCENT_RISE = 1.5 / 12 * np.log(2)  # a peak in pitch of so much above its surroundings is an accent: 1.5 semitones
NOD, NOD_SECONDS = 2.0 * DEGREE, 0.44
BROW, BROW_SECONDS, BROW_CHANCE = 0.3, 0.52, 0.4  # brows rise on some accents only (Cavé et al. 1996)


def gestures(
    level: np.ndarray,
    pitch: np.ndarray,
    frames: int,
    feelings: Feelings | Arc = "neutral",
    intensity: float | np.ndarray = 1.0,
    seed: int = 0,
) -> FaceMotion:
    """Everything but mouth and expression.

    Args:
        level: (T,) dB, 100 a second, as feim.signal.visemes.speech_level gives it.
        pitch: (T,) Hz at the same rate, 0 where unvoiced.
        frames: of video; sound that is shorter counts as silence from there on.
        feelings, intensity: FEIM's emotion, or a mixture, which gestures as its emotions do on average, or several, one after another;
            and γ, one for all frames or (F,).

    Raises: UnknownEmotion, InvalidMixture, InvalidIntensity.
    """
    intensity = np.asarray(intensity, dtype=float)
    for extreme in (intensity.min(), intensity.max()):
        parse_intensity(extreme)
    weights, share = parse_arc(feelings).weights(frames), np.broadcast_to(strength(intensity), frames)  # (F, 7), (F,)
    posture, liveliness, blinking_rate = (weights @ [table[label] for label in EMOTIONS] for table in (POSTURE, LIVELINESS, BLINKS))
    rate = BLINKS["neutral"] + (share * (blinking_rate - BLINKS["neutral"])).sum() / max(1, frames)
    lively = 1 + share * (liveliness - 1)
    blinking, looking, swaying, stressing = (np.random.default_rng((seed % 2**64, part)) for part in range(4))
    motion = at_rest(frames)
    accents = pitch_accents(level, pitch)
    nods, brows = _stress(accents, frames, lively, stressing)
    sway = _sway(frames, swaying) * lively[:, None]
    sway[:, 1] += share * posture * DEGREE - nods
    motion.head[:] = FURTHEST * np.tanh(sway / FURTHEST)
    motion.gaze[:] = _gaze(frames, looking) - motion.head[:, :2]  # the eyes stay on whom they look at while the head turns
    motion.shapes[:] = _blinks(frames, rate, blinking)[:, None] * pose(eyeBlink=1) + brows[:, None] * pose(browInnerUp=0.8, browOuterUp=1)
    return motion


def perform(speech: np.ndarray, expression: np.ndarray, gestures: FaceMotion) -> FaceMotion:
    """The whole face: speech (F, 47), an expression (47,) or (F, 47), and gestures of F frames; no shape beyond its end."""
    shapes = with_expression(speech, expression)
    blink = gestures.shapes @ pose(eyeBlink=0.5)
    shapes = shapes * (1 - blink[:, None] * _LIDS) + gestures.shapes
    return replace(gestures, shapes=shapes.astype(np.float32)).limited()


_LIDS = pose(eyeWide=1, eyeSquint=1, cheekRaiser=0.5, cheekSquint=0.5)  # what a shut eye has no room for


def pitch_accents(level: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Where speech is stressed: level (T,) dB and pitch (T,) Hz → (A, 2): seconds, and the rise over the surroundings in semitones.

    An accent is the highest of the pitch around it, clearly higher than half a second to both sides, and not quieter than usual.
    """
    voiced = pitch > 0
    if not voiced.any():
        return np.zeros((0, 2))
    line = fill_unvoiced(pitch.astype(np.float64))
    line = _smooth(line, 7)
    reach = round(ACCENT_APART * SOUND_RATE)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(line, reach, mode="edge"), 2 * reach + 1)  # (T, 2·reach + 1)
    rise = line - np.median(around, axis=1)
    loud = _smooth(level.astype(np.float64), 15) > np.median(level[voiced]) - 3
    peaks = np.flatnonzero((line >= around.max(1) - 1e-9) & (rise > ACCENT_RISE) & loud & voiced)
    kept: list[int] = []
    for peak in peaks:
        if not kept or peak - kept[-1] >= reach:
            kept.append(peak)
    return np.stack([np.array(kept) / SOUND_RATE, rise[kept] * 12 / np.log(2)], axis=1)


def _stress(accents: np.ndarray, frames: int, lively: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How far the head is nodded down (F,) rad, and the brows are up (F,), by the accents; lively: (F,)."""
    nods, brows = np.zeros(frames), np.zeros(frames)
    times = (np.arange(frames) + 0.5) / FRAME_RATE
    for second, rise in accents:
        now = lively[min(int(second * FRAME_RATE), frames - 1)]
        size = min(1.0, rise / 5) * now * random.uniform(0.6, 1.0)
        nods = np.maximum(nods, NOD * size * _bump(times - second - 0.04, NOD_SECONDS))  # the head is lowest a little after the peak
        if random.random() < BROW_CHANCE * now:
            brows = np.maximum(brows, BROW * size * _bump(times - second, BROW_SECONDS))
    return nods, brows


def _bump(seconds: np.ndarray, width: float) -> np.ndarray:
    """Up to 1 at 0 s and down again: a raised cosine `width` seconds wide."""
    return 0.5 + 0.5 * np.cos(2 * np.pi * (seconds / width).clip(-0.5, 0.5))


def _blinks(frames: int, rate: float, random: np.random.Generator) -> np.ndarray:
    """(F,) how shut the eyes are, with `rate` blinks a minute at irregular times."""
    shut = np.zeros(frames)
    mean = 60 / rate
    second = random.uniform(0.3, mean)
    while second * FRAME_RATE < frames:
        shape = BLINK_SHAPES[random.choice(len(BLINK_SHAPES), p=BLINK_CHANCES)]
        start = round(second * FRAME_RATE)
        stretch = shut[start : start + len(shape)]
        np.maximum(stretch, shape[: len(stretch)], out=stretch)
        second += 0.4 + random.gamma(2.0, (mean - 0.4) / 2)  # never twice at once; gaps as irregular as people's
    return shut


def _gaze(frames: int, random: np.random.Generator) -> np.ndarray:
    """(F, 2) rad: eyes that jump between points of the other's face every second or so, and seldom look away for a moment."""
    gaze = np.zeros((frames, 2))
    frame = 0
    while frame < frames:
        away = random.random() < 0.12
        point = random.normal(0, (4.0, 2.5) if away else (0.9, 0.6)) * DEGREE
        stay = random.uniform(0.3, 0.7) if away else 0.3 + random.gamma(2.0, 0.5)
        last, frame = frame, frame + max(2, round(stay * FRAME_RATE))
        gaze[last:frame] = point  # saccades this small last less than a frame
    return gaze


def _sway(frames: int, random: np.random.Generator) -> np.ndarray:
    """(F, 3) rad of smooth noise: white noise through two equal low-pass filters."""
    keep = np.exp(-1 / (SWAY_SECONDS * FRAME_RATE))
    # one filter: variance 1/(1−k²); two: (1+k²)/(1−k²)³
    white = random.normal(size=(frames, 3)) * np.sqrt((1 - keep**2) ** 3 / (1 + keep**2))
    sway = np.empty((frames, 3))
    once, twice = np.zeros(3), np.zeros(3)
    for frame in range(frames):
        once = keep * once + white[frame]
        twice = keep * twice + once
        sway[frame] = twice
    return sway * SWAY


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    return np.convolve(np.pad(values, width // 2, mode="edge"), np.full(width, 1 / width), mode="valid")
