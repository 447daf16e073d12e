"""Measure how real actors speak each emotion, against their own neutral: python -m feim.data.synthetic.actors NEMO_FOLDER

Reads nEMO and writes prosody.json, the small table that the teachers' rules use (feim/data/synthetic/prosody.py). Every figure
compares a clip with the same speaker's neutral reading of the same sentence, averages over a speaker's clips, then over speakers.
nEMO has no disgust: that row is from the literature, in the same units. Its recordings are levelled, so energy is understated.
"""

import json
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.data.corpora.nemo import read_nemo
from feim.signal.audio import MEL_FLOOR, N_FFT, SAMPLE_RATE, _filterbank, read_audio
from feim.signal.world import analyse, fill_unvoiced

TABLE = Path(__file__).with_name("prosody.json")
BANDS = 16  # of the envelope, eight mel bands each

# Disgust, relative to neutral. Murray and Arnott 1993 (table 1): very much slower, very much lower, slightly wider range, lower
# intensity, "grumbled chest tone", wide downward terminal inflections. Juslin and Laukka 2003 (table 7): slow, low or medium level,
# falling contours. Banse and Scherer 1996: low-frequency energy up. The envelope's shape is our reading of "chest tone".
DISGUST = {
    "level": -2.5, "range": 1.1, "ending": -2.0, "energy": -1.0, "rate": 0.86, "breath": 0.06,
    "envelope": [2.5, 3.0, 2.5, 1.5, 0.5, 0.0, -0.5, -0.5, -1.0, -1.0, -1.0, -1.0, -1.5, -1.5, -2.0, -2.0],
}  # fmt: skip


def measure_clip(clip: Clip, folder: Path) -> dict[str, float | np.ndarray]:
    """One clip's prosody: level and ending in semitones, range as their deviation, energy in dB, seconds, breath 0 to 1, envelope in dB."""
    wave = read_audio(folder / clip.audio)
    world = analyse(wave)
    bands = np.log(np.maximum(np.sqrt(world.envelope) @ _filterbank().numpy()[: N_FFT // 2 + 1], MEL_FLOOR))  # (T, 128)
    bands = bands.reshape(len(bands), BANDS, -1).mean(-1) * 20 / np.log(10)  # (T, 16) dB
    power = np.sqrt(world.envelope.mean(axis=1))
    spoken = np.flatnonzero(power > power.max() * 10 ** (-35 / 20))
    inside = slice(spoken[0], spoken[-1] + 1)
    voiced = world.voiced[inside]
    semitones = 12 / np.log(2) * fill_unvoiced(world.pitch)[inside][voiced]
    centre = np.median(semitones)
    kept = np.abs(semitones - centre) < 14  # the tracker's octave jumps
    ending = semitones[int(len(semitones) * 0.8) :].mean() - centre
    envelope = bands[inside][voiced].mean(0)
    return {
        "level": centre,
        "range": semitones[kept].std(),
        "ending": ending,
        "energy": 10 * np.log10(np.mean(world.envelope[inside][voiced])),
        "seconds": len(voiced) * 160 / SAMPLE_RATE,
        "breath": world.aperiodicity[inside][voiced][:, 64:256].mean(),
        "envelope": envelope - envelope.mean(),
    }


def compare(emotional: dict, neutral: dict) -> dict[str, np.ndarray]:
    """The rules' figures: differences in semitones, dB and breath; ratios of range and rate."""
    differences = {name: emotional[name] - neutral[name] for name in ("level", "energy", "breath", "envelope")}
    ending = emotional["ending"] - neutral["ending"] * emotional["range"] / neutral["range"]  # what the wider range does not explain
    ratios = {"range": emotional["range"] / neutral["range"], "rate": neutral["seconds"] / emotional["seconds"]}
    return differences | ratios | {"ending": ending}


def measure(folder: Path, processes: int = 2) -> dict:
    """The whole table: {emotion: {figure: mean over speakers}}, rounded to 3 digits."""
    clips = read_nemo(folder)
    with ProcessPoolExecutor(processes) as pool:
        measured = dict(zip(clips, pool.map(partial(measure_clip, folder=folder), clips, chunksize=50), strict=True))
    neutral = {(c.speaker, c.text): m for c, m in measured.items() if c.emotion == "neutral"}
    per_speaker = defaultdict(list)
    for clip, found in measured.items():
        if clip.emotion != "neutral" and (clip.speaker, clip.text) in neutral:
            per_speaker[clip.emotion, clip.speaker].append(compare(found, neutral[clip.speaker, clip.text]))
    table = {}
    for emotion in sorted({emotion for emotion, _ in per_speaker}):
        speakers = [rows for (label, _), rows in per_speaker.items() if label == emotion]
        table[emotion] = {
            name: np.round(np.mean([np.mean([row[name] for row in rows], axis=0) for rows in speakers], axis=0), 3).tolist()
            for name in speakers[0][0]
        }
    return table | {"disgusted": DISGUST}


if __name__ == "__main__":
    TABLE.write_text(json.dumps(measure(Path(sys.argv[1])), indent=1) + "\n")
