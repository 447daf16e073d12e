"""From what was thought to how a face feels, frame by frame: the motion model's courses, with peaks where words are stressed."""

from collections.abc import Sequence

import numpy as np

from feim.models.motion import Guidance, MotionDiffusion, Wish
from feim.signal.action_units import strength
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import FRAME_RATE, SHAPES
from feim.signal.muscles import Muscle, shapes_of
from feim.signal.spoken_words import Word
from feim.thinking import Reasoning

LONGEST, OVERLAP = 150, 25  # frames drawn as one stretch, the longest that was learnt; shared by neighbours, who fade into each other
SHORTEST = 25  # frames: shorter films show the beginning of this
WHEN = {"early": (0.0, 0.45), "in the middle": (0.25, 0.75), "late": (0.5, 1.0), "throughout": (0.0, 1.0)}  # shares of a long film
PEAK, PEAK_SECONDS = 0.3, 0.6  # by how much more the face shows on a stressed word, and for how long


def expression_track(
    network: MotionDiffusion,
    reasoning: Reasoning,
    frames: int,
    words: Sequence[Word] = (),
    seed: int = 0,
    guidance: Guidance | None = None,
) -> np.ndarray:
    """What was thought, on a face: (F, 47) float32 for feim.signal.gestures.perform.

    Args:
        frames: F, of the film at 25 a second.
        words: of the speech with their times, as feim.signal.spoken_words tells them; without them no word gets a peak.
        seed: the same seed draws the same course; guidance: the model's own by default.
    """
    if not reasoning.muscles or not reasoning.intensity or not frames:
        return np.zeros((frames, len(SHAPES)), np.float32)
    levels = course(network, reasoning, frames, seed, guidance)  # (F, 17)
    return shapes_of(levels * (1 + PEAK * peaks(reasoning.stressed, words, frames))[:, None])


def shown(network: MotionDiffusion, reasoning: Reasoning, gamma: np.ndarray, words: Sequence[Word] = (), seed: int = 0) -> np.ndarray:
    """The same, more or less of it where γ (F,) is more or less than what was thought: (F, 47) float32, no shape beyond its end."""
    if not reasoning.intensity:
        return np.zeros((len(gamma), len(SHAPES)), np.float32)
    share = strength(gamma.astype(float)) / strength(reasoning.intensity)
    return (share[:, None] * expression_track(network, reasoning, len(gamma), words, seed)).clip(0, 1).astype(np.float32)


def course(network: MotionDiffusion, reasoning: Reasoning, frames: int, seed: int, guidance: Guidance | None = None) -> np.ndarray:
    """How far each unit goes in each frame: (F, 17). Films longer than LONGEST are drawn in stretches that fade into each other."""
    emotion, strong = EMOTIONS.index(reasoning.emotion), float(strength(reasoning.intensity))
    length = min(max(frames, SHORTEST), LONGEST)
    starts = [0] if frames <= LONGEST else [*range(0, frames - LONGEST, LONGEST - OVERLAP), frames - LONGEST]
    told = [reasoning.muscles] if len(starts) == 1 else [within(reasoning.muscles, (start + length / 2) / frames) for start in starts]
    wishes = [Wish(emotion, strong, muscles) if muscles else Wish(EMOTIONS.index("neutral"), 0.0, ()) for muscles in told]
    drawn = network.sample(wishes, length, [seed + 1_000_003 * number for number in range(len(starts))], guidance)  # (S, length, 17)
    fade = np.minimum(1, (np.arange(length) + 1) / OVERLAP) if len(starts) > 1 else np.ones(length)
    weight = np.minimum(fade, fade[::-1])
    whole, total = np.zeros((max(frames, length), drawn.shape[2])), np.zeros(max(frames, length))
    for start, stretch in zip(starts, drawn, strict=True):
        whole[start : start + length] += weight[:, None] * stretch
        total[start : start + length] += weight
    return (whole / total[:, None])[:frames].astype(np.float32)


def within(muscles: Sequence[Muscle], place: float) -> tuple[Muscle, ...]:
    """What a description of a whole film asks of the stretch around a place of it, 0 to 1."""
    return tuple(Muscle(m.unit, m.level) for m in muscles if WHEN[m.moment][0] <= place <= WHEN[m.moment][1])


def peaks(stressed: Sequence[str], words: Sequence[Word], frames: int) -> np.ndarray:
    """(F,) up to 1 in the middle of every stressed word that is found among the spoken ones, in order."""
    found, times = np.zeros(frames), (np.arange(frames) + 0.5) / FRAME_RATE
    place = 0
    for wanted in stressed:
        matching = (n for n in range(place, len(words)) if wanted.lower() in words[n].text.lower().split())
        number = next(matching, None)
        if number is None:
            continue
        place = number + 1
        middle = (words[number].start + words[number].end) / 2
        away = ((times - middle) / PEAK_SECONDS).clip(-0.5, 0.5)
        found = np.maximum(found, 0.5 + 0.5 * np.cos(2 * np.pi * away))  # a raised cosine, as gestures' nods are
    return found
