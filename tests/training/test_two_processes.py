"""Two processes train one model as one would: the same losses. The first alone analyses the corpus and writes the weights."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from feim.data.clip import Clip, write_manifest
from feim.models import checkpoint
from feim.models.emotion_recognition import EmotionRecogniser
from feim.nn.precision import has_bf16
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS

TOLERANCE = 5e-3 if has_bf16(torch.device("cpu")) else 1e-5  # of a loss: measured were 1e-3 in bf16 and 2e-7 in float32, over 100 steps
ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
PROCESS = """
import os
import sys
from pathlib import Path

import torch

from feim.data import features
from feim.models import checkpoint
from feim.training.order import Order
from feim.training.recipes import emotion_judge

folder, rank = Path(sys.argv[1]), os.environ["RANK"]


def told(function, word):
    def call(*given):
        with (folder / "journal").open("a") as journal:
            journal.write(f"{rank} {word}\\n")
        return function(*given)

    return call


features._compute = told(features._compute, "computes")
checkpoint.save = told(checkpoint.save, "saves")
model = emotion_judge.run(Order((folder / "hiss",), folder / "run", folder / "weights", steps=2, miniature=True))
assert (folder / "weights" / "emotion-judge.json").is_file()
torch.save(model.state_dict(), folder / f"{rank}.pt")
"""


def hiss(folder: Path) -> None:
    """Five speakers, one noise of a third of a second each: features are computed twice, of what is learnt and of what is measured on."""
    (folder / "audio").mkdir(parents=True)
    clips = []
    for number in range(5):
        noise = 0.1 * np.random.default_rng(number).standard_normal(5_000).astype(np.float32)
        write_audio(folder / "audio" / f"{number}.flac", noise)
        for split in ("judge", "valid")[: 2 - bool(number)]:
            clips.append(
                Clip(
                    f"{number}-{split}", "hiss", f"s{number}", "en-us", "", "none", split,
                    audio=f"audio/{number}.flac", emotion=EMOTIONS[number],
                )
            )  # fmt: skip
    write_manifest(folder, clips)


def test_the_first_of_two_processes_writes(tmp_path):
    hiss(tmp_path / "hiss")
    (tmp_path / "process.py").write_text(PROCESS)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", tmp_path / "process.py", tmp_path]
    environment = ENVIRONMENT | {"ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(launch, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "journal").read_text().splitlines() == ["0 computes"] * 2 + ["0 saves"]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    card = checkpoint.read_card("emotion-judge", tmp_path / "weights")
    assert card["hardware"] == "CPU, 2 × 1 threads"
    assert checkpoint.load(EmotionRecogniser, "emotion-judge", tmp_path / "weights").config.width == 24


def launch(folder: Path, processes: int) -> None:
    """`accelerate launch -m feim train emotion-judge` in miniature, which has no dropout: nothing but the batches is random."""
    accelerate = ["-m", "accelerate.commands.accelerate_cli", "launch", *["--multi_gpu"][: processes - 1]]
    accelerate += ["--num_machines", "1", "--num_processes", str(processes), "--main_process_port", "0", "--dynamo_backend", "no"]
    train = ["-m", "feim", "train", "emotion-judge", "--miniature", "--steps", "60", "--device-hint", "cpu"]
    folders = ["--corpus", folder / "hiss", "--out", folder / f"run-{processes}", "--checkpoints", folder / f"weights-{processes}"]
    environment = ENVIRONMENT | {"HF_HOME": str(folder)}  # a person's own settings of accelerate do not count
    done = subprocess.run([sys.executable, *accelerate, *train, *folders], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def losses(run: Path) -> dict[int, float]:
    """Step → loss, as TensorBoard shows it."""
    [events] = run.rglob("events.out.tfevents.*")
    log = EventAccumulator(str(events))
    log.Reload()
    return {entry.step: entry.value for entry in log.Scalars("loss")}


def test_the_losses_of_two_processes_are_those_of_one(tmp_path):
    hiss(tmp_path / "hiss")
    launch(tmp_path, 1)
    launch(tmp_path, 2)
    alone, shared = losses(tmp_path / "run-1"), losses(tmp_path / "run-2")
    assert list(alone) == [20, 40, 60]
    assert shared == pytest.approx(alone, rel=TOLERANCE)
    cards = [checkpoint.read_card("emotion-judge", tmp_path / f"weights-{processes}") for processes in (1, 2)]
    assert [card["hardware"] for card in cards] == ["CPU, 1 × 1 threads", "CPU, 2 × 1 threads"]
