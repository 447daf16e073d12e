"""Corpora of designed speakers, who read many sentences with every emotion at every intensity.

The teachers' corpus is what generators learn from. Two dozen of its people are for judges; telling emotion from timbre takes more, so
the judges have a corpus too, of other people, from a hint of each emotion to beyond what any teacher shows.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from tqdm import tqdm

from feim.data.clip import MANIFEST, SYNTHETIC, Clip, read_manifest, write_manifest
from feim.data.phone_times import PhonesDoNotFit
from feim.data.pool import one_thread_each
from feim.data.sentences import read_sentences
from feim.data.synthetic.engines import Engine
from feim.data.synthetic.voices import Speaker, design_speakers, read_text, speak
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.text import NothingToSay

SENTENCES = Path(__file__).with_name("sentences.txt")
PROSODY = Path(__file__).with_name("prosody.json")  # what feim.data.synthetic.prosody follows
ARGUMENTS = "arguments.json"
SPECIAL = ("split", "neutral", "swelling")  # arguments that only some corpora have
NEUTRAL_SHARE = 0.22
WEAKEST = 0.3  # the least intensity that still gets an emotion's label
SHARED = 3  # speakers who start from one engine's reading: analysis is the dear part
JUDGES_INTENSITIES = 0.2, 1.5  # guidance goes beyond the teachers' 1
JUDGES_SHARED = 6  # of one engine's reading
MIDDLE_AGE = {"18-29": 23.0, "30-44": 37.0, "45+": 55.0}


class ForeignCorpus(ValueError):
    """The folder holds a corpus that was made with other arguments."""


class Named(Protocol):
    """What becomes one clip."""

    id: str


class Task(Protocol):
    """What is recorded in one go, or not at all."""

    takes: Sequence[Named]


@dataclass(frozen=True)
class Take:
    """One clip to make: who, with what feeling."""

    id: str
    speaker: Speaker
    emotion: str
    intensity: float


@dataclass(frozen=True)
class Session:
    """One engine's reading of a text, and the takes that start from it."""

    engine: Engine
    text: str
    split: str
    takes: tuple[Take, ...]


