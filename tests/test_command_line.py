"""The command line as people meet it: exit codes, one line on stderr when the input is bad, one line of JSON when asked."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from feim.__main__ import main
from feim.data.clip import read_manifest
from feim.data.synthetic.engines import available_engines
from feim.models import CHECKPOINTS, MODELS
from feim.signal.audio import read_audio
from feim.signal.subtitles import Cue
from feim.speaking import LABEL

ROOT = Path(__file__).parents[1]
FACE = str(ROOT / "assets" / "faces" / "average-woman-20s.jpg")
SENTENCES = "We count one and two today.\nWe count three and four today.\n"


def feim(*arguments: object) -> subprocess.CompletedProcess:
    """`python -m feim …` in its own process, without flite and festival on the path."""
    quiet = {name: value for name, value in os.environ.items() if name != "PATH"} | {"PATH": str(Path(sys.executable).parent)}
    return subprocess.run([sys.executable, "-m", "feim", *map(str, arguments)], cwd=ROOT, env=quiet, capture_output=True, text=True)


def one_line(text: str) -> str:
    [line] = text.splitlines()
    return line


def refused(capsys, *arguments: object) -> str:
    """Run in this process; exit code 2, nothing on stdout, one line on stderr."""
    try:
        code = main([*map(str, arguments)])
    except SystemExit as exit:  # argparse's own
        code = exit.code
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    line = one_line(said.err)
    assert line.startswith("feim: ")
    return line


# ---- in a process of their own --------------------------------------------------------------------------------------------


def test_speak(tmp_path):
    out = tmp_path / "hello.wav"
    done = feim("speak", "--text", "Hello, my friend.", "--face", FACE, "--emotion", "happy", "--intensity", 2, "--out", out, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(one_line(done.stdout))
    assert told["out"] == str(out)
    assert (told["emotion"], told["intensity"], told["seed"], told["notes"]) == ("happy", 2.0, 0, [])
    assert set(told["timings"]) == {"face", "text", "acoustic", "vocoder", "total", "audio"}
    assert len(read_audio(out)) == round(told["seconds"] * 16_000)
    with soundfile.SoundFile(out) as file:
        assert file.comment == LABEL


def test_a_mixture_is_spoken(tmp_path):
    out = tmp_path / "hello.wav"
    done = feim("speak", "--text", "Hello.", "--emotion", "sad:0.3+happy:0.7", "--steps", 2, "--out", out, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(one_line(done.stdout))["emotion"] == "happy:0.7+sad:0.3"
    done = feim("speak", "--text", "Hello.", "--emotion", "happy:-1", "--out", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) == "feim: '-1' is no weight of happy; use positive numbers, such as happy:0.7+sad:0.3"


def test_bad_input_is_one_line_and_no_traceback(tmp_path):
    done = feim("speak", "--text", "Hello.", "--intensity", "nan", "--out", tmp_path / "x.wav", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) == "feim: intensity nan is out of range; use a number from 0 (neutral) to 30 (strongest)"
    assert not (tmp_path / "x.wav").exists()


def test_from_nothing_to_a_trained_model(tmp_path):
    """A corpus, a vocoder and its resumption, each by one command."""
    (tmp_path / "sentences.txt").write_text(SENTENCES)
    corpus = tmp_path / "corpus"
    made = feim("synthesise-corpus", corpus, "--sentences", tmp_path / "sentences.txt", "--clips", 12, "--speakers", 16, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(one_line(made.stdout))
    clips = read_manifest(corpus)
    assert told == {"out": str(corpus), "clips": len(clips), "speakers": len({clip.speaker for clip in clips})}
    assert len(clips) == 12

    command = ["train", "vocoder", "--corpus", corpus, "--out", tmp_path / "run", "--checkpoints", tmp_path / "weights"]
    trained = feim(*command, "--steps", 2, "--miniature", "--device-hint", "cpu", "--json")
    assert trained.returncode == 0, trained.stderr
    told = json.loads(one_line(trained.stdout))
    assert told["recipe"] == "vocoder"
    assert told["parameters"] > 1000
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == ["vocoder.json", "vocoder.safetensors"]
    assert steps_taken(tmp_path / "run") == 2

    resumed = feim(*command, "--steps", 5, "--miniature", "--device-hint", "cpu", "--json", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert steps_taken(tmp_path / "run") == 5
    assert "| 2/5 [" in resumed.stderr  # the progress bar begins where the first run stopped
    assert "| 0/5 [" not in resumed.stderr


def steps_taken(run: Path) -> int:
    states = [torch.load(path) for path in (run / "state").glob("custom*.pkl")]
    [step] = [state["step"] for state in states if "step" in state]
    return step


BLOCKER = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
sys.argv = ["feim", *{arguments}]
runpy.run_module("feim", run_name="__main__")
"""


