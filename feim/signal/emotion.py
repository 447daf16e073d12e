"""Emotion: the seven labels and mixtures of them, the intensity scale, and the one table that maps every corpus's labels to ours."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
NEUTRAL = EMOTIONS.index("neutral")
UNLABELLED = len(EMOTIONS)  # the index of "no label": the null token of guidance
MAX_INTENSITY = 30.0  # FEIM-TTS: above this the paper reports mumbling
MOST = 3  # emotions in a mixture
HEAVIEST = 1e9  # weight that anybody needs, whose sums are numbers
EXAMPLE = "happy:0.7+sad:0.3"

Feeling = str | Mapping[str, float]  # a label; or a mixture, as text ("happy:0.7+sad:0.3") or as {label: weight}

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


class InvalidMixture(UnknownEmotion):
    """The mixture is none of emotions that we know, with weights that can be added up."""


class InvalidIntensity(ValueError):
    """The intensity is not a number in [0, 30], or no curve of them."""


@dataclass(frozen=True)
class Emotion:
    """What to feel, and how strongly.

    Attributes:
        label: one of EMOTIONS; of a mixture, the one with the most weight.
        intensity: FEIM's guidance γ in [0, 30]; 0 is neutral, 1 is the emotion as it was labelled.
        weights: (label, weight) of all that is felt, in the order of EMOTIONS; above 0, summing to 1.
    """

    label: str = "neutral"
    intensity: float = 1.0
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self):
        if not self.weights:
            object.__setattr__(self, "weights", ((self.label, 1.0),))

    @property
    def index(self) -> int:
        return EMOTIONS.index(self.label)

    @property
    def indices(self) -> dict[int, float]:
        """{index in EMOTIONS: weight}, as networks take it."""
        return {EMOTIONS.index(label): weight for label, weight in self.weights}

    @property
    def direction(self) -> dict[str, float]:
        """{emotion: its part of a vector}, without what is not felt. See `directions`."""
        parts = directions(np.array([dict(self.weights).get(label, 0.0) for label in EMOTIONS]))
        return {label: float(part) for label, part in zip(EMOTIONS[1:], parts, strict=True) if part}

    @property
    def name(self) -> str:
        """How it is written: "happy", or "happy:0.7+sad:0.3", strongest first and in thousandths, which this reads as it says."""
        rest = {label: round(weight, 3) for label, weight in self.weights if label != self.label}
        shares = {self.label: round(1 - sum(rest.values()), 3)} | dict(sorted(rest.items(), key=lambda share: -share[1]))
        felt = {label: share for label, share in shares.items() if share}
        return self.label if len(felt) == 1 else "+".join(f"{label}:{share:g}" for label, share in felt.items())


def directions(weights: np.ndarray) -> np.ndarray:
    """Weights of all EMOTIONS (…, 7), summing to 1 → vectors (…, 6) of length 1, shorter by what is neutral.

    Which emotion it is, is a direction (seed 003).
    """
    felt = weights[..., 1:].astype(float)
    length = np.linalg.norm(felt, axis=-1, keepdims=True)
    return felt.sum(-1, keepdims=True) * felt / np.where(length, length, 1)


def parse_emotion(feeling: Feeling, intensity: float = 1.0) -> Emotion:
    """Check a visitor's wish: a label of any corpus; or a mixture, as "happy:0.7+sad:0.3" or {"happy": 0.7, "sad": 0.3}.

    Weights may have any sum: "happy:7+sad:3" is the same, and so is "sad:3+happy:7". Without weights, as in "happy+sad", all are equal.

    Raises: UnknownEmotion, InvalidMixture, InvalidIntensity; all say what would do.
    """
    if isinstance(feeling, Mapping):
        weights = _parse_weights(list(feeling.items()), feeling)
    elif isinstance(feeling, str) and ("+" in feeling or ":" in feeling):
        parts = [part.partition(":") for part in feeling.split("+")]
        weights = _parse_weights([(label, weight if colon else 1.0) for label, colon, weight in parts], feeling)
    else:
        weights = {parse_label(feeling): 1.0}
    return Emotion(max(weights, key=weights.get), parse_intensity(intensity), tuple(weights.items()))


def _parse_weights(given: list[tuple[str, float | str]], feeling: Feeling) -> dict[str, float]:
    """Labels of any corpus and their weights → {label: weight} in the order of EMOTIONS, summing to 1. Raises InvalidMixture."""
    weights = dict.fromkeys(EMOTIONS, 0.0)
    for label, weight in given:
        try:
            weights[parse_label(label)] += (value := float(weight))
        except UnknownEmotion as error:
            raise InvalidMixture(
                f"unknown emotion {str(label).strip()!r} in {feeling!r}; use {EXAMPLE}, of: {', '.join(EMOTIONS)}"
            ) from error
        except (TypeError, ValueError):
            value = math.nan
        if not 0 <= value < HEAVIEST:
            raise InvalidMixture(f"{weight!r} is no weight of {str(label).strip()}; use positive numbers, such as {EXAMPLE}")
    felt = {label: weight for label, weight in weights.items() if weight}
    if not felt:
        raise InvalidMixture(f"nothing is felt in {feeling!r}; give an emotion a weight above 0, such as {EXAMPLE}")
    if len(felt) > MOST:
        raise InvalidMixture(f"{len(felt)} emotions in {feeling!r} are too many at once; use at most {MOST}, such as {EXAMPLE}")
    total = sum(felt.values())
    return {label: weight / total for label, weight in felt.items()}


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
