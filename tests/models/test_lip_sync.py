"""The sync network: what a mouth does whoever's it is, what each vector reads, and offsets that are known."""

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.lip_sync import (
    CHANNELS,
    FURTHEST,
    LEAST_MOVEMENT,
    OF_CHIN,
    LipSync,
    Sync,
    TooShort,
    distances,
    lowered,
    mouth_movement,
    sync_losses,
)
from feim.models.portrait import FaceBasis
from feim.signal.face_motion import pose
from feim.signal.landmarks import CHIN, COUNT, JAW, MIRROR, MOUTH, PUPILS, interocular


@pytest.fixture(scope="module")
def network() -> LipSync:
    torch.manual_seed(0)
    return LipSync().eval()


@pytest.fixture(scope="module")
def basis() -> FaceBasis:
    return checkpoint.load(FaceBasis, "portrait")


@pytest.fixture(scope="module")
def film(basis) -> np.ndarray:
    """(40, 189, 2): the mean head opens its mouth and shuts it, 80 pixels between the eyes."""
    opened = np.sin(np.arange(40) / 3)[:, None] ** 2 * pose(jawOpen=0.4, mouthPucker=0.3)
    points = basis.mean + torch.einsum("fs,spd->fpd", torch.from_numpy(opened).float(), basis.shapes)
    return 80 * points[:, :COUNT, :2].numpy().astype(float) + 100


def test_it_is_small():
    assert 2 * checkpoint.parameters(LipSync()) <= 150 * 1024


def test_a_mouth_does_the_same_however_the_head_is_held(film):
    moved = mouth_movement(film)
    assert moved.shape == (40, CHANNELS)
    assert np.allclose(moved.mean(0), 0, atol=1e-6)
    assert moved.std(0).max() > 0.03
    turned = []
    for number, frame in enumerate(film):
        angle, scale = 0.3 + 0.005 * number, 2.5 + 0.01 * number
        rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned.append(frame @ rotation.T + [3 * number, 20])
    assert np.allclose(mouth_movement(np.stack(turned)), moved, atol=1e-3)


def test_the_movement_is_in_distances_between_the_pupils(film):
    lowest = CHIN[1]
    true = (film[:, lowest, 1] - film[:, lowest, 1].mean()) / interocular(film.mean(0))
    found = mouth_movement(film)
    assert min(np.abs(channel - true).max() for channel in found.T) < 5e-3


def test_a_mirrored_mouth_moves_alike():
    down = np.random.default_rng(0).normal(size=(5, COUNT))
    assert np.allclose(lowered(down[:, list(MIRROR)]), lowered(down), atol=1e-6)
    assert np.allclose(lowered(np.ones((5, COUNT))), np.ones((5, CHANNELS)))


def test_a_mouth_that_only_gets_wider_does_nothing(film):
    wider = np.repeat(film[:1], 20, axis=0)
    middle = wider[0, list(PUPILS), 0].mean()
    wider[:, list(MOUTH), 0] += np.linspace(0, 0.2, 20)[:, None] * (wider[0, list(MOUTH), 0] - middle)
    assert np.abs(mouth_movement(wider)).max() < 1e-6


def test_a_vector_reads_its_own_time_in_film_and_sound(network):
    movement = torch.randn(1, 60, CHANNELS, requires_grad=True)
    mel = (torch.randn(1, 128, 240) - 5).requires_grad_()
    seen, heard = network.see(movement), network.hear(mel)
    assert seen.shape == heard.shape == (1, 60 - 2 * network.reach, network.config.embedding)
    assert torch.allclose(seen.norm(dim=-1), torch.ones(seen.shape[:2]), atol=1e-5)
    frame = 20  # of the vectors; in the film it is `reach` later
    [gradient] = torch.autograd.grad(heard[0, frame].sum(), mel)
    read = gradient[0].abs().sum(0).nonzero()[:, 0]
    middle = 4 * (frame + network.reach) + 2  # sample 640 · f + 320, in mel frames
    assert abs(float(read.min() + read.max()) / 2 - middle) <= 0.5
    # In front of the network the size of the whole film's movement is taken out: every frame has a little to do with every other.
    far, near = torch.zeros(1, 60, CHANNELS), torch.zeros(1, 60, CHANNELS)
    base = movement.detach() / movement.detach().square().mean().sqrt()
    far[0, frame + 2 * network.reach + 1], near[0, frame + network.reach] = 1.0, 1.0
    changes = []
    for change in (far, near):
        other = base + change
        other = other / other.square().mean().sqrt()
        changes.append(float((network.see(other) - network.see(base)).detach()[0, frame].norm()))
    assert changes[0] < 0.05 * changes[1]


def test_the_size_of_a_movement_does_not_matter_unless_there_is_none(network):
    movement = 0.05 * torch.randn(1, 40, CHANNELS)
    assert torch.allclose(network.see(movement), network.see(3 * movement), atol=1e-4)
    still = LEAST_MOVEMENT / 100 * torch.randn(1, 40, CHANNELS)
    assert torch.allclose(network.see(still), network.see(0 * still), atol=0.1)


@pytest.mark.parametrize("by", [-6, 0, 3])
def test_sound_that_comes_late_is_seen_to(by):
    torch.manual_seed(1)
    vectors = torch.nn.functional.normalize(torch.randn(80, 16), dim=-1)
    seen, heard = vectors[20:60], vectors[20 - by : 60 - by]  # heard[f + by] = seen[f]
    found = Sync(distances(seen, heard).numpy())
    assert found.distances.shape == (2 * FURTHEST + 1,)
    assert found.offset == by
    assert found.distances[FURTHEST + by] == pytest.approx(0, abs=1e-3)
    assert found.confidence == pytest.approx(2**0.5, abs=0.15)  # independent unit vectors are √2 apart


def test_a_judged_film(network):
    movement, mel = np.random.default_rng(0).normal(size=(50, CHANNELS)), torch.randn(128, 190)
    found = network.judge(movement, mel)
    assert np.allclose(found.distances, network.judge(movement[:47], mel[:, :188]).distances, atol=1e-6)
    assert found.confidence >= 0
    with pytest.raises(TooShort, match=f"20 frames with sound are too few.*use {2 * (network.reach + FURTHEST)} or more"):
        network.judge(movement[:20], mel)


def test_the_loss_is_least_where_each_frame_finds_its_own():
    vectors = torch.nn.functional.normalize(torch.randn(2, 30, 16), dim=-1)
    sharp = torch.tensor(1.0)
    losses = [sync_losses(vectors, other, sharp) for other in (vectors, vectors.roll(1, 1), vectors.roll(5, 1), vectors.flip(0))]
    assert [float(found["right"]) for found in losses[::3]] == [1, 0]
    own, near, far, swapped = (float(found["loss"]) for found in losses)
    assert own < near < min(far, swapped)


def test_the_loss_of_vectors_that_tell_nothing():
    same = torch.ones(2, 30, 16) / 4
    assert float(sync_losses(same, same, torch.tensor(3.0))["loss"]) == pytest.approx(np.log(60), rel=1e-5)


def test_chin_and_jaw_among_the_channels():
    down = np.zeros(COUNT)
    down[[*CHIN, *JAW]] = 1.0
    assert np.array_equal(lowered(down) == 1, OF_CHIN)
    assert 0 < OF_CHIN.sum() < CHANNELS / 2
