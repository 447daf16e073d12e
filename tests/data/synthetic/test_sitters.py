"""Whoever is filmed: nobody's portrait, framed alike, with landmarks that move as the picture does."""

from pathlib import Path

import numpy as np
import pytest

from feim.data.corpora.london import Person
from feim.data.landmark_textures import Textures, read_textures
from feim.data.synthetic.sitters import EYES, FRAMED, LARGEST, MIXED, Heads, Mixtures, mixture, sitters
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.portrait import FaceBasis
from feim.signal.face import find_face, read_image
from feim.signal.face_motion import at_rest, pose
from feim.signal.landmarks import LOWER_SEAM, PUPILS, UPPER_SEAM, landmark_error
from tests.data.synthetic.heads.tiny_head import write_npz

SIZE = 96
FACES = Path(__file__).parents[3] / "assets" / "faces"


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    return checkpoint.load(LandmarkNetwork, "landmarks")


@pytest.fixture(scope="module")
def textures(network) -> Textures:
    people = []
    for path in sorted(FACES.glob("*.jpg"))[:4]:
        photo = read_image(path)
        people.append(Person(path.stem, "female", None, "white", {"neutral": path}, locate(network, photo, find_face(photo))))
    return read_textures(people)


@pytest.fixture(scope="module")
def mixtures(textures) -> Mixtures:
    return Mixtures(textures, checkpoint.load(FaceBasis, "portrait"))


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> Heads:
    return sitters(write_npz(tmp_path_factory.mktemp("ict_facekit")))


@pytest.fixture(params=["mixtures", "heads"])
def anybody(request) -> Heads | Mixtures:
    return request.getfixturevalue(request.param)


def test_everybody_is_framed_alike_and_looks_different(anybody):
    pictures = []
    for seed in range(3):
        [(image, landmarks)] = anybody.film(seed, at_rest(1), SIZE)
        assert image.shape == (SIZE, SIZE, 3)
        assert image.dtype == np.uint8
        left, right = landmarks[list(PUPILS)]
        assert np.linalg.norm(right - left) / SIZE == pytest.approx(FRAMED, rel=0.15)
        assert (left + right) / 2 / SIZE == pytest.approx(np.array([0.5, EYES]), abs=0.06)
        [(again, _)] = anybody.film(seed, at_rest(1), SIZE)
        assert (again == image).all()
        pictures.append(image.astype(float))
    assert np.abs(pictures[0] - pictures[1]).mean() > 5
    assert np.abs(pictures[1] - pictures[2]).mean() > 5


def test_landmarks_move_with_the_motion(anybody):
    motion = at_rest(2)
    motion.shapes[1] = pose(jawOpen=0.5)
    (shut, before), (wide, after) = anybody.film(0, motion, SIZE)
    gaps = [points[LOWER_SEAM[3], 1] - points[UPPER_SEAM[3], 1] for points in (before, after)]
    assert gaps[1] > gaps[0] + 0.03 * SIZE
    middle = (after[LOWER_SEAM[3]] + after[UPPER_SEAM[3]]) / 2
    near = np.hypot(*(np.mgrid[:SIZE, :SIZE][::-1] - middle[:, None, None])) < 0.06 * SIZE
    moved = np.abs(wide.astype(float) - shut).mean(-1)
    assert moved[near].mean() > 10 * moved[: SIZE // 4].mean() + 1  # the mouth moves, the hair does not


def test_a_mixtures_landmarks_lie_on_its_face(mixtures, network):
    motion = at_rest(1)
    motion.shapes[0] = pose(jawOpen=0.2)
    [(image, landmarks)] = mixtures.film(1, motion, 256)
    assert landmark_error(locate(network, image, find_face(image)), landmarks - 0.5).mean() < 0.05


def test_no_mixture_is_one_person(textures):
    """With one texture all white and the others black, the whitest is as bright as the largest share may be."""
    marked = Textures(textures.pixels.clone(), textures.shapes, textures.mean)
    marked.pixels[:, :3] = 0
    marked.pixels[:, 3] = 255
    marked.pixels[[0, len(marked.pixels) // 2], :3] = 255  # and its mirror image
    brightest = [mixture(marked, np.random.default_rng(seed), 32)[0].max() / 255 / 1.4 for seed in range(60)]
    assert max(brightest) <= LARGEST
    assert max(brightest) > 1 / MIXED / 1.4
    assert min(brightest) == 0  # one is not in every mixture


def test_the_folder_says_who_sits(heads, tmp_path):
    assert (heads.kind, heads.licence) == ("rendered", "synthetic")
    with pytest.raises(FileNotFoundError, match="has no ICT-FaceKit"):
        sitters(tmp_path)
    (tmp_path / "landmarks189.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"has no metadata\.csv"):
        sitters(tmp_path)
