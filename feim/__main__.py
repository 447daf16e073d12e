"""The command line: python -m feim COMMAND. Each command prints for people, or one JSON line with --json."""

import argparse
import json
import sys
from pathlib import Path
from typing import NoReturn

from feim import commands
from feim.data.corpora import CORPORA
from feim.signal.emotion import EMOTIONS, EXAMPLE
from feim.signal.emotion_arc import EXAMPLE as ONE_AFTER_ANOTHER
from feim.training.recipes import RECIPES

SUITES = ("speech", "feim-tts", "speed", "talking-face", "talking-face-gan", "intensity", "motion")
BENCHES = ("speak", "stream", "animate")
FEELINGS = f"{', '.join(EMOTIONS)}; or a mixture, such as {EXAMPLE}; or one after another, such as {ONE_AFTER_ANOTHER}"


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
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")

    speak = _command(parsers, "speak", commands.speak, "text, face, emotion and intensity → speech")
    speak.add_argument("--text", required=True)
    speak.add_argument("--face", type=Path, help="a portrait; without one the default voice speaks")
    speak.add_argument("--emotion", default="neutral", metavar="EMOTION", help=FEELINGS)
    speak.add_argument("--intensity", default=1.0, type=float, help="0 (neutral) to 30 (strongest); 1 is as labelled")
    speak.add_argument("--seed", default=0, type=int)
    speak.add_argument("--steps", default=None, type=int, help="of the diffusion solver")
    speak.add_argument("--speed", default=1.0, type=float, help="0.5 to 2")
    speak.add_argument("--language", default="en", help="en, or pl: a voice that learnt from actors, not for commerce")
    speak.add_argument("--pitch-shift", default=0.0, type=float, help="semitones, −12 to 12")
    speak.add_argument("--out", required=True, type=Path, help="wav, flac, ogg or mp3")

    animate = _command(parsers, "animate", commands.animate, "a photo that says a text or a recording, as a film")
    animate.add_argument("--face", required=True, type=Path, help="a photo from the front")
    said = animate.add_mutually_exclusive_group(required=True)
    said.add_argument("--text", help="what the face should say, in its own voice")
    said.add_argument("--audio", type=Path, help="a recording that it should say: wav, flac, ogg or mp3")
    animate.add_argument(
        "--emotion", metavar="EMOTION", help=f"{FEELINGS} (default: neutral; with --think one alone, or what the text holds)"
    )
    animate.add_argument("--think", action="store_true", help="think before drawing: the text decides which muscles move, and says why")
    shown = animate.add_mutually_exclusive_group()
    shown.add_argument("--intensity", type=float, help="0 (neutral) to 30 (strongest); 1, the default without --think, is as labelled")
    shown.add_argument("--curve", metavar="γ,γ,…", help="intensities spread over the film, such as 0,1,5,1; the voice takes their mean")
    animate.add_argument("--steady", action="store_true", help="the face does not follow the voice's ups and downs")
    animate.add_argument("--seed", default=0, type=int)
    animate.add_argument("--renderer", default="portrait", help="portrait moves the photo's own pixels; gan paints the face anew")
    animate.add_argument("--size", default=512, type=int, help="pixels of a side, an even number from 64 to 1024")
    animate.add_argument("--out", required=True, type=Path, help="mp4")
    animate.add_argument("--subtitles", choices=("vtt", "srt"), help="also as a file of this kind beside the film; needs --text")

    think = _command(parsers, "think", commands.think, "which feeling a text holds, how strongly, which muscles and words show it, and why")
    think.add_argument("--text", required=True)
    think.add_argument("--emotion", metavar="EMOTION", help=f"{', '.join(EMOTIONS)} (default: what the text holds)")

    analyse = _command(parsers, "analyse", commands.analyse, "which emotion a voice or a face shows, over time and as a whole")
    analyse.add_argument("file", type=Path, metavar="FILE", help="a sound; a film, seen and heard; or a photo, with --neutral")
    analyse.add_argument(
        "--voice", type=Path, nargs="+", default=(), metavar="FILE", help="other recordings of the same person, any emotion"
    )
    analyse.add_argument("--neutral", type=Path, metavar="FILE", help="a photo or a film of the same face at rest")

    train = _command(parsers, "train", commands.train, "train a model and write its weights and card")
    train.add_argument("recipe", choices=sorted(RECIPES))
    train.add_argument(
        "--corpus", type=Path, action="append", default=[], help="a prepared corpus; repeat for more; of text-emotion: MELD's own folder"
    )
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
    train.add_argument("--blocks", type=int, help="of shrink: how many of its blocks the score network keeps (default: 4)")
    train.add_argument("--forget-emotions", action="store_true", default=None, help="of tts: erase the initial weights' emotions first")
    train.add_argument(
        "--shares", type=float, nargs="+", metavar="SHARE", help="how often each is drawn: of tts, prosody, shrink, lip-motion"
    )
    train.add_argument("--decoder", help="of tts: convnext, which ships and is the default, or unet, the paper's; saved as tts-unet")
    train.add_argument("--resume", action="store_true")
    train.add_argument("--miniature", action="store_true", help="a tiny model, for tests and lessons")
    train.add_argument("--device-hint", choices=("cpu", "cuda"), help="cpu leaves a GPU unused, cuda insists on one")

    corpus = _command(parsers, "corpus", commands.corpus, "prepare a real corpus from its published folder")
    corpus.add_argument("name", choices=CORPORA, metavar="NAME", help=", ".join(CORPORA))
    corpus.add_argument("source", type=Path, metavar="SOURCE", help="the published folder, unpacked")
    corpus.add_argument("out", type=Path, metavar="OUT", help="the folder to make; call again to go on after a stop")
    corpus.add_argument("--processes", type=int, default=2)
    corpus.add_argument("--ray", metavar="ADDRESS", help="spread over a Ray cluster instead; it must see SOURCE and OUT")
    corpus.add_argument("--landmarks", action="store_true", help="follow the face through every film and keep its landmarks, for label")

    label = _command(parsers, "label", commands.label, "how strongly the faces of a prepared corpus of films feel, in every frame")
    label.add_argument("folder", type=Path, metavar="CORPUS", help="a prepared corpus whose clips have films, or landmarks of them")

    align = _command(parsers, "align", commands.align, "find when each phone of a prepared corpus is spoken, in any language")
    align.add_argument("folder", type=Path, metavar="CORPUS", help="a prepared corpus whose clips have texts and no phone times")
    align.add_argument("--steps", type=int)
    align.add_argument("--out", type=Path, help="the run's state and logs (default: runs/align-CORPUS)")
    align.add_argument("--resume", action="store_true")

    synthesise = _command(parsers, "synthesise-corpus", commands.synthesise_corpus, "let the teachers' voices make a corpus")
    synthesise.add_argument("out", type=Path)
    synthesise.add_argument("--sentences", type=Path, help="one sentence a line (default: forty of our own)")
    synthesise.add_argument("--for-judges", action="store_true", help="speakers that no generator hears, for the emotion judge")
    synthesise.add_argument("--neutral", action="store_true", help="nobody shows an emotion: for models that learn it elsewhere")
    synthesise.add_argument("--swelling", action="store_true", help="emotions come and go: for the network that hears how strong they are")
    synthesise.add_argument("--faces", type=Path, help="films of people who speak: ICT-FaceKit's folder, or the London Set's")
    synthesise.add_argument("--size", type=int, help="of films: their side in pixels (default: 160)")
    synthesise.add_argument("--clips", type=int, help="default: 120, 3600 for judges, or 140 films")
    synthesise.add_argument("--speakers", type=int, help="default: 20, or 96 for judges")
    synthesise.add_argument("--seed", type=int, help="default: 0, 1000 for judges, 2000 for swelling voices, who should be other people")
    synthesise.add_argument("--processes", type=int, default=2)

    narrate = _command(parsers, "narrate", commands.narrate, "let our own voice make a corpus, for models that listen to it")
    narrate.add_argument("out", type=Path)
    narrate.add_argument("--sentences", type=Path, help="one sentence a line (default: forty of our own)")
    narrate.add_argument("--clips", type=int, default=1000)
    narrate.add_argument("--seed", type=int, default=0)

    revoice = _command(parsers, "revoice", commands.revoice, "lend a prepared corpus's readings to designed people: many voices from few")
    revoice.add_argument("source", type=Path, metavar="CORPUS", help="a prepared corpus with phone times and genders")
    revoice.add_argument("out", type=Path, metavar="OUT", help="the folder to make; call again to go on after a stop")
    revoice.add_argument("--voices", type=int, default=24, help="designed people")
    revoice.add_argument("--takes", type=int, default=2, help="people who each reading is lent to")
    revoice.add_argument("--seed", type=int, default=0)
    revoice.add_argument("--processes", type=int, default=2)

    evaluate = _command(parsers, "evaluate", commands.evaluate, "measure, beside the bars")
    evaluate.add_argument("suite", choices=SUITES)
    evaluate.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with text/, librispeech/, london/, models/ (DNSMOS); feim-tts and intensity: nemo/, ict_facekit/; motion: meld/; "
        "gan: films",
    )
    evaluate.add_argument("--out", type=Path, default=Path("runs/evaluation"))
    evaluate.add_argument("--quick", action="store_true", help="a few sentences only")
    evaluate.add_argument("--resume", action="store_true", help="go on where an earlier run of the same weights stopped")
    evaluate.add_argument(
        "--ablations",
        type=Path,
        help="of feim-tts or gan: folder with tts-labelled …, tts-bilingual, or talking-face-base, -se and -em",
    )

    bench = _command(parsers, "bench", commands.bench, "speed and memory: of whole speech, of a stream, or of a talking face")
    bench.add_argument("suite", choices=BENCHES)

    listen = _command(parsers, "listen", commands.listen, "a listening or viewing test: make one, open its page, or count the answers")
    listen.add_argument("folder", type=Path, help="the test, with its sounds or films and its answers")
    listen.add_argument("--make", action="store_true", help="speak a new test into the folder: FEIM-TTS, γ = 0 and a teacher")
    made = listen.add_mutually_exclusive_group()
    made.add_argument("--films", action="store_true", help="of talking faces, in the new test: FEIM, γ = 0 and a still photo")
    made.add_argument(
        "--from", dest="systems", type=Path, nargs="+", metavar="SYSTEM", help="folders of the new test's films or sounds: SYSTEM/NAME.mp4"
    )
    listen.add_argument("--kind", choices=("mos", "ab"), default="mos", help="of the new test: opinions from 1 to 5, or which of two")
    listen.add_argument("--sentences", type=int, default=6, help="of a new test that is spoken here, 4 to 8")
    listen.add_argument("--intensity", type=float, default=1.0, help="FEIM's γ there")
    listen.add_argument("--results", action="store_true", help="print the tables of what was answered so far")
    listen.add_argument("--port", type=int, help="of the page; GRADIO_SERVER_NAME=0.0.0.0 opens it to other machines")

    _command(parsers, "doctor", commands.doctor, "what is installed, which weights, what is missing")
    return parser


def _command(parsers, name: str, function, purpose: str) -> argparse.ArgumentParser:
    parser = parsers.add_parser(name, help=purpose, description=purpose)
    parser.add_argument("--json", action="store_true", help="print one machine-readable line")
    parser.set_defaults(command=function)
    return parser


if __name__ == "__main__":
    sys.exit(main())
