"""The same sentences with every emotion at every γ, and their teachers' own at every labelled intensity: what three experiments read."""

from functools import cache

import numpy as np
from torch import Tensor

from feim.evaluation.experiments.material import count_phonemes, read_aloud
from feim.evaluation.experiments.stage import Spoken, Stage
from feim.evaluation.material import LABELLED
from feim.evaluation.metrics import prosody_distance
from feim.signal.emotion import EMOTIONS, NEUTRAL

INTENSITIES = (0.0, 1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0)  # the paper's steps, and 1: as labelled
LEVELS = (0.3, 0.5, LABELLED, 0.8, 1.0)  # of the teachers' readings: a label's weakest, its mean, its strongest, and between
Table = list[list[list[float]]]


def sweep(stage: Stage) -> dict:
    """Returns:
    sentences; intensities; levels;
    probabilities: judge → (S, 7 emotions, γ, 7 heard); distances: (S, 7, γ) of prosody from γ = 0, just noticeable differences;
    teachers: the same two of the teachers, (S′, 7, levels, …), distances from their own neutral reading.
    """
    texts = stage.material.short[: stage.material.extent.swept]
    people = stage.material.people
    ours = [_every(stage, text, people[index % len(people)][1]) for index, text in enumerate(texts)]
    takes = [("neutral", 0.0), *((emotion, level) for emotion in EMOTIONS[1:] for level in LEVELS)]
    read = list(stage.pool.map(read_aloud, texts, range(len(texts)), [takes] * len(texts)))
    theirs = [
        _teachers([Spoken(wave, count_phonemes(text)) for wave in reading[2]])
        for text, reading in zip(texts, read, strict=True)
        if reading is not None
    ]
    return {
        "sentences": texts,
        "intensities": list(INTENSITIES),
        "levels": list(LEVELS),
        **_measured(stage, ours),
        "teachers": _measured(stage, theirs),
    }


def _every(stage: Stage, text: str, vector: Tensor) -> list[list[Spoken]]:
    """(7, γ) readings of one sentence; without guidance all emotions are one."""
    plain = stage.voice.say(text, vector, "neutral", 0.0)
    return [[plain, *(stage.voice.say(text, vector, emotion, intensity) for intensity in INTENSITIES[1:])] for emotion in EMOTIONS]


def _teachers(takes: list[Spoken]) -> list[list[Spoken]]:
    """(7, levels) of a teacher's takes; neutral has no level."""
    neutral, rest = takes[0], takes[1:]
    return [[neutral] * len(LEVELS)] + [rest[i : i + len(LEVELS)] for i in range(0, len(rest), len(LEVELS))]


def _measured(stage: Stage, readings: list[list[list[Spoken]]]) -> dict:
    """Each reading is heard once, however often it stands in the table; distances are from the first of neutral."""
    flat = {id(spoken): spoken for sentence in readings for row in sentence for spoken in row}
    heard = {key: stage.heard(spoken.wave) for key, spoken in flat.items()}
    found = dict(zip(flat, stage.prosodies(flat.values()), strict=True))

    @cache
    def distance(key: int, neutral: int) -> float:
        return round(prosody_distance(found[key], found[neutral]), 3)

    return {
        "probabilities": {
            judge: [[[heard[id(spoken)][judge] for spoken in row] for row in sentence] for sentence in readings] for judge in stage.judges
        },
        "distances": [[[distance(id(spoken), id(sentence[NEUTRAL][0])) for spoken in row] for row in sentence] for sentence in readings],
    }


def table(found: dict, judge: str | None = None) -> np.ndarray:
    """(S, 7, γ or levels, 7) probabilities of one judge, or (S, 7, γ or levels) distances, of `found` or its "teachers"."""
    return np.array(found["distances"] if judge is None else found["probabilities"][judge], dtype=float)
