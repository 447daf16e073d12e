"""What is installed, which weights are here, what is missing and how to get it. Speaks where packages are missing: imports them late."""

import importlib.util
import platform
import re
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from feim.models import CHECKPOINTS, MODELS, model_class

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
ESSENTIAL = (
    "torch", "torchaudio", "torchvision", "facenet-pytorch", "safetensors", "soundfile", "pyworld", "espeakng-loader", "phonemizer-fork",
    "num2words", "monotonic-alignment-search", "numpy", "pillow",
)  # fmt: skip
MODULES = {"phonemizer-fork": "phonemizer", "pillow": "PIL", "ipython": "IPython"}  # packages that are imported by another name
REMEDIES = {
    "packages": "pip install -r requirements.txt",
    "flite": "optional, for training: apt-get install flite",
    "festival": "optional, for training: apt-get install festival festvox-us-slt-hts",
    "chromium": "optional, for the browser tests: apt-get install chromium",
}


def examine() -> dict:
    """Everything a person asking for help would be asked for. Keys: python, device, packages, programs, engines, checkpoints, missing."""
    packages = {name: _version(name) for name in required_packages()}
    programs = {name: shutil.which(name) for name in ("flite", "festival", "chromium")}
    checkpoints = {path.stem: _checkpoint(path.stem) for path in sorted(CHECKPOINTS.glob("*.json"))}
    engines, voiceless = _engines()
    missing = [f"{name}: {REMEDIES['packages']}" for name, found in packages.items() if found is None]
    missing += [f"{name}: {REMEDIES[name]}" for name, found in programs.items() if found is None or name in voiceless]
    missing += [f"weights {name}: restore assets/checkpoints, or python -m feim train" for name in MODELS if name not in checkpoints]
    missing += [f"weights {name}: {found['damaged']}" for name, found in checkpoints.items() if "damaged" in found]
    return {
        "python": platform.python_version(),
        "device": _device(),
        "packages": packages,
        "programs": programs,
        "engines": engines,
        "checkpoints": checkpoints,
        "missing": missing,
    }


def required_packages() -> tuple[str, ...]:
    """The names in requirements.txt; where FEIM was installed without it, those that it cannot speak without."""
    if not REQUIREMENTS.is_file():
        return ESSENTIAL
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return tuple(re.match(r"[\w.-]+", line)[0] for line in lines if line and not line.startswith("-"))


def _version(package: str) -> str | None:
    """Of a package that can be found for import too; else None."""
    try:
        found = importlib.util.find_spec(MODULES.get(package, package.replace("-", "_")))
        return version(package) if found else None
    except (ImportError, PackageNotFoundError):
        return None


def _device() -> str | None:
    """None where torch cannot say."""
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"


def _engines() -> tuple[list[str], set[str]]:
    """The teachers' voices that would be used here, and the programs that lack a voice; none where packages are missing."""
    try:
        from feim.data.synthetic.engines import NATURAL, available_engines
    except ImportError:
        return [], set()
    voiced = {engine.program for engine in NATURAL if engine.available}
    return [engine.name for engine in available_engines()], {engine.program for engine in NATURAL} - voiced


def _checkpoint(name: str) -> dict:
    """Parameters, size and licence, or what is wrong with it, or why it could not be tried."""
    absent = [package for package in ESSENTIAL if _version(package) is None]
    if absent:  # a module that failed to import once fails in other ways later
        return {"untried": f"not tried without {', '.join(absent)}"}
    weights = CHECKPOINTS / f"{name}.safetensors"
    try:
        from feim.models.checkpoint import load, read_card

        card = read_card(name, CHECKPOINTS)
        if not weights.is_file():
            return {"damaged": f"{weights.name} is missing; restore it from the repository"}
        if name in MODELS:
            load(model_class(name), name, CHECKPOINTS)  # for real: damaged weights must be found here, not when somebody wants to speak
    except (ValueError, OSError) as error:
        return {"damaged": str(error)}
    except ImportError as error:
        return {"untried": f"not tried: {error}"}
    return {"parameters": card.get("parameters", 0), "MiB": round(weights.stat().st_size / 2**20, 1), "licence": card.get("licence")}


def show(found: dict) -> None:
    """Print what `examine` found, for people."""
    print(f"Python {found['python']} on {found['device'] or 'a device that only torch can name'}")
    for name, installed in found["packages"].items():
        print(f"  {name:28} {installed or 'missing'}")
    print("Weights")
    for name, card in found["checkpoints"].items():
        problem = card.get("damaged") or card.get("untried")
        print(f"  {name:28} {problem or '{parameters:,} parameters, {MiB} MiB, {licence}'.format(**card)}")
    print(f"Teachers' voices: {', '.join(found['engines']) or 'none before the packages are there'}")
    print("Missing" if found["missing"] else "Nothing is missing.")
    for line in found["missing"]:
        print(f"  {line}")
