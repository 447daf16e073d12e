"""A corpus of films: people who do not exist speak with the teachers' voices and show every emotion, from a hint to its most.

Beside each film lies the truth of each of its frames, as no camera could give it: how the face moves, its action units, where its 189
landmarks are, how strong the emotion is. A person keeps one face, one voice and one split.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.data.phone_times import PhonesDoNotFit
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import PROSODY, SENTENCES, claim, fingerprint, record_all
from feim.data.synthetic.engines import Engine
from feim.data.synthetic.sitters import Heads, Mixtures, sitters
from feim.data.synthetic.voices import Speaker, design_speakers, read_text, speak
from feim.signal.action_units import ACTION_UNITS, action_units, expression, strength
from feim.signal.audio import FRAME_RATE as PHONE_RATE
from feim.signal.audio import HOP, mel_spectrogram, write_audio
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY, NEUTRAL, Emotion
from feim.signal.face_motion import FRAME_RATE, FaceMotion
from feim.signal.gestures import gestures, perform
from feim.signal.text import PUNCTUATION, NothingToSay
from feim.signal.video import write_video
from feim.signal.visemes import STEPS, speech_level, visemes
from feim.signal.world import track_pitch

WEAKEST = 0.3  # the least γ that still gets an emotion's label
# How an emotion swells is our choice; without it a frame could not be told from its clip.
ONSET = 0.3  # s in which it comes up
EBB = 0.5  # what is left of it when a phrase ends
FAINTEST = 0.7  # a phrase's peak against the clip's
PHRASE = 0.8  # s: a shorter one does not swell of its own


@dataclass(frozen=True)
class TalkingPerson:
    """Somebody who does not exist.

    Attributes:
        name; split: "train", "valid" or "test".
        face: the seed that it is made of.
        voice: one teacher's; nobody knows the face's gender, so it may be any.
    """

    name: str
    split: str
    face: int
    voice: Speaker


@dataclass(frozen=True)
class FilmTake:
    """One clip to make: who says what, with what feeling; `seed` decides its gestures and how the feeling swells."""

    id: str
    person: TalkingPerson
    text: str
    emotion: Emotion
    seed: int

    @property
    def takes(self) -> tuple["FilmTake"]:
        return (self,)  # each is made for itself


@dataclass(frozen=True)
class Truth:
    """What a film shows in each of its F frames.

    Attributes:
        motion: what moves the face.
        units: {number: (F,) from 0 to 1}, its action units.
        landmarks: (F, 189, 2), x and y in the film's pixels.
        intensity: (F,) how strong the emotion is: `action_units.strength` at the moment; the clip's own is what it swells up to.
    """

    motion: FaceMotion
    units: dict[int, np.ndarray]
    landmarks: np.ndarray
    intensity: np.ndarray


def talking_people(count: int, seed: int = 0, engines: tuple[Engine, ...] | None = None, kind: str = "rendered") -> list[TalkingPerson]:
    """`count` people, called after their `kind`; a tenth of them validates and a tenth tests, one each at least.

    Raises: ValueError when nobody is left for training.
    """
    held_out = max(1, count // 10)
    if count <= 2 * held_out:
        raise ValueError(f"{count} people are too few; use 3 or more, one of whom validates and one tests")
    splits = ["train"] * (count - 2 * held_out) + ["valid"] * held_out + ["test"] * held_out
    faces = np.random.default_rng(seed).integers(2**31, size=count).tolist()
    voices = design_speakers(count, seed, engines)
    everybody = enumerate(zip(splits, faces, voices, strict=True))
    return [TalkingPerson(f"{kind}-{number:03d}", *traits) for number, traits in everybody]


def plan_films(sentences: list[tuple[str, str]], people: list[TalkingPerson], clips: int, seed: int = 0) -> Iterator[FilmTake]:
    """Deterministic takes: everybody in turn reads one text with each of the seven emotions, then the next text.

    Whoever validates or tests reads the sentences of that split, where there are any. γ is as often between 0.3 and 3 as between 3 and 30.
    """
    order = [sentences[place] for place in np.random.default_rng(seed).permutation(len(sentences))]
    texts = {split: [text for text, of in order if of == split] for split in ("train", "valid", "test")}
    for number in range(clips):
        turn, who = divmod(number, len(people))
        cycle, feeling = divmod(turn, len(EMOTIONS))
        own = texts[people[who].split] or [text for text, _ in order]
        label = EMOTIONS[(feeling + who) % len(EMOTIONS)]
        chance = np.random.default_rng((seed, number))
        gamma = float(np.exp(chance.uniform(np.log(WEAKEST), np.log(MAX_INTENSITY))))
        yield FilmTake(
            id=f"{number:05d}",
            person=people[who],
            text=own[(cycle * len(people) + who) % len(own)],
            emotion=Emotion(label, 0.0 if label == EMOTIONS[NEUTRAL] else round(gamma, 3)),
            seed=int(chance.integers(2**31)),
        )


def whole_frames(wave: np.ndarray, durations: list[int]) -> tuple[np.ndarray, list[int]]:
    """Speech (160·T,) and its durations, with as much silence after it as makes its last film frame whole."""
    missing = -sum(durations) % STEPS
    return np.pad(wave, (0, missing * HOP)), [*durations[:-1], durations[-1] + missing]


def swell(symbols: str, durations: list[int], seed: int) -> np.ndarray:
    """How much of an emotion shows while somebody speaks: (F,) float32 from 0 to 1.

    None in the beginning; up in ONSET with every phrase, to a peak of its own, of which EBB is left when the phrase ends.
    """
    edges = np.cumsum([0, *durations]) / PHONE_RATE
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
    frames = -(-sum(durations) // STEPS)
    return np.interp((np.arange(frames) + 0.5) / FRAME_RATE, times, values).astype(np.float32)


def act(take: FilmTake, wave: np.ndarray, symbols: str, durations: list[int]) -> tuple[FaceMotion, np.ndarray]:
    """The face that goes with a take's speech (160·T,): F frames of it, and how strong its emotion is in each, (F,) float32."""
    label, gamma = take.emotion.label, take.emotion.intensity
    level = speech_level(mel_spectrogram(wave).numpy())
    speech = visemes(symbols, durations, level)
    shown = swell(symbols, durations, take.seed)
    others = gestures(level, track_pitch(wave), len(speech), label, gamma, take.seed)
    motion = perform(speech, shown[:, None] * expression(label, gamma), others)
    return motion, shown * np.float32(strength(gamma))


