"""The suite behind `python -m feim evaluate talking-face-gan`: the seed's eight systems on films of people whom no generator saw."""

from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from feim.evaluation.faces.quality import inception
from feim.evaluation.gan.films import Judges, camera_features, inception_distance, measure
from feim.evaluation.gan.material import FULL, QUICK, gather
from feim.evaluation.gan.tables import SYSTEMS, claims, table
from feim.evaluation.report import Report, Row, go_on
from feim.evaluation.speech import weights
from feim.models import checkpoint, model_class
from feim.models.checkpoint import CHECKPOINTS
from feim.models.talking_face import TalkingFace

if TYPE_CHECKING:
    from feim.studio import Studio

VERSION = 1  # of the measures: reports of another are not gone on with
NAME = "talking-face-gan"
SHIPPED = "se-em"  # the system that the shipped weights are of
LARGER = "-bsrgan"  # of the systems whose films are enlarged


def evaluate_gan(
    studio: "Studio",
    data: Path,
    out: Path,
    quick: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
    others: Path | None = None,
) -> Report:
    """Measure every system whose weights are there; out/talking-face-gan.json and .md are written anew after each.

    Args:
        data: a prepared corpus of films, or a folder of such corpora; test people alone are looked at.
        others: folder of weights talking-face-base, talking-face-se and talking-face-em, and talking-face where it is not the shipped one.
    Raises: MissingCheckpoint, ForeignReport; ValueError without films.
    """
    extent, path = QUICK if quick else FULL, Path(out) / f"{NAME}.json"
    settings = {"version": VERSION, "extent": asdict(extent), "weights": weights(), "others": str(others) if others else None}
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    filmed = gather(Path(data), extent)
    names = ("landmarks", "expression-judge", "lip-sync")
    judges = Judges(studio.faces, *(checkpoint.load(model_class(name), name) for name in names))
    enlarger = checkpoint.load(model_class("super-resolution"), "super-resolution")
    real = cache(partial(camera_features, filmed, judges))
    network = inception()  # where somebody has put its weights: they are never downloaded
    for system in SYSTEMS:
        name = _weights(system)
        generator = _generator(name, others)
        if generator is None:
            say(f"{system}: no weights; train them with `python -m feim train talking-face --name {name}`")
            continue
        larger = enlarger if system.endswith(LARGER) else None
        report.find(system, lambda generator=generator, larger=larger: measure(generator, larger, filmed, judges, real()))
        say(table({system: report.findings[system]}).splitlines()[-1])
        if network:
            measured = partial(inception_distance, network, generator, larger, filmed)
            report.measure(
                f"inception, {system}", lambda system=system, far=measured: [Row(f"FID of Inception's features, {system}", far())]
            )
    report.rows.pop("claims", None)  # of fewer systems, where a report is gone on with
    report.measure("claims", partial(claims, report.findings))
    path.with_suffix(".md").write_text(f"{len(filmed)} films\n\n{table(report.findings)}\n{report.markdown()}")
    return report


def _weights(system: str) -> str:
    """What the weights are called that make a system's films."""
    row = system.removesuffix(LARGER)
    return "talking-face" if row == SHIPPED else f"talking-face-{row}"


def _generator(name: str, others: Path | None) -> TalkingFace | None:
    """None where there are no such weights."""
    for folder in filter(None, (others, CHECKPOINTS)):
        if (folder / f"{name}.safetensors").is_file():
            return checkpoint.load(TalkingFace, name, folder)
    return None
