"""Frames put faces where the network expects them; maps become points and go back to the photo; faces turned away are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.landmarks import (
    CELLS,
    FIVE_POINTS,
    FRAME,
    REGIONS,
    WINDOW,
    LandmarkNetwork,
    cell_places,
    centres_of_mass,
    cut,
    cut_out,
    five_points,
    frame,
    in_frame,
    in_window,
    landmark_losses,
    landmarks_of,
    locate,
    locate_all,
)
from feim.signal.face import Face, FaceNotFound, find_face, read_image
from feim.signal.landmarks import COUNT, FEATURES, MIRROR

PORTRAIT = Path(__file__).parents[2] / "assets" / "faces" / "average-woman-20s.jpg"
WHOLE = torch.tensor([[(FRAME - 1) / 2, (FRAME - 1) / 2, FRAME]])
TINY = LandmarkNetwork.Config(widths=(4, 4, 4), closer_widths=(4, 4))


@pytest.fixture
def network() -> LandmarkNetwork:
    return LandmarkNetwork(TINY).eval()


def _bells(places: torch.Tensor) -> torch.Tensor:
    """Logits (B, N, CELLS, CELLS) of bells at places (B, N, 2)."""
    fall = -0.4 * ((places[..., None] - cell_places(places.device)) * CELLS).square()  # (B, N, 2, CELLS)
    return fall[:, :, 1, :, None] + fall[:, :, 0, None]


def _seen_at(points: torch.Tensor, centre: tuple[float, float] = (128.0, 128.0)) -> dict[str, torch.Tensor]:
    """What a network would return that sees the points (B, 189, 2) exactly, in windows of 200 pixels."""
    found = {"maps": _bells(in_window(points, WHOLE)), "sure": torch.zeros(len(points))}
    for number, (_, region, _, mirrored) in enumerate(REGIONS):
        window = torch.tensor([[*centre, 200.0]]).expand(len(points), 3)
        places = in_window(points[:, list(region)], window) * torch.tensor([-1.0 if mirrored else 1.0, 1.0])
        found |= {f"window{number}": window, f"maps{number}": _bells(places)}
    return found


@pytest.fixture
def points() -> torch.Tensor:
    return 60 + 130 * torch.rand(2, COUNT, 2, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("size", [60, 133, 900])
def test_the_five_points_come_to_their_places_from_any_size_and_angle(size):
    turn = np.array([[0.9, -0.3], [0.3, 0.9]]) * size / 100
    points = FIVE_POINTS @ turn.T + (0.4 * size, 0.1 * size)
    y, x = np.mgrid[: int(points[:, 1].max() + size), : int(points[:, 0].max() + size)]
    reach = 3 * np.sqrt(np.linalg.det(turn))
    light = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * reach**2)) for px, py in points)
    image = np.repeat((255 * light).clip(0, 255).round().astype(np.uint8)[..., None], 3, axis=2)
    pixels, to_frame = frame(image, points)
    assert pixels.shape == (FRAME, FRAME, 3)
    assert points @ to_frame[:, :2].T + to_frame[:, 2] == pytest.approx(FIVE_POINTS)
    for px, py in FIVE_POINTS:
        rows, columns = np.mgrid[round(py) - 9 : round(py) + 10, round(px) - 9 : round(px) + 10]
        bright = pixels[rows, columns, 0].astype(float)
        assert np.average(columns, weights=bright) == pytest.approx(px, abs=0.15)
        assert np.average(rows, weights=bright) == pytest.approx(py, abs=0.15)


def test_fine_patterns_become_gray():
    image = (np.indices((1000, 1000)).sum(0) % 2 * 255).astype(np.uint8)
    pixels = cut_out(np.repeat(image[..., None], 3, axis=2), np.array([[0.3, 0.05, 0.0], [-0.05, 0.3, 20.0]]))
    assert np.abs(pixels[30:200, 30:200].astype(float) - 127.5).max() < 12


def test_the_edge_is_repeated_outside():
    image = np.full((50, 50, 3), 10, np.uint8)
    image[:, -5:] = 200
    pixels = cut_out(image, np.array([[1.0, 0, 0], [0, 1.0, 100]]))
    assert (pixels[:, 60:] == 200).all()
    assert (pixels[:, :40] == 10).all()


def test_the_centre_of_a_bell_is_its_place():
    places = torch.rand(3, 7, 2, generator=torch.Generator().manual_seed(0)) * 0.8 - 0.4
    assert torch.allclose(centres_of_mass(_bells(places)), places, atol=1e-3)


def test_windows_and_frame_agree(points):
    windows = torch.tensor([[100.0, 120.0, 60.0], [50.0, 80.0, 76.0]])
    assert torch.allclose(in_frame(in_window(points, windows), windows), points, atol=1e-4)


def test_a_cut_shows_its_window_and_a_mirrored_one_its_mirror_image():
    y, x = torch.meshgrid(torch.arange(FRAME) / FRAME, torch.arange(FRAME) / FRAME, indexing="ij")
    frames = torch.stack([x, y, x * y])[None]
    window = torch.tensor([[100.0, 140.0, 60.0]])
    patch = cut(frames, window, mirrored=False)
    assert patch.shape == (1, 3, WINDOW, WINDOW)
    assert float(patch[0, 0].mean()) * FRAME == pytest.approx(100, abs=1e-2)
    assert float(patch[0, 1].mean()) * FRAME == pytest.approx(140, abs=1e-2)
    assert float(patch[0, 0, 0, -1] - patch[0, 0, 0, 0]) * FRAME == pytest.approx(60 * (1 - 1 / WINDOW), abs=1e-2)
    assert torch.allclose(cut(frames, window, mirrored=True), patch.flip(3), atol=1e-5)


def test_regions_are_the_features_and_both_eyes_are_alike():
    left, right = REGIONS[0][1], REGIONS[1][1]
    assert tuple(MIRROR[point] for point in left) == right
    seen = [point for _, region, _, _ in REGIONS for point in region]
    assert len(seen) == len(set(seen))
    assert set(FEATURES) <= set(seen)


def test_maps_become_points(points):
    assert torch.allclose(landmarks_of(_seen_at(points)), points, atol=0.05)


def test_the_closer_look_decides_where_there_is_one(points):
    found = _seen_at(points)
    found["maps"] = _bells(torch.zeros(2, COUNT, 2))
    looked = [point for _, region, _, _ in REGIONS for point in region]
    others = sorted(set(range(COUNT)) - set(looked))
    located = landmarks_of(found)
    assert torch.allclose(located[:, looked], points[:, looked], atol=0.05)
    assert torch.allclose(located[:, others], torch.full((), (FRAME - 1) / 2), atol=0.05)


def test_losses_grow_with_the_distance_and_only_for_points_that_count(points):
    weights, locatable = torch.ones(2, COUNT), torch.ones(2)
    exact = landmark_losses(_seen_at(points), points, weights, locatable)
    assert float(exact["glance"]) < 0.1
    assert float(exact["closer"]) < 0.1
    moved = points.clone()
    moved[:, 5:50] += 6
    away = landmark_losses(_seen_at(moved), points, weights, locatable)
    assert float(away["glance"]) == pytest.approx(45 / COUNT * 6 * 2**0.5, rel=0.05)
    assert float(away["loss"]) > float(exact["loss"]) + 0.1
    weights[:, 5:50] = 0
    assert float(landmark_losses(_seen_at(moved), points, weights, locatable)["glance"]) < 0.1


def test_learning_reaches_every_weight(points):
    network = LandmarkNetwork(TINY)
    found = network(torch.rand(2, 3, FRAME, FRAME), jitter=2.0)
    landmark_losses(found, points, torch.ones(2, COUNT), torch.ones(2))["loss"].backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_jitter_moves_the_windows(network):
    pictures = torch.rand(1, 3, FRAME, FRAME)
    still, again, jittered = network(pictures), network(pictures), network(pictures, jitter=3.0)
    assert torch.equal(still["window0"], again["window0"])
    assert not torch.equal(still["window0"], jittered["window0"])


def test_a_face_is_located_wherever_it_is_in_the_photo(network):
    image = read_image(PORTRAIT)
    face = find_face(image)
    points = locate(network, image, face, least=0)
    assert points.shape == (COUNT, 2)
    assert points.dtype == np.float64
    shift = np.array([70, 30])
    wider = np.pad(image, ((30, 0), (70, 0), (0, 0)), mode="edge")
    shifted = Face(face.crop, face.box, face.points + shift, face.others)
    assert locate(network, wider, shifted, least=0) == pytest.approx(points + shift, abs=0.05)


def test_many_frames_at_once_are_as_one_by_one(network):
    image = read_image(PORTRAIT)
    five = find_face(image).points
    pairs = [frame(image, five), frame(image, five * 1.1), frame(image[:, ::-1], five)]
    frames, to_frames = (np.stack(values) for values in zip(*pairs, strict=True))
    together, sure = locate_all(network, frames, to_frames)
    for number in range(3):
        alone, one = locate_all(network, frames[number][None], to_frames[number][None])
        assert together[number] == pytest.approx(alone[0], abs=1e-2)
        assert sure[number] == pytest.approx(one[0], abs=1e-4)


def test_faces_that_it_is_not_sure_of_are_refused_with_help(network):
    image = read_image(PORTRAIT)
    face = find_face(image)
    with torch.no_grad():
        network.sure.bias.fill_(30)
        locate(network, image, face)
        network.sure.bias.fill_(-30)
    with pytest.raises(FaceNotFound, match="from the front"):
        locate(network, image, face)


def test_the_five_points_of_landmarks_are_eyes_nose_and_mouth():
    landmarks = np.arange(COUNT * 2.0).reshape(COUNT, 2)
    assert five_points(landmarks).tolist() == [[0, 1], [2, 3], [114, 115], [174, 175], [186, 187]]


def test_it_is_small_and_survives_the_disk(tmp_path, network):
    assert checkpoint.parameters(LandmarkNetwork(LandmarkNetwork.Config())) <= 450_000
    pictures = torch.rand(1, 3, FRAME, FRAME)
    checkpoint.save(network, "landmarks", {}, tmp_path)
    loaded = checkpoint.load(LandmarkNetwork, "landmarks", tmp_path)
    assert loaded.config == TINY
    assert torch.allclose(landmarks_of(loaded(pictures)), landmarks_of(network(pictures)), atol=0.5)
