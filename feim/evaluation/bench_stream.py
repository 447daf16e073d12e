"""How soon it speaks: `python -m feim bench stream`, the first sound of a stream, the cost of a long text, and memory, beside the bars."""

import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from feim.evaluation.bench import EMOTION, INTENSITY, TEXTS, peak_memory
from feim.evaluation.report import Row

if TYPE_CHECKING:
    from feim.studio import Studio

SENTENCE = "The train to the coast leaves at noon without us."  # ten words
FACE = Path(__file__).parents[2] / "assets" / "faces" / "average-woman-20s.jpg"
MINUTE = (  # of speech, in sentences of many lengths
    "The lighthouse had been empty for eleven years when they gave me the key. Nobody wanted it. The stairs were narrow, the windows "
    "would not close, and in winter the sea came up to the door and knocked. I took a lamp, two blankets and a box of books, and I "
    "went. On the first evening I counted the ships until it was too dark to see them. There were nine, and one small boat. I wrote "
    "that down, because a keeper writes everything down, even when there is nothing left to keep. Then I slept. In the morning a boy "
    "stood outside with a basket of bread, and asked me whether I was the new ghost. I said that I was not sure. He thought about it, "
    "looked up at the broken glass, and told me that the old ghost had at least been able to whistle. So I learned to whistle. By the "
    "time the storms were over, he came every day, with bread, with fish, and with questions that I could not answer. He never asked "
    "why I had come. I think he knew. On the last night of March the lamp burned until the morning, and a tenth ship came home, and I "
    "whistled."
)


@dataclass(frozen=True)
class Start:
    """Seconds until the first chunk is there, and those spent on the face, the text, the mel (acoustic) and the sound made of it."""

    total: float
    face: float
    text: float
    acoustic: float
    sound: float

    def __str__(self) -> str:
        """Where the time goes, in milliseconds."""
        return ", ".join(f"{stage} {1000 * seconds:.0f} ms" for stage, seconds in asdict(self).items() if stage != "total")


def measure_start(studio: "Studio", face: Path | None, repeats: int = 9) -> Start:
    """How soon SENTENCE is heard: the run of middle length."""
    _first_sound(studio, face)  # warm
    return sorted((_first_sound(studio, face) for _ in range(repeats)), key=lambda start: start.total)[repeats // 2]


def _first_sound(studio: "Studio", face: Path | None) -> Start:
    began = time.perf_counter()
    stream = studio.stream(SENTENCE, face, EMOTION, INTENSITY)
    chunk = next(stream)
    total = time.perf_counter() - began
    for following in stream:
        chunk = following
    spent = {stage: chunk.speech.timings[stage] for stage in ("face", "text", "acoustic")}
    return Start(total, **spent, sound=total - sum(spent.values()))


def measure_growth(studio: "Studio", repeats: int = 3) -> tuple[float, float]:
    """Speak the 5 s text and the minute in turns, and count processor time, which other programs' work does not lengthen.

    Returns: the cost of a second of sound in the minute over that in the 5 s, by medians; and the minute's seconds of sound.
    """
    turns = [[_cost(studio, text) for text in (TEXTS["5 s"], MINUTE)] for _ in range(repeats)]
    short, long = (statistics.median(cost / audio for cost, audio in runs) for runs in zip(*turns, strict=True))
    return long / short, turns[0][1][1]


def _cost(studio: "Studio", text: str) -> tuple[float, float]:
    """Seconds of processor time, and of sound."""
    began = time.process_time()
    speech = studio.speak(text, None, EMOTION, INTENSITY)
    return time.process_time() - began, speech.timings["audio"]


def longest_wait(studio: "Studio", text: str) -> float:
    """Seconds of silence, at most, between two chunks for who listens to a stream from its first chunk on."""
    wait, ends = 0.0, None
    for chunk in studio.stream(text, None, EMOTION, INTENSITY):
        now = time.perf_counter()
        if ends is not None:
            wait = max(wait, now - ends)
        ends = max(now, ends or now) + len(chunk.waveform) / chunk.sample_rate
    return wait


def bench_stream(studio: "Studio", show: bool = True) -> dict:
    """First sound without and with a face, cost of a minute against 5 s, the longest gap and peak memory, each beside its bar.

    Returns: threads, and rows as in feim.evaluation.report.
    """
    rows = []
    for what, face in (("first sound, ten words, s", None), ("first sound, ten words, with a face, s", FACE)):
        start = measure_start(studio, face)
        rows.append(Row(what, start.total, 0.2, at_most=True, digits=3, note=str(start)))
    growth, minute = measure_growth(studio)
    note = f"a second of sound in {minute:.0f} s of it over one in 5 s, processor time"
    rows.append(Row("cost against length", growth, 1.2, at_most=True, note=note))
    rows.append(Row("longest silence while a minute is streamed, s", longest_wait(studio, MINUTE)))
    rows.append(Row("peak memory, GB", peak_memory() / 1e9, 2.5, at_most=True))
    if show:
        for row in rows:
            what, value, bar, reached, note = row.cells()
            print(f"{what:46}{value:>8}   {bar:8} {reached.strip('*'):4}{note}".rstrip())
        print(f"{torch.get_num_threads()} threads")
    return {"threads": torch.get_num_threads(), "rows": [asdict(row) | {"reached": row.reached} for row in rows]}
