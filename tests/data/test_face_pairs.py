"""Pieces of portraits: the face is in them, small and large belong together, and everybody's crop puts the eyes in one place."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from feim.data import face_pairs
from feim.data.corpora.london import PUPILS, Person
from feim.data.face_pairs import CROP, face_crop, in_crop, pairs, read_portraits, reduce


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """A white face with black pupils on a blue wall."""
    side = 640
    y, x = np.mgrid[:side, :side]
    landmarks = np.random.default_rng(0).uniform(260, 380, (189, 2))
    landmarks[:2] = [[280, 300], [360, 300]]
    landmarks[2:6] = [[220, 220], [420, 220], [220, 420], [420, 420]]
    picture = np.zeros((side, side, 3), np.uint8)
    picture[..., 2] = 255
    picture[220:420, 220:420] = 255
    for px, py in landmarks[:2]:
        picture[(x - px + 0.5) ** 2 + (y - py + 0.5) ** 2 < 100] = 0
    images = {name: tmp_path / f"{name}.png" for name in ("neutral", "smiling")}
    for path in images.values():
        Image.fromarray(picture).save(path)
    return Person("001", "female", 30.0, "white", images, landmarks)


def test_every_batch_can_be_had_again(person):
    batches = pairs(read_portraits([person]), 3, 128)
    one, again, other = batches(5), batches(5), batches(6)
    assert one["large"].shape == (3, 3, 128, 128)
    assert one["small"].shape == (3, 3, 32, 32)
    assert torch.equal(one["large"], again["large"])
    assert torch.equal(one["small"], again["small"])
    assert not torch.equal(one["large"], other["large"])


def test_two_half_batches_are_one(person):
    """Several processes share a batch: each example is drawn from its own number."""
    whole, halves = pairs(read_portraits([person]), 2, 128)(0), pairs(read_portraits([person]), 1, 128)
    assert torch.equal(whole["large"], torch.cat([halves(0)["large"], halves(1)["large"]]))


def test_pieces_show_the_face(person):
    large = pairs(read_portraits([person]), 24, 128)(0)["large"]
    shown = (large[:, 0] > 0.3).flatten(1).any(1)  # the wall has no red
    assert shown.float().mean() > 0.9


def test_small_and_large_show_the_same(person, monkeypatch):
    monkeypatch.setattr(face_pairs, "UNSPOILT", 1.0)
    batch = pairs(read_portraits([person]), 4, 128)(0)
    again = torch.stack([reduce(large) for large in batch["large"]])
    assert torch.equal(batch["small"], again)
    monkeypatch.setattr(face_pairs, "UNSPOILT", 0.0)
    assert not torch.equal(pairs(read_portraits([person]), 4, 128)(0)["small"], again)


def test_the_crop_has_the_pupils_where_it_says(person):
    crop, points = face_crop(person, "smiling"), in_crop(person)
    assert crop.shape == (3, CROP, CROP)
    pupils = points[list(PUPILS)]
    assert pupils[1] - pupils[0] == pytest.approx([119, 0])
    assert pupils.mean(0) == pytest.approx([256, 220.2], abs=0.1)
    for x, y in pupils.round().astype(int):
        assert crop[:, y - 8 : y + 9, x - 8 : x + 9].max() < 0.1
        assert crop[:, y - 40, x].min() > 0.9


def test_reduced_pictures_keep_colours_and_eight_bits():
    reduced = reduce(torch.rand(3, 64, 32, generator=torch.Generator().manual_seed(0)))
    assert reduced.shape == (3, 16, 8)
    assert torch.allclose(reduced * 255, (reduced * 255).round(), atol=1e-4)
    assert torch.allclose(reduce(torch.full((3, 32, 32), 0.2)), torch.tensor(51 / 255))
