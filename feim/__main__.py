"""The command line: python -m feim COMMAND. Each command prints for people, or one JSON line with --json."""

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from feim.data.corpora import CORPORA
from feim.signal.emotion import EMOTIONS
from feim.training.recipes import NEEDS, RECIPES

SUITES = ("speech", "feim-tts", "speed", "talking-face")
BENCHES = ("speak", "stream", "animate")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, or 2 with one line on stderr when the input was bad or a package is missing."""
    options = _parser().parse_args(arguments)
    try:
        found = options.command(options)
    except (ValueError, OSError) as error:
        print("feim:", *str(error).split(), file=sys.stderr)  # one line, whatever the error holds
        return 2
    except ModuleNotFoundError as error:
        print(f"feim: {error}; see python -m feim doctor", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found, ensure_ascii=False, default=float))
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"feim: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m feim", description="A face gets a voice with feeling.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    speak = _command(commands, "speak", _speak, "text, face, emotion and intensity → speech")
    speak.add_argument("--text", required=True)
    speak.add_argument("--face", type=Path, help="a portrait; without one the default voice speaks")
    speak.add_argument("--emotion", default="neutral", metavar="EMOTION", help=", ".join(EMOTIONS))
    speak.add_argument("--intensity", default=1.0, type=float, help="0 (neutral) to 30 (strongest); 1 is as labelled")
    speak.add_argument("--seed", default=0, type=int)
    speak.add_argument("--steps", default=None, type=int, help="of the diffusion solver")
    speak.add_argument("--speed", default=1.0, type=float, help="0.5 to 2")
    speak.add_argument("--language", default="en", help="en, or pl: a voice that learnt from actors, not for commerce")
    speak.add_argument("--pitch-shift", default=0.0, type=float, help="semitones, −12 to 12")
    speak.add_argument("--out", required=True, type=Path, help="wav, flac, ogg or mp3")

    animate = _command(commands, "animate", _animate, "a photo that says a text or a recording, as a film")
    animate.add_argument("--face", required=True, type=Path, help="a photo from the front")
    said = animate.add_mutually_exclusive_group(required=True)
    said.add_argument("--text", help="what the face should say, in its own voice")
    said.add_argument("--audio", type=Path, help="a recording that it should say: wav, flac, ogg or mp3")
    animate.add_argument("--emotion", default="neutral", metavar="EMOTION", help=", ".join(EMOTIONS))
    animate.add_argument("--intensity", default=1.0, type=float, help="0 (neutral) to 30 (strongest); 1 is as labelled")
    animate.add_argument("--seed", default=0, type=int)
    animate.add_argument("--size", default=512, type=int, help="pixels of a side, an even number from 64 to 1024")
    animate.add_argument("--out", required=True, type=Path, help="mp4")

    analyse = _command(commands, "analyse", _analyse, "which emotion a voice shows, over time and as a whole")
    analyse.add_argument("file", type=Path, metavar="FILE", help="a sound, or a film with sound")
    analyse.add_argument(
        "--voice", type=Path, nargs="+", default=(), metavar="FILE", help="other recordings of the same person, any emotion"
    )

    train = _command(commands, "train", _train, "train a model and write its weights and card")
    train.add_argument("recipe", choices=sorted(RECIPES))
    train.add_argument("--corpus", type=Path, action="append", default=[], help="a prepared corpus; repeat for more")
    train.add_argument("--faces", type=Path, help="the London set's folder")
    train.add_argument("--heads", type=Path, help="ICT-FaceKit's folder, for what learns from rendered heads")
    train.add_argument("--out", type=Path, help="the run's state and logs (default: runs/NAME or runs/RECIPE, or with -DECODER)")
    train.add_argument("--checkpoints", type=Path, help="where weights go (default: the shipped ones' folder)")
    train.add_argument("--steps", type=int)
    train.add_argument(
        "--name",
        help="what the weights are called: of tts, tts-pl is a smaller one, for Polish; of emotion-recogniser, "
        "acted-emotion-judge; of talking-face, a row of the paper's tables, such as talking-face-base",
    )
    train.add_argument("--initial", help="start from the weights of this name (tts, prosody, vocoder, shrink, lip-motion)")
    train.add_argument("--forget-emotions", action="store_true", default=None, help="of tts: erase the initial weights' emotions first")
    train.add_argument(
        "--shares", type=float, nargs="+", metavar="SHARE", help="how often each is drawn: of tts, prosody, shrink, lip-motion"
    )
    train.add_argument("--decoder", help="of tts: convnext, which ships and is the default, or unet, the paper's; saved as tts-unet")
    train.add_argument("--resume", action="store_true")
    train.add_argument("--miniature", action="store_true", help="a tiny model, for tests and lessons")
    train.add_argument("--device-hint", choices=("cpu", "cuda"), help="cpu leaves a GPU unused, cuda insists on one")

    corpus = _command(commands, "corpus", _corpus, "prepare a real corpus from its published folder")
    corpus.add_argument("name", choices=CORPORA, metavar="NAME", help=", ".join(CORPORA))
    corpus.add_argument("source", type=Path, metavar="SOURCE", help="the published folder, unpacked")
    corpus.add_argument("out", type=Path, metavar="OUT", help="the folder to make; call again to go on after a stop")
    corpus.add_argument("--processes", type=int, default=2)
    corpus.add_argument("--ray", metavar="ADDRESS", help="spread over a Ray cluster instead; it must see SOURCE and OUT")

    align = _command(commands, "align", _align, "find when each phone of a prepared corpus is spoken, in any language")
    align.add_argument("folder", type=Path, metavar="CORPUS", help="a prepared corpus whose clips have texts and no phone times")
    align.add_argument("--steps", type=int)
    align.add_argument("--out", type=Path, help="the run's state and logs (default: runs/align-CORPUS)")
    align.add_argument("--resume", action="store_true")

    synthesise = _command(commands, "synthesise-corpus", _synthesise_corpus, "let the teachers' voices make a corpus")
    synthesise.add_argument("out", type=Path)
    synthesise.add_argument("--sentences", type=Path, help="one sentence a line (default: forty of our own)")
    synthesise.add_argument("--for-judges", action="store_true", help="speakers that no generator hears, for the emotion judge")
    synthesise.add_argument("--neutral", action="store_true", help="nobody shows an emotion: for models that learn it elsewhere")
    synthesise.add_argument("--faces", type=Path, metavar="ICT_FACEKIT", help="films of rendered people who speak, made of this head")
    synthesise.add_argument("--size", type=int, help="of films: their side in pixels (default: 128)")
    synthesise.add_argument("--clips", type=int, help="default: 120, 3600 for judges, or 140 films")
    synthesise.add_argument("--speakers", type=int, help="default: 20, or 96 for judges")
    synthesise.add_argument("--seed", type=int, help="default: 0, or 1000 for judges, who should be other people")
    synthesise.add_argument("--processes", type=int, default=2)

    revoice = _command(commands, "revoice", _revoice, "lend a prepared corpus's readings to designed people: many voices from few")
    revoice.add_argument("source", type=Path, metavar="CORPUS", help="a prepared corpus with phone times and genders")
    revoice.add_argument("out", type=Path, metavar="OUT", help="the folder to make; call again to go on after a stop")
    revoice.add_argument("--voices", type=int, default=24, help="designed people")
    revoice.add_argument("--takes", type=int, default=2, help="people who each reading is lent to")
    revoice.add_argument("--seed", type=int, default=0)
    revoice.add_argument("--processes", type=int, default=2)

    evaluate = _command(commands, "evaluate", _evaluate, "measure, beside the bars")
    evaluate.add_argument("suite", choices=SUITES)
    evaluate.add_argument(
        "--data", type=Path, required=True, help="folder with text/, librispeech/, london/ and models/ (DNSMOS); feim-tts: nemo/"
    )
    evaluate.add_argument("--out", type=Path, default=Path("runs/evaluation"))
    evaluate.add_argument("--quick", action="store_true", help="a few sentences only")
    evaluate.add_argument("--resume", action="store_true", help="go on where an earlier run of the same weights stopped")
    evaluate.add_argument(
        "--ablations", type=Path, help="of feim-tts: folder with tts-labelled, tts-unlabelled and tts-both, or tts-bilingual"
    )

    bench = _command(commands, "bench", _bench, "speed and memory: of whole speech, of a stream, or of a talking face")
    bench.add_argument("suite", choices=BENCHES)

    listen = _command(commands, "listen", _listen, "a listening test: make one, open its page, or count the answers")
    listen.add_argument("folder", type=Path, help="the test, with its sounds and answers")
    listen.add_argument("--make", action="store_true", help="speak a new test into the folder: FEIM-TTS, γ = 0 and a teacher")
    listen.add_argument("--kind", choices=("mos", "ab"), default="mos", help="of the new test: opinions from 1 to 5, or which of two")
    listen.add_argument("--sentences", type=int, default=6, help="of the new test, 4 to 8")
    listen.add_argument("--intensity", type=float, default=1.0, help="FEIM-TTS's γ in the new test")
    listen.add_argument("--results", action="store_true", help="print the tables of what was answered so far")
    listen.add_argument("--port", type=int, help="of the page; GRADIO_SERVER_NAME=0.0.0.0 opens it to other machines")

    _command(commands, "doctor", _doctor, "what is installed, which weights, what is missing")
    return parser


def _command(commands, name: str, function, purpose: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=purpose, description=purpose)
    parser.add_argument("--json", action="store_true", help="print one machine-readable line")
    parser.set_defaults(command=function)
    return parser


def _speak(options: argparse.Namespace) -> dict:
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


def _animate(options: argparse.Namespace) -> dict:
    import time

    from tqdm import tqdm

    import feim

    _check_folder(options.out)
    if options.out.suffix.lower() != ".mp4":
        raise OSError(f"cannot write a film to {options.out}: use a name that ends in .mp4")
    studio = feim.load()
    wish = (options.emotion, options.intensity, options.seed)
    said = options.audio if options.text is None else studio.speak(options.text, options.face, *wish)
    began = time.perf_counter()
    talking = studio.animate(options.face, said, *wish, size=options.size)
    with tqdm(total=len(talking.frames), unit="frame", disable=options.json) as bar:
        talking.save(options.out, progress=lambda part, stage: bar.update(round(part * bar.total) - bar.n))
    spent = time.perf_counter() - began
    notes = (*(() if options.text is None else said.notes), *talking.notes)
    seconds = talking.timings["video"]
    if not options.json:
        for note in dict.fromkeys(notes):
            print(f"note: {note}")
        rate = len(talking.frames) / spent
        print(f"{options.out}: {seconds:.1f} s of a {talking.emotion} face in {spent:.1f} s, {rate:.0f} frames a second")
    return {
        "out": str(options.out),
        "seconds": seconds,
        "frames": len(talking.frames),
        "emotion": talking.emotion,
        "intensity": options.intensity,
        "seed": talking.seed,
        "timings": talking.timings | {"film": spent},
        "notes": list(dict.fromkeys(notes)),
    }


def _check_folder(out: Path) -> None:
    if not out.parent.is_dir():
        raise OSError(f"there is no folder {out.parent} to write {out.name} to; make it first")


def _analyse(options: argparse.Namespace) -> dict:
    import feim

    heard = feim.load().analyse(options.file, voice=options.voice)
    if not options.json:
        for note in heard.notes:
            print(f"note: {note}")
        for moment in heard.moments if len(heard.moments) > 1 else ():
            likeliest = max(moment.emotions, key=moment.emotions.get)
            print(f"{moment.start:6.1f} to {moment.end:6.1f} s  {likeliest} {moment.emotions[likeliest]:.2f}")
        for label, probability in sorted(heard.emotions.items(), key=lambda pair: -pair[1]):
            print(f"{label:10} {probability:.2f}  {'█' * round(40 * probability)}")
    return {
        "file": str(options.file),
        "seconds": heard.seconds,
        "emotion": heard.emotion,
        "emotions": heard.emotions,
        "moments": [asdict(moment) for moment in heard.moments],
        "known": heard.known,
        "notes": heard.notes,
    }


def _train(options: argparse.Namespace) -> dict:
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
    if not getattr(options, needed):
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


def _corpus(options: argparse.Namespace) -> dict:
    from feim.data.corpora import prepare_corpus, workers

    spread = workers.cluster(options.ray) if options.ray else workers.processes(options.processes)
    return _tell_clips(options, prepare_corpus(options.name, options.source, options.out, spread))


def _align(options: argparse.Namespace) -> dict:
    from feim.training.aligning import align_corpus
    from feim.training.loop import together

    _check_steps(options.steps)
    out = options.out or Path("runs") / f"align-{options.folder.name}"
    aligned, too_short = align_corpus(options.folder, out, options.steps, options.resume)
    together().destroy_process_group()
    if not options.json:
        print(f"{options.folder}: phone times of {aligned} clips; {too_short} are too short for their texts and stay without")
    return {"corpus": str(options.folder), "aligned": aligned, "too short": too_short}


def _synthesise_corpus(options: argparse.Namespace) -> dict:
    from feim.data.synthetic.corpus import synthesise_corpus, synthesise_judges_corpus

    if options.for_judges and options.neutral:
        raise ValueError("--for-judges and --neutral do not go together; judges learn to tell emotions")
    given = {name: getattr(options, name) for name in ("sentences", "clips", "speakers", "seed", "processes", "size")}
    given = {name: value for name, value in given.items() if value is not None}
    if options.faces:
        return _tell_clips(options, _synthesise_films(options, given))
    if options.size:
        raise ValueError("--size is of films; name ICT-FaceKit's folder with --faces, or leave it out")
    synthesise = synthesise_judges_corpus if options.for_judges else synthesise_corpus
    return _tell_clips(options, synthesise(options.out, **given, **({"neutral": True} if options.neutral else {})))


def _synthesise_films(options: argparse.Namespace, given: dict) -> list:
    from feim.data.synthetic.talking import synthesise_talking_corpus

    if options.for_judges or options.neutral:
        raise ValueError("--faces makes films of every emotion; leave out --for-judges and --neutral")
    if "speakers" in given:
        given["people"] = given.pop("speakers")
    return synthesise_talking_corpus(options.out, options.faces, **given)


def _revoice(options: argparse.Namespace) -> dict:
    from feim.data.synthetic.revoicing import revoice_corpus

    clips = revoice_corpus(options.source, options.out, options.voices, options.takes, options.seed, options.processes)
    return _tell_clips(options, clips)


def _tell_clips(options: argparse.Namespace, clips: list) -> dict:
    if not options.json:
        print(f"{options.out}: {len(clips)} clips of {len({clip.speaker for clip in clips})} speakers")
    return {"out": str(options.out), "clips": len(clips), "speakers": len({clip.speaker for clip in clips})}


def _evaluate(options: argparse.Namespace) -> dict:
    import feim
    from feim.evaluation.experiments.suite import evaluate_feim_tts
    from feim.evaluation.faces.suite import evaluate_talking_face
    from feim.evaluation.speech import evaluate_speech
    from feim.evaluation.speed import evaluate_speed

    say = (lambda line: None) if options.json else print
    given = (options.data, options.out, options.quick, options.resume, say)
    if options.suite == "feim-tts":
        return evaluate_feim_tts(feim.load(), *given, options.ablations).as_dict()
    if options.ablations:
        raise ValueError("--ablations is of the suite feim-tts; leave it out")
    evaluate = {"speech": evaluate_speech, "speed": evaluate_speed, "talking-face": evaluate_talking_face}[options.suite]
    return evaluate(feim.load(), *given).as_dict()


def _bench(options: argparse.Namespace) -> dict:
    import feim
    from feim.evaluation.bench import bench_speak
    from feim.evaluation.bench_animate import bench_animate
    from feim.evaluation.bench_stream import bench_stream

    measure = {"speak": bench_speak, "stream": bench_stream, "animate": bench_animate}[options.suite]
    return measure(feim.load(), show=not options.json)


def _listen(options: argparse.Namespace) -> dict:
    if options.make and options.results:
        raise ValueError("--make and --results do not go together; a new test has no answers")
    if options.make:
        return _make_listening_test(options)
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
    from feim.evaluation.listening.design import stimuli
    from feim.evaluation.listening.material import make_test

    say = (lambda line: None) if options.json else print
    test = make_test(feim.load(), options.folder, options.kind, options.sentences, options.intensity, say)
    if not options.json:
        print(f"{options.folder}: {len(stimuli(test))} stimuli; python -m feim listen {options.folder} opens the page")
    return {"out": str(options.folder), "kind": test.kind, "systems": test.systems, "stimuli": len(stimuli(test))}


def _doctor(options: argparse.Namespace) -> dict:
    from feim.doctor import examine, show

    found = examine()
    if not options.json:
        show(found)
    return found


if __name__ == "__main__":
    sys.exit(main())