def without(modules: list[str], *arguments: str) -> subprocess.CompletedProcess:
    """`python -m feim …` where these modules cannot be imported."""
    program = BLOCKER.format(blocked=set(modules), arguments=arguments)
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("modules", "packages"),
    [
        (["torch"], ["torch"]),
        (["espeakng_loader"], ["espeakng-loader"]),
        (["phonemizer", "PIL", "gradio"], ["gradio", "phonemizer-fork", "pillow"]),
    ],
)
def test_the_doctor_speaks_where_packages_are_missing(modules, packages):
    done = without(modules, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    remedy = ": pip install -r requirements.txt"
    told = [line.strip() for line in done.stdout.splitlines()]
    assert sorted(line.removesuffix(remedy) for line in told if line.endswith(remedy)) == packages
    assert not any(line.startswith("weights") for line in told)  # they may be whole: nobody could try them


def test_other_commands_send_to_the_doctor():
    done = without(["torch"], "speak", "--text", "Hello.", "--out", "hello.wav")
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) == "feim: No module named 'torch'; see python -m feim doctor"


def test_doctor():
    done = feim("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(one_line(done.stdout))
    assert set(found) == {"python", "device", "packages", "programs", "engines", "checkpoints", "missing"}
    assert found["engines"] == ["espeak-en-us", "espeak-en-us+f2"]
    assert found["programs"]["flite"] is None
    assert any(line.startswith("flite: optional") for line in found["missing"])
    assert set(found["checkpoints"]) == {path.stem for path in CHECKPOINTS.glob("*.json")}
    assert all(card["parameters"] > 0 for card in found["checkpoints"].values())  # and none is damaged or untried
    assert not [line for line in found["missing"] if line.startswith("weights")]
    assert all(found["packages"].values())


# ---- in this process ------------------------------------------------------------------------------------------------------


def test_speak_for_people(tmp_path, capsys):
    assert main(["speak", "--text", "Hello Привет", "--steps", "2", "--out", str(tmp_path / "hello.ogg")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "note: letters that this voice cannot read were left out: Привет"
    assert "hello.ogg: " in told[1]
    assert "s of neutral speech in" in told[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--text", ""], "nothing to say"),
        (["--text", "  \n "], "nothing to say"),
        (["--text", "😀"], "nothing to say"),
        (["--text", "x" * 20_001], "speak at most 20,000"),
        (["--text", "Hi.", "--emotion", "bored"], "unknown emotion 'bored'; use one of: neutral, happy"),
        (["--text", "Hi.", "--intensity", "31"], "out of range; use a number from 0"),
        (["--text", "Hi.", "--intensity", "-1"], "out of range; use a number from 0"),
        (["--text", "Hi.", "--intensity", "much"], "invalid float value: 'much'"),
        (["--text", "Hi.", "--steps", "0"], "use 1 to 1000"),
        (["--text", "Hi.", "--speed", "9"], "use 0.5"),
        (["--text", "Hi.", "--pitch-shift", "40"], "semitones"),
        (["--text", "Hi.", "--face", "nobody.jpg"], "there is no image file at nobody.jpg"),
        (["--text", "Hi.", "--face", __file__], "is not a picture"),
        ([], "required: --text"),
        (["--text", "Hi.", "--loud"], "unrecognized arguments: --loud"),
    ],
)
def test_what_speak_refuses(tmp_path, capsys, arguments, words):
    out = tmp_path / "x.wav"
    assert words in refused(capsys, "speak", *arguments, "--out", out)
    assert not out.exists()


def test_letters_that_only_look_like_an_i(tmp_path):
    assert main(["speak", "--text", "ı.e. fıg. 3", "--steps", "1", "--out", str(tmp_path / "x.wav")]) == 0


def test_a_gpu_is_not_promised_where_there_is_none(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    line = refused(capsys, "train", "vocoder", "--corpus", "nothing", "--device-hint", "cuda")
    assert line == "feim: --device-hint cuda: there is no GPU here that torch can use; leave it out, or say cpu"


@pytest.mark.parametrize("name", ["no/such/folder/x.wav", "folder.wav", "x.docx"])
def test_an_unwritable_path(tmp_path, capsys, name):
    (tmp_path / "folder.wav").mkdir()
    line = refused(capsys, "speak", "--text", "Hi.", "--steps", 1, "--out", tmp_path / name)
    assert Path(name).name in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "tts", "--corpus", "nothing"], "nothing has no manifest.parquet; make one with"),
        (["train", "vocoder", "--corpus", "nothing"], "nothing has no manifest.parquet; make one with"),
        (["train", "singing", "--corpus", "nothing"], "invalid choice: 'singing'"),
        (["train", "tts"], "the recipe tts needs --corpus FOLDER"),
        (["train", "landmarks"], "the recipe landmarks needs --faces FOLDER"),
        (["train", "tts", "--corpus", "nothing", "--decoder", "wavenet"], "unknown decoder 'wavenet'; use one of: convnext, unet"),
        (["train", "tts", "--corpus", "nothing", "--decoder", "unet", "--initial", "tts"], "tts have the decoder convnext, not unet"),
        (["train", "vocoder", "--corpus", "nothing", "--decoder", "unet"], "vocoder has no use for --decoder; leave it out"),
        (["train", "emotion-judge", "--corpus", "nothing", "--faces", "london"], "emotion-judge has no use for --faces"),
        (["synthesise-corpus", "OUT", "--sentences", "missing.txt"], "there is no sentence file at missing.txt"),
        (["synthesise-corpus", "OUT", "--size", "64"], "--size is of films"),
        (["synthesise-corpus", "OUT", "--faces", "nowhere"], "ICT-FaceKit"),
        (["animate", "--face", "missing.jpg", "--text", "Hello.", "--out", "OUT.mp4"], "there is no image file at missing.jpg"),
        (["animate", "--face", "missing.jpg", "--text", "Hello.", "--out", "OUT.avi"], "use a name that ends in .mp4"),
        (["animate", "--face", FACE, "--audio", "said.wav", "--subtitles", "vtt", "--out", "OUT.mp4"], "--subtitles needs --text"),
        (["animate", "--face", FACE, "--audio", "said.wav", "--think", "--out", "OUT.mp4"], "--think needs --text"),
        (["animate", "--face", "missing.jpg", "--out", "OUT.mp4"], "one of the arguments --text --audio is required"),
        (["corpus", "ravdess", "a", "b"], "invalid choice: 'ravdess'"),
        (["corpus", "librispeech", "nothing", "OUT"], "nothing"),
        (["corpus", "crema-d", "nothing", "OUT"], "give the unpacked CREMA-D folder (https://github.com/CheyneyComputerScience/CREMA-D)"),
        (["corpus", "meld", "nothing", "OUT", "--processes", "0"], "use 1 or more"),
        (["evaluate", "singing"], "invalid choice: 'singing'"),
        (
            ["evaluate", "speech", "--data", "nothing", "--ablations", "OUT"],
            "--ablations is of the suites feim-tts and talking-face-gan; leave it out",
        ),
        (["evaluate", "feim-tts", "--data", "nothing", "--out", "OUT", "--ablations", "OUT"], "has no models to compare"),
        (["evaluate", "feim-tts", "--data", "nothing", "--out", "OUT"], "there is no nothing/models/dnsmos_sig_bak_ovr.onnx"),
        (["sing"], "invalid choice: 'sing'"),
        ([], "required: COMMAND"),
    ],
)
def test_what_other_commands_refuse(tmp_path, capsys, arguments, words):
    given = [str(tmp_path / "out") if word == "OUT" else word for word in arguments]
    if given[:1] == ["train"]:
        given += ["--out", str(tmp_path / "run"), "--checkpoints", str(CHECKPOINTS)]
    assert words in refused(capsys, *given)


