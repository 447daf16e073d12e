"""The machines that teach: rule and unit synthesisers that say when they speak each phone.

espeak-ng comes from pip and is always there; flite and festival are used when the machine has them (Debian: flite festival
festvox-us-slt-hts), and sound better.
"""

import _ctypes
import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import espeakng_loader
import numpy as np

from feim.data.phone_times import PAUSE, TimedPhone
from feim.signal.audio import SAMPLE_RATE, read_audio, to_standard

PATIENCE = 60.0  # seconds for one sentence, or for the list of voices: a sentence takes less than one


class EngineFailed(ValueError):
    """The program did not say what it was asked to, or never answered."""


@dataclass(frozen=True)
class Utterance:
    """What an engine said: (samples,) float32 at 16 kHz, and its phones with their times."""

    wave: np.ndarray
    phones: list[TimedPhone]


@dataclass(frozen=True)
class Engine:
    """One voice of one synthesiser.

    Attributes:
        program: "flite", "festival" or "espeak"; voice: its name there.
        pitch: its usual median, Hz; gender: of the person recorded, or imitated.
    """

    program: str
    voice: str
    pitch: float
    gender: str

    @property
    def name(self) -> str:
        return f"{self.program}-{self.voice}"

    @property
    def available(self) -> bool:
        """Whether the program is installed and has the voice."""
        return self.program == "espeak" or (shutil.which(self.program) is not None and self.voice in _voices(self.program))

    def speak(self, words: str) -> Utterance:
        """Normalised words → sound and phone times. Raises: EngineFailed."""
        return {"flite": _flite, "festival": _festival, "espeak": _espeak}[self.program](words, self.voice)


NATURAL = (
    Engine("flite", "slt", 178.0, "female"),
    Engine("flite", "rms", 98.0, "male"),
    Engine("flite", "awb", 128.0, "male"),
    Engine("festival", "cmu_us_slt_arctic_hts", 172.0, "female"),
)
RULES = (Engine("espeak", "en-us", 95.0, "male"), Engine("espeak", "en-us+f2", 190.0, "female"))


def available_engines() -> tuple[Engine, ...]:
    """The natural voices that this machine has, one of each gender at least; else espeak-ng's."""
    found = tuple(engine for engine in NATURAL if engine.available)
    return found if {engine.gender for engine in found} == {"female", "male"} else RULES


_LIST_VOICES = {"flite": (["flite", "-lv"], ""), "festival": (["festival", "--pipe"], "(print (voice.list))")}


@cache
def _voices(program: str) -> frozenset[str]:
    """The voices that an installed program says it has; none if it does not answer."""
    try:
        return frozenset(re.findall(r"\w+", _run(*_LIST_VOICES[program])))
    except EngineFailed:
        return frozenset()


