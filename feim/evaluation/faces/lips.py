"""Whether lips follow a voice that comes as sound alone: their distance from where its phones' times put them."""

from functools import partial

import numpy as np
import torch

from feim.animating import recorded, spoken
from feim.evaluation.faces.material import Material
from feim.evaluation.report import Row
from feim.models.lip_motion import LipMotion
from feim.models.portrait import FaceBasis
from feim.signal.action_units import lip_gap
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import pose
from feim.signal.landmarks import CHIN, MOUTH
from feim.signal.visemes import speech_level
from feim.studio import Studio

BETTER = 0.4  # share of a baseline's error that must be gone
IN_SYNC = 0.9  # share of clips
LAGS = range(-6, 7)  # frames
LOUDEST, RANGE = 0.30, 30.0  # jawOpen of the loudest frames; dB below them where a loudness-driven mouth is shut


def lips(studio: Studio, network: LipMotion, basis: FaceBasis, material: Material) -> list[Row]:
    """Our own speech of test sentences for held-out faces: its phones' times are the truth, its waveform all that the network gets.

    Errors are mean distances of mouth and chin landmarks on the mean head, in thousandths of the distance between the pupils. Loudness
    opens the jaw by a straight line in dB that is fitted to the truth of these very sentences: no loudness-driven mouth does better.
    """
    true, heard, levels = [], [], []
    for number, text in enumerate(material.texts):
        sitter, emotion = material.sitters[number % len(material.sitters)], EMOTIONS[number % len(EMOTIONS)]
        speech = studio.speak(text, sitter.photo, emotion, 1.0, seed=number)
        true.append(spoken(speech).mouth)
        heard.append(recorded(network, speech.waveform).mouth[: len(true[-1])])
        level = speech_level(speech.mel)
        levels.append(level[np.minimum(2 + 4 * np.arange(len(true[-1])), len(level) - 1)])
    place = partial(_points, basis)
    truth = place(np.concatenate(true))
    errors = {
        "network": _distance(place(np.concatenate(heard)), truth),
        "still": _distance(place(np.zeros_like(np.concatenate(true))), truth),
        "loudness": min(_distance(place(_loudness(np.concatenate(levels), reach)), truth) for reach in np.linspace(0, 2 * LOUDEST, 13)),
    }
    lags = [lag(lip_gap(h), lip_gap(t)) for h, t in zip(heard, true, strict=True)]
    near = float(np.mean(np.abs(lags) <= 1))
    note = ", ".join(f"{name} {1000 * error:.1f}" for name, error in errors.items()) + f" thousandths; {len(true)} sentences"
    rows = [
        Row(f"lip error below {baseline}", 1 - errors["network"] / errors[name], BETTER, note=note)
        for name, baseline in (("still", "a still mouth"), ("loudness", "a mouth driven by loudness"))
    ]
    return [
        *rows,
        Row("lips within ± 1 frame of the phones' times, share of sentences", near, IN_SYNC, note=f"mean lag {np.mean(lags):.2f} frames"),
    ]


def lag(found: np.ndarray, true: np.ndarray) -> int:
    """By how many frames `found` (F,) comes after `true` (F,), where both resemble each other most."""
    found, true = ((line - line.mean()) / (line.std() + 1e-9) for line in (found, true))
    alike = {by: float(np.mean(found[max(0, by) : len(found) + min(0, by)] * true[max(0, -by) : len(true) - max(0, by)])) for by in LAGS}
    return max(alike, key=alike.get)


def _loudness(level: np.ndarray, reach: float) -> np.ndarray:
    """(F,) dB → (F, 47)."""
    share = (1 + (level - np.quantile(level, 0.95)) / RANGE).clip(0, 1)
    return share[:, None] * pose(jawOpen=reach)


def _points(basis: FaceBasis, shapes: np.ndarray) -> np.ndarray:
    """(F, 47) → (F, M, 3): mouth and chin of the mean head."""
    chosen = [*MOUTH, *CHIN]
    moved = torch.einsum("fs,spd->fpd", torch.from_numpy(shapes).float(), basis.shapes[:, chosen])
    return (basis.mean[chosen] + moved).numpy()


def _distance(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(found - true, axis=-1).mean())