def record_film(take: FilmTake, out: Path, faces: str, size: int) -> list[Clip]:
    """Make a take's clip: film, sound and truth; none when the engine's phones do not fit the symbols."""
    person = take.person
    try:
        reading = read_text(person.voice.engine, take.text)
    except (PhonesDoNotFit, NothingToSay):
        return []
    intensity = float(strength(take.emotion.intensity))
    wave, durations = whole_frames(*speak(reading, person.voice, take.emotion.label, intensity))
    motion, shown = act(take, wave, reading.phonemes, durations)
    images, landmarks = zip(*_sitters(faces).film(person.face, motion, size), strict=True)
    audio, video = f"audio/{take.id}.flac", f"video/{take.id}.mp4"
    write_audio(out / audio, wave)
    write_truth(_truth_path(out, take.id), Truth(motion, action_units(motion), np.stack(landmarks), shown))
    write_video(out / video, images, wave, visible_mark=False)
    return [
        Clip(
            id=take.id,
            corpus="talking",
            speaker=person.name,
            language="en-us",
            text=reading.text,
            licence=_sitters(faces).licence,
            split=person.split,
            phonemes=reading.phonemes,
            durations=durations,
            audio=audio,
            video=video,
            emotion=take.emotion.label,
            intensity=round(intensity, 3),
        )
    ]


def synthesise_talking_corpus(
    out: str | Path,
    faces: str | Path,
    sentences: str | Path = SENTENCES,
    clips: int = 140,
    people: int = 20,
    seed: int = 0,
    processes: int = 2,
    size: int = 160,
    engines: tuple[Engine, ...] | None = None,
) -> list[Clip]:
    """Write films of rendered people under `out`; continues where an earlier run with the same arguments was stopped.

    Args:
        faces: folder of ICT-FaceKit, or of the London Set: who is filmed, as `sitters` says.
        clips: each takes a processor about as long as it lasts; with seven times `people`, everybody shows every emotion.
        size: the films' side in pixels.
        engines: whose readings the voices start from; those that the machine has unless told.

    Returns: its clips, sorted by id.
    Raises: NoSentences, ForeignCorpus, EngineFailed, UnwritableVideo; FileNotFoundError for a folder of no faces; ValueError when there are
        too few people.
    """
    out, texts, filmed = Path(out), read_sentences(sentences), _sitters(str(faces))  # once: the processes that follow share them
    everybody = talking_people(people, seed, engines, filmed.kind)
    arguments = {
        "sentences": fingerprint(sentences), "clips": clips, "people": people, "seed": seed, "size": size,
        "engines": sorted({person.voice.engine.name for person in everybody}), "prosody": fingerprint(PROSODY),
        "head": filmed.fingerprint,
    }  # fmt: skip
    claim(out, arguments)
    for folder in ("video", "truth"):
        (out / folder).mkdir(exist_ok=True)
    record = partial(record_film, faces=str(faces), size=size)
    return record_all(plan_films(texts, everybody, clips, seed), record, out, processes)


@cache
def _sitters(folder: str) -> Heads | Mixtures:
    return sitters(folder)


def _truth_path(folder: str | Path, clip: str) -> Path:
    return Path(folder) / "truth" / f"{clip}.npz"


def write_truth(path: Path, truth: Truth) -> None:
    """Everything as float16: a pixel's sixteenth, and a thousandth of a shape, are finer than anything that learns from it."""
    arrays = {
        "shapes": truth.motion.shapes,
        "gaze": truth.motion.gaze,
        "head": truth.motion.head,
        "action_units": np.stack([truth.units[number] for number in ACTION_UNITS], axis=1),
        "landmarks": truth.landmarks,
        "intensity": truth.intensity,
    }
    np.savez_compressed(path, **{name: array.astype(np.float16) for name, array in arrays.items()})


def knows_truth(folder: str | Path, clip: Clip) -> bool:
    """Whether the corpus has what a clip shows in each frame."""
    return _truth_path(folder, clip.id).is_file()


def read_truth(folder: str | Path, clip: Clip) -> Truth:
    """A clip's truth, in float32. Raises: FileNotFoundError where the corpus has none."""
    with np.load(_truth_path(folder, clip.id)) as file:
        found = {name: file[name].astype(np.float32) for name in file.files}
    motion = FaceMotion(found["shapes"], found["gaze"], found["head"])
    units = dict(zip(ACTION_UNITS, found["action_units"].T, strict=True))
    return Truth(motion, units, found["landmarks"], found["intensity"])
