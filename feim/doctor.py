"""What is installed, which weights are here, what is missing and how to get it."""

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version

import torch

from feim.data.synthetic.engines import NATURAL
from feim.models.checkpoint import CHECKPOINTS, load, read_card
from feim.studio import MODELS

PACKAGES = (
    "torch",
    "torchaudio",
    "facenet-pytorch",
    "gradio",
    "pyworld",
    "espeakng-loader",
    "phonemizer-fork",
    "pocketsphinx",
    "onnxruntime",
)
REMEDIES = {
    "packages": "pip install -r requirements.txt",
    "flite": "optional, for training: apt-get install flite",
    "festival": "optional, for training: apt-get install festival festvox-us-slt-hts",
    "chromium": "optional, for the browser tests: apt-get install chromium",
}


def examine() -> dict:
    """Everything a person asking for help would be asked for. Keys: python, device, packages, programs, checkpoints, missing."""
    packages = {name: _version(name) for name in PACKAGES}
    programs = {name: shutil.which(name) for name in ("flite", "festival", "chromium")}
    checkpoints = {path.stem: _checkpoint(path.stem) for path in sorted(CHECKPOINTS.glob("*.json"))}
    missing = [f"{name}: {REMEDIES['packages']}" for name, found in packages.items() if found is None]
    engines = [engine for engine in NATURAL if engine.available]
    voiceless = {engine.program for engine in NATURAL} - {engine.program for engine in engines}
    missing += [f"{name}: {REMEDIES[name]}" for name, found in programs.items() if found is None or name in voiceless]
    missing += [f"weights {name}: restore assets/checkpoints, or python -m feim train" for name in MODELS if name not in checkpoints]
    missing += [f"weights {name}: {found['damaged']}" for name, found in checkpoints.items() if "damaged" in found]
    return {
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads",
        "packages": packages,
        "programs": programs,
        "engines": [engine.name for engine in engines],
        "checkpoints": checkpoints,
        "missing": missing,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _checkpoint(name: str) -> dict:
    """Parameters, size and licence, or what is wrong with it."""
    weights = CHECKPOINTS / f"{name}.safetensors"
    try:
        card = read_card(name, CHECKPOINTS)
        if not weights.is_file():
            return {"damaged": f"{weights.name} is missing; restore it from the repository"}
        if name in MODELS:
            load(MODELS[name], name, CHECKPOINTS)  # for real: damaged weights must be found here, not when somebody wants to speak
    except (ValueError, OSError) as error:
        return {"damaged": str(error)}
    return {"parameters": card.get("parameters", 0), "MiB": round(weights.stat().st_size / 2**20, 1), "licence": card.get("licence")}


def show(found: dict) -> None:
    """Print what `examine` found, for people."""
    print(f"Python {found['python']} on {found['device']}")
    for name, installed in found["packages"].items():
        print(f"  {name:18} {installed or 'missing'}")
    print("Weights")
    for name, card in found["checkpoints"].items():
        print(f"  {name:18} {card.get('damaged') or '{parameters:,} parameters, {MiB} MiB, {licence}'.format(**card)}")
    print("Teachers' voices: espeak-ng" + "".join(f", {name}" for name in found["engines"]))
    print("Missing" if found["missing"] else "Nothing is missing.")
    for line in found["missing"]:
        print(f"  {line}")
