"""What faces are measured by, on material whose answer is known."""

import numpy as np
import pytest
import torch

from feim.evaluation.faces import lips
from feim.evaluation.faces.filmed import gaps
from feim.evaluation.faces.identity import _outside
from feim.evaluation.faces.landmarks import landmarks
from feim.evaluation.faces.material import Extent, Material, Sitter
from feim.evaluation.faces.smile import smile
from feim.models import checkpoint
from feim.models.expression_judge import ExpressionJudge, lid_heights, of_film
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.portrait import FaceBasis, fit, portrait
from feim.signal.action_units import expression
from feim.signal.emotion import EMOTIONS
from feim.signal.face import find_face, read_image
from feim.signal.face_motion import INDEX, at_rest, pose
from feim.signal.framing import frame_face
from feim.signal.landmarks import COUNT, interocular
from feim.training.smiles import Smile
from tests.test_animating import WOMAN


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    return checkpoint.load(LandmarkNetwork, "landmarks")


@pytest.fixture(scope="module")
def basis() -> FaceBasis:
    return checkpoint.load(FaceBasis, "portrait")


@pytest.fixture(scope="module")
def sitter(network) -> Sitter:
    photo = read_image(WOMAN)
    face = find_face(photo)
    return Sitter(None, photo, face, locate(network, photo, face))


def test_landmarks_that_are_right_and_that_are_off_by_a_tenth(network, sitter):
    off = Sitter(None, sitter.photo, sitter.face, sitter.landmarks + np.array([0.1 * interocular(sitter.landmarks), 0]))
    for one, error in ((sitter, 0.0), (off, 0.1)):
        rows = landmarks(network, Material((one,), (), Extent()))
        assert [row.value for row in rows] == pytest.approx([error, error], abs=1e-6)


def test_a_smile_that_goes_as_ours_does_is_met_and_a_frown_is_not(network, basis, sitter, monkeypatch):
    def made(label, light):
        motion = at_rest(1)
        motion.shapes[0] = expression(label, 1.0)
        return Smile(sitter.landmarks, fit(basis, torch.from_numpy(sitter.landmarks)).moved(motion)[0, :COUNT].numpy(), light)

    for label, share, sign in (("happy", 1.0, 1), ("sad", 0.0, -1)):
        own = made(label, 0.3 * sign * basis.smile_light)
        monkeypatch.setattr("feim.evaluation.faces.smile.smile_of", lambda *_, own=own: own)
        rows = smile(network, basis, Material((sitter,), (), Extent()))
        assert [row.value for row in rows] == pytest.approx([share] * 3 + [sign])


def test_lips_in_the_right_place_and_lips_that_stay_shut(basis):
    true = np.stack([pose(jawOpen=share) for share in (0.0, 0.2, 0.4)])
    place = lips._points(basis, true)
    assert lips._distance(place, place) == 0
    assert lips._distance(lips._points(basis, 0 * true), place) > lips._distance(lips._points(basis, 0.5 * true), place) > 0
    level = np.array([-60.0, -20.0, -10.0])
    opened = lips._loudness(level, 0.4)[:, INDEX["jawOpen"]]
    assert opened[0] == 0
    assert (np.diff(opened) >= 0).all()


@pytest.mark.parametrize("by", [-3, 0, 1, 5])
def test_lips_that_come_late_are_seen_to_be(by):
    line = np.convolve(np.random.default_rng(0).random(60), np.ones(4) / 4, "same")
    assert lips.lag(np.roll(line, by), line) == by


def test_the_gap_of_filmed_lips_grows_with_the_jaw(basis, network, sitter):
    framed = frame_face(sitter.photo, sitter.landmarks, 256)
    motion = at_rest(4)
    motion.shapes[:] = np.stack([pose(jawOpen=share) for share in (0.0, 0.2, 0.4, 0.6)])
    film = np.stack(list(portrait(basis, framed.picture, framed.landmarks).frames(motion)))
    found = gaps(network, film)
    assert (np.diff(found) > 0.02).all()


def test_the_judge_names_what_a_face_is_made_to_show_and_how_strongly(basis, sitter):
    judge, face = checkpoint.load(ExpressionJudge, "expression-judge"), fit(basis, torch.from_numpy(sitter.landmarks))
    motion = at_rest(len(EMOTIONS))
    motion.shapes[:] = np.stack([expression(label, 5.0) for label in EMOTIONS])
    probabilities, _ = judge.judge(face.moved(motion)[:, :COUNT].numpy(), sitter.landmarks)
    assert (probabilities.argmax(-1) == np.arange(len(EMOTIONS))).mean() >= 6 / 7
    motion = at_rest(4)
    motion.shapes[:] = np.stack([expression("sad", gamma) for gamma in (0.0, 0.5, 1.0, 5.0)])
    _, strengths = judge.judge(face.moved(motion)[:, :COUNT].numpy(), sitter.landmarks)
    assert (np.diff(strengths) > 0).all()


def test_lids_that_are_shut_are_seen_to_be(basis, sitter):
    face = fit(basis, torch.from_numpy(sitter.landmarks))
    motion = at_rest(2)
    motion.shapes[1] = pose(eyeBlink=1)
    opened, shut = lid_heights(face.moved(motion)[:, :COUNT].numpy())
    assert shut < 0.1 * opened


def test_what_lies_outside_a_head(sitter):
    outside = _outside(sitter.landmarks, 512)
    assert outside[0, 0]
    assert outside[-1, -1]
    assert not outside[tuple(sitter.landmarks[[55]].astype(int)[0][::-1])]


def test_frames_that_show_more_count_for_more():
    """By the square root of how strong they are; those that show nothing count a little."""
    happy, neutral = np.eye(7)[[1, 0]]
    film = np.stack([neutral, neutral, happy])
    assert of_film(film, np.array([0.04, 0.04, 1.0]))[1] == pytest.approx(1 / 1.4)
    assert of_film(film, np.full(3, 0.5)) == pytest.approx(film.mean(0))
    assert of_film(film, np.array([-0.3, 0.0, 0.0])) == pytest.approx(film.mean(0))
    assert of_film(happy[None], np.zeros(1)) == pytest.approx(happy)
