"""Motion by diffusion: shapes, identities of guidance, stages that are one or the other, and what the shipped weights do when asked."""

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.motion import FOLD, Guidance, MotionDiffusion, Wish, from_levels, motion_losses, to_levels
from feim.signal.emotion import EMOTIONS, UNLABELLED
from feim.signal.muscles import SEEN, UNITS, Muscle, encode

SMILE = Wish(EMOTIONS.index("happy"), 0.7, (Muscle(6, 0.5), Muscle(12, 0.75)))
FROWN = Wish(EMOTIONS.index("angry"), 0.7, (Muscle(4, 0.75), Muscle(24, 0.5, "late")))


@pytest.fixture(scope="module")
def network() -> MotionDiffusion:
    """Untrained, but not silent."""
    torch.manual_seed(0)
    network = MotionDiffusion(MotionDiffusion.Config(16, 2, 16)).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.add_(0.2 * torch.randn_like(parameter))
    return network


@pytest.fixture(scope="module")
def asked() -> dict[str, torch.Tensor]:
    wishes = (SMILE, FROWN)
    return {
        "emotion": torch.tensor([wish.emotion for wish in wishes]),
        "strength": torch.tensor([wish.strength for wish in wishes]),
        "muscles": torch.from_numpy(np.stack([encode(wish.muscles) for wish in wishes])),
    }


def denoised(network, x, t, asked, feel: bool, tell: bool):
    emotion = asked["emotion"] if feel else torch.full_like(asked["emotion"], UNLABELLED)
    times, told = torch.full((len(x),), t), torch.full((len(x),), tell)
    return network(x, times, emotion, asked["strength"], asked["muscles"], told)


@pytest.mark.parametrize("frames", [1, 4, 5, 50, 123])
def test_as_many_frames_as_are_asked_for(network, frames):
    levels = network.sample([SMILE, FROWN], frames, [0, 1])
    assert levels.shape == (2, frames, len(UNITS))
    assert 0 <= levels.min() <= levels.max() <= 1


def test_columns_hold_whole_frames(network, asked):
    """A longer stretch's last column is filled up: only places move, and frames come back in their order."""
    x = torch.randn(2, len(UNITS), 3 * FOLD)
    assert denoised(network, x, 0.5, asked, True, True).shape == x.shape


# ---- guidance ----------------------------------------------------------------------------------------------------------------


LIMITS = from_levels(torch.tensor([0.0, 1.0])).tolist()


@pytest.mark.parametrize("guidance", [Guidance(together=0), *(Guidance(0, 0, change, still=0) for change in (0, 0.8, 1))])
def test_weights_of_0_tell_nothing(network, asked, guidance):
    x = 0.3 * torch.randn(2, len(UNITS), 20)
    assert torch.allclose(network.guided(x, 0.4, **asked, guidance=guidance), denoised(network, x, 0.4, asked, False, False).clamp(*LIMITS))


@pytest.mark.parametrize(
    ("guidance", "feel", "tell"),
    [(Guidance(together=1), True, True), (Guidance(1, 2, 0.3), True, False), (Guidance(2, 1, 0.5, still=0), False, True)],
)
def test_weights_of_1_are_the_network_itself(network, asked, guidance, feel, tell):
    x = 0.3 * torch.randn(2, len(UNITS), 20)
    plain = denoised(network, x, 0.4, asked, feel, tell).clamp(*LIMITS)
    assert torch.allclose(network.guided(x, 0.4, **asked, guidance=guidance), plain, atol=1e-5)


@pytest.mark.parametrize(
    ("guidance", "feel", "tell", "weight"),
    [
        (Guidance(together=1.7), True, True, 1.7),
        (Guidance(1.5, 2.5, 0.3), True, False, 1.5),
        (Guidance(1.5, 2.5, 0.5, still=0), False, True, 2.5),
    ],
)
def test_guidance_is_the_sum_in_the_docstring(network, asked, guidance, feel, tell, weight):
    x = 0.05 * torch.randn(2, len(UNITS), 20)
    none, told = denoised(network, x, 0.4, asked, False, False), denoised(network, x, 0.4, asked, feel, tell)
    wanted = (none + weight * (told - none)).clamp(*LIMITS)
    assert torch.allclose(network.guided(x, 0.4, **asked, guidance=guidance), wanted, atol=1e-5)


