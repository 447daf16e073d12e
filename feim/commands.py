"""What each command of the command line does: options → what it found, for JSON; for people, printed."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from feim.training.recipes import NEEDS, NEEDS_NOTHING, RECIPES

if TYPE_CHECKING:
    from tqdm import tqdm

    from feim.hearing import Heard
    from feim.seeing import Seen


def speak(options: argparse.Namespace) -> dict:
    import feim

    _check_folder(options.out)
    speech = feim.load().speak(
        options.text,
        options.face,
        options.emotion,
        options.intensity,
        options.seed,
        options.steps,
        speed=options.speed,
        pitch_shift=options.pitch_shift,
        language=options.language,
    )
    speech.save(options.out)
    seconds = speech.timings["audio"]
    if not options.json:
        for note in speech.notes:
            print(f"note: {note}")
        print(f"{options.out}: {seconds:.1f} s of {speech.emotion} speech in {speech.timings['total']:.1f} s")
    return {
        "out": str(options.out),
        "seconds": seconds,
        "emotion": speech.emotion,
        "intensity": speech.intensity,
        "seed": speech.seed,
        "timings": speech.timings,
        "notes": speech.notes,
    }


def animate(options: argparse.Namespace) -> dict:
    import time

    from tqdm import tqdm

    import feim
    from feim.signal.subtitles import write_subtitles

    _check_folder(options.out)
    if options.out.suffix.lower() != ".mp4":
        raise OSError(f"cannot write a film to {options.out}: use a name that ends in .mp4")
    if options.subtitles and options.text is None:
        raise ValueError("--subtitles needs --text; which words a recording says is not known")
    if options.think and options.text is None:
        raise ValueError("--think needs --text; which words a recording says is not known")
    curve = None if options.curve is None else _numbers(options.curve)
    studio = feim.load()
    thought = studio.think(options.text, options.emotion) if options.think else None
    emotion = thought.emotion if thought else options.emotion or "neutral"
    asked = options.intensity if options.intensity is not None else thought.intensity if thought else 1.0
    intensity = asked if curve is None else sum(curve) / len(curve)
    face = studio.prepare(options.face, renderer=options.renderer, size=options.size)
    said = options.audio if options.text is None else studio.speak(options.text, face, emotion, intensity, options.seed)
    began = time.perf_counter()
    felt = None if thought else emotion
    talking = studio.animate(face, said, felt, curve or intensity, options.seed, follow=not options.steady, thought=thought)
    with tqdm(total=len(talking.frames), unit="frame", disable=options.json) as bar:
        talking.save(options.out, progress=_moving(bar))
    subtitles = write_subtitles(options.out.with_suffix(f".{options.subtitles}"), talking.cues) if options.subtitles else None
    spent = time.perf_counter() - began
    notes = (*(thought.notes if thought else ()), *(() if options.text is None else said.notes), *talking.notes)
    seconds = talking.timings["video"]
    if not options.json:
        for number, step in enumerate(thought.steps if thought else (), 1):
            print(f"{number}. {step}")
        for note in dict.fromkeys(notes):
            print(f"note: {note}")
        rate = len(talking.frames) / spent
        print(f"{options.out}: {seconds:.1f} s of a {talking.emotion} face in {spent:.1f} s, {rate:.0f} frames a second")
    return {
        "out": str(options.out),
        "subtitles": subtitles and str(subtitles),
        "seconds": seconds,
        "frames": len(talking.frames),
        "emotion": talking.emotion,
        "intensity": _spread(talking.intensity),
        "seed": talking.seed,
        "renderer": talking.renderer,
        "timings": talking.timings | {"film": spent},
        "notes": list(dict.fromkeys(notes)),
    }


def _moving(bar: "tqdm") -> Callable[[float, str], None]:
    """A progress that moves a bar."""
    return lambda part, stage: bar.update(round(part * bar.total) - bar.n)


def _numbers(curve: str) -> list[float]:
    """Raises InvalidIntensity."""
    from feim.feeling import parse_curve

    return parse_curve([part.strip() for part in curve.split(",")] if curve.strip() else []).tolist()


def _spread(intensity: Sequence[float]) -> dict[str, float]:
    return {"mean": float(sum(intensity)) / len(intensity), "min": float(min(intensity)), "max": float(max(intensity))}


def _check_folder(out: Path) -> None:
    if not out.parent.is_dir():
        raise OSError(f"there is no folder {out.parent} to write {out.name} to; make it first")


def analyse(options: argparse.Namespace) -> dict:
    from tqdm import tqdm

    import feim
    from feim.seeing import kind_of
    from feim.signal.face import FaceNotFound

    kind, studio, given = kind_of(options.file), feim.load(), {"neutral": options.neutral, "voice": options.voice}
    with tqdm(total=100, unit="%", disable=options.json or kind != "video") as bar:
        try:
            found = studio.analyse(**{kind: options.file}, progress=_moving(bar), **given)
        except FaceNotFound as error:
            if kind != "video" or options.neutral is not None:
                raise
            found, unseen = studio.analyse(options.file, voice=options.voice), f"only heard: {error}"
            found = replace(found, notes=(unseen, *found.notes))
    if not options.json:
        _tell(found)
    return {"file": str(options.file), **found.as_dict()}


def _tell(found: "Heard | Seen") -> None:
    """Notes, parts, the range of intensities, and a bar for every emotion; for a film, of what is seen, then of what is heard."""
    heard = getattr(found, "heard", found)
    for note in found.notes:
        print(f"note: {note}")
    if heard is found:
        for moment in heard.moments if len(heard.moments) > 1 else ():
            likeliest = max(moment.emotions, key=moment.emotions.get)
            print(f"{moment.start:6.1f} to {moment.end:6.1f} s  {likeliest} {moment.emotions[likeliest]:.2f}")
    if found.intensity is not None:
        spread = "{min:.2f} to {max:.2f} of the strongest, {mean:.2f} on average".format(**_spread(found.intensity))
        print(f"intensity that is {'heard' if heard is found else 'seen'}, {spread}")
    for label, probability in sorted(found.emotions.items(), key=lambda pair: -pair[1]):
        print(f"{label:10} {probability:.2f}  {'█' * round(40 * probability)}")
    if heard is not None and heard is not found:
        _tell(heard)


def think(options: argparse.Namespace) -> dict:
    import feim

    thought = feim.load().think(options.text, options.emotion)
    if not options.json:
        for note in thought.notes:
            print(f"note: {note}")
        for number, step in enumerate(thought.steps, 1):
            print(f"{number}. {step}")
        print(f"An estimate of the {thought.source}: {thought.emotion}, γ = {thought.intensity:g}")
        for label, probability in sorted(thought.probabilities.items(), key=lambda pair: -pair[1]):
            print(f"{label:10} {probability:.2f}  {'█' * round(40 * probability)}")
    return thought.as_dict()


def train(options: argparse.Namespace) -> dict:
    import os

    import torch

    from feim.models.checkpoint import CHECKPOINTS, parameters
    from feim.training.loop import together
    from feim.training.order import Order

    if options.device_hint == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device-hint cuda: there is no GPU here that torch can use; leave it out, or say cpu")
    if options.device_hint == "cpu":
        os.environ["ACCELERATE_USE_CPU"] = "true"
    if options.miniature and not options.checkpoints:
        raise ValueError("--miniature needs --checkpoints FOLDER, so that the shipped weights stay")
    _check_steps(options.steps)
    needed = NEEDS.get(options.recipe, "corpus")
    if options.recipe not in NEEDS_NOTHING and not getattr(options, needed):
        raise ValueError(f"the recipe {options.recipe} needs --{needed} FOLDER")
    order = Order(
        corpora=tuple(options.corpus),
        faces=options.faces,
        heads=options.heads,
        out=options.out or Path("runs") / "-".join(filter(None, [options.name or options.recipe, options.decoder])),
        checkpoints=options.checkpoints or CHECKPOINTS,
        steps=options.steps,
        initial=options.initial,
        decoder=options.decoder,
        name=options.name,
        shares=tuple(options.shares) if options.shares else None,
        forget_emotions=options.forget_emotions,
        blocks=options.blocks,
        resume=options.resume,
        miniature=options.miniature,
    )
    model = importlib.import_module(RECIPES[options.recipe]).run(order)
    together().destroy_process_group()
    if not options.json:
        print(f"{options.recipe}: weights are in {order.checkpoints}")
    return {"recipe": options.recipe, "parameters": parameters(model), "checkpoints": str(order.checkpoints)}


def _check_steps(steps: int | None) -> None:
    if steps is not None and steps < 1:
        raise ValueError(f"--steps {steps} trains nothing; use 1 or more")


def corpus(options: argparse.Namespace) -> dict:
    from feim.data.corpora import prepare_corpus, workers

    spread = workers.cluster(options.ray) if options.ray else workers.processes(options.processes)
    return _tell_clips(options, prepare_corpus(options.name, options.source, options.out, spread, options.landmarks))


def align(options: argparse.Namespace) -> dict:
    from feim.training.aligning import align_corpus
    from feim.training.loop import together

    _check_steps(options.steps)
    out = options.out or Path("runs") / f"align-{options.folder.name}"
    aligned, too_short = align_corpus(options.folder, out, options.steps, options.resume)
    together().destroy_process_group()
    if not options.json:
        print(f"{options.folder}: phone times of {aligned} clips; {too_short} are too short for their texts and stay without")
    return {"corpus": str(options.folder), "aligned": aligned, "too short": too_short}


def label(options: argparse.Namespace) -> dict:
    from tqdm import tqdm

    from feim.data.labelling import label_corpus
    from feim.models import checkpoint, model_class

    space, network = (checkpoint.load(model_class(name), name) for name in ("emotion-space", "landmarks"))
    with tqdm(unit="film", disable=options.json) as bar:
        found = label_corpus(options.folder, space, network, progress=lambda done: bar.update(done - bar.n))
    if not options.json:
        for clip, reason in found.left_out:
            print(f"left out: {clip}: {reason}")
        print(f"{options.folder}: intensity of {found.clips} films of {found.speakers} speakers")
    return {"corpus": str(options.folder), **asdict(found)}


def synthesise_corpus(options: argparse.Namespace) -> dict:
    from feim.data.synthetic.corpus import synthesise_corpus, synthesise_judges_corpus
    from feim.data.synthetic.swelling import synthesise_swelling_corpus

    kinds = [kind for kind in ("for_judges", "neutral", "swelling") if getattr(options, kind)]
    if len(kinds) > 1:
        raise ValueError(f"--{' and --'.join(kinds).replace('_', '-')} do not go together; each is a corpus of its own")
    given = {name: getattr(options, name) for name in ("sentences", "clips", "speakers", "seed", "processes", "size")}
    given = {name: value for name, value in given.items() if value is not None}
    if options.faces:
        return _tell_clips(options, _synthesise_films(options, given))
    if options.size:
        raise ValueError("--size is of films; say with --faces who is filmed, or leave it out")
    if options.swelling:
        return _tell_clips(options, synthesise_swelling_corpus(options.out, **given))
    synthesise = synthesise_judges_corpus if options.for_judges else synthesise_corpus
    return _tell_clips(options, synthesise(options.out, **given, **({"neutral": True} if options.neutral else {})))


def _synthesise_films(options: argparse.Namespace, given: dict) -> list:
    from feim.data.synthetic.talking import synthesise_talking_corpus

    if options.for_judges or options.neutral or options.swelling:
        raise ValueError("--faces makes films of every emotion, which swells; leave out --for-judges, --neutral and --swelling")
    if "speakers" in given:
        given["people"] = given.pop("speakers")
    return synthesise_talking_corpus(options.out, options.faces, **given)


def narrate(options: argparse.Namespace) -> dict:
    import feim
    from feim.data.synthetic.corpus import SENTENCES
    from feim.narrating import narrate_corpus

    return _tell_clips(options, narrate_corpus(feim.load(), options.out, options.sentences or SENTENCES, options.clips, options.seed))


def revoice(options: argparse.Namespace) -> dict:
    from feim.data.synthetic.revoicing import revoice_corpus

    clips = revoice_corpus(options.source, options.out, options.voices, options.takes, options.seed, options.processes)
    return _tell_clips(options, clips)


def _tell_clips(options: argparse.Namespace, clips: list) -> dict:
    if not options.json:
        print(f"{options.out}: {len(clips)} clips of {len({clip.speaker for clip in clips})} speakers")
    return {"out": str(options.out), "clips": len(clips), "speakers": len({clip.speaker for clip in clips})}


def evaluate(options: argparse.Namespace) -> dict:
    import feim
    from feim.evaluation.experiments.suite import evaluate_feim_tts
    from feim.evaluation.faces.suite import evaluate_talking_face
    from feim.evaluation.gan.suite import evaluate_gan
    from feim.evaluation.intensity.suite import evaluate_intensity
    from feim.evaluation.motion.suite import evaluate_motion
    from feim.evaluation.speech import evaluate_speech
    from feim.evaluation.speed import evaluate_speed

    say = (lambda line: None) if options.json else print
    given = (options.data, options.out, options.quick, options.resume, say)
    compared = {"feim-tts": evaluate_feim_tts, "talking-face-gan": evaluate_gan}
    if options.suite in compared:
        return compared[options.suite](feim.load(), *given, options.ablations).as_dict()
    if options.ablations:
        raise ValueError(f"--ablations is of the suites {' and '.join(compared)}; leave it out")
    plain = {
        "speech": evaluate_speech, "speed": evaluate_speed, "talking-face": evaluate_talking_face, "intensity": evaluate_intensity,
        "motion": evaluate_motion,
    }  # fmt: skip
    return plain[options.suite](feim.load(), *given).as_dict()


def bench(options: argparse.Namespace) -> dict:
    import feim
    from feim.evaluation.bench import bench_speak
    from feim.evaluation.bench_animate import bench_animate
    from feim.evaluation.bench_stream import bench_stream

    measure = {"speak": bench_speak, "stream": bench_stream, "animate": bench_animate}[options.suite]
    return measure(feim.load(), show=not options.json)


def listen(options: argparse.Namespace) -> dict:
    if options.make and options.results:
        raise ValueError("--make and --results do not go together; a new test has no answers")
    if options.make:
        return _make_listening_test(options)
    if options.films or options.systems:
        raise ValueError("--films and --from are of a new test; add --make")
    from feim.evaluation.listening.answers import Answers
    from feim.evaluation.listening.folder import read_test

    test = read_test(options.folder)
    answers = Answers(test)
    if options.results:
        from feim.evaluation.listening.results import read_results

        results = read_results(answers)
        if not options.json:
            print(results.markdown(), end="")
        return results.as_dict()
    from feim.demo.listen import build_page, launch

    page = build_page(test, answers)
    address = launch(page, options.port)
    print(f"{test.title} {address}", file=sys.stderr if options.json else sys.stdout, flush=True)
    page.block_thread()
    return {"address": address}


def _make_listening_test(options: argparse.Namespace) -> dict:
    import feim
    from feim.evaluation.listening.collected import collect_test
    from feim.evaluation.listening.design import stimuli
    from feim.evaluation.listening.material import make_test

    if options.systems:
        test = collect_test(options.systems, options.folder, options.kind)
    else:
        say = (lambda line: None) if options.json else print
        test = make_test(feim.load(), options.folder, options.kind, options.sentences, options.intensity, options.films, say)
    if not options.json:
        print(f"{options.folder}: {len(stimuli(test))} stimuli; python -m feim listen {options.folder} opens the page")
    return {"out": str(options.folder), "kind": test.kind, "systems": test.systems, "stimuli": len(stimuli(test))}


def doctor(options: argparse.Namespace) -> dict:
    from feim.doctor import examine, show

    found = examine()
    if not options.json:
        show(found)
    return found