@pytest.mark.parametrize(("wish", "words"), [(["--size", "63"], "a film of 63 pixels"), (["--face", "OUT.png"], "no face found")])
def test_a_film_that_cannot_be_made_is_refused_before_anything_is_said(tmp_path, capsys, monkeypatch, wish, words):
    nobody = tmp_path / "nobody.png"
    Image.new("RGB", (200, 200), "tan").save(nobody)
    monkeypatch.setattr("feim.studio.Studio.speak", lambda *given: pytest.fail("it spoke"))
    wish = [str(nobody) if word == "OUT.png" else word for word in wish]
    assert words in refused(capsys, "animate", "--face", FACE, "--text", "Hello.", "--out", str(tmp_path / "hello.mp4"), *wish)


@pytest.mark.parametrize("kind", ["vtt", "srt"])
def test_subtitles_beside_the_film(tmp_path, capsys, monkeypatch, kind):
    talking = SimpleNamespace(
        frames=[0], cues=[Cue(0.5, 1.5, "We count <one>.")], notes=(), emotion="happy", seed=0, renderer="portrait",
        timings={"video": 2.0}, intensity=[1.0],
        save=lambda path, progress: path.write_bytes(b"film"),
    )  # fmt: skip
    studio = SimpleNamespace(
        prepare=lambda *given, **wish: None, speak=lambda *given: SimpleNamespace(notes=()), animate=lambda *given, **wish: talking
    )
    monkeypatch.setattr("feim.load", lambda: studio)
    out, subtitles = tmp_path / "hello.mp4", tmp_path / f"hello.{kind}"
    said = ["animate", "--face", FACE, "--text", "We count <one>.", "--out", str(out), "--json"]
    assert main(said) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["hello.mp4"]  # none unless they are asked for
    assert json.loads(one_line(capsys.readouterr().out))["subtitles"] is None
    assert main([*said, "--subtitles", kind]) == 0
    assert json.loads(one_line(capsys.readouterr().out))["subtitles"] == str(subtitles)
    comma, words = {"vtt": (".", "We count &lt;one&gt;."), "srt": (",", "We count <one>.")}[kind]
    assert f"00:00:00{comma}500 --> 00:00:01{comma}500\n{words}\n" in subtitles.read_text()


