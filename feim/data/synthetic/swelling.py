"""How an emotion comes and goes while somebody speaks, in voice and face alike, and a corpus of voices in which it does.

How it swells is our choice; without it a frame could not be told from its clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from feim.data.clip import SYNTHETIC, Clip
from feim.data.phone_times import PhonesDoNotFit
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import MIDDLE_AGE, PROSODY, SENTENCES, claim, cut_short, fingerprint, record_all
from feim.data.synthetic.engines import Engine
from feim.data.synthetic.prosody import Swell
from feim.data.synthetic.voices import Speaker, design_speakers, read_text, speak
from feim.data.truth import FOLDER, truth_path, write_intensity
from feim.signal.audio import FRAME_RATE as SOUND_RATE
from feim.signal.audio import HOP, write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import FRAME_RATE
from feim.signal.text import PUNCTUATION, NothingToSay
from feim.signal.visemes import STEPS

ONSET = 0.3  # s in which an emotion comes up
EBB = 0.5  # what is left of it when a phrase ends
FAINTEST = 0.7  # a phrase's peak against the clip's
PHRASE = 0.8  # s: a shorter one does not swell of its own

SWELLS, WANDERS = "swelling", "wandering"  # what clips say of their corpus
WEAKEST = 0.3  # of a clip's strongest moment
NEUTRAL_SHARE = 0.12  # of the clips
WANDERING = 0.4  # of the others: the emotion comes and goes as chance has it, not with the phrases
TURN = 0.8, 2.4  # s between the turns of those: what people who rate arousal while they listen follow, too, takes seconds
ROUNDED = 4  # frames to both sides of a turn
SHORT = 0.2  # of the texts are cut to a few words


def whole_frames(wave: np.ndarray, durations: list[int]) -> tuple[np.ndarray, list[int]]:
    """Speech (160·T,) and its durations, with as much silence after it as makes its last film frame whole."""
    missing = -sum(durations) % STEPS
    return np.pad(wave, (0, missing * HOP)), [*durations[:-1], durations[-1] + missing]


def by_phrase(symbols: str, durations: list[int], seed: int) -> np.ndarray:
    """How much of an emotion shows while somebody speaks: (F,) float32 from 0 to 1.

    None in the beginning; up in ONSET with every phrase, to a peak of its own, of which EBB is left when the phrase ends.
    """
    edges = np.cumsum([0, *durations]) / SOUND_RATE
    starts = [0.0]
    for symbol, end in zip(symbols, edges[1:], strict=True):
        if symbol in PUNCTUATION and min(end - starts[-1], edges[-1] - end) >= PHRASE:
            starts.append(float(end))
    peaks = np.random.default_rng(seed).uniform(FAINTEST, 1, len(starts))
    peaks /= peaks.max()
    times, values = [0.0], [0.0]
    for start, end, peak in zip(starts, [*starts[1:], edges[-1]], peaks, strict=True):
        times += [start + ONSET, max(end, start + ONSET)]
        values += [peak, EBB * peak]
    return np.interp(_moments(durations), times, values).astype(np.float32)


def by_chance(durations: list[int], seed: int) -> np.ndarray:
    """The same, with turns anywhere: (F,) float32 from 0 to 1, which it reaches; smooth, as muscles and voices are."""
    random = np.random.default_rng(seed)
    moments = _moments(durations)
    times = np.cumsum(random.uniform(*TURN, 2 + int(moments[-1] / TURN[0]))) - random.uniform(0, TURN[1])
    line = np.interp(moments, times, random.uniform(0, 1, len(times)))
    window = np.hanning(2 * ROUNDED + 3)[1:-1]
    line = np.convolve(np.pad(line, ROUNDED, mode="edge"), window / window.sum(), mode="valid")
    return (line / max(line.max(), 1e-6)).astype(np.float32)


def _moments(durations: list[int]) -> np.ndarray:
    """(F,) s, the middles of the film frames that sound of these durations fills."""
    return (np.arange(-(-sum(durations) // STEPS)) + 0.5) / FRAME_RATE


def in_the_voice(shown: np.ndarray) -> Swell:
    """A film's amounts (F,) → what feim.data.synthetic.prosody.perform asks for; a voice changes between frames as it must, in lines."""

    def swell(durations: list[int]) -> np.ndarray:
        return np.interp((np.arange(sum(durations)) + 0.5) / STEPS - 0.5, np.arange(len(shown)), shown)

    return swell


@dataclass(frozen=True)
class SwellingTake:
    """One clip to make; `seed` decides how the emotion comes and goes, and `wanders` whether it does by chance or with the phrases."""

    id: str
    speaker: Speaker
    split: str
    text: str
    emotion: str
    intensity: float
    wanders: bool
    seed: int

    @property
    def takes(self) -> tuple["SwellingTake"]:
        return (self,)  # each is made for itself


