"""Every operation of the degradation against what it must do exactly; the chain's order, chances and sizes; the same for the same seed."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from feim.data import degradation
from feim.data.degradation import (
    add_camera_noise,
    add_noise,
    blur,
    compress,
    degrade,
    downsample,
    filtered,
    gaussian_kernel,
    halve,
    resize,
    shuffled,
)

OPERATIONS = ["blur", "blur again", "downsample", "to size", "noise", "compress", "camera"]


def picture(side: int = 128) -> torch.Tensor:
    """Smooth colours with an edge."""
    ticks = torch.linspace(0, 1, side)
    x, y = torch.meshgrid(ticks, ticks, indexing="xy")
    return torch.stack([x, (x * 7).sin() * 0.4 + 0.5, (y > 0.5).float()])


def grey(value: float = 0.5, side: int = 128) -> torch.Tensor:
    return torch.full((3, side, side), value)


def test_the_same_seed_degrades_alike_and_another_seed_otherwise():
    one, again, other = (degrade(picture(), np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("seed", range(20))
def test_a_quarter_of_the_size_in_eight_bits(seed):
    small = degrade(picture(160)[:, :132], np.random.default_rng(seed))
    assert small.shape == (3, 33, 40)
    assert small.dtype == torch.float32
    assert 0 <= small.min() <= small.max() <= 1
    assert torch.allclose(small * 255, (small * 255).round(), atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(124, 256), (128, 130), (129, 128)])
def test_sides_that_do_not_fit(height, width):
    with pytest.raises(ValueError, match=f"{width}×{height} pixels cannot be degraded"):
        degrade(torch.zeros(3, height, width), np.random.default_rng(0))


def test_the_original_is_left_alone():
    original = picture()
    degrade(original, np.random.default_rng(3))
    assert torch.equal(original, picture())


def test_to_size_always_comes_after_downsample_and_all_else_anywhere():
    random = np.random.default_rng(0)
    orders = [shuffled(OPERATIONS, random) for _ in range(400)]
    assert all(sorted(order) == sorted(OPERATIONS) for order in orders)
    assert all(order.index("downsample") < order.index("to size") for order in orders)
    for name in set(OPERATIONS) - {"downsample", "to size"}:
        assert {order.index(name) for order in orders} == set(range(7))


@pytest.mark.parametrize("seed", range(12))
def test_blur_and_sizes_leave_one_colour_as_it_is(seed):
    random = np.random.default_rng(seed)
    for change in (lambda x: blur(x, 4, random), lambda x: downsample(x, 4, random), lambda x: halve(x, random)):
        assert torch.allclose(change(grey(0.3)), torch.tensor(0.3), atol=1e-5)


def test_a_kernel_has_the_variances_and_the_place_asked_for():
    covariance = np.array([[5.0, 2.0], [2.0, 3.0]])
    kernel = gaussian_kernel(25, covariance, shift=1.5).double()
    ticks = torch.arange(25.0).double() - 12
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    mean = [float((kernel.sum(0) * ticks).sum()), float((kernel.sum(1) * ticks).sum())]
    assert mean == pytest.approx([1.5, 1.5], abs=1e-3)
    x, y = torch.meshgrid(ticks - 1.5, ticks - 1.5, indexing="xy")
    found = [float((kernel * a * b).sum()) for a, b in ((x, x), (x, y), (y, y))]
    assert found == pytest.approx([5, 2, 3], rel=0.02)


def test_no_blur_is_one_pixel():
    assert torch.allclose(filtered(picture(), gaussian_kernel(7, np.zeros((2, 2)))), picture(), atol=1e-5)


def test_filtering_by_fft_is_correlation():
    kernel = torch.rand(7, 7, generator=torch.Generator().manual_seed(0))
    kernel /= kernel.sum()
    direct = F.conv2d(F.pad(picture()[:, None], (3,) * 4, mode="reflect"), kernel[None, None])[:, 0]
    assert torch.allclose(filtered(picture(), kernel), direct, atol=1e-5)


def test_every_fourth_pixel_stands_for_the_middle_of_its_block(monkeypatch):
    monkeypatch.setattr(degradation, "ANY_FACTOR", 0.0)
    ramp = (torch.arange(128.0) / 128).expand(3, 128, 128)
    small = downsample(ramp, 4, np.random.default_rng(0))
    middles = (torch.arange(32) * 4 + 1.5) / 128
    assert small.shape == (3, 32, 32)
    assert torch.allclose(small[0, 10, 4:-4], middles[4:-4], atol=2e-3)


def test_area_is_an_exact_average():
    assert torch.allclose(resize(picture(), (32, 64), "area"), F.avg_pool2d(picture()[None], (4, 2))[0], atol=1e-5)
    noise = torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(resize(noise, (37, 53), "area").mean((1, 2)), noise.mean((1, 2)), atol=1e-5)


def test_resizing_does_not_antialias_unless_by_area():
    """Stripes of one pixel: OpenCV's bilinear third takes single pixels, area mixes them."""
    stripes = torch.zeros(3, 126, 126)
    stripes[:, :, ::2] = 1
    assert resize(stripes, (42, 42), "bilinear")[0, 0].unique().tolist() == [0, 1]
    assert resize(stripes, (42, 42), "area").sub(0.5).abs().max() < 0.2


