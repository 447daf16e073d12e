"""The space of emotions: its axes are emotions, its norm is strength, and between two emotions lies what is between them."""

from itertools import combinations

import numpy as np
import pytest
import torch

from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.models.emotion_space import AXES, EmotionSpace, at, intensity_of, probabilities, shapes, space_losses
from feim.signal.action_units import expression, strength
from feim.signal.emotion import EMOTIONS, UnknownEmotion
from feim.signal.expressiveness import SEEN
from feim.signal.landmarks import BROWS


@pytest.mark.parametrize("label", EMOTIONS)
@pytest.mark.parametrize("gamma", [0.0, 1.0, 7.5, 30.0])
def test_one_emotion_is_its_prototype_and_its_strength(label, gamma):
    place = at({label: 1.0}, gamma)
    np.testing.assert_allclose(shapes(place), expression(label, gamma), atol=1e-6)
    assert intensity_of(place) == pytest.approx(0 if label == "neutral" else strength(gamma))


def test_neutral_is_the_origin_and_thins_what_it_is_mixed_with():
    assert (at({"neutral": 1.0}, 30) == 0).all()
    np.testing.assert_allclose(at({"happy": 0.5, "neutral": 0.5}, 5), at({"happy": 1.0}, 5) / 2)


def test_mixtures_keep_the_strength_and_their_order_is_nothing():
    mixed = at({"happy": 0.7, "sad": 0.3}, 5)
    np.testing.assert_allclose(mixed, at({"sad": 3, "happy": 7}, 5))
    assert intensity_of(mixed) == pytest.approx(strength(5.0))
    assert mixed.argmax() == AXES.index("happy")
    assert at({"angry": 1.0}, np.array([0.0, 1.0, 5.0])).shape == (3, 6)
    np.testing.assert_allclose(shapes(mixed), expression("happy:0.7+sad:0.3", 5), atol=1e-6)  # what the renderers show
    with pytest.raises(UnknownEmotion, match="unknown emotion 'bored'"):
        at({"bored": 1.0})


@pytest.mark.parametrize("pair", list(combinations(AXES, 2)))
def test_a_straight_line_fades_one_emotion_into_the_other(pair):
    first, second = (at({label: 1.0}, 5.0) for label in pair)
    way = np.linspace(0, 1, 21)[:, None]
    chances = probabilities((1 - way) * first + way * second)
    np.testing.assert_allclose(chances.sum(-1), 1)
    assert (np.diff(chances[:, EMOTIONS.index(pair[0])]) <= 1e-9).all()
    assert (np.diff(chances[:, EMOTIONS.index(pair[1])]) >= -1e-9).all()
    assert [int(row.argmax()) for row in chances[[0, -1]]] == [EMOTIONS.index(label) for label in pair]


def test_more_of_an_emotion_is_more_likely_it():
    chances = probabilities(at({"sad": 1.0}, np.array([0.0, 0.3, 1.0, 5.0])))
    assert (np.diff(chances[:, EMOTIONS.index("sad")]) > 0).all()
    assert chances[0].argmax() == EMOTIONS.index("neutral")


def test_losses_see_direction_and_norm():
    truth = torch.from_numpy(at({"happy": 1.0}, np.full((2, 10), 5.0))).float()
    assert float(space_losses(truth, truth)["loss"]) == pytest.approx(0, abs=1e-5)
    weaker, other = space_losses(truth / 2, truth), space_losses(truth.roll(1, -1), truth)
    assert float(weaker["direction"]) == pytest.approx(0, abs=1e-5) != float(other["direction"])
    assert float(other["norm"]) == pytest.approx(0, abs=1e-5) != float(weaker["norm"])


def test_the_network_takes_any_face():
    points = np.random.default_rng(0).normal(size=(4, 189, 2))
    place = EmotionSpace().eval().place(points, points[0])
    assert place.shape == (4, 6)
    assert np.isfinite(place).all()


def test_how_a_face_rests_is_guessed_from_a_film_in_which_it_mostly_feels():
    """A network that knows one emotion, raised brows: resting ones beside raised ones are none."""
    space = EmotionSpace().eval()
    brows = [SEEN.index(i) for brow in BROWS for i in brow]
    space.forward = lambda seen: torch.eye(len(AXES))[0] * -seen.unflatten(-1, (-1, 2))[..., brows, 1].mean(-1, keepdim=True)
    up = np.concatenate([np.zeros(10), np.full(30, 0.2)])
    faces = np.tile(MEAN_SHAPE, (40, 1, 1))
    faces[:, [i for brow in BROWS for i in brow], 1] -= up[:, None]
    np.testing.assert_allclose(space.rest_of(faces), MEAN_SHAPE, atol=1e-6)
    np.testing.assert_allclose(space.rest_of(faces[:10]), MEAN_SHAPE, atol=1e-6)