def test_a_curve_and_a_mixture_reach_the_film(tmp_path, capsys):
    said, out = tmp_path / "said.wav", tmp_path / "said.mp4"
    soundfile.write(said, np.zeros(16_000), 16_000)
    wish = ["animate", "--face", FACE, "--audio", said, "--emotion", "sad:3+happy:7", "--size", 64, "--out", out, "--json"]
    assert main([*map(str, wish), "--curve", "0, 10,0"]) == 0
    told = json.loads(one_line(capsys.readouterr().out))
    assert told["emotion"] == "happy:0.7+sad:0.3"
    assert told["intensity"] == {"mean": pytest.approx(5, abs=0.3), "min": 0, "max": pytest.approx(10)}
    assert main([*map(str, wish), "--intensity", "2", "--steady"]) == 0
    assert json.loads(one_line(capsys.readouterr().out))["intensity"] == {"mean": 2, "min": 2, "max": 2}


def test_emotions_one_after_another_reach_the_film(tmp_path, capsys):
    said, out = tmp_path / "said.wav", tmp_path / "said.mp4"
    soundfile.write(said, np.zeros(16_000), 16_000)
    wish = ["animate", "--face", FACE, "--audio", said, "--size", 64, "--out", out, "--json", "--emotion"]
    assert main([*map(str, wish), "surprised, joy"]) == 0
    assert json.loads(one_line(capsys.readouterr().out))["emotion"] == "surprised,happy"
    assert "there is nothing between two commas of 'sad,'" in refused(capsys, *wish, "sad,")


