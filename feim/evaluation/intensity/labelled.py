"""Pseudo-labels of a corpus of films, as `python -m feim label` finds them in the pictures, beside the truth."""

import shutil
from pathlib import Path

import numpy as np

from feim.data.clip import read_manifest
from feim.data.labelling import label_corpus
from feim.data.truth import FOLDER, LABELS, knows_intensity, read_intensity
from feim.evaluation.intensity.faces import ALIKE
from feim.evaluation.report import Row
from feim.models.emotion_space import EmotionSpace
from feim.models.landmarks import LandmarkNetwork


def labelled(space: EmotionSpace, network: LandmarkNetwork, films: Path) -> list[Row]:
    """Films of a folder, whose truth is kept from what labels them."""
    blind = blinded(films)
    label_corpus(blind, space, network)
    everything = read_manifest(films)
    clips = [clip for clip in everything if knows_intensity(blind, clip)]
    alike = []
    for speaker in sorted({clip.speaker for clip in clips}):
        found = [(read_intensity(blind, clip), read_intensity(films, clip)) for clip in clips if clip.speaker == speaker]
        labels, truths = (np.concatenate(tracks) for tracks in zip(*found, strict=True))
        alike.append(float(np.corrcoef(labels, truths)[0, 1]))
    note = f"mean over {len(alike)} people never seen, {len(clips)} of {len(everything)} rendered films, looked at; lowest {min(alike):.2f}"
    return [Row("pseudo-label of films that are looked at and the truth, Pearson", float(np.mean(alike)), ALIKE, note=note)]


def blinded(films: Path) -> Path:
    """A corpus beside another, with all that has but the truth, and nothing labelled yet."""
    blind = films.with_name(f"{films.name}-blind")
    blind.mkdir(exist_ok=True)
    for part in films.iterdir():
        if part.name != FOLDER and not (blind / part.name).exists():
            (blind / part.name).symlink_to(part.resolve())
    shutil.rmtree(blind / LABELS, ignore_errors=True)  # of other weights
    return blind
