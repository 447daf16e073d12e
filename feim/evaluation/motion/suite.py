"""The suite behind `python -m feim evaluate motion`: Think-Before-Draw's reading and drawing, beside the bars.

The paper's abstract claims the state of the art on MEAD and HDTF and gives no figures; what is measured here is its mechanism: whether
muscles that are told are shown, and what the two stages add.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from feim.evaluation.experiments.statistics import mean
from feim.evaluation.motion.arms import asked_for, chosen, compared, trained
from feim.evaluation.motion.judge import right, taught
from feim.evaluation.motion.reading import reading
from feim.evaluation.report import Report, Row, go_on
from feim.evaluation.speech import weights
from feim.models import CHECKPOINTS, checkpoint, model_class
from feim.models.motion import Guidance, MotionDiffusion, Wish
from feim.signal.emotion import EMOTIONS

if TYPE_CHECKING:
    from feim.studio import Studio

VERSION = 2  # of the measures: reports of another are not gone on with
TEXT_GAIN, STAGE_GAIN, EMOTION_LOST = 0.10, 0.03, 0.02
FRAME_MILLISECONDS = 2.0  # of a processor, for all that a video frame takes
KIBIBYTES = 400


@dataclass(frozen=True)
class Extent:
    """How much is measured: networks, steps that each learns, films of each length that it learns from, films asked for, lines read."""

    seeds: int = 6
    steps: int = 1500
    films: int = 800
    asked: int = 180
    lines: int | None = None
    whole: int = 2  # more networks, which hear a description as a whole


FULL, QUICK = Extent(), Extent(2, 60, 64, 24, 100, 2)


def evaluate_motion(
    studio: "Studio", data: Path, out: Path, quick: bool = False, resume: bool = False, say: Callable[[str], None] = print
) -> Report:
    """Measure everything; out/motion.json and out/motion.md are written anew after every measure.

    Args: data: folder with meld/; quick: two hardly trained networks; resume: go on with a report of the same weights.
    Raises: MissingCorpus, MissingCheckpoint, ForeignReport.
    """
    extent, path = QUICK if quick else FULL, Path(out) / "motion.json"
    settings = {"version": VERSION, "extent": asdict(extent), "weights": weights()}
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    reader, drawer = (checkpoint.load(model_class(name), name) for name in ("text-emotion", "motion"))
    files = [CHECKPOINTS / f"{name}.safetensors" for name in ("text-emotion", "motion")]
    report.measure("reading", partial(reading, reader, files[0], Path(data) / "meld", extent.lines))
    report.measure("cost", partial(cost, drawer, files))
    runs = Path(out) / ("motion-runs-quick" if quick else "motion-runs")
    found = report.find("arms", partial(experiment, extent, extent.seeds, True, runs, say))
    report.measure("arms", partial(differences, found))
    found = report.find("heard as a whole", partial(experiment, extent, extent.whole, False, runs, say))
    report.measure("heard as a whole", partial(stages, found))
    return report


def cost(network: MotionDiffusion, files: list[Path]) -> list[Row]:
    """What five seconds of expression cost, on one thread."""
    wish, threads = Wish(EMOTIONS.index("happy"), 0.5, ()), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network.sample([wish], 125, [0])
        began = time.perf_counter()
        for seed in range(5):
            network.sample([wish], 125, [seed])
        spent = 1000 * (time.perf_counter() - began) / 5
    finally:
        torch.set_num_threads(threads)
    size = sum(file.stat().st_size for file in files) / 1024
    return [
        Row("milliseconds a frame to draw the expression", spent / 125, FRAME_MILLISECONDS, at_most=True, digits=3, note="5 s, one thread"),
        Row("weights that read and draw, KiB", size, KIBIBYTES, at_most=True, digits=0, note="fp16 on disk"),
    ]


def experiment(extent: Extent, seeds: int, laid: bool, runs: Path, say: Callable[[str], None]) -> dict:
    """Every arm's figures, network by network; `laid` is the shipped network's way to hear a description."""
    networks = []
    for seed in range(seeds):
        say(f"network {seed + 1} of {seeds} learns, {extent.steps} steps")
        folder = runs / f"{'seed' if laid else 'whole'}-{seed}"
        networks.append(trained(seed, extent.steps, extent.films, folder, laid))
    settings = chosen(networks, asked_for("valid", extent.asked // 2))
    judge, test = taught(), asked_for("test", extent.asked)
    found = [compared(network, judge, test, settings) for network in networks]
    truth = right(judge, np.stack([one.levels for one in test.films]), test.labels)
    chosen_settings = {arm: _told(guidance) for arm, guidance in settings.items()}
    return {"networks": found, "settings": chosen_settings, "judge on true films": truth, "films": len(test.films)}


def _told(guidance: Guidance) -> str:
    """A setting as the table prints it."""
    if guidance.together is not None:
        return f"w {guidance.together:g}"
    return f"w_E {guidance.emotion:g}, w_M {guidance.muscles:g}, τ {guidance.change:g}, w_S {guidance.still:g}"


def differences(found: dict) -> list[Row]:
    """Arms side by side, and differences paired over networks."""
    networks = found["networks"]
    rows = [_scored(found, arm, f"AU-F1, {arm}") for arm in networks[0]]
    rows += [
        _paired(networks, "AU text, one stage − label only", "one stage", "label", TEXT_GAIN),
        _paired(networks, "two stages − one stage", "two stages", "one stage", STAGE_GAIN, note="; one stage: guided by the whole prompt"),
        _paired(networks, "two stages − muscles alone in one stage", "two stages", "muscles alone", note="; what the first stage adds"),
        _paired(networks, "shuffled AU text − label only", "shuffled", "label", note="; the gain must be lost"),
    ]
    rows += [Row(f"emotion found, {arm}", mean([one[arm]["emotion"] for one in networks]).value, digits=3) for arm in networks[0]]
    true = found["judge on true films"]
    apart = mean([one["two stages"]["emotion"] - true for one in networks])
    rows += [
        Row("emotion found, true films of them", true, digits=3, note="the judge's own limit"),
        Row("emotion found, two stages − true films", apart.value, digits=3, note=f"± {apart.error:.3f} (SE), {apart.count} networks"),
        _paired(networks, "emotion found, two stages − one stage", "two stages", "one stage", -EMOTION_LOST, "emotion"),
        _paired(networks, "emotion found, two stages − label only", "two stages", "label", -EMOTION_LOST, "emotion"),
    ]
    return rows


def stages(found: dict) -> list[Row]:
    """What stages do for a network that hears a description as one vector, as the paper's does, and not word by word where it is meant."""
    networks = found["networks"]
    rows = [_scored(found, arm, f"heard as a whole: AU-F1, {arm}") for arm in ("label", "one stage", "muscles alone", "two stages")]
    return [
        *rows,
        _paired(networks, "heard as a whole: two stages − one stage", "two stages", "one stage"),
        _paired(networks, "heard as a whole: emotion found, two stages − one stage", "two stages", "one stage", what="emotion"),
    ]


def _scored(found: dict, arm: str, name: str) -> Row:
    """One arm's F1, over networks."""
    score = mean([one[arm]["F1"] for one in found["networks"]])
    parts = ", ".join(
        f"{part} {mean([one[arm][part] for one in found['networks']]).value:.3f}" for part in ("natural", "compound", "frames")
    )
    note = (
        f"± {score.error:.3f} (SE); {parts}; {found['settings'].get(arm, 'as two stages')}; {found['films']} films of unseen combinations"
    )
    return Row(name, score.value, digits=3, note=note)


def _paired(networks: list, name: str, first: str, second: str, floor: float | None = None, what: str = "F1", note: str = "") -> Row:
    """A difference within each network; it counts if it exceeds its floor and twice its error, so the larger is the bar."""
    apart = mean([one[first][what] - one[second][what] for one in networks])
    bar = floor if floor is None or floor < 0 else float(np.nanmax([floor, 2 * apart.error]))
    return Row(name, apart.value, bar, digits=3, note=f"± {apart.error:.3f} (SE), {apart.count} networks{note}")
