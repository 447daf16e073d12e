"""Smiles of made-up people, whose points and light are known."""

import numpy as np
import pytest
import torch
from PIL import Image

from feim.data.corpora.london import Person
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork
from feim.models.portrait import FaceBasis, fit
from feim.models.portrait.face_basis import LIGHT_SIDE
from feim.signal.action_units import expression
from feim.signal.face import read_image
from feim.signal.face_motion import SHAPES, at_rest
from feim.signal.landmarks import BROWS, COUNT, MIRROR, MOUTH, UPPER_LIP
from feim.training.smiles import SMILE, Smile, mean_light, smile_of, with_real_smile
from tests.test_animating import WOMAN

FLAT = torch.zeros(LIGHT_SIDE, LIGHT_SIDE)


@pytest.fixture(scope="module")
def basis() -> FaceBasis:
    return checkpoint.load(FaceBasis, "portrait")


def smiling_people(basis: FaceBasis, strengths: np.ndarray) -> tuple[list[Smile], np.ndarray]:
    """The mean face for every strength, at rest and with lip corners and nose moved that much further; and the way they go, (189, 2)."""
    neutral = 100 * basis.mean[:COUNT, :2].numpy().astype(float) + 200
    way = np.zeros((COUNT, 2))
    way[UPPER_LIP[0]], way[UPPER_LIP[-1]] = (-0.06, -0.05), (0.06, -0.05)
    way[55] = 0.0, 0.02  # the tip of the nose
    return [Smile(neutral, neutral + 100 * strength * way, FLAT) for strength in strengths], way


def happy(basis: FaceBasis, neutral: np.ndarray) -> np.ndarray:
    """(189, 2): by which a happy face's landmarks move, in inter-pupil distances."""
    motion = at_rest(1)
    motion.shapes[0] = expression("happy", 1.0)
    return (fit(basis, torch.from_numpy(neutral)).moved(motion)[0, :COUNT].numpy() - neutral) / 100


def test_a_happy_face_smiles_as_people_do(basis):
    strengths = np.array([0.2, 0.5, 0.9, 1.0, 1.0, 1.0, 1.1, 1.5, 2.4])
    smiles, way = smiling_people(basis, strengths)
    smiling = FaceBasis(basis.config)
    smiling.load_state_dict(basis.state_dict())
    smiling.shapes.copy_(with_real_smile(basis, smiles))
    shown, before = happy(smiling, smiles[0].neutral), happy(basis, smiles[0].neutral)
    corners = [UPPER_LIP[0], UPPER_LIP[-1]]
    # Not as far as the mean of them, 1.07: that would be 4.3 times too far for the first of them.
    share = shown[corners] / way[corners]
    assert share == pytest.approx(share.mean(), abs=0.05)
    left = [np.mean(np.abs(each - strengths) / strengths) for each in (share.mean(), strengths.mean())]
    assert left[0] < left[1]
    assert shown[55] == pytest.approx(share.mean() * way[55], abs=0.003)
    assert shown[list(BROWS[0])] == pytest.approx(before[list(BROWS[0])], abs=1e-6)
    others = [i for i in range(len(SHAPES)) if i not in SMILE]
    assert torch.equal(smiling.shapes[others], basis.shapes[others])


def test_each_side_smiles_by_itself_and_both_are_mirrored(basis):
    smiles, _ = smiling_people(basis, np.ones(8))
    learnt = (with_real_smile(basis, smiles) - basis.shapes)[list(SMILE), :COUNT]
    left, right = learnt
    assert left[UPPER_LIP[0]] == pytest.approx(0, abs=1e-6)  # the other side of the mouth
    assert right[UPPER_LIP[-1]] == pytest.approx(0, abs=1e-6)
    mirrored = left[list(MIRROR)] * torch.tensor([-1, 1, 1])
    assert right[UPPER_LIP[0]] == pytest.approx(mirrored[UPPER_LIP[0]], abs=1e-3)


def test_a_smile_of_few_people_is_refused(basis):
    with pytest.raises(ValueError, match="at least 8"):
        with_real_smile(basis, smiling_people(basis, np.ones(7))[0])


def test_light_that_falls_on_one_cheek_is_found_there_and_kept_for_both(basis, tmp_path):
    network = checkpoint.load(LandmarkNetwork, "landmarks")
    photo = read_image(WOMAN)
    shaded = photo.copy()
    shaded[275:291, 178:194] = 0.8 * shaded[275:291, 178:194]  # a cheek, where the average face is wider
    files = {}
    for name, picture in (("neutral", photo), ("smiling", shaded)):
        files[name] = tmp_path / f"{name}.png"
        Image.fromarray(picture).save(files[name])
    smile = smile_of(network, basis, Person("001", "female", 25.0, "white", files, np.zeros((COUNT, 2))))
    assert smile.smiling[list(MOUTH)] == pytest.approx(smile.neutral[list(MOUTH)], abs=1.5)
    mean = mean_light(basis, [smile] * 8)
    assert mean == pytest.approx(mean.flip(-1), abs=1e-6)
    there, other_side, nose = (47, 14), (47, LIGHT_SIDE - 1 - 14), (30, LIGHT_SIDE // 2)
    assert smile.light[there] == pytest.approx(np.log(0.8), abs=0.06)
    assert mean[there] == pytest.approx(np.log(0.8) / 2, abs=0.04)
    assert smile.light[other_side] == pytest.approx(0, abs=0.04)
    assert mean[other_side] == mean[there]
    assert mean[nose] == pytest.approx(0, abs=0.03)
    assert max(mean[:, 0].abs().max(), mean[-1].abs().max()) < 0.01  # beyond the face
    with pytest.raises(ValueError, match="at least 8"):
        mean_light(basis, [smile] * 7)
