"""Real recordings with their texts → a corpus of phrases with exact symbol times: checked, cut, levelled and written.

Speech without a text that fits it becomes clips too, without text and phonemes: vocoders and voices learn from sound alone.
"""

import json
import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from feim.data.clip import Clip, write_manifest
from feim.data.forced_alignment import Aligner, TextDoesNotFit
from feim.data.phone_times import PhonesDoNotFit, TimedPhone, symbol_durations
from feim.data.phrases import MARGIN, SHORTEST, WORST_PHRASE, WORST_UNCERTAIN_PHRASE, Phrase, Unfit, phrases
from feim.signal.audio import HOP, SAMPLE_RATE, UnreadableAudio, read_audio, write_audio
from feim.signal.text import PUNCTUATION, NothingToSay, normalise, phonemise

ACTIVE_LEVEL = -26.0  # dBFS while speaking: the level that ITU-T P.56 users agree on
PEAK = 0.98
QUIETEST = -20.0  # dB relative to its recording: a stretch below holds no speech
JOURNAL, LEFT_OUT = "journal.jsonl", "left_out.tsv"
TEST_EVERY = 12  # speakers, or recordings of an only speaker: every twelfth is kept for tests


class MissingCorpus(ValueError):
    """The folder is not there, or holds no corpus of the expected layout."""


@dataclass(frozen=True)
class Recording:
    """A sound file with the text that it should say. `clip` holds what all its phrases share; its id is the recording's.

    An uncertain text (guessed, not proof-read) has to fit the sound better than others; an empty text is unknown.
    """

    path: Path
    clip: Clip
    certain: bool = True


def prepare_recordings(recordings: list[Recording], out: Path, processes: int = 2) -> list[Clip]:
    """Align, cut, level and write recordings.

    Broken recordings and texts that were not found in the sound are listed in left_out.tsv; the sound of the latter becomes clips
    whose text is empty, and whose phonemes and durations are None.

    Finished recordings are kept in a journal, so a second call continues where the first was stopped.

    Args:
        out: the corpus folder to make: manifest.parquet, audio/*.flac (16 kHz mono), left_out.tsv.
    Returns: the clips, sorted by id.
    """
    out = Path(out)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    done = _read_journal(out / JOURNAL)
    gains = _speaker_gains(recordings)
    tasks = [(recording, gains[recording.clip.speaker], out) for recording in recordings if recording.clip.id not in done]
    with (out / JOURNAL).open("a", encoding="utf-8") as journal:
        for name, clips, left_out in tqdm(_map(_prepare, tasks, processes), total=len(tasks), desc="aligning", disable=not tasks):
            done[name] = {"clips": clips, "left_out": left_out}
            journal.write(json.dumps({"recording": name, **done[name]}, ensure_ascii=False) + "\n")
            journal.flush()
    names = sorted(recording.clip.id for recording in recordings)
    rows = ["\t".join(map(str, row)) for name in names for row in done[name]["left_out"]]
    (out / LEFT_OUT).write_text("\n".join(["recording\tstart\tend\treason\ttext", *rows]) + "\n", encoding="utf-8")
    clips = [Clip(**clip) for name in names for clip in done[name]["clips"]]
    write_manifest(out, clips)
    return clips


