"""A corpus of films: people who do not exist speak with the teachers' voices and show every emotion, from a hint to its most.

Beside each film lies the truth of each of its frames, as no camera could give it: how the face moves, its action units, where its 189
landmarks are, how strong the emotion is. A person keeps one face, one voice and one split.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.data.phone_times import PhonesDoNotFit
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import PROSODY, SENTENCES, claim, fingerprint, record_all
from feim.data.synthetic.engines import Engine
from feim.data.synthetic.sitters import Heads, Mixtures, sitters
from feim.data.synthetic.swelling import by_phrase, in_the_voice, whole_frames
from feim.data.synthetic.voices import Reading, Speaker, design_speakers, read_text, speak
from feim.data.truth import FOLDER, Truth, truth_path, write_truth
from feim.signal.action_units import action_units, expression, strength
from feim.signal.audio import mel_spectrogram, write_audio
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY, NEUTRAL, Emotion
from feim.signal.face_motion import FaceMotion
from feim.signal.gestures import gestures, perform
from feim.signal.text import NothingToSay
from feim.signal.video import write_video
from feim.signal.visemes import speech_level, visemes
from feim.signal.world import track_pitch

WEAKEST = 0.3  # the least γ that still gets an emotion's label


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


def said(take: FilmTake) -> tuple[np.ndarray, Reading] | None:
    """A take's speech (160·T,), whole film frames of it, with its text, symbols and their durations; it swells as the face will.

    None where the engine's phones do not fit the symbols.
    """
    try:
        reading = read_text(take.person.voice.engine, take.text)
    except (PhonesDoNotFit, NothingToSay):
        return None

    def swell(durations: list[int]) -> np.ndarray:
        return in_the_voice(by_phrase(reading.phonemes, durations, take.seed))(durations)

    wave, durations = speak(reading, take.person.voice, take.emotion.label, float(strength(take.emotion.intensity)), swell)
    wave, durations = whole_frames(wave, durations)
    return wave, replace(reading, durations=durations)


def act(take: FilmTake, wave: np.ndarray, reading: Reading) -> tuple[FaceMotion, np.ndarray]:
    """The face that goes with a take's speech (160·T,): F frames of it, and how strong its emotion is in each, (F,) float32.

    It swells as the voice did.
    """
    label, gamma = take.emotion.label, take.emotion.intensity
    level = speech_level(mel_spectrogram(wave).numpy())
    speech = visemes(reading.phonemes, reading.durations, level)
    shown = by_phrase(reading.phonemes, reading.durations, take.seed)
    others = gestures(level, track_pitch(wave), len(speech), label, gamma, take.seed)
    motion = perform(speech, shown[:, None] * expression(label, gamma), others)
    return motion, shown * np.float32(strength(gamma))


def record_film(take: FilmTake, out: Path, faces: str, size: int) -> list[Clip]:
    """Make a take's clip: film, sound and truth; none when the engine's phones do not fit the symbols."""
    person, spoken = take.person, said(take)
    if spoken is None:
        return []
    wave, reading = spoken
    motion, shown = act(take, wave, reading)
    images, landmarks = zip(*_sitters(faces).film(person.face, motion, size), strict=True)
    audio, video = f"audio/{take.id}.flac", f"video/{take.id}.mp4"
    write_audio(out / audio, wave)
    write_truth(truth_path(out, take.id), Truth(motion, action_units(motion), np.stack(landmarks), shown))
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
            durations=reading.durations,
            audio=audio,
            video=video,
            emotion=take.emotion.label,
            intensity=round(float(strength(take.emotion.intensity)), 3),
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
        "head": filmed.fingerprint, "swelling": True,
    }  # fmt: skip
    claim(out, arguments)
    for folder in ("video", FOLDER):
        (out / folder).mkdir(exist_ok=True)
    record = partial(record_film, faces=str(faces), size=size)
    return record_all(plan_films(texts, everybody, clips, seed), record, out, processes)


@cache
def _sitters(folder: str) -> Heads | Mixtures:
    return sitters(folder)