def test_the_voice_takes_a_curves_mean_and_the_face_follows_unless_it_is_steady(tmp_path, monkeypatch, capsys):
    given = []
    talking = SimpleNamespace(
        frames=[0], cues=[], notes=(), emotion="sad", seed=0, renderer="portrait", timings={"video": 2.0}, intensity=[0.0, 3.0],
        save=lambda path, progress: None,
    )  # fmt: skip
    studio = SimpleNamespace(
        prepare=lambda *face, **wish: "face",
        speak=lambda *wish: given.append(wish) or SimpleNamespace(notes=()),
        animate=lambda *wish, **more: given.append((*wish[2:], more)) or talking,
    )
    monkeypatch.setattr("feim.load", lambda: studio)
    wish = ["animate", "--face", FACE, "--text", "Hello.", "--emotion", "sad", "--out", str(tmp_path / "hello.mp4"), "--json"]
    assert main([*wish, "--curve", "0,1,5,2"]) == 0
    assert given == [("Hello.", "face", "sad", 2.0, 0), ("sad", [0, 1, 5, 2], 0, {"follow": True, "thought": None})]
    assert json.loads(one_line(capsys.readouterr().out))["intensity"] == {"mean": 1.5, "min": 0, "max": 3}
    assert main([*wish, "--intensity", "4", "--steady"]) == 0
    assert given[2:] == [("Hello.", "face", "sad", 4.0, 0), ("sad", 4.0, 0, {"follow": False, "thought": None})]


def test_a_face_is_thought_before_it_is_drawn(tmp_path, capsys):
    wish = ["animate", "--face", FACE, "--text", "I am so happy for you!", "--think", "--size", "64", "--out", str(tmp_path / "hello.mp4")]
    assert main(wish) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "1. I read 6 words: “I am so happy for you!”"
    assert any("lip corner puller (12" in line for line in printed)
    assert "of a happy face" in printed[-1]
    assert main([*wish, "--emotion", "sad", "--intensity", "2", "--steady", "--json"]) == 0
    told = json.loads(one_line(capsys.readouterr().out))
    assert (told["emotion"], told["intensity"]) == ("sad", {"mean": 2, "min": 2, "max": 2})


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (["--curve", "1"], "a curve of intensity with the shape (1,)"),
        (["--curve", ""], "a curve of intensity with the shape (0,)"),
        (["--curve", "1,much"], "is no curve of intensity; give two or more numbers from 0 to 30"),
        (["--curve", "1,,2"], "is no curve of intensity"),
        (["--curve", "1,31"], "intensity 31, number 2 of the curve, is out of range"),
        (["--curve", "1,nan"], "intensity nan, number 2"),
        (["--curve", "1,2", "--intensity", "1"], "not allowed with argument"),
        (["--emotion", "happy:0.7+bored:0.3"], "unknown emotion 'bored'"),
        (["--emotion", "happy:0+sad:0"], "nothing is felt"),
    ],
)
def test_curves_and_mixtures_that_cannot_be_shown(tmp_path, capsys, wish, words):
    assert words in refused(capsys, "animate", "--face", FACE, "--text", "Hello.", "--out", tmp_path / "hello.mp4", *wish)


def test_doctor_for_people(capsys):
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Python 3.")
    assert f"Teachers' voices: {', '.join(engine.name for engine in available_engines())}" in told
    for name in MODELS:
        assert name in told


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["--help"])
    assert raised.value.code == 0
    told = capsys.readouterr().out
    for command in ("speak", "train", "corpus", "synthesise-corpus", "evaluate", "bench", "listen", "doctor"):
        assert command in told
