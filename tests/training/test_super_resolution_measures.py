"""Measures of enlargement: known errors have known decibels, the truth is at no distance, and bicubic is far from it."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from feim.data.corpora.london import Person
from feim.data.face_pairs import face_crop
from feim.nn.perceptual import Perceptual
from feim.training.super_resolution_measures import bicubic, measure_enlargement, psnr


class Colours(nn.Module):
    """In the place of the face network: the mean of the left and of the right half, as a unit vector."""

    def forward(self, crops):
        return nn.functional.normalize(torch.cat([half.mean((2, 3)) for half in crops.chunk(2, dim=3)], dim=1), dim=1)


@pytest.fixture
def person(tmp_path) -> Person:
    y, x = np.mgrid[:400, :400]
    picture = np.stack([120 + 60 * np.sin(x / 5), 120 + 60 * np.cos(y / 7), x / 2], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "neutral.png")
    landmarks = np.random.default_rng(0).uniform(150, 250, (189, 2))
    landmarks[:2] = [[175, 200], [225, 200]]
    landmarks[[87, 93]] = [[180, 240], [220, 240]]
    return Person("001", "male", None, "white", {"neutral": tmp_path / "neutral.png"}, landmarks)


@pytest.fixture
def look() -> Perceptual:
    torch.manual_seed(0)
    return Perceptual("a lone layer", nn.ModuleList([nn.Conv2d(3, 4, 3)]), torch.full((3,), 0.5), torch.full((3,), 0.5), relative=True)


def test_decibels():
    assert psnr(torch.full((3, 4, 4), 0.6), torch.full((3, 4, 4), 0.5)) == pytest.approx(20, abs=1e-3)
    assert psnr(torch.zeros(3, 4, 4), torch.ones(3, 4, 4)) == pytest.approx(0, abs=1e-3)


def test_bicubic_keeps_even_slopes_and_the_range():
    ramp = torch.linspace(0, 1, 16).expand(1, 3, 16, 16)
    large = bicubic(ramp)
    assert large.shape == (1, 3, 64, 64)
    assert torch.allclose(large[0, 0, 30, 8:-8].diff(), torch.tensor(1 / 60), atol=1e-5)
    assert 0 <= large.min() <= large.max() <= 1


def test_the_truth_is_at_no_distance_and_the_worse_is_farther(person, look):
    true = face_crop(person)[None]
    ways = {"truth": lambda small: true, "bicubic": bicubic, "black": lambda small: torch.zeros_like(true)}
    found = measure_enlargement(ways, [person], look, Colours())
    assert found["truth"]["PSNR"] == pytest.approx(100, abs=0.1)
    assert found["truth"]["activations"] == found["truth"]["face"] == 0
    assert found["bicubic"]["PSNR"] > found["black"]["PSNR"] + 3
    assert 0 < found["bicubic"]["activations"] < found["black"]["activations"]


def test_faces_only_reduced_are_easier(person, look):
    degraded, reduced = (measure_enlargement({"bicubic": bicubic}, [person], look, Colours(), degraded=which) for which in (True, False))
    assert reduced["bicubic"]["PSNR"] > degraded["bicubic"]["PSNR"] + 3


def test_all_ways_see_the_same_faces_and_seeds_make_new_ones(person, look):
    seen = {"one": [], "other": []}

    def way(name):
        return lambda small: seen[name].append(small) or bicubic(small)

    measure_enlargement({name: way(name) for name in seen}, [person], look, Colours(), seeds=(0, 1))
    assert len(seen["one"]) == 2
    assert all(torch.equal(a, b) for a, b in zip(seen["one"], seen["other"], strict=True))
    assert not torch.equal(*seen["one"])