def people(speakers: int, seed: int = 0) -> list[Speaker]:
    """The corpus's speakers: four fifths for training, the rest, at least four, for judges only (their clips' split is "judge").

    Raises: ValueError when nobody is left for training.
    """
    judges = max(4, speakers // 5)
    if speakers <= judges:
        raise ValueError(f"{speakers} speakers are too few; use 5 or more, four of whom are kept for the judges")
    return design_speakers(speakers - judges, seed) + design_speakers(judges, seed + 1, split="judge")


def plan(
    sentences: list[tuple[str, str]], speakers: list[Speaker], clips: int, seed: int = 0, neutral_share: float = NEUTRAL_SHARE
) -> Iterator[Session]:
    """Deterministic sessions for `clips` clips. A quarter of the texts are cut to a few words, so that short speech is learnt too."""
    random = np.random.default_rng(seed)
    by_engine = {
        engine: [s for s in speakers if s.engine == engine] for engine in sorted({s.engine for s in speakers}, key=lambda e: e.name)
    }
    usable = [(text, split) for text, split in sentences if split != "test"]
    order = random.permutation(len(usable))
    for session in range(-(-clips // SHARED)):
        text, split = usable[order[session % len(usable)]]
        if random.random() < 0.25:
            text = cut_short(text, random.integers(2, 6))
        engine = list(by_engine)[session % len(by_engine)]
        chosen = random.choice(len(by_engine[engine]), SHARED)
        takes = []
        for index, who in enumerate(chosen):
            neutral = random.random() < neutral_share
            emotion = "neutral" if neutral else EMOTIONS[random.integers(1, len(EMOTIONS))]
            intensity = 0.0 if neutral else round(float(random.uniform(WEAKEST, 1)), 3)
            takes.append(Take(f"{session:05d}-{index}", by_engine[engine][who], emotion, intensity))
        yield Session(engine, text, split, tuple(takes))


def plan_for_judges(sentences: list[tuple[str, str]], speakers: list[Speaker], clips: int, seed: int) -> Iterator[Session]:
    """Deterministic sessions for `clips` clips, or up to five more: engines and emotions in turn, texts (half of them cut short),
    speakers and intensities by chance.
    """
    random = np.random.default_rng(seed)
    engines = list(dict.fromkeys(speaker.engine for speaker in speakers))
    texts = [text for text, split in sentences if split == "train"]
    for number, text in enumerate(random.choice(texts, -(-clips // JUDGES_SHARED)).tolist()):
        engine = engines[number % len(engines)]
        able = [speaker for speaker in speakers if speaker.engine == engine]
        takes = []
        for index in range(JUDGES_SHARED):
            emotion = EMOTIONS[(number * JUDGES_SHARED + index) % len(EMOTIONS)]
            intensity = 0.0 if emotion == "neutral" else round(float(random.uniform(*JUDGES_INTENSITIES)), 3)
            takes.append(Take(f"{number:05d}-{index}", able[random.integers(len(able))], emotion, intensity))
        if number % 4 < 2:
            text = cut_short(text, random.integers(4, 10))
        yield Session(engine, text, "train", tuple(takes))


def cut_short(text: str, words: int) -> str:
    """The first words of a text, as a sentence."""
    return " ".join(text.split()[:words]).rstrip(",;:—-") + "."


def record(session: Session, out: Path) -> list[Clip]:
    """Make a session's clips; none when the engine's phones do not fit the symbols."""
    try:
        reading = read_text(session.engine, session.text)
    except (PhonesDoNotFit, NothingToSay):
        return []
    clips = []
    for take in session.takes:
        wave, durations = speak(reading, take.speaker, take.emotion, take.intensity)
        audio = f"audio/{take.id}.flac"
        write_audio(out / audio, wave)
        clips.append(
            Clip(
                id=take.id,
                corpus="teachers",
                speaker=take.speaker.name,
                language="en-us",
                text=reading.text,
                licence=SYNTHETIC,
                split="judge" if take.speaker.split == "judge" else session.split,
                phonemes=reading.phonemes,
                durations=durations,
                audio=audio,
                emotion=take.emotion,
                intensity=take.intensity,
                gender=take.speaker.gender,
                age=MIDDLE_AGE[take.speaker.age_band],
            )
        )
    return clips


def synthesise_corpus(
    out: str | Path,
    sentences: str | Path = SENTENCES,
    clips: int = 120,
    speakers: int = 20,
    seed: int = 0,
    processes: int = 2,
    neutral: bool = False,
) -> list[Clip]:
    """Write the teachers' corpus under `out`; continues where an earlier run with the same arguments was stopped.

    Args: neutral: nobody shows an emotion, so that whoever learns from them knows nothing of our rules.
    Returns: its clips, sorted by id.
    Raises: NoSentences, ForeignCorpus, EngineFailed; ValueError when there are too few speakers.
    """
    texts, everybody = read_sentences(sentences), people(speakers, seed)
    claim(Path(out), _arguments(sentences, clips, speakers, seed, everybody) | ({"neutral": True} if neutral else {}))
    return record_all(plan(texts, everybody, clips, seed, 1.0 if neutral else NEUTRAL_SHARE), record, Path(out), processes)


def synthesise_judges_corpus(
    out: str | Path, sentences: str | Path = SENTENCES, clips: int = 3600, speakers: int = 96, seed: int = 1000, processes: int = 2
) -> list[Clip]:
    """Write a corpus for judges alone under `out`: every clip's split is "judge". Continues and raises as synthesise_corpus does.

    Args:
        seed: of other people than the teachers' corpus has.
    """
    if speakers < 5:
        raise ValueError(f"{speakers} speakers are too few; use 5 or more, one of whom the emotion judge is measured on")
    texts, everybody = read_sentences(sentences), design_speakers(speakers, seed, split="judge")
    claim(Path(out), _arguments(sentences, clips, speakers, seed, everybody) | {"split": "judge"})
    return record_all(plan_for_judges(texts, everybody, clips, seed), record, Path(out), processes)


def _arguments(sentences: str | Path, clips: int, speakers: int, seed: int, everybody: list[Speaker]) -> dict:
    """What decides how a corpus sounds."""
    return {
        "sentences": fingerprint(sentences), "clips": clips, "speakers": speakers, "seed": seed,
        "engines": sorted({speaker.engine.name for speaker in everybody}), "prosody": fingerprint(PROSODY),
    }  # fmt: skip


def record_all(plan: Iterable[Task], record: Callable[[Task, Path], list[Clip]], out: Path, processes: int) -> list[Clip]:
    """Make the clips that `out` has not yet; a hundred sessions at most are lost to a kill. Returns: all, sorted by id."""
    (out / "audio").mkdir(exist_ok=True)
    done = {clip.id: clip for clip in read_manifest(out)} if (out / MANIFEST).exists() else {}
    sessions = [session for session in plan if session.takes[0].id not in done]
    with one_thread_each(processes) as pool:
        running = [pool.submit(record, session, out) for session in sessions]
        try:
            for count, future in enumerate(tqdm(as_completed(running), total=len(running), desc=out.name, unit="session"), 1):
                done |= {clip.id: clip for clip in future.result()}
                if count % 100 == 0:
                    _keep(out, done)
        finally:  # when an engine fails or somebody stops it, too
            pool.shutdown(cancel_futures=True)
            _keep(out, done)
    return read_manifest(out)


def _keep(out: Path, done: dict[str, Clip]) -> None:
    write_manifest(out, sorted(done.values(), key=lambda clip: clip.id))


def claim(out: Path, arguments: dict) -> None:
    """Write down what the corpus in `out` is made with; a corpus begun with something else is not continued.

    Raises: ForeignCorpus.
    """
    path, remedy = out / ARGUMENTS, "choose another folder, or delete this one to begin anew"
    out.mkdir(parents=True, exist_ok=True)
    if not path.is_file() and not (out / MANIFEST).exists():
        path.write_text(json.dumps(arguments, indent=1) + "\n")
        return
    try:
        found = json.loads(path.read_text())
        changed = [name for name, value in arguments.items() if name not in SPECIAL and found[name] != value]
        changed += [name for name in SPECIAL if found.get(name) != arguments.get(name)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ForeignCorpus(f"{out} does not say in {ARGUMENTS} how its corpus was made; {remedy}") from error
    if changed:
        raise ForeignCorpus(f"{out} holds a corpus made with other {' and '.join(changed)}; {remedy}")


def fingerprint(file: str | Path) -> str:
    """First digits of the SHA-256 of its content."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
