"""The light of a smile lies where the average face's places lie, and each side has its own."""

import pytest
import torch

from feim.models import checkpoint
from feim.models.portrait import FaceBasis, fit
from feim.models.portrait.face_basis import LIGHT_SIDE
from feim.models.portrait.smile_light import MIDDLE, REACH, light_of_sides, map_places, on_photo
from feim.models.portrait.window import window
from feim.models.portrait.wrinkles import wrinkles
from feim.signal.face_motion import at_rest, pose
from feim.signal.landmarks import CHEEKS, COUNT

SCALE, SHIFT = 100.0, 256.0  # of the average face in a picture


@pytest.fixture(scope="module")
def basis() -> FaceBasis:
    return checkpoint.load(FaceBasis, "portrait")


@pytest.fixture(scope="module")
def face(basis):
    return fit(basis, SCALE * basis.mean[:COUNT, :2] + SHIFT)


@pytest.fixture(scope="module")
def place(face):
    return window(face.points[:COUNT, :2], 20.0, 512)


def test_the_average_face_has_the_map_as_it_is(basis, face, place):
    x, y = map_places().T.reshape(2, LIGHT_SIDE, LIGHT_SIDE).float()
    found = on_photo(torch.stack([x, y]), basis, face, place)
    inside = ((place.x - SHIFT) / SCALE - MIDDLE[0]).abs().maximum(((place.y - SHIFT) / SCALE - MIDDLE[1]).abs()) < REACH - 0.05
    for where, pixels in zip(found, (place.x, place.y), strict=True):
        true = (pixels - SHIFT) / SCALE
        assert where[inside] == pytest.approx(true[inside], abs=0.02)
        assert float(where[0].abs().max()) == 0  # the map ends below the hair


def test_a_side_that_smiles_has_light_of_its_own(basis, face, place):
    picture = torch.full((3, 512, 512), 0.6)
    folds = wrinkles(basis, picture, face, place)
    assert folds.light(torch.from_numpy(at_rest(1).shapes[0])) is None
    left, both = (folds.light(torch.from_numpy(pose(**shape))) for shape in ({"mouthSmile_L": 1.0}, {"mouthSmile": 1.0}))
    corner = torch.tensor([place.columns.start, place.rows.start])
    fold_right, fold_left = (tuple((face.points[side[1], :2] - corner).long().flip(0).tolist()) for side in CHEEKS)
    assert left[fold_right] == pytest.approx(1, abs=1e-3)  # the person's right is on the picture's left
    assert left[fold_left] == pytest.approx(float(both[fold_left]), abs=1e-3)
    assert both[fold_left] < 0.93
    assert both[fold_right] == pytest.approx(float(both[fold_left]), abs=0.03)


def test_both_sides_together_give_the_whole_light(basis):
    assert light_of_sides(basis).sum(0).log1p() == pytest.approx(basis.smile_light / 0.46, rel=0.02, abs=1e-3)