def _map(function, tasks: list, processes: int) -> Iterator:
    if processes <= 1 or len(tasks) <= 1:
        yield from map(function, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(function, tasks, chunksize=1)


def _read_journal(path: Path) -> dict[str, dict]:
    """What earlier calls finished; a line that was cut off when one was stopped is dropped from the file too."""
    if not path.is_file():
        return {}
    done = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        done[entry.pop("recording")] = entry
    path.write_text(
        "".join(json.dumps({"recording": name, **entry}, ensure_ascii=False) + "\n" for name, entry in done.items()), encoding="utf-8"
    )
    return done


def _speaker_gains(recordings: Iterable[Recording]) -> dict[str, float]:
    """The factor that brings each speaker to ACTIVE_LEVEL, or as near as the loudest sample allows."""
    powers, peaks = defaultdict(list), defaultdict(float)
    for recording in tqdm(recordings, desc="levels"):
        speaker = recording.clip.speaker
        try:
            samples = read_audio(recording.path)
        except UnreadableAudio:
            continue  # reported when its turn to be aligned comes
        powers[speaker].append(active_power(samples))
        peaks[speaker] = max(peaks[speaker], float(np.abs(samples).max()))
    target = 10 ** (ACTIVE_LEVEL / 10)
    gains = defaultdict(lambda: 1.0)
    for speaker, power in powers.items():
        if peaks[speaker] > 0:
            gains[speaker] = min(float(np.sqrt(target / np.mean(power))), PEAK / peaks[speaker])
    return gains


def active_power(samples: np.ndarray) -> float:
    """Mean square of (samples,) over the 20 ms frames within 25 dB of the loud ones: the level while speaking."""
    frame = SAMPLE_RATE // 50
    whole = len(samples) // frame * frame
    power = np.square(samples[:whole] if whole else samples, dtype=np.float64).reshape(-1, frame if whole else len(samples)).mean(axis=1)
    return float(power[power >= np.percentile(power, 95) * 10**-2.5].mean())


@cache
def _aligner() -> Aligner:
    return Aligner()  # one per process: loading takes 0.3 s


def _prepare(task: tuple[Recording, float, Path]) -> tuple[str, list[dict], list[tuple]]:
    """One recording → its name, its clips as dictionaries, and what was left out as rows."""
    recording, gain, out = task
    whole = recording.clip
    try:
        samples = read_audio(recording.path)
    except UnreadableAudio as error:
        return whole.id, [], [(whole.id, 0.0, 0.0, str(error), whole.text)]
    kept, unfit = _find_phrases(recording, samples)
    clips, spoken = [], []
    for number, phrase in enumerate(kept):
        try:
            clips.append(_write_phrase(phrase, replace(whole, id=f"{whole.id}-{number:02d}"), samples * gain, out))
            spoken.append((phrase.start, phrase.end))
        except PhonesDoNotFit as error:
            unfit.append(Unfit(phrase.text, phrase.start, phrase.end, str(error)))
    for number, sound in enumerate(other_speech(samples, spoken)):
        clips.append(_write_sound(sound * gain, replace(whole, id=f"{whole.id}-wordless-{number:02d}", text=""), out))
    rows = [(whole.id, round(u.start, 2), round(u.end, 2), u.reason, u.text) for u in unfit]
    return whole.id, [asdict(clip) for clip in clips], rows


def _find_phrases(recording: Recording, samples: np.ndarray) -> tuple[list[Phrase], list[Unfit]]:
    """The phrases of a recording's text, and what of it was not found in the sound."""
    text = recording.clip.text
    if not text:
        return [], []
    try:
        tokens = [token for token in normalise(text, recording.clip.language).split() if token.strip(PUNCTUATION + "'-")]
        aligned = _aligner().align(samples, [token.strip(PUNCTUATION + "-") for token in tokens])
    except (TextDoesNotFit, NothingToSay) as error:
        return [], [Unfit(text, 0.0, len(samples) / SAMPLE_RATE, str(error))]
    return phrases(tokens, aligned, WORST_PHRASE if recording.certain else WORST_UNCERTAIN_PHRASE)


def other_speech(samples: np.ndarray, spoken: list[tuple[float, float]]) -> Iterator[np.ndarray]:
    """What a recording says before, between and after the stretches `spoken` (seconds, in order), if it is SHORTEST or longer."""
    ends = [0.0, *(end for _, end in spoken)]
    starts = [*(start for start, _ in spoken), len(samples) / SAMPLE_RATE]
    loud = active_power(samples) * 10 ** (QUIETEST / 10)
    for start, end in zip(ends, starts, strict=True):
        stretch = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        if len(stretch) >= SHORTEST * SAMPLE_RATE and active_power(stretch) > loud:
            first, last = _voiced(stretch)
            if last - first >= SHORTEST * SAMPLE_RATE:
                yield stretch[first:last]


def _write_phrase(phrase: Phrase, clip: Clip, samples: np.ndarray, out: Path) -> Clip:
    sound = samples[round(phrase.start * SAMPLE_RATE) : round(phrase.end * SAMPLE_RATE)]
    first, last = _voiced(sound)
    sound = sound[first:last]
    phonemes = phonemise(phrase.text, clip.language)
    durations = symbol_durations(phonemes, _shifted(phrase.phones, first / SAMPLE_RATE, len(sound) / SAMPLE_RATE), -(-len(sound) // HOP))
    return _write_sound(sound, replace(clip, text=phrase.text, phonemes=phonemes, durations=durations), out)


def _write_sound(sound: np.ndarray, clip: Clip, out: Path) -> Clip:
    sound = sound.copy()
    fade = np.linspace(0, 1, SAMPLE_RATE // 200)  # 5 ms, so that the cut does not click
    sound[: len(fade)] *= fade
    sound[-len(fade) :] *= fade[::-1]
    audio = f"audio/{clip.id}.flac"
    write_audio(out / audio, sound)
    return replace(clip, audio=audio)


def _voiced(sound: np.ndarray) -> tuple[int, int]:
    """First and last sample to keep: at most MARGIN of silence (40 dB below the active level) at each end."""
    frame = SAMPLE_RATE // 100
    power = np.square(sound[: len(sound) // frame * frame]).reshape(-1, frame).mean(axis=1)
    loud = np.flatnonzero(power > active_power(sound) * 1e-4)
    margin = round(MARGIN * SAMPLE_RATE)
    return max(0, int(loud[0]) * frame - margin), min(len(sound), (int(loud[-1]) + 1) * frame + margin)


def _shifted(phones: tuple[TimedPhone, ...], start: float, seconds: float) -> list[TimedPhone]:
    """Times from a later start; a last phone that ran on into the silence after it ends where that begins."""
    inside = [
        TimedPhone(phone.name, max(0.0, phone.start - start), min(seconds, phone.end - start))
        for phone in phones
        if start < phone.end and phone.start - start < seconds
    ]
    last = inside[-1]
    if last.name != "SIL" and last.end > seconds - MARGIN / 2 and last.end - last.start > 2 * MARGIN:
        inside[-1:] = [TimedPhone(last.name, last.start, seconds - MARGIN), TimedPhone("SIL", seconds - MARGIN, seconds)]
    return inside