def test_the_three_kinds_of_noise():
    kinds = {"grey": [], "coloured": [], "correlated": []}
    for seed in range(200):
        noise = (add_noise(grey(side=64), np.random.default_rng(seed)) - 0.5).flatten(1) * 255  # (3, pixels)
        correlation = np.corrcoef(noise.numpy())[np.triu_indices(3, 1)]
        kind = "grey" if correlation.min() > 0.999 else "coloured" if np.abs(correlation).max() < 0.08 else "correlated"
        kinds[kind].append(noise.std(1).numpy())
    shares = [len(found) / 200 for found in kinds.values()]
    assert shares == pytest.approx([0.4, 0.4, 0.2], abs=0.1)
    levels = np.array(kinds["grey"] + kinds["coloured"])
    assert 1.9 < levels.min() < 4
    assert 23 < levels.max() < 26
    assert np.max(kinds["correlated"]) < 26


def test_jpeg_qualities(monkeypatch):
    qualities, save = [], Image.Image.save
    monkeypatch.setattr(
        Image.Image, "save", lambda image, file, kind, quality: qualities.append(quality) or save(image, file, kind, quality=quality)
    )
    random = np.random.default_rng(0)
    errors = [float((compress(picture(32), random) - picture(32)).abs().mean()) for _ in range(400)]
    assert min(qualities) == 30
    assert max(qualities) == 95
    worst, best = np.argmin(qualities), np.argmax(qualities)
    assert errors[worst] > 2 * errors[best] > 0


def test_a_camera_keeps_colours_and_adds_noise():
    seen = [add_camera_noise(grey(0.4), np.random.default_rng(seed)) for seed in range(20)]
    assert all(abs(float(x.mean()) - 0.4) < 0.03 for x in seen)
    levels = [float(x.std()) for x in seen]
    assert 0.001 < min(levels) < 0.02 < max(levels) < 0.3


def test_demosaicking_restores_what_changes_evenly():
    ramp = torch.stack([torch.linspace(a, b, 64).expand(64, 64) for a, b in ((0, 1), (0.8, 0.1), (0.3, 0.6))])
    assert torch.allclose(degradation._demosaicked(ramp)[:, 1:-1, 1:-1], ramp[:, 1:-1, 1:-1], atol=1e-5)


def test_a_mosaic_has_one_colour_at_every_pixel():
    """A lone red pixel where the sensor sees green is lost; where it sees red, it spreads over its neighbours."""
    lost, kept = torch.zeros(3, 8, 8), torch.zeros(3, 8, 8)
    lost[0, 2, 3], kept[0, 2, 2] = 1, 1
    assert degradation._demosaicked(lost).abs().max() < 1e-6
    assert degradation._demosaicked(kept)[0, 1:4, 1:4].flatten().tolist() == pytest.approx([0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25])
