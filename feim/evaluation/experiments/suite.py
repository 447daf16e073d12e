"""The suite behind `python -m feim evaluate feim-tts`: the paper's experiments without raters, as JSON, a table and one page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from feim.evaluation.experiments import acted, calibration, confusion, distortion, intensity, other_corpus, scripts, speakers, training_sets
from feim.evaluation.experiments.experiment import Experiment
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
ABLATION = "training-sets"
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
        ablations: folder with tts-labelled, tts-unlabelled and tts-both; without it, the page says how to train them.
        judges: of emotion, by name; default: shipped_judges().
    Raises: ForeignReport, MissingCheckpoint, and FileNotFoundError or ValueError for what is not in `data`.
    """
    extent, path = QUICK if quick else FULL, Path(out) / "feim-tts.json"
    judges = shipped_judges() if judges is None else judges
    settings = settings_of(studio, extent, judges)
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    trained = None if ablations is None else training_sets.weights(Path(ablations))
    if trained and ABLATION in report.findings and report.findings[ABLATION]["weights"] != trained:
        raise ForeignReport(f"{path} holds the training sets of other weights; choose another folder or leave out --resume")
    ears = checkpoint.load(VoiceNetwork, "voice-network")
    with listeners() as pool:
        material = gather(Path(data), Path(out), extent, studio, ears, pool)
        stage = Stage(Voice(studio), material, judges, SpeakerJudge.shipped(), pool)
        experiments = list(EXPERIMENTS)
        if (Path(data) / ACTORS).is_dir():
            experiments.append(acted.experiment(Path(data) / ACTORS))
        if ablations or ABLATION in report.findings:
            experiments.append(training_sets.experiment(ablations))
        run(stage, report, experiments)
    return report


def settings_of(studio: "Studio", extent: Extent, judges: Mapping[str, Judge]) -> dict:
    """What makes two reports comparable."""
    sampling = asdict(studio.sampling) | {"interval": list(studio.sampling.interval)}  # as JSON gives it back
    return {"extent": asdict(extent), "weights": weights(), "sampling": sampling, "judges": list(judges)}


def run(stage: Stage, report: Report, experiments: Sequence[Experiment]) -> Path:
    """Measure, tell and draw one experiment after the other. Returns: the page."""
    shown = []
    for experiment in experiments:
        report.say(f"— {experiment.title}")
        found = report.find(experiment.measurement or experiment.name, partial(experiment.measure, stage))
        report.measure(experiment.name, partial(experiment.rows, found))
        shown.append((experiment, found))
        page = write_page(report, shown)
    return page
