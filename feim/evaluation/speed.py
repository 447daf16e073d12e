"""The suite behind `python -m feim evaluate speed`: what a second of speech costs, and what the default's few steps lose to many."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from feim.evaluation import bench
from feim.evaluation.judges import listeners, rate_naturalness, transcribe
from feim.evaluation.material import FULL, QUICK, Material, gather
from feim.evaluation.metrics import word_error_margin, word_error_rate
from feim.evaluation.report import Report, Row, go_on
from feim.evaluation.speech import weights

if TYPE_CHECKING:
    from feim.studio import Studio

FASTEST = 0.05  # RTF
MANY = 50  # steps of the same model
WORDS_LOST, NATURALNESS_LOST = 0.01, 0.1  # word error rate above, DNSMOS OVR under that of many steps
REPEATS = 15


def evaluate_speed(
    studio: "Studio", data: Path, out: Path, quick: bool = False, resume: bool = False, say: Callable[[str], None] = print
) -> Report:
    """Measure everything with guidance on; out/speed.json and out/speed.md are written anew after every measure.

    Args: as evaluate_speech's. The test sentences, faces and emotions are those of its suite.
    Raises: as evaluate_speech.
    """
    extent, path = QUICK if quick else FULL, Path(out) / "speed.json"
    sampling = asdict(studio.sampling) | {"interval": list(studio.sampling.interval)}  # as JSON gives it back
    settings = {"extent": asdict(extent), "weights": weights(), "sampling": sampling}
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    report.measure("pace", partial(pace, studio))  # first: nothing else runs beside it
    with listeners() as pool:
        report.measure("steps", lambda: steps_lost(studio, gather(Path(data), extent, pool), pool))
    return report


def pace(studio: "Studio") -> list[Row]:
    """Text to waveform for a 5 s sentence, and how it divides."""
    found = bench.measure_pace(studio, bench.TEXTS["5 s"], REPEATS)
    parts = ", ".join(f"{stage} {found.rtf(stage):.3f}" for stage in ("text", "acoustic", "vocoder"))
    note = f"{parts}; {found.audio:.1f} s of speech, {torch.get_num_threads()} threads, γ = {bench.INTENSITY:g}, median of {REPEATS}"
    return [Row("real-time factor, 5 s sentence", found.rtf(), FASTEST, at_most=True, digits=3, note=note)]


def steps_lost(studio: "Studio", material: Material, pool: ProcessPoolExecutor) -> list[Row]:
    """Words and naturalness of the default steps beside MANY of the same model: the same sentences, faces, durations and noise."""
    few, many = (
        [studio.speak(line.text, line.face, line.emotion, bench.INTENSITY, steps=steps).waveform for line in material.lines]
        for steps in (studio.sampling.steps, MANY)
    )
    said = [line.text for line in material.lines]
    heard, reference = list(pool.map(transcribe, few)), list(pool.map(transcribe, many))
    errors, least = word_error_rate(said, heard), word_error_rate(said, reference)
    words = f"{MANY} steps {least:.3f}, difference {errors - least:+.3f} ± {2 * word_error_margin(said, heard, reference):.3f} (2 SE)"

    rate = partial(rate_naturalness, weights=material.dnsmos)
    ours, best = (np.array([opinion.ovr for opinion in pool.map(rate, waves)]) for waves in (few, many))
    margin = 2 * (ours - best).std() / len(said) ** 0.5
    opinions = f"{MANY} steps {best.mean():.3f}, difference {(ours - best).mean():+.3f} ± {margin:.3f} (2 SE)"

    steps, count = f"{studio.sampling.steps} steps, γ = {bench.INTENSITY:g}", f"{len(said)} sentences"
    return [
        Row(f"word error rate, {steps}", errors, least + WORDS_LOST, at_most=True, digits=3, note=f"{words}, {count}"),
        Row(f"DNSMOS OVR, {steps}", ours.mean().item(), best.mean().item() - NATURALNESS_LOST, digits=3, note=f"{opinions}, {count}"),
    ]
