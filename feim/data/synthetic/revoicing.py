"""Other people's voices for the readings of few: `python -m feim revoice CORPUS OUT`.

Four actors are too few to tell what anger does to a voice from what it does to each of theirs: a model that knows the speaker learns
four styles, and gives a stranger one of them. WORLD lends every reading to several designed people, each of whom is lent the readings
of all actors; words, emotion, timing and movement stay the actor's, pitch, vocal tract, breath and pace become the designed person's.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from feim.data.clip import MANIFEST, SYNTHETIC, Clip, read_manifest
from feim.data.features import Features, read_features
from feim.data.synthetic.corpus import MIDDLE_AGE, claim, fingerprint, record_all
from feim.data.synthetic.engines import Engine
from feim.data.synthetic.voices import Reading, Speaker, design_speakers, embody
from feim.signal import world
from feim.signal.audio import read_audio, write_audio

BODY = {"female": 1.17, "male": 1.0}  # formants of an average person, against a man's (Fant 1975)
LOUDEST = 0.95  # peak


@dataclass(frozen=True)
class Loan:
    """One clip to make: what it is called, and who the reading is lent to."""

    id: str
    speaker: Speaker


@dataclass(frozen=True)
class Lending:
    """One actor's recording, its pitch (T,) Hz, and the takes that start from it."""

    source: Path
    clip: Clip
    pitch: np.ndarray
    takes: tuple[Loan, ...]


def revoice_corpus(source: str | Path, out: str | Path, voices: int = 24, takes: int = 2, seed: int = 0, processes: int = 2) -> list[Clip]:
    """Write under `out` every training clip of a prepared corpus `source`, lent to `takes` of `voices` designed people.

    Continues where an earlier run with the same arguments was stopped.

    Args: source: its training clips must have phone times and genders; voices: designed people, six or more; takes: of each clip.
    Returns: the new clips, sorted by id; all but the speaker is as in `source`, which stays the author: its licence binds.
    Raises: BrokenManifest, ForeignCorpus, UnreadableAudio; ValueError for unusable numbers, or when no clip can be lent.
    """
    source, out = Path(source), Path(out)
    if voices < 6 or not 1 <= takes <= voices:
        raise ValueError(f"{takes} takes by {voices} voices cannot be made; use six voices or more, and one take to as many as voices")
    clips = [clip for clip in read_manifest(source) if clip.split == "train" and clip.durations and clip.gender]
    if not clips:
        raise ValueError(f"{source} has no training clip with phone times and a speaker's gender; run python -m feim align {source} first")
    features = read_features(source, clips)
    actors = actors_of(features)
    if not actors:
        raise ValueError(f"nobody in {source} speaks with a voice that has a pitch; there is none to move")
    claim(out, {"manifest": fingerprint(source / MANIFEST), "voices": voices, "takes": takes, "seed": seed})
    return record_all(plan(source, features, actors, voices, takes, seed), lend, out, processes)


def pitch_of(features: Features, index: int) -> np.ndarray:
    """(T,) Hz of one clip."""
    return features.pitch[features.frames(index), 0].astype(np.float64)


def actors_of(features: Features) -> dict[str, Engine]:
    """Speaker → the voice that is bent: usual pitch, as the median of all clips' medians, and gender."""
    heard: dict[str, list[float]] = {}
    for index, clip in enumerate(features.clips):
        pitch = pitch_of(features, index)
        heard.setdefault(clip.speaker, []).extend([float(np.median(pitch[pitch > 0]))] if (pitch > 0).any() else [])
    genders, corpus = {clip.speaker: clip.gender for clip in features.clips}, features.clips[0].corpus
    return {name: Engine(corpus, name, float(np.median(heard[name])), genders[name]) for name in sorted(heard) if heard[name]}


def plan(source: Path, features: Features, actors: dict[str, Engine], voices: int, takes: int, seed: int) -> list[Lending]:
    """Deterministic: for every clip, some of the designed people by chance."""
    random = np.random.default_rng(seed)
    people = design_speakers(voices, seed, tuple(actors.values()), split="lent")
    lendings = []
    for index, clip in enumerate(features.clips):
        chosen = random.choice(len(people), takes, replace=False)
        if clip.speaker in actors:  # who never speaks with a voice, whispers: there is no pitch to move
            lent = tuple(Loan(f"{clip.id}-{people[i].name}", as_bent_from(people[i], actors[clip.speaker])) for i in chosen)
            lendings.append(Lending(source, clip, pitch_of(features, index), lent))
    return lendings


def as_bent_from(speaker: Speaker, actor: Engine) -> Speaker:
    """The same designed person, reached from another actor's body."""
    return replace(speaker, engine=actor, formants=speaker.formants * BODY[speaker.engine.gender] / BODY[actor.gender])


def lend(lending: Lending, out: Path) -> list[Clip]:
    """Make a recording's takes, as loud as it is."""
    clip = lending.clip
    wave = read_audio(lending.source / clip.audio)
    reading = Reading(clip.text, clip.phonemes, clip.durations, world.analyse(wave, lending.pitch))
    loudness = float(np.sqrt(np.mean(np.square(wave))))
    made = []
    for take in lending.takes:
        lent = embody(reading, take.speaker)
        sound = world.synthesise(lent.world)
        level = loudness / max(float(np.sqrt(np.mean(np.square(sound)))), 1e-6)
        audio = f"audio/{take.id}.flac"
        write_audio(out / audio, sound * min(level, LOUDEST / max(float(np.abs(sound).max()), 1e-6)))
        speaker = take.speaker
        licence = f"{clip.licence}, {SYNTHETIC} voices"
        person = {"speaker": speaker.name, "gender": speaker.gender, "age": MIDDLE_AGE[speaker.age_band]}
        made.append(replace(clip, id=take.id, audio=audio, video=None, image=None, durations=lent.durations, licence=licence, **person))
    return made
