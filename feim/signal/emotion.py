"""Emotion: the seven labels, the intensity scale, and the one table that maps every corpus's labels to ours."""

import math
from dataclasses import dataclass

EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
NEUTRAL = EMOTIONS.index("neutral")
UNLABELLED = len(EMOTIONS)  # the index of "no label": the null token of guidance
MAX_INTENSITY = 30.0  # FEIM-TTS: above this the paper reports mumbling

# Every corpus's own names and codes → ours. Lower case.
LABELS = {
    "neutral": ("neutral", "neu", "n", "neutrality", "calm"),
    "happy": ("happy", "happiness", "hap", "h", "joy", "joyful", "excited", "exc"),
    "sad": ("sad", "sadness", "s"),
    "angry": ("angry", "anger", "ang", "a", "frustrated", "fru"),
    "fearful": ("fearful", "fear", "fea", "f", "afraid", "scared"),
    "disgusted": ("disgusted", "disgust", "dis", "d", "contempt"),
    "surprised": ("surprised", "surprise", "sur"),
}
_BY_LABEL = {label: emotion for emotion, labels in LABELS.items() for label in labels}


class UnknownEmotion(ValueError):
    """The label is in no table."""


class InvalidIntensity(ValueError):
    """The intensity is not a number in [0, 30]."""


@dataclass(frozen=True)
class Emotion:
    """What to feel, and how strongly.

    Attributes:
        label: one of EMOTIONS.
        intensity: FEIM's guidance γ in [0, 30]; 0 is neutral, 1 is the emotion as it was labelled.
    """

    label: str = "neutral"
    intensity: float = 1.0

    @property
    def index(self) -> int:
        return EMOTIONS.index(self.label)


def parse_emotion(label: str, intensity: float = 1.0) -> Emotion:
    """Check a visitor's wish.

    Raises: UnknownEmotion, InvalidIntensity; both say what would do.
    """
    return Emotion(parse_label(label), parse_intensity(intensity))


def parse_label(label: str) -> str:
    """Any corpus's label or code, any case → one of EMOTIONS. Raises UnknownEmotion."""
    known = _BY_LABEL.get(str(label).strip().lower())
    if known is None:
        raise UnknownEmotion(f"unknown emotion {label!r}; use one of: {', '.join(EMOTIONS)}")
    return known


def parse_intensity(intensity: float) -> float:
    """Raises InvalidIntensity unless 0 ≤ intensity ≤ 30."""
    try:
        value = float(intensity)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= MAX_INTENSITY:
        raise InvalidIntensity(f"intensity {intensity!r} is out of range; use a number from 0 (neutral) to 30 (strongest)")
    return value
