"""Many speakers from few engines: WORLD moves an engine's pitch, formants, breath and colour to a designed person.

A speaker is a design, not a copy of anybody: gender and age band decide the ranges, a seeded generator the place within them.
"""

from dataclasses import dataclass, replace

import numpy as np

from feim.data.phone_times import symbol_durations
from feim.data.synthetic.engines import Engine, Utterance, available_engines
from feim.data.synthetic.prosody import Prosody, Swell, change_rate, interpolate_bands, perform, prosody_of, shape_pitch
from feim.signal import world as voice
from feim.signal.audio import HOP
from feim.signal.text import normalise, phonemise
from feim.signal.world import World

AGE_BANDS = ("18-29", "30-44", "45+")
# Median pitch in Hz by gender and age band: Stathopoulos et al. 2011; women's falls with age, men's little.
PITCH = {
    ("female", "18-29"): (192, 252), ("female", "30-44"): (180, 232), ("female", "45+"): (162, 212),
    ("male", "18-29"): (98, 146), ("male", "30-44"): (90, 136), ("male", "45+"): (84, 128),
}  # fmt: skip
# Formants against the engine's own; between the sexes about 1.17 (Fant 1975).
FORMANTS = {
    ("female", "female"): (0.93, 1.1),
    ("female", "male"): (1.1, 1.2),
    ("male", "male"): (0.9, 1.05),
    ("male", "female"): (0.83, 0.9),
}
BREATH = {"18-29": (0.0, 0.06), "30-44": (0.0, 0.1), "45+": (0.03, 0.16)}
RATE = {"18-29": (0.98, 1.14), "30-44": (0.92, 1.08), "45+": (0.84, 1.0)}


@dataclass(frozen=True)
class Speaker:
    """A designed voice.

    Attributes:
        name; gender: "female" or "male"; age_band: one of AGE_BANDS; engine: whose recordings it bends.
        pitch: median, Hz; range: factor on pitch movement; formants: factor on their frequencies; breath: added aperiodicity.
        rate: factor on speed; colour: (16,) dB, a smooth spectral shape; split: "train", "test", or "judge" (kept for judges).
    """

    name: str
    gender: str
    age_band: str
    engine: Engine
    pitch: float
    range: float
    formants: float
    breath: float
    rate: float
    colour: tuple[float, ...]
    split: str = "train"


def design_speakers(count: int = 96, seed: int = 0, engines: tuple[Engine, ...] | None = None, split: str = "train") -> list[Speaker]:
    """`count` speakers, spread evenly over genders, age bands and engines; the same seed gives the same people."""
    engines = engines or available_engines()
    random = np.random.default_rng(seed)
    speakers = []
    for index in range(count):
        gender, age_band = ("female", "male")[index % 2], AGE_BANDS[index // 2 % 3]
        same = [engine for engine in engines if engine.gender == gender]
        other = [engine for engine in engines if engine.gender != gender]
        crossing = index // 6 % 5 == 4  # every fifth voice crosses over: more timbres
        chosen = (other if crossing else same) or engines  # where all are of one gender, all cross over, or none
        engine = chosen[index // 6 % len(chosen)]
        place = (index // 6 + 0.5 + random.uniform(-0.4, 0.4)) / max(1, count // 6)  # even over the pitch range of its band
        low, high = PITCH[gender, age_band]
        colour = np.convolve(random.normal(0, 2.2, 18), np.ones(3) / 3, mode="valid") + random.uniform(-2.5, 2.5) * np.linspace(-1, 1, 16)
        speakers.append(
            Speaker(
                name=f"{split}-{gender[0]}{index:03d}",
                gender=gender,
                age_band=age_band,
                engine=engine,
                pitch=float(low * (high / low) ** float(np.clip(place, 0, 1))),
                range=float(random.uniform(0.85, 1.25)),
                formants=float(random.uniform(*FORMANTS[gender, engine.gender])),
                breath=float(random.uniform(*BREATH[age_band])),
                rate=float(random.uniform(*RATE[age_band])),
                colour=tuple(np.round(colour, 2).tolist()),
                split=split,
            )
        )
    return speakers


@dataclass(frozen=True)
class Reading:
    """An engine's neutral reading of a text, taken apart: what every speaker and emotion starts from."""

    text: str
    phonemes: str
    durations: list[int]
    world: World


def read_text(engine: Engine, text: str) -> Reading:
    """Let an engine read. Raises feim.data.phone_times.PhonesDoNotFit when it says other words than the symbols."""
    words = normalise(text)
    return take_apart(engine.speak(words), words)


def take_apart(utterance: Utterance, words: str) -> Reading:
    phonemes = phonemise(words)
    frames = -(-len(utterance.wave) // HOP)
    durations = symbol_durations(phonemes, utterance.phones, frames)
    return Reading(words, phonemes, durations, voice.analyse(utterance.wave))


def embody(reading: Reading, speaker: Speaker) -> Reading:
    """The same neutral reading by the speaker's body: vocal tract, larynx, pace."""
    world, durations = change_rate(reading.world, reading.durations, speaker.rate)
    world = voice.warp_formants(world, speaker.formants)
    level = 12 * np.log2(speaker.pitch / speaker.engine.pitch)
    pitch = shape_pitch(world.pitch, Prosody(level=float(level), range=speaker.range))
    colour = interpolate_bands(np.array(speaker.colour), world.envelope.shape[1])
    aperiodicity = np.clip(world.aperiodicity + speaker.breath * world.voiced[:, None] * (1 - world.aperiodicity), 1e-3, 1.0)
    return replace(reading, world=World(pitch, world.envelope * 10 ** (colour / 10), aperiodicity), durations=durations)


LEVEL = 0.06  # root mean square of neutral speech: −24 dBFS


def speak(
    reading: Reading, speaker: Speaker, emotion: str = "neutral", intensity: float = 0.0, swell: Swell | None = None
) -> tuple[np.ndarray, list[int]]:
    """A reading by a speaker with an emotion at an intensity from 0 to 1 → (160·T,) float32 and the durations, which sum to T.

    Everybody's neutral speech is equally loud; an emotion's energy moves it from there. `swell` says how much of the emotion is heard in
    each frame; all of it unless told.
    """
    neutral = embody(reading, speaker)
    prosody = prosody_of(emotion, intensity)
    world, durations = perform(neutral.world, neutral.durations, prosody, swell)
    wave = voice.synthesise(world)
    power = world.envelope.mean(axis=1)
    heard = power > power.max() * 1e-3
    amount = np.ones(world.frames) if swell is None else swell(durations)
    level = LEVEL * float(np.sqrt(np.mean(10 ** (prosody.energy * amount[heard] / 10))))  # as loud as its frames are on average
    gain = level / max(float(np.sqrt(np.mean(wave.reshape(-1, HOP)[heard] ** 2))), 1e-6)
    return wave * min(gain, 0.95 / max(float(np.abs(wave).max()), 1e-6)), durations


def speak_as_teacher(text: str, speaker: Speaker, emotion: str = "neutral", intensity: float = 0.0) -> np.ndarray:
    """Text → (samples,) float32 at 16 kHz: what the models learn to imitate, and are judged against."""
    return speak(read_text(speaker.engine, text), speaker, emotion, intensity)[0]