def plan_swelling(
    sentences: list[tuple[str, str]], speakers: list[Speaker], clips: int, seed: int, split: str | None = None, wandering: float = WANDERING
) -> Iterator[SwellingTake]:
    """Deterministic takes. A tenth of the speakers validates and a tenth tests, one each at least, with the sentences of that split.

    Args: split: everybody's, where it is one; wandering: the share of clips whose emotion comes and goes by chance.
    """
    held_out = max(1, len(speakers) // 10)
    splits = ["test"] * held_out + ["valid"] * held_out + ["train"] * (len(speakers) - 2 * held_out)
    order = np.random.default_rng((seed, 0)).permutation(len(speakers))  # speakers are designed from low to high voices
    splits = [splits[place] for place in order] if split is None else [split] * len(speakers)
    texts = {split: [text for text, of in sentences if of == split] or [text for text, _ in sentences] for split in set(splits)}
    for number in range(clips):
        chance = np.random.default_rng((seed, number))
        who = number % len(speakers)
        text = texts[splits[who]][chance.integers(len(texts[splits[who]]))]
        emotion = EMOTIONS[0] if chance.random() < NEUTRAL_SHARE else EMOTIONS[chance.integers(1, len(EMOTIONS))]
        intensity = 0.0 if emotion == EMOTIONS[0] else round(float(chance.uniform(WEAKEST, 1)), 3)
        if chance.random() < SHORT:
            text = cut_short(text, chance.integers(3, 7))
        take_seed = int(chance.integers(2**31))
        wanders = bool(np.random.default_rng((take_seed, 1)).random() < wandering)
        yield SwellingTake(f"{number:05d}", speakers[who], splits[who], text, emotion, intensity, wanders, take_seed)


def record_swelling(take: SwellingTake, out: Path) -> list[Clip]:
    """Make a take's clip: sound and truth; none when the engine's phones do not fit the symbols."""
    try:
        reading = read_text(take.speaker.engine, take.text)
    except (PhonesDoNotFit, NothingToSay):
        return []
    shape = partial(by_chance, seed=take.seed) if take.wanders else partial(by_phrase, reading.phonemes, seed=take.seed)
    wave, durations = speak(
        reading, take.speaker, take.emotion, take.intensity, lambda durations: in_the_voice(shape(durations))(durations)
    )
    audio = f"audio/{take.id}.flac"
    write_audio(out / audio, wave)
    write_intensity(truth_path(out, take.id), take.intensity * shape(durations))
    return [
        Clip(
            id=take.id,
            corpus=WANDERS if take.wanders else SWELLS,
            speaker=take.speaker.name,
            language="en-us",
            text=reading.text,
            licence=SYNTHETIC,
            split=take.split,
            phonemes=reading.phonemes,
            durations=durations,
            audio=audio,
            emotion=take.emotion,
            intensity=take.intensity,
            gender=take.speaker.gender,
            age=MIDDLE_AGE[take.speaker.age_band],
        )
    ]


def synthesise_swelling_corpus(
    out: str | Path,
    sentences: str | Path = SENTENCES,
    clips: int = 120,
    speakers: int = 20,
    seed: int = 2000,
    processes: int = 2,
    engines: tuple[Engine, ...] | None = None,
    split: str | None = None,
    wandering: float = WANDERING,
) -> list[Clip]:
    """Write voices whose emotion comes and goes, and how much of it is heard in each frame; continues where an earlier run was stopped.

    Args:
        seed: of other people than the teachers' and the judges' corpora have.
        split: everybody's, for material that nothing learns from; training, validation and test people unless told.
        wandering: the share of clips whose emotion comes and goes by chance, not with the phrases as in films.

    Returns: its clips, sorted by id.
    Raises: NoSentences, ForeignCorpus, EngineFailed; ValueError when there are too few speakers.
    """
    if speakers < 3:
        raise ValueError(f"{speakers} speakers are too few; use 3 or more, one of whom validates and one tests")
    texts, everybody = read_sentences(sentences), design_speakers(speakers, seed, engines, split="swelling")
    arguments = {
        "sentences": fingerprint(sentences), "clips": clips, "speakers": speakers, "seed": seed,
        "engines": sorted({speaker.engine.name for speaker in everybody}), "prosody": fingerprint(PROSODY), "swelling": True,
        "wandering": wandering,
    }  # fmt: skip
    claim(Path(out), arguments | ({"split": split} if split else {}))
    (Path(out) / FOLDER).mkdir(exist_ok=True)
    return record_all(plan_swelling(texts, everybody, clips, seed, split, wandering), record_swelling, Path(out), processes)
