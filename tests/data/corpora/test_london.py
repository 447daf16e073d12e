"""The London Set's folder layout, read from a miniature tree; averages put landmarks where the mean shape has them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from feim.data.corpora.london import PUPILS_AT, TEST_PEOPLE, average_portrait, read_london, thin_plate_spline, warp

SIZE = 96
IDENTITIES = [*TEST_PEOPLE[:2], "501", "502", "503", "504", "505", "506"]


def _picture(points: np.ndarray) -> np.ndarray:
    """Gray, with a white disc on each pupil (the first two points)."""
    y, x = np.mgrid[:SIZE, :SIZE]
    picture = np.full((SIZE, SIZE, 3), 60, np.uint8)
    for px, py in points[:2]:
        picture[(x - px) ** 2 + (y - py) ** 2 < 16] = 255
    return picture


@pytest.fixture
def london(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    mean = np.vstack([[[34, 40], [62, 40]], random.uniform(8, SIZE - 8, (187, 2))])
    landmarks = {}
    (tmp_path / "images").mkdir()
    with (tmp_path / "metadata.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image", "identity", "expression", "age", "gender", "ethnicity"])
        for number, identity in enumerate(IDENTITIES):
            points = mean + random.normal(0, 1, mean.shape) + random.uniform(-4, 4, 2)
            landmarks[identity] = points.tolist()
            for expression in ("neutral", "smiling"):
                name = f"images/{identity}_{expression}.jpg"
                Image.fromarray(_picture(points)).save(tmp_path / name, quality=95)
                age = "NA" if number == 0 else str(20 + number)
                table.writerow([name, identity, expression, age, ("female", "male")[number % 2], "white"])
    (tmp_path / "landmarks189.json").write_text(json.dumps(landmarks))
    return tmp_path


def test_people_are_read_with_both_expressions(london):
    people = read_london(london)
    assert [person.identity for person in people] == IDENTITIES
    assert people[0].age is None
    assert people[1].age == 21.0
    assert people[1].gender == "male"
    assert people[2].landmarks.shape == (189, 2)
    assert all(path.is_file() for person in people for path in person.images.values())
    assert set(people[0].images) == {"neutral", "smiling"}


def test_held_out_people_are_the_named_ones(london):
    assert [person.split for person in read_london(london)] == ["test"] * 2 + ["train"] * 6
    assert len(set(TEST_PEOPLE)) == 16


def test_a_missing_set_says_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="figshare"):
        read_london(tmp_path)


def test_the_average_has_everybodys_pupils_in_one_place(london):
    portrait = average_portrait(read_london(london))
    assert portrait.shape == (512, 512, 3)
    assert portrait.dtype == np.uint8
    for x, y in PUPILS_AT:  # all white discs fall together; unaligned ones would average to gray
        assert portrait[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5].mean() > 230
    assert abs(float(portrait[256, 450].mean()) - 60) < 5


def test_too_few_people_are_refused(london):
    with pytest.raises(ValueError, match="at least 8"):
        average_portrait(read_london(london)[:7])


def test_the_spline_meets_its_points_and_keeps_affine_maps():
    random = torch.Generator().manual_seed(0)
    source = 100 * torch.rand(20, 2, generator=random, dtype=torch.float64)
    target = source + 5 * torch.randn(20, 2, generator=random, dtype=torch.float64)
    assert torch.allclose(thin_plate_spline(source, target, source), target, atol=0.5)
    matrix = torch.tensor([[1.1, 0.2], [-0.3, 0.9]], dtype=torch.float64)
    points = 100 * torch.rand(50, 2, generator=random, dtype=torch.float64)
    assert torch.allclose(thin_plate_spline(source, source @ matrix, points), points @ matrix, atol=1e-6)


def test_coincident_landmarks_do_no_harm():
    shape = np.array([[5.0, 5.0], [5.0, 5.0], [40.0, 8.0], [20.0, 50.0], [50.0, 55.0]])
    picture = _picture(shape)
    warped = warp(picture, shape, shape, size=64)
    assert torch.allclose(warped[:, :60, :60], torch.from_numpy(picture).permute(2, 0, 1)[:, :60, :60].float(), atol=40)
