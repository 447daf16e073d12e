"""Thin plates pass through their points and keep what is straight; the inverse of a displacement undoes it."""

import torch

from feim.nn.warp import sample, spline_matrix, where_from

CENTRES = torch.rand(12, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
POINTS = torch.rand(40, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_a_spline_passes_through_its_centres():
    assert torch.allclose(spline_matrix(CENTRES, CENTRES, smoothing=0), torch.eye(12, dtype=torch.float64), atol=1e-8)


def test_what_moves_all_centres_alike_moves_everything():
    matrix = spline_matrix(CENTRES, POINTS)
    linear = torch.tensor([[1.1, 0.2], [-0.3, 0.9]], dtype=torch.float64)
    assert torch.allclose(matrix @ (CENTRES @ linear + 5), POINTS @ linear + 5)


def test_the_origin_of_a_place_moves_to_it():
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    hill = 7 * torch.exp(-((x - 20).square() + (y - 20).square()) / 60)
    displacement = torch.stack([0.4 * hill, hill])[None]
    back = where_from(displacement)
    assert float((back + sample(displacement, back)).abs().max()) < 0.01
    assert float(hill.diff(dim=0).abs().max()) > 0.7  # a steep one, at which plain iteration would swing


def test_sampling_at_no_distance_changes_nothing_and_one_pixel_is_one_pixel():
    picture = torch.rand(1, 3, 8, 11)
    nowhere = torch.zeros(1, 2, 8, 11)
    assert torch.allclose(sample(picture, nowhere), picture, atol=1e-6)
    right = nowhere.clone()
    right[:, 0] = 1
    assert torch.allclose(sample(picture, right)[..., :-1], picture[..., 1:], atol=1e-5)
