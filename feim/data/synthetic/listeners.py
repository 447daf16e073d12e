"""More speech for judges: speakers that no generator hears, every emotion from a hint of it to beyond what any teacher shows.

    python -m feim.data.synthetic.listeners OUT SENTENCES

The teachers' corpus has two dozen speakers for judges; telling emotion from timbre takes more people.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from feim.data.clip import Clip, write_manifest
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import Session, Take, cut_short, record
from feim.data.synthetic.voices import design_speakers
from feim.signal.emotion import EMOTIONS

SEED = 1000  # other people than the teachers' corpus has
WEAKEST, STRONGEST = 0.2, 1.5  # intensities: guidance goes beyond the teachers' 1
TAKES = 6  # of one reading


def plan(sentences: list[tuple[str, str]], clips: int, speakers: int) -> list[Session]:
    """Deterministic sessions: engines and emotions in turn, texts (half of them cut short), speakers and intensities by chance."""
    random = np.random.default_rng(SEED)
    everybody = design_speakers(speakers, SEED, split="judge")
    engines = list(dict.fromkeys(speaker.engine for speaker in everybody))
    texts = [text for text, split in sentences if split == "train"]
    sessions = []
    for number, text in enumerate(random.choice(texts, -(-clips // TAKES))):
        engine = engines[number % len(engines)]
        able = [speaker for speaker in everybody if speaker.engine == engine]
        takes = []
        for index in range(TAKES):
            emotion = EMOTIONS[(number * TAKES + index) % len(EMOTIONS)]
            intensity = 0.0 if emotion == "neutral" else round(float(random.uniform(WEAKEST, STRONGEST)), 3)
            takes.append(Take(f"{number:05d}-{index}", able[random.integers(len(able))], emotion, intensity))
        text = cut_short(text, random.integers(4, 10)) if number % 4 < 2 else str(text)
        sessions.append(Session(engine, text, "train", tuple(takes)))
    return sessions


def synthesise_listeners(out: Path, sentences: Path, clips: int = 3600, speakers: int = 96, processes: int = 2) -> list[Clip]:
    """Write the corpus (manifest, sounds) under `out`. Raises: NoSentences."""
    (out / "audio").mkdir(parents=True, exist_ok=True)
    sessions = plan(read_sentences(sentences), clips, speakers)
    with ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        recorded = tqdm(pool.map(partial(record, out=out), sessions), total=len(sessions), desc="voices", unit="text")
        found = [clip for made in recorded for clip in made]
    write_manifest(out, found)
    return found


if __name__ == "__main__":
    print(f"{len(synthesise_listeners(Path(sys.argv[1]), Path(sys.argv[2])))} clips")
