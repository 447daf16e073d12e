"""The suite behind `python -m feim evaluate intensity`: emotion that lives in time, beside the bars."""

from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from feim.data.synthetic.expressive_films import as_seen
from feim.evaluation.faces.material import Extent as Sitting
from feim.evaluation.faces.material import gather
from feim.evaluation.intensity import material
from feim.evaluation.intensity.faces import faces
from feim.evaluation.intensity.films import films
from feim.evaluation.intensity.labelled import labelled
from feim.evaluation.intensity.material import CONTROL_SEED, FACES_SEED, FULL, QUICK, TAUGHT_SEED
from feim.evaluation.intensity.mixtures import mixtures
from feim.evaluation.intensity.read_back import read_back
from feim.evaluation.intensity.taught import filmed_corpus, taught
from feim.evaluation.intensity.voices import cost, real_voices, voices, wandering_voices
from feim.evaluation.report import Report, Row, go_on
from feim.evaluation.speech import weights
from feim.models import checkpoint, model_class

if TYPE_CHECKING:
    from feim.studio import Studio

VERSION = 2  # of the measures: reports of another are not gone on with
NAME = "intensity"
COST = 2.0  # ms a frame, with the motion of Think-Before-Draw


def evaluate_intensity(
    studio: "Studio", data: Path, out: Path, quick: bool = False, resume: bool = False, say: Callable[[str], None] = print
) -> Report:
    """Measure everything; out/intensity.json and out/intensity.md are written anew after every measure.

    Args:
        data: folder with ict_facekit/, london/ and text/; with nemo/, real actors are heard, too.
        quick: a few people and sentences; resume: go on with a report of the same weights.
    Raises: FileNotFoundError, NoSentences, MissingCheckpoint, ForeignReport, EngineFailed.
    """
    extent, out, data = QUICK if quick else FULL, Path(out), Path(data)
    settings = {"version": VERSION, "extent": asdict(extent), "weights": weights()}
    path = out / f"{NAME}.json"
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    space, listener, judge, network = (
        checkpoint.load(model_class(name), name) for name in ("emotion-space", "voice-intensity", "expression-judge", "landmarks")
    )
    report.measure("cost", lambda: [Row("cost of hearing intensity, ms a frame", cost(listener), COST, True, 3, "processor time, 10 s")])
    report.measure("voices", lambda: voices(listener, material.voices(data, out, extent)))
    report.measure("wandering", lambda: wandering_voices(listener, material.voices(data, out, extent, wandering=True)))
    if clips := material.actors(data, extent):
        report.measure("actors", partial(real_voices, listener, clips, data))
    heads = material.heads(data)
    report.measure("mixtures", partial(mixtures, space, judge, heads.head))

    sight = cache(lambda: material.sight(heads, network, data, extent))

    def labels() -> list[Row]:
        exact = material.faces(heads.head, extent.faces, FACES_SEED, data)
        control = material.faces(heads.head, max(3, extent.faces * 2 // 3), CONTROL_SEED, data)
        return faces(space, as_seen(exact, sight(), FACES_SEED), exact, as_seen(control, sight(), CONTROL_SEED))

    report.measure("faces", labels)
    sitting = gather(data, Sitting(people=extent.sitters))
    report.measure("labelled", lambda: labelled(space, network, material.films(data, out, extent)))

    def lessons() -> list[Row]:
        people, steps = extent.taught
        exact = material.lessons(heads.head, data, extent)
        folder = filmed_corpus(exact, as_seen(exact, sight(), TAUGHT_SEED), out / f"taught-{people}")
        return taught(space, network, folder, steps, material.voices(data, out, extent))

    report.measure("taught", lessons)
    few = sitting.sitters[: max(2, extent.sitters // 4)]
    report.measure("read back", partial(read_back, studio, few, sitting.texts, space.intensity))
    report.measure("films", partial(films, studio, network, judge, sitting, extent.frames))
    return report