def test_the_second_stage_adds_muscles_and_a_little_emotion(network, asked):
    x = 0.05 * torch.randn(2, len(UNITS), 20)
    none, muscles, emotion = (denoised(network, x, 0.4, asked, *told) for told in ((False, False), (False, True), (True, False)))
    wanted = (none + 2.5 * (muscles - none) + 0.4 * (emotion - none)).clamp(*LIMITS)
    assert torch.allclose(network.guided(x, 0.4, **asked, guidance=Guidance(1.5, 2.5, 0.5, 0.4)), wanted, atol=1e-5)


def test_stages_change_at_tau():
    guidance = Guidance(1.5, 2.0, 0.7, 0.4)
    assert guidance.at(0.71) == {(True, False): 1.5}
    assert guidance.at(0.7) == {(False, True): 2.0, (True, False): 0.4}
    assert Guidance(1.5, 2.0, 0.7, together=3).at(0.9) == {(True, True): 3}


def test_a_change_at_an_end_leaves_one_stage(network):
    """τ = 0: the emotion alone, whatever the muscles; τ = 1: the muscles alone, whatever the emotion."""

    def draw(emotion, muscles, change):
        return network.sample([Wish(emotion, 0.7, muscles)], 40, [3], Guidance(1.5, 2.0, change, still=0))

    happy, angry = SMILE.emotion, FROWN.emotion
    assert np.array_equal(draw(happy, SMILE.muscles, 0), draw(happy, FROWN.muscles, 0))
    assert not np.array_equal(draw(happy, SMILE.muscles, 0), draw(angry, SMILE.muscles, 0))
    assert np.array_equal(draw(happy, SMILE.muscles, 1), draw(angry, SMILE.muscles, 1))
    assert not np.array_equal(draw(happy, SMILE.muscles, 1), draw(happy, FROWN.muscles, 1))
    assert not np.array_equal(draw(happy, SMILE.muscles, 0.7), draw(happy, FROWN.muscles, 0.7))
    assert not np.array_equal(draw(happy, SMILE.muscles, 0.7), draw(angry, SMILE.muscles, 0.7))


def test_seeds(network):
    one, same, other = (network.sample([SMILE], 40, [seed]) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    both = network.sample([FROWN, SMILE], 40, [5, 1])
    assert np.allclose(both[1], one[0], atol=1e-5)  # whoever is drawn beside


# ---- learning ----------------------------------------------------------------------------------------------------------------


def test_levels_there_and_back():
    levels = torch.linspace(0, 1, 11)
    assert torch.allclose(to_levels(from_levels(levels)), levels, atol=1e-6)


def test_the_loss_is_of_the_velocity(network, asked):
    batch = asked | {"levels": torch.rand(2, 50, len(UNITS))}
    losses = motion_losses(network, batch)
    assert losses["loss"].ndim == 0
    assert float(losses["loss"]) > 0


# ---- the shipped weights -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> MotionDiffusion:
    return checkpoint.load(MotionDiffusion, "motion")


def heights(levels: np.ndarray) -> np.ndarray:
    return np.sort(levels, axis=1)[:, -10:].mean(1)


def test_muscles_that_are_told_are_shown(shipped):
    shown = heights(shipped.sample([SMILE, FROWN], 100, [0, 1]))
    for row, wish in zip(shown, (SMILE, FROWN), strict=True):
        for muscle in wish.muscles:
            assert row[UNITS.index(muscle.unit)] > SEEN, muscle.words


def test_stronger_muscles_go_further(shipped):
    slight, severe = (Wish(SMILE.emotion, s, (Muscle(6, level), Muscle(12, level))) for s, level in ((0.4, 0.25), (0.9, 0.75)))
    low, high = heights(shipped.sample([slight, severe], 100, [2, 2]))[:, UNITS.index(12)]
    assert high > low + 0.2


def test_late_is_later_than_early(shipped):
    early, late = (Wish(SMILE.emotion, 0.8, (Muscle(6, 0.75, m), Muscle(12, 0.75, m))) for m in ("early", "late"))
    levels = shipped.sample([early, late], 100, [3, 3])[:, :, UNITS.index(12)]
    middle = (levels * np.arange(100)).sum(1) / levels.sum(1)
    assert middle[1] > middle[0] + 15
