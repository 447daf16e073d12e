"""Augmented crops stay pictures, differ from one another, and repeat with the generator."""

import numpy as np
import torch

from feim.data.face_augmentation import augment_faces


def test_augmentation_repeats_and_stays_in_range():
    crops = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).expand(12, -1, -1, -1)
    one = augment_faces(crops, np.random.default_rng(1))
    assert one.shape == crops.shape
    assert one.dtype == torch.float32
    assert 0 <= one.min() <= one.max() <= 1
    assert torch.equal(one, augment_faces(crops, np.random.default_rng(1)))
    assert len({round(float(crop.mean()), 5) for crop in one}) == 12


def test_gray_crops_come_up_often_enough_to_learn_from():
    crops = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).expand(60, -1, -1, -1)
    disturbed = augment_faces(crops * torch.tensor([1.0, 0.5, 0.2])[:, None, None], np.random.default_rng(0))
    warmth = (disturbed[:, 0] - disturbed[:, 2]).mean((1, 2))
    assert (warmth.abs() < 0.05).sum() >= 5
    assert (warmth > 0.1).sum() >= 20