def _run(command: list[str], words: str = "") -> str:
    """What a program prints. Raises: EngineFailed."""
    try:
        done = subprocess.run(command, input=words, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise EngineFailed(f"{command[0]} did not answer in {PATIENCE:g} s; try it by hand: {' '.join(command)}") from error
    if done.returncode:
        raise EngineFailed(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip() or f'status {done.returncode}'}")
    return done.stdout


def _flite(words: str, voice: str) -> Utterance:
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "flite.wav"
        printed = _run(["flite", "-voice", voice, "-t", words, "-psdur", "-o", str(sound)])
        ends = [(name, float(end)) for name, end in (item.split(":") for item in printed.split())]
        return Utterance(read_audio(sound), _phones_from_ends(ends))


@cache
def _festival_process(owner: int) -> subprocess.Popen:
    """One festival for all sentences of the process `owner` (its id; a fork must not share it): starting it costs more than a sentence."""
    return subprocess.Popen(["festival", "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _ask_festival(expression: str) -> str:
    """Festival's answer, one line; empty when it ended, or was ended because it did not answer."""
    festival = _festival_process(os.getpid())
    clock = threading.Timer(PATIENCE, festival.kill)
    clock.start()
    try:
        festival.stdin.write(expression + "\n")
        festival.stdin.flush()
        answer = festival.stdout.readline()
    except BrokenPipeError:
        answer = ""
    finally:
        clock.cancel()
    if not answer:
        _festival_process.cache_clear()
        festival.kill()
        festival.communicate()
    return answer


def _festival(words: str, voice: str) -> Utterance:
    with tempfile.TemporaryDirectory() as folder:
        sound, labels = Path(folder) / "festival.wav", Path(folder) / "festival.lab"
        quoted = words.replace("\\", " ").replace('"', " ")
        speak = (
            f'(voice_{voice})(set! u (utt.synth (Utterance Text "{quoted}")))(utt.save.segs u "{labels}")'
            f'(utt.save.wave u "{sound}" (quote riff))'
        )
        answer = _ask_festival(f'(unwind-protect (begin {speak} (format t "spoken\\n")) (format t "failed\\n"))(fflush nil)')
        if "spoken" not in answer:
            why = "it reported an error" if answer else f"it ended, or did not answer in {PATIENCE:g} s"
            raise EngineFailed(f"festival could not say {words!r} with the voice {voice}: {why}; try it by hand: festival --pipe")
        lines = [line.split() for line in labels.read_text().splitlines()]
        ends = [(line[2], float(line[0])) for line in lines if len(line) == 3]
        return Utterance(read_audio(sound), _phones_from_ends(ends))


def _phones_from_ends(ends: list[tuple[str, float]]) -> list[TimedPhone]:
    starts = [0.0, *(end for _, end in ends[:-1])]
    return [TimedPhone(name, start, end) for start, (name, end) in zip(starts, ends, strict=True)]


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_RETRIEVAL, _PHONEMES_IN_IPA, _UTF8, _LIST_END, _PHONEME = 1, 3, 1, 0, 7


def _espeak(words: str, voice: str) -> Utterance:
    """espeak-ng's own interface, which tells when each phone begins.

    The library remembers what it said, and says the same words differently after others: every text gets a fresh copy of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        library = ctypes.CDLL(shutil.copy(espeakng_loader.get_library_path(), folder))
    try:
        return _speak_with(library, words, voice)
    finally:
        library.espeak_Terminate()
        _ctypes.dlclose(library._handle)


def _speak_with(library: ctypes.CDLL, words: str, voice: str) -> Utterance:
    data = str(Path(espeakng_loader.get_data_path())).encode()
    rate = library.espeak_Initialize(_RETRIEVAL, 0, data, _PHONEMES_IN_IPA)
    if rate <= 0:
        raise EngineFailed("espeak-ng did not start; install it again: pip install --force-reinstall espeakng-loader")
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # it starts from the clock
    samples: list[np.ndarray] = []
    phones: list[tuple[str, float]] = []

    def receive(sound, count: int, events) -> int:
        if sound and count:
            samples.append(np.ctypeslib.as_array(sound, (count,)).copy())
        index = 0
        while events[index].type != _LIST_END:
            if events[index].type == _PHONEME:
                phones.append((events[index].name.decode(errors="ignore"), events[index].audio_position / 1000))
            index += 1
        return 0

    callback = _CALLBACK(receive)  # kept alive while the library speaks
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()):
        raise EngineFailed(f"espeak-ng has no voice {voice!r}")
    text = words.encode()
    library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 0, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    if not samples:
        raise EngineFailed(f"espeak-ng said nothing for {words!r}; give it words")
    wave = to_standard(np.concatenate(samples).astype(np.float32) / 32768, rate)
    starts = [start for _, start in phones]
    ends = [*starts[1:], len(wave) / SAMPLE_RATE]
    names = [re.sub(r"[ˈˌː\s]", "", name) or PAUSE for name, _ in phones]
    return Utterance(wave, [TimedPhone(*phone) for phone in zip(names, starts, ends, strict=True)])
