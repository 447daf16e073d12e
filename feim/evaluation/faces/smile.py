"""Whether a happy face goes where this person's own smile goes."""

import numpy as np
import torch

from feim.evaluation.faces.material import Material, Sitter, sitter
from feim.evaluation.report import Row
from feim.models.expression_judge import SEEN, STEADY
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.portrait import FaceBasis, fit
from feim.signal.action_units import expression
from feim.signal.face import similarity
from feim.signal.face_motion import at_rest
from feim.signal.landmarks import COUNT, interocular

CLOSER = 0.8  # share of people
AS_LABELLED = 1.0  # γ: about 0.7 of the mean smile of the 66 other people
WEAKER = (0.3, 0.5)


def smile(network: LandmarkNetwork, basis: FaceBasis, material: Material) -> list[Row]:
    """Landmarks of the neutral photo, made happy, against those of the same person's smiling photo.

    Both photos' landmarks are the network's, the smiling one's brought to the neutral one by what a smile does not move.
    """
    pairs = [_neutral_and_smiling(network, one) for one in material.sitters]
    still = np.array([_distance(neutral, smiling, neutral) for neutral, smiling in pairs])
    rows = []
    for gamma in (*WEAKER, AS_LABELLED):
        happy = np.array([_distance(_happy(basis, neutral, gamma), smiling, neutral) for neutral, smiling in pairs])
        note = (
            f"{len(pairs)} people; distance {still.mean():.3f} of the neutral face, {happy.mean():.3f} of the happy one, between the pupils"
        )
        bar = CLOSER if gamma == AS_LABELLED else None
        rows.append(Row(f"people whose smile the happy face comes closer to, γ = {gamma:g}", float((happy < still).mean()), bar, note=note))
    return rows


def _neutral_and_smiling(network: LandmarkNetwork, one: Sitter) -> tuple[np.ndarray, np.ndarray]:
    """(189, 2) of both photos, in the neutral one's pixels."""
    neutral = locate(network, one.photo, one.face)
    other = sitter(one.person, "smiling")
    smiling = locate(network, other.photo, other.face)
    turn = similarity(smiling[[*STEADY]], neutral[[*STEADY]])
    return neutral, smiling @ turn[:, :2].T + turn[:, 2]


def _happy(basis: FaceBasis, neutral: np.ndarray, gamma: float) -> np.ndarray:
    motion = at_rest(1)
    motion.shapes[0] = expression("happy", gamma)
    return fit(basis, torch.from_numpy(neutral)).moved(motion)[0, :COUNT].numpy()


def _distance(face: np.ndarray, smiling: np.ndarray, neutral: np.ndarray) -> float:
    return float(np.linalg.norm(face - smiling, axis=1)[[*SEEN]].mean() / interocular(neutral))
