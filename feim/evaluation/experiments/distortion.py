"""Mel-cepstral distortion: how near speech with an emotion comes to a reader's own, beside the same model without an emotion.

Two syntheses against one set of readings, of teachers or of people: whoever read, in that reader's own voice.
"""

import numpy as np

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import dumbbells, intervals
from feim.evaluation.experiments.material import Reading
from feim.evaluation.experiments.stage import Spoken, Stage
from feim.evaluation.experiments.statistics import Mean, mean
from feim.evaluation.metrics import prosody_distance
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

OURS, BASE = "FEIM-TTS, γ = 1", "Face-TTS, γ = 0"
ALL = "all emotions"
MEASURES = (  # key, what it is, its unit, whether emotion must bring it nearer
    ("distortion", "mel-cepstral distortion", "dB", True),
    ("mel distortion", "the same of log mels, harmonics included", "dB", False),
    ("prosody", "distance of prosody", "JND", True),
)


def compare(stage: Stage, readings: list[Reading], syntheses: dict[str, list[Spoken]]) -> dict:
    """Readings against several syntheses of the same lines, in their order.

    Returns: emotions (N,); distortion of envelopes, mel distortion and prosody: name of the synthesis → (N,) dB, dB and just noticeable
    differences.
    """
    theirs = stage.prosodies(Spoken(reading.wave, reading.phonemes) for reading in readings)
    read = [reading.wave for reading in readings]
    envelopes, mels = stage.envelopes(read, noisy=True), stage.mels(read)
    made = {name: [spoken.wave for spoken in said] for name, said in syntheses.items()}
    return {
        "emotions": [reading.emotion for reading in readings],
        "distortion": {name: stage.distortions(envelopes, stage.envelopes(waves)) for name, waves in made.items()},
        "mel distortion": {name: stage.distortions(mels, stage.mels(waves)) for name, waves in made.items()},
        "prosody": {
            name: [round(prosody_distance(a, b), 3) for a, b in zip(stage.prosodies(said), theirs, strict=True)]
            for name, said in syntheses.items()
        },
    }


def measure(stage: Stage) -> dict:
    """The teachers' readings, at γ = 1 and at γ = 0."""
    readings = stage.material.teachers
    return compare(
        stage,
        readings,
        {
            name: [stage.voice.say(r.text, r.vector, r.emotion, intensity) for r in readings]
            for name, intensity in ((OURS, 1.0), (BASE, 0.0))
        },
    )


def by_emotion(found: dict, what: str, name: str, base: str | None = None) -> dict[str, Mean]:
    """Emotion, and all but neutral → the mean of one synthesis, or of its paired difference from another."""
    values = np.array(found[what][name], dtype=float)
    if base is not None:
        values = values - np.array(found[what][base], dtype=float)
    asked = np.array(found["emotions"])
    parts = {emotion: mean(values[asked == emotion]) for emotion in EMOTIONS if emotion in found["emotions"]}
    return {ALL: mean(values[asked != "neutral"])} | parts


def rows(found: dict) -> list[Row]:
    """Overall and per emotion, each with its paired difference; the overall one must be below zero."""
    made = []
    for what, title, unit, judged in MEASURES:
        ours, base, gained = by_emotion(found, what, OURS), by_emotion(found, what, BASE), by_emotion(found, what, OURS, BASE)
        for group, difference in gained.items():
            both = f"{OURS} {ours[group].value:.2f}, {BASE} {base[group].value:.2f}"
            note = f"{both}; ± {difference.error:.2f} (SE), {difference.count} sentences"
            bar = 0.0 if judged and group == ALL else None
            made.append(Row(f"{title}, γ = 1 less γ = 0, {group}, {unit}", difference.value, bar, at_most=True, note=note))
    return made


def draw(found: dict) -> list[Picture]:
    """Both syntheses, and their paired difference, of the spectrum and of prosody."""
    pictures = []
    for what, title, unit in (
        ("distortion", "Distortion from the teacher's reading", "dB"),
        ("prosody", "Prosody's distance from it", "JND"),
    ):
        both = {name: by_emotion(found, what, name) for name in (BASE, OURS)}
        heard = " JND: just noticeable differences of pitch, its range, rate and level together." if what == "prosody" else ""
        caption = f"Without an emotion and with it; nearer to zero is nearer to the teacher.{heard}"
        pictures.append(Picture(title, caption, dumbbells(both, unit)))
        gained = by_emotion(found, what, OURS, BASE)
        caption = "The same lines, γ = 1 less γ = 0, with 95 % intervals; left of the line the emotion brings it nearer."
        pictures.append(Picture("Difference, pair by pair", caption, intervals(gained, f"difference, {unit}")))
    return pictures


EXPERIMENT = Experiment(
    name="distortion",
    title="Mel-cepstral distortion against the no-emotion baseline",
    asked="Does speech with an emotion come nearer to a teacher's own emotional reading than Face-TTS does?",
    paper="Compares FEIM-TTS with Face-TTS on CREMA-D's test set. The values are not in the sources that this project holds, so none "
    "is quoted.",
    differs="The readings are by synthetic teachers, in each teacher's own voice, not by CREMA-D's actors; the baseline is this model at "
    "γ = 0, not the published Face-TTS. Thirteen coefficients without loudness, warped in time; decibels depend on such choices and do "
    "not compare across papers. Distortion hears no pitch, so the distance of prosody stands beside it.",
    measure=measure,
    rows=rows,
    draw=draw,
)
