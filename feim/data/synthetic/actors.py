"""Measure how real actors speak each emotion, against their own neutral: python -m feim.data.synthetic.actors NEMO_FOLDER

Reads nEMO and writes prosody.json, the small table that the teachers' rules use (feim/data/synthetic/prosody.py). The table here is
from the seven of its nine actors who were at hand (3775 of 4481 clips, as 16 kHz Ogg Vorbis). Every figure compares a clip with the
same speaker's neutral reading of the same sentence, averages over a speaker's clips, then over speakers. nEMO has no disgust: that
row is from the literature, in the same units. Its recordings are levelled (the speakers' energies differ from each other by more than
any emotion from neutral), so energy is from the literature too.
"""

import argparse
import json
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.data.corpora.nemo import read_nemo
from feim.data.pool import one_thread_each
from feim.signal.audio import FRAME_RATE, MEL_FLOOR, N_FFT, mel_filterbank, read_audio
from feim.signal.world import analyse, fill_unvoiced

TABLE = Path(__file__).with_name("prosody.json")
BANDS = 16  # of the envelope, eight mel bands each
PARTS = 8  # of a sentence, equally long, from its first voiced sound to its last

# Decibels above neutral. The signs are Murray and Arnott's (1993, table 1: anger and happiness higher, fear normal, sadness and disgust
# lower); surprise, which they lack, is between fear and happiness. The sizes are ours: a raised and a lowered voice, not a shout.
ENERGY = {"angry": 3.0, "happy": 1.5, "surprised": 1.0, "fearful": 0.0, "sad": -2.5, "disgusted": -1.0}

# Disgust, relative to neutral. Murray and Arnott 1993 (table 1): very much slower, very much lower, slightly wider range, lower
# intensity, "grumbled chest tone", wide downward terminal inflections. Juslin and Laukka 2003 (table 7): slow, low or medium level,
# falling contours. Banse and Scherer 1996: low-frequency energy up. The envelope's shape is our reading of "chest tone".
DISGUST = {
    "level": -2.5, "range": 1.1, "rate": 0.86, "breath": 0.06,
    "contour": [0.8, 0.5, 0.3, 0.0, -0.3, -0.6, -1.2, -2.2], "stress": [0.5, 0.4, 0.2, 0.1, -0.1, -0.2, -0.4, -0.5],
    "envelope": [2.5, 3.0, 2.5, 1.5, 0.5, 0.0, -0.5, -0.5, -1.0, -1.0, -1.0, -1.0, -1.5, -1.5, -2.0, -2.0],
}  # fmt: skip


def measure_clip(clip: Clip, folder: Path) -> dict[str, float | np.ndarray]:
    """One clip's prosody.

    Returns: level: median pitch, semitones; range: its deviation; contour: (8,) semitones from the median in each part of the sentence.
        stress: (8,) dB from their mean; seconds; breath: mean aperiodicity from 1 to 4 kHz; envelope: (16,) dB from their mean.
    """
    wave = read_audio(folder / clip.audio)
    world = analyse(wave)
    bands = np.log(np.maximum(np.sqrt(world.envelope) @ mel_filterbank().numpy()[: N_FFT // 2 + 1], MEL_FLOOR))  # (T, 128)
    bands = bands.reshape(len(bands), BANDS, -1).mean(-1) * 20 / np.log(10)  # (T, 16) dB
    spoken = np.flatnonzero(world.voiced)
    inside = slice(spoken[0], spoken[-1] + 1)
    voiced = world.voiced[inside]
    semitones = 12 / np.log(2) * fill_unvoiced(world.pitch)[inside]
    centre = np.median(semitones[voiced])
    kept = voiced & (np.abs(semitones - centre) < 14)  # the tracker's octave jumps
    energy = 10 * np.log10(world.envelope[inside].mean(axis=1))
    contour, stress = part_means(semitones - centre, kept), part_means(energy, voiced)
    envelope = bands[inside][voiced].mean(0)
    return {
        "level": centre,
        "range": semitones[kept].std(),
        "contour": contour,
        "stress": stress - np.nanmean(stress),
        "seconds": len(voiced) / FRAME_RATE,
        "breath": world.aperiodicity[inside][voiced][:, 64:256].mean(),
        "envelope": envelope - envelope.mean(),
    }


def part_means(line: np.ndarray, use: np.ndarray) -> np.ndarray:
    """(T,) → (8,): the mean of each part's frames in `use` (T,); nan where there is none."""
    parts = zip(np.array_split(line, PARTS), np.array_split(use, PARTS), strict=True)
    return np.array([values[chosen].mean() if chosen.any() else np.nan for values, chosen in parts])


def compare(emotional: dict, neutral: dict) -> dict[str, np.ndarray]:
    """The rules' figures: differences in semitones, dB and breath; ratios of range and rate."""
    differences = {name: emotional[name] - neutral[name] for name in ("level", "breath", "stress", "envelope")}
    ratios = {"range": emotional["range"] / neutral["range"], "rate": neutral["seconds"] / emotional["seconds"]}
    contour = emotional["contour"] - neutral["contour"] * ratios["range"]  # what the wider range does not explain
    return differences | ratios | {"contour": contour}


def measure(folder: Path, processes: int = 2) -> dict:
    """The whole table: {emotion: {figure: mean over speakers}}, rounded to 3 digits. Raises MissingCorpus."""
    clips = read_nemo(folder)
    with one_thread_each(processes) as pool:
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
            name: np.round(np.mean([np.nanmean([row[name] for row in rows], axis=0) for rows in speakers], axis=0), 3).tolist()
            for name in speakers[0][0]
        }
    table["disgusted"] = DISGUST
    return {emotion: {"energy": ENERGY[emotion]} | figures for emotion, figures in table.items()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m feim.data.synthetic.actors", description=f"Measure nEMO's actors; write {TABLE.name}.")
    parser.add_argument("nemo", type=Path, help="folder of nEMO")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        table = measure(options.nemo, options.processes)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    TABLE.write_text(json.dumps(table, indent=1) + "\n")
    print(f"{TABLE}: {', '.join(table)}")


if __name__ == "__main__":
    main()
