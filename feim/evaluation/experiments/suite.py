"""The suite behind `python -m feim evaluate feim-tts`: the paper's experiments without raters, as JSON, a table and one page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from feim.evaluation.experiments import (
    acted,
    calibration,
    carry_over,
    confusion,
    distortion,
    intensity,
    other_corpus,
    scripts,
    speakers,
    training_sets,
)
from feim.evaluation.experiments.experiment import Experiment, weights_of
from feim.evaluation.experiments.material import FULL, QUICK, Extent, gather
from feim.evaluation.experiments.page import write_page
from feim.evaluation.experiments.stage import Judge, Stage, Voice
from feim.evaluation.judges import EmotionJudge, SpeakerJudge, listeners
from feim.evaluation.report import ForeignReport, Report, go_on
from feim.evaluation.speech import weights
from feim.models import checkpoint
from feim.models.embeddings import VoiceNetwork

if TYPE_CHECKING:
    from feim.studio import Studio

EXPERIMENTS = (
    distortion.EXPERIMENT,
    intensity.EXPERIMENT,
    confusion.EXPERIMENT,
    calibration.EXPERIMENT,
    scripts.EXPERIMENT,
    speakers.EXPERIMENT,
    other_corpus.EXPERIMENT,
)
VERSION = 2  # of what experiments find: an older report's findings have another shape
COMPARISONS = (training_sets, carry_over)  # with models that do not ship
ACTORS = "nemo"  # in the data folder, where it is


def shipped_judges() -> dict[str, Judge]:
    """Who hears emotions, by the name that tables and figures use. Raises: MissingCheckpoint, DamagedCheckpoint."""
    return {"teachers' judge": EmotionJudge.shipped()}


def evaluate_feim_tts(
    studio: "Studio",
    data: Path,
    out: Path,
    quick: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
    ablations: Path | None = None,
    judges: Mapping[str, Judge] | None = None,
) -> Report:
    """Run every experiment; out/feim-tts.json, .md and .html are written anew after each.

    Args:
        data: folder with text/ljspeech_sentences.txt, london/, librispeech/ and models/dnsmos_sig_bak_ovr.onnx; with nemo/, the
            Polish voice is measured too.
        quick: an eighth of the material.
        resume: go on with out/feim-tts.json; a finished one is only drawn again.
        ablations: folder with tts-labelled, tts-unlabelled and tts-both, or tts-bilingual, or all; the page says how to train what is
            not there.
        judges: of emotion, by name; default: shipped_judges().
    Raises: ForeignReport, MissingCheckpoint, and FileNotFoundError or ValueError for what is not in `data`.
    """
    extent, path = QUICK if quick else FULL, Path(out) / "feim-tts.json"
    judges = shipped_judges() if judges is None else judges
    settings = settings_of(studio, extent, judges)
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    comparisons = comparable(ablations, report)
    ears = checkpoint.load(VoiceNetwork, "voice-network")
    with listeners() as pool:
        material = gather(Path(data), Path(out), extent, studio, ears, pool)
        stage = Stage(Voice(studio), material, judges, SpeakerJudge.shipped(), pool)
        experiments = list(EXPERIMENTS)
        if (Path(data) / ACTORS).is_dir():
            experiments.append(acted.experiment(Path(data) / ACTORS))
        experiments += [module.experiment(ablations) for module in comparisons]
        run(stage, report, experiments, [module.experiment(None) for module in COMPARISONS if module not in comparisons])
    return report


def comparable(folder: Path | None, report: Report) -> list[ModuleType]:
    """Of COMPARISONS, those whose models are in `folder`, or that the report already has.

    Raises: ForeignReport when the report has one of other weights; MissingCheckpoint when some of a comparison's models are not there,
    or none of any.
    """
    trained = {module: weights_of(module.TRAINED, Path(folder)) if folder else {} for module in COMPARISONS}
    if folder and not any(trained.values()):
        names = ", ".join(name for module in COMPARISONS for name in module.TRAINED)
        raise checkpoint.MissingCheckpoint(
            f"{folder} has no models to compare; it needs some of {names}, which the suite's page tells how to train"
        )
    for module, found in trained.items():
        measured = report.findings.get(module.NAME)
        if found and measured and measured["weights"] != found:
            raise ForeignReport(f"{report.path} has other weights' {module.NAME}; choose another folder or leave out --resume")
    return [module for module, found in trained.items() if found or module.NAME in report.findings]


def settings_of(studio: "Studio", extent: Extent, judges: Mapping[str, Judge]) -> dict:
    """What makes two reports comparable."""
    sampling = asdict(studio.sampling) | {"interval": list(studio.sampling.interval)}  # as JSON gives it back
    return {"version": VERSION, "extent": asdict(extent), "weights": weights(), "sampling": sampling, "judges": list(judges)}


def run(stage: Stage, report: Report, experiments: Sequence[Experiment], untrained: Sequence[Experiment] = ()) -> Path:
    """Measure, tell and draw one experiment after the other. Returns: the page, which says how to train the models of `untrained`."""
    shown = []
    for experiment in experiments:
        report.say(f"— {experiment.title}")
        found = report.find(experiment.measurement or experiment.name, partial(experiment.measure, stage))
        report.measure(experiment.name, partial(experiment.rows, found))
        shown.append((experiment, found))
        page = write_page(report, shown, untrained)
    return page
