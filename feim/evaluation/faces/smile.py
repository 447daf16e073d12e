"""Whether a happy face goes where this person's own smile goes, and its skin takes the light that theirs takes."""

import numpy as np
import torch

from feim.evaluation.faces.material import Material
from feim.evaluation.report import Row
from feim.models.landmarks import LandmarkNetwork
from feim.models.portrait import FaceBasis, fit
from feim.signal.action_units import expression
from feim.signal.expressiveness import SEEN
from feim.signal.face_motion import at_rest
from feim.signal.landmarks import COUNT, interocular
from feim.training.smiles import Smile, smile_of

CLOSER = 0.8  # share of people
AS_LABELLED = 1.0  # γ: about 0.7 of the mean smile of the 66 other people
WEAKER = (0.3, 0.5)


def smile(network: LandmarkNetwork, basis: FaceBasis, material: Material) -> list[Row]:
    """Landmarks and light of the neutral photo, made happy, against those of the same person's smiling photo.

    Both photos' landmarks are the network's, the smiling one's brought to the neutral one by what a smile does not move.
    """
    smiles = [smile_of(network, basis, one.person) for one in material.sitters]
    still = np.array([_distance(own.neutral, own) for own in smiles])
    rows = []
    for gamma in (*WEAKER, AS_LABELLED):
        happy = np.array([_distance(_happy(basis, own.neutral, gamma), own) for own in smiles])
        note = f"{len(smiles)} people; distance {still.mean():.3f} of the neutral face, {happy.mean():.3f} of the happy one"
        bar = CLOSER if gamma == AS_LABELLED else None
        rows.append(Row(f"people whose smile the happy face comes closer to, γ = {gamma:g}", float((happy < still).mean()), bar, note=note))
    return [*rows, _light(basis, smiles)]


def _light(basis: FaceBasis, smiles: list[Smile]) -> Row:
    """How the light that each smile changes goes with the light that a happy face is given, place by place."""
    on_skin = basis.smile_light != 0
    given = basis.smile_light[on_skin].double()
    alike = np.array([float(torch.corrcoef(torch.stack([given, own.light[on_skin].double()]))[0, 1]) for own in smiles])
    note = f"mean over {len(smiles)} people, {(alike > 0).sum()} of them above 0; on the average face, of what changes over short ways"
    return Row("light and shadow of a smile on skin: correlation with the person's own", float(alike.mean()), note=note)


def _happy(basis: FaceBasis, neutral: np.ndarray, gamma: float) -> np.ndarray:
    motion = at_rest(1)
    motion.shapes[0] = expression("happy", gamma)
    return fit(basis, torch.from_numpy(neutral)).moved(motion)[0, :COUNT].numpy()


def _distance(face: np.ndarray, own: Smile) -> float:
    return float(np.linalg.norm(face - own.smiling, axis=1)[[*SEEN]].mean() / interocular(own.neutral))
