"""Two processes train one model: the first alone analyses the corpus and writes the weights, and both end with the same ones."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from feim.data.clip import Clip, write_manifest
from feim.models import checkpoint
from feim.models.emotion_recognition import EmotionRecogniser
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS

ROOT = Path(__file__).parents[2]
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
    """Five speakers, one noise of a third of a second each: three computations of features, one for each of the recipe's uses."""
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
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(launch, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "journal").read_text().splitlines() == ["0 computes"] * 3 + ["0 saves"]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    card = checkpoint.read_card("emotion-judge", tmp_path / "weights")
    assert card["hardware"] == "CPU, 2 × 1 threads"
    assert checkpoint.load(EmotionRecogniser, "emotion-judge", tmp_path / "weights").config.width == 24
