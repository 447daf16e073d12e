"""How fast a face moves: `python -m feim bench animate`, from a photo and finished speech to a film on disk, beside the bars."""

import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from feim.evaluation.bench import TEXTS, peak_memory
from feim.evaluation.bench_stream import FACE
from feim.evaluation.report import Row
from feim.models.talking_face import generate, picture_of
from feim.signal.face import find_face, read_image

if TYPE_CHECKING:
    from feim.studio import Studio

FASTEST, SOONEST, MEMORY = 25.0, 1.0, 2.0  # frames a second, all in all; seconds to the first frame; GB
EMOTION, INTENSITY = "happy", 5.0
REPEATS = 5


def measure_film(studio: "Studio", size: int = 512, repeats: int = REPEATS) -> list[Row]:
    """The chain after the sound: the photo read, the face found, its motion made, every frame drawn and the film encoded."""
    speech = studio.speak(TEXTS["5 s"], FACE, EMOTION, INTENSITY)
    firsts, wholes, drawing, count = [], [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(repeats + 1):  # the first is to get warm
            began = time.perf_counter()
            talking = studio.animate(FACE, speech, size=size)
            _ = talking.frames[0]
            first = time.perf_counter() - began
            talking.save(Path(folder) / "film.mp4")
            whole = time.perf_counter() - began
            began = time.perf_counter()
            count = sum(1 for _ in talking.frames)
            if turn:
                firsts.append(first)
                wholes.append(count / whole)
                drawing.append(count / (time.perf_counter() - began))
    note = f"{count} frames at {size}², {torch.get_num_threads()} threads, median of {repeats}"
    return [
        Row(f"frames a second, photo and speech to film, {size}²", statistics.median(wholes), FASTEST, digits=1, note=note),
        Row("seconds until the first frame", statistics.median(firsts), SOONEST, at_most=True, note="face found and fitted"),
        Row("frames a second, drawn alone", statistics.median(drawing), digits=1, note="without encoding"),
        Row("peak memory, GB", peak_memory() / 1e9, MEMORY, at_most=True, note="the whole process, speech included"),
    ]


def measure_painting(studio: "Studio", size: int = 512, repeats: int = REPEATS) -> list[Row]:
    """The other renderer: frames that the GAN paints at 128², and those that super-resolution has made larger, without encoding."""
    speech = studio.speak(TEXTS["5 s"], FACE, EMOTION, INTENSITY)
    picture, painter = picture_of(find_face(read_image(FACE))), studio.painter()
    whole = studio.animate(FACE, speech, renderer="gan", size=size)
    painting, all_in_all = [], []
    for turn in range(repeats + 1):  # the first is to get warm
        began = time.perf_counter()
        count = len(generate(painter.generator, picture, speech.waveform, EMOTION, INTENSITY))
        painted = time.perf_counter()
        enlarged = sum(1 for _ in whole.frames)
        if turn:
            painting.append(count / (painted - began))
            all_in_all.append(enlarged / (time.perf_counter() - painted))
    note = f"{count} frames, {torch.get_num_threads()} threads, median of {repeats}"
    return [
        Row("frames a second, the GAN at 128²", statistics.median(painting), FASTEST, digits=1, note=note),
        Row(f"frames a second, the GAN and super-resolution to {size}²", statistics.median(all_in_all), digits=1),
    ]


def bench_animate(studio: "Studio", show: bool = True) -> dict:
    """Measure and, if asked, print. Returns: the rows."""
    rows = measure_film(studio) + measure_painting(studio)
    if show:
        for row in rows:
            what, value, bar, reached, note = row.cells()
            print(f"{what}: {value} ({bar}{': ' + reached.strip('*') if reached else ''}) · {note}")
    return {"threads": torch.get_num_threads(), "rows": [asdict(row) | {"reached": row.reached} for row in rows]}
