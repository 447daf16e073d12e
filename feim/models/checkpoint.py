"""Weights on disk: fp16 safetensors with a model card beside them."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from feim.models import CHECKPOINTS
from feim.nn.precision import lighten


class MissingCheckpoint(ValueError):
    """There are no such weights."""


class DamagedCheckpoint(ValueError):
    """The weights or their card cannot be read, or belong to another model."""


def save(model: nn.Module, name: str, card: dict, folder: str | Path = CHECKPOINTS) -> Path:
    """Write NAME.safetensors (fp16) and NAME.json, the card with the model's config added; an old pair is replaced whole."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.detach().cpu().half().contiguous() for key, value in model.state_dict().items()}
    card = {"name": name, "parameters": sum(w.numel() for w in weights.values()), "config": asdict(model.config)} | card
    unfinished, unfinished_card = folder / f"{name}.unfinished", folder / f"{name}.card.unfinished"
    save_file(weights, unfinished)
    unfinished.chmod(0o644)  # safetensors writes for the owner alone
    unfinished_card.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    unfinished.replace(folder / f"{name}.safetensors")
    unfinished_card.replace(folder / f"{name}.json")
    return folder / f"{name}.safetensors"


def read_card(name: str, folder: str | Path = CHECKPOINTS) -> dict:
    """The model card. Raises MissingCheckpoint, DamagedCheckpoint."""
    path = Path(folder) / f"{name}.json"
    if not path.is_file():
        raise MissingCheckpoint(
            f"{path} is missing; restore it with `git checkout {name}.*` there, or train it: python -m feim train --help"
        )
    try:
        card = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DamagedCheckpoint(f"{path} is damaged ({error}); restore it from the repository") from error
    if not isinstance(card, dict):
        raise DamagedCheckpoint(f"{path} is damaged (it is no model card); restore it from the repository")
    return card


def fingerprint(name: str, folder: str | Path = CHECKPOINTS) -> str:
    """First digits of the SHA-256 of the weights: which ones they are. Raises MissingCheckpoint."""
    return hashlib.sha256(_weights(name, folder).read_bytes()).hexdigest()[:12]


def _weights(name: str, folder: str | Path) -> Path:
    path = Path(folder) / f"{name}.safetensors"
    if not path.is_file():
        raise MissingCheckpoint(f"{path} is missing; restore it from the repository, or train it: python -m feim train --help")
    return path


def load(model_class: type[nn.Module], name: str, folder: str | Path = CHECKPOINTS) -> nn.Module:
    """The model with its trained weights, float32, eval mode. Raises MissingCheckpoint, DamagedCheckpoint."""
    card, path = read_card(name, folder), _weights(name, folder)
    try:
        model = model_class(model_class.Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in card["config"].items()}))
        model.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    except (SafetensorError, RuntimeError, TypeError, KeyError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedCheckpoint(f"{path} is damaged or of another version ({reason}); restore it from the repository") from error
    return model.requires_grad_(False).eval()


def parameters(model: nn.Module) -> int:
    """How many numbers the model has learnt."""
    return sum(p.numel() for p in model.parameters())


def to_device(model: nn.Module) -> nn.Module:
    """Ready to be asked: on the GPU if there is one, else in what the CPU is fastest in."""
    return model.to("cuda") if torch.cuda.is_available() else lighten(model.to("cpu"))
