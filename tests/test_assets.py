"""What the repository carries: every shipped weight file with a whole card, and no more bytes than a clone should cost."""

import fnmatch
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from feim.models import checkpoint
from feim.models.checkpoint import CHECKPOINTS
from feim.training.card import COPYLEFT, model_card
from feim.training.order import Order

ROOT = Path(__file__).parents[1]
MIB = 2**20
NON_COMMERCIAL = {"tts-pl", "emotion-recogniser", "acted-emotion-judge"}
NAMES = sorted(path.stem for path in CHECKPOINTS.glob("*.json"))


def tracked() -> list[Path]:
    """The repository's files; in a copy without git's memory, all that git would not ignore."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    files = []
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [name for name in inside if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)]
        files += [Path(folder, name) for name in names]
    return files


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_card_is_what_training_writes(name):
    card = checkpoint.read_card(name, CHECKPOINTS)
    order = Order((), Path("run"), CHECKPOINTS)
    written = model_card("any", order, what="", data=[], settings={}, seconds=0.0)
    assert {"name", "parameters", "config", *written} <= set(card)
    for key, value in written.items():
        assert isinstance(card[key], type(value)), key
    assert card["data"]
    assert all({"name", "licence"} <= set(entry) for entry in card["data"])
    bound = any("-NC" in entry["licence"] for entry in card["data"])  # real actors' recordings bind what learnt from them
    copyleft = any(entry["licence"] == COPYLEFT for entry in card["data"])
    assert card["licence"].startswith("non-commercial;" if bound else f"{COPYLEFT};" if copyleft else "Apache-2.0;")
    assert copyleft == (name == "text-emotion")
    assert bound == (name in NON_COMMERCIAL)
    assert card["hours"] > 0
    assert card["metrics"]


def test_every_weight_file_has_a_card():
    weights = {path.stem for path in CHECKPOINTS.glob("*.safetensors")}
    assert weights == set(NAMES) != set()


def test_what_a_clone_costs():
    assert sum(path.stat().st_size for path in CHECKPOINTS.iterdir()) <= 24 * MIB
    files = tracked()
    assert {ROOT / "app.py", ROOT / "feim" / "studio.py"} <= set(files)
    assert sum(path.stat().st_size for path in files) <= 40 * MIB
