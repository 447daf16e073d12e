"""The suite behind `python -m feim evaluate talking-face`: every measure of a moving face, beside the bars."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from feim.evaluation.bench_animate import measure_film, measure_painting
from feim.evaluation.faces.enlargement import enlargement
from feim.evaluation.faces.expressions import expressions
from feim.evaluation.faces.filmed import filmed
from feim.evaluation.faces.identity import identity
from feim.evaluation.faces.landmarks import landmarks
from feim.evaluation.faces.lips import lips
from feim.evaluation.faces.material import FULL, QUICK, gather
from feim.evaluation.faces.smile import smile
from feim.evaluation.faces.sync import sync
from feim.evaluation.report import Report, go_on
from feim.evaluation.speech import weights
from feim.models import checkpoint, model_class

if TYPE_CHECKING:
    from feim.studio import Studio

VERSION = 2  # of the measures: reports of another are not gone on with
NAME = "talking-face"
FILMED = Path("grid/video")  # films of the GRID corpus, under the data folder


def evaluate_talking_face(
    studio: "Studio", data: Path, out: Path, quick: bool = False, resume: bool = False, say: Callable[[str], None] = print
) -> Report:
    """Measure everything; out/talking-face.json and out/talking-face.md are written anew after every measure.

    Args:
        data: folder with london/ and text/; with grid/video/, lips are compared with real ones, too.
        quick: a few people and sentences; resume: go on with a report of the same weights.
    Raises: FileNotFoundError, NoSentences, MissingCheckpoint, ForeignReport.
    """
    extent, path = QUICK if quick else FULL, Path(out) / f"{NAME}.json"
    settings = {"version": VERSION, "extent": asdict(extent), "weights": weights()}
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    basis, network, listener = (checkpoint.load(model_class(name), name) for name in ("portrait", "landmarks", "lip-motion"))
    report.measure("pace", partial(measure_film, studio, repeats=2 if quick else 5))  # first: nothing else is loaded
    report.measure("painting", partial(measure_painting, studio, repeats=2 if quick else 5))
    material = gather(Path(data), extent)
    enlarger = checkpoint.to_device(checkpoint.load(model_class("super-resolution"), "super-resolution"))
    report.measure("super-resolution", partial(enlargement, enlarger, studio.faces, material))
    report.measure("landmarks", partial(landmarks, network, material))
    report.measure("smile", partial(smile, network, basis, material))
    report.measure("lips", partial(lips, studio, listener, basis, material))
    films = Path(data) / FILMED if (Path(data) / FILMED).is_dir() else None
    if films:
        report.measure("filmed", partial(filmed, network, listener, films))
    judge, hearer = (checkpoint.load(model_class(name), name) for name in ("expression-judge", "lip-sync"))
    report.measure("sync", partial(sync, studio, network, listener, basis, hearer, material, films))
    report.measure("expressions", partial(expressions, studio, network, basis, judge, material))
    report.measure("identity", partial(identity, studio, material))
    return report
