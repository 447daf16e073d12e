"""Measures of picture quality against what is known: Gaussians of known distance, known errors, files of known size."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import inception_v3

from feim.evaluation.faces import quality
from feim.models import checkpoint
from feim.models.embeddings import FaceNetwork
from feim.signal.face import read_image
from feim.signal.video import write_video
from tests.test_animating import WOMAN


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """(256, 256, 3) uint8."""
    return np.asarray(Image.fromarray(read_image(WOMAN)).resize((256, 256), Image.Resampling.BICUBIC))


def blurred(photo: np.ndarray, factor: int) -> np.ndarray:
    size = photo.shape[0]
    return np.asarray(Image.fromarray(photo).reduce(factor).resize((size, size), Image.Resampling.BILINEAR))


def exactly(mean: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """(2C, C) samples whose mean and (diagonal) covariance are just these."""
    count = 2 * len(mean)
    spread = np.sqrt((count - 1) / 2) * np.diag(deviations)
    return np.concatenate([mean + spread, mean - spread])


def test_the_distance_of_known_gaussians():
    mean, other_mean = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0])
    deviations, others = np.array([1.0, 2.0, 0.5]), np.array([2.0, 2.0, 1.5])
    made, real = exactly(mean, deviations), exactly(other_mean, others)
    # of diagonal covariances: ‖μ₁ − μ₂‖² + Σ (σ₁ − σ₂)²
    assert quality.frechet_distance(made, real) == pytest.approx(5 + 1 + 0 + 1)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert quality.frechet_distance(made @ turn, real @ turn) == pytest.approx(7)
    assert quality.frechet_distance(made, made) == pytest.approx(0, abs=1e-9)


def test_covariances_that_do_not_commute():
    """In two dimensions Tr √M = √(Tr M + 2 √det M), of any M with real eigenvalues."""
    random = np.random.default_rng(0)
    made, real = (random.normal(size=(50, 2)) @ random.normal(size=(2, 2)) for _ in range(2))
    one, other = np.cov(made, rowvar=False), np.cov(real, rowvar=False)
    product = one @ other
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    expected = np.square(made.mean(0) - real.mean(0)).sum() + np.trace(one) + np.trace(other) - 2 * root
    assert quality.frechet_distance(made, real) == pytest.approx(expected)
    assert quality.frechet_distance(real, made) == pytest.approx(expected)


def test_fewer_samples_than_features_are_further_apart_and_shrinking_helps():
    random = np.random.default_rng(0)
    few, other_few = random.normal(size=(2, 20, 50))  # both of the same Gaussian: the truth is 0
    many, other_many = random.normal(size=(2, 20_000, 50))
    plain, shrunk = (quality.frechet_distance(few, other_few, shrink) for shrink in (False, True))
    assert plain > 20
    assert shrunk < 0.3 * plain
    assert quality.frechet_distance(many, other_many) < 0.2
    stretched = other_many * np.linspace(1, 3, 50)
    plain, shrunk = (quality.frechet_distance(many, stretched, shrink) for shrink in (False, True))
    assert shrunk == pytest.approx(plain, rel=0.01)


def test_one_sample_has_no_covariance():
    with pytest.raises(ValueError, match="1 samples have no covariance"):
        quality.frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))


def test_blurred_faces_are_further_from_real_ones_the_more_they_are(photo):
    network = checkpoint.load(FaceNetwork, "face-network")
    crops = quality.face_crops(np.stack([photo, photo[:, ::-1]]))
    assert crops.shape == (2, 224, 224, 3)
    moved = np.stack([np.roll(crops[0], by, axis=axis) for axis in (0, 1) for by in (-2, 0, 2)])
    real = quality.face_features(network, moved)
    assert real.shape == (6, 384)
    distances = [
        quality.frechet_distance(quality.face_features(network, np.stack([blurred(one, factor) for one in moved])), real)
        for factor in (2, 4, 8)
    ]
    assert 0 < distances[0] < distances[1] < distances[2]
    small = np.stack([np.asarray(Image.fromarray(one).resize((128, 128), Image.Resampling.BICUBIC)) for one in moved])
    assert quality.frechet_distance(quality.face_features(network, small), real) < distances[1]


def test_inception_only_where_its_weights_lie(tmp_path, photo):
    assert quality.inception(tmp_path) is None
    torch.save(inception_v3(weights=None, init_weights=False).state_dict(), tmp_path / quality.INCEPTION_FILE)
    network = quality.inception(tmp_path)
    one, other = quality.inception_features(network, np.stack([photo, 255 - photo]))
    assert one.shape == (2048,)
    assert np.linalg.norm(one - other) > 0.01 * np.linalg.norm(one) > 0


def test_sharpness_of_a_wave_and_of_blurred_photos(photo):
    x = np.arange(66)  # 64 of them with two neighbours: whole periods
    wave = np.broadcast_to((128 + 100 * np.sin(np.pi / 2 * x)).round()[None, :, None], (66, 66, 3)).astype(np.uint8)
    # Laplacian of 100 sin(πx/2) = (2 cos(π/2) − 2) · 100 sin(πx/2), whose variance is 200² / 2
    assert quality.sharpness(wave[None]) == pytest.approx(20_000, rel=1e-6)
    values = [quality.sharpness(one[None]) for one in (photo, blurred(photo, 2), blurred(photo, 4))]
    assert values[0] > 2 * values[1] > 4 * values[2]
    assert quality.sharpness(np.stack([photo, blurred(photo, 2)])) == pytest.approx(np.mean(values[:2]))


def test_decibels_of_a_known_error(photo):
    real = np.full((3, 16, 16, 3), 100, np.uint8)
    off = np.stack([real[0], real[0] + 5, real[0] + 10])
    known = [100.0, 20 * np.log10(255 / 5), 20 * np.log10(255 / 10)]
    assert quality.psnr(off, real) == pytest.approx(np.mean(known), abs=1e-3)
    with pytest.raises(ValueError, match="cannot be compared frame by frame"):
        quality.psnr(off, real[:2])


def test_structural_similarity(photo):
    assert quality.ssim(photo[None], photo[None]) == pytest.approx(1)
    dark, light = (np.full((1, 20, 20, 3), level, np.uint8) for level in (100, 150))
    # of flat pictures only the first factor is left: (2 μₓ μᵧ + C₁) / (μₓ² + μᵧ² + C₁)
    assert quality.ssim(dark, light) == pytest.approx((2 * 100 * 150 + 6.5025) / (100**2 + 150**2 + 6.5025))
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (1, 11, 11, 3)).astype(np.uint8)
    y = random.integers(0, 256, (1, 11, 11, 3)).astype(np.uint8)
    bell = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights = np.outer(bell, bell) / bell.sum() ** 2
    a, b = (picture[0] @ np.array([0.299, 0.587, 0.114]) for picture in (x, y))
    mu_a, mu_b = (weights * a).sum(), (weights * b).sum()
    var_a, var_b = (weights * (a - mu_a) ** 2).sum(), (weights * (b - mu_b) ** 2).sum()
    cov = (weights * (a - mu_a) * (b - mu_b)).sum()
    true = (2 * mu_a * mu_b + 6.5025) * (2 * cov + 58.5225) / ((mu_a**2 + mu_b**2 + 6.5025) * (var_a + var_b + 58.5225))
    assert quality.ssim(x, y) == pytest.approx(true, rel=1e-4)  # one window
    values = [quality.ssim(blurred(photo, factor)[None], photo[None]) for factor in (2, 4)]
    assert 1 > values[0] > values[1] > 0
    with pytest.raises(ValueError, match="frames of 20×8 are too small"):
        quality.ssim(dark[:, :8], light[:, :8])


def test_many_frames_are_the_mean_of_each(photo):
    real = np.stack([np.roll(photo[:64, :64], by, axis=0) for by in range(quality.AT_ONCE + 3)])
    made = np.stack([blurred(frame, 2 + 2 * (number % 2)) for number, frame in enumerate(real)])
    each = [quality.ssim(one[None], other[None]) for one, other in zip(made, real, strict=True)]
    assert quality.ssim(made, real) == pytest.approx(np.mean(each))


def test_bits_a_second_of_a_film(tmp_path, photo):
    still = write_video(tmp_path / "still.mp4", [photo] * 50, visible_mark=False)
    noise = np.random.default_rng(0).integers(0, 256, (50, 64, 64, 3)).astype(np.uint8)
    lively = write_video(tmp_path / "lively.mp4", noise, visible_mark=False)
    for path in (still, lively):
        assert quality.bitrate(path) == pytest.approx(path.stat().st_size * 8 / 1000 / 2, rel=1e-6)  # two seconds
    assert quality.bitrate(lively) > 5 * quality.bitrate(still)
    (tmp_path / "none.mp4").write_bytes(b"")
    with pytest.raises(ValueError, match=r"none\.mp4 does not say how long"):
        quality.bitrate(tmp_path / "none.mp4")
