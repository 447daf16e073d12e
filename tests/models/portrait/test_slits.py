"""Above a slit's line is 0, below it 1, sharp between its ends; an opening holds what lies between its edges, to parts of a pixel."""

import pytest
import torch

from feim.models.portrait.slits import slit
from feim.models.portrait.window import opening, window

# Two lines with a gap between them: from 10 to 30 and from 50 to 70 across a picture of 80 × 40.
POINTS = torch.tensor([[10, 20], [20, 18], [20, 22], [30, 20], [50, 20], [60, 18], [60, 22], [70, 20]], dtype=torch.float64)
PAIRS = ((0, 0), (1, 2), (3, 3), (4, 4), (5, 6), (7, 7))
EVERYWHERE = window(torch.tensor([[0, 0], [79, 39]], dtype=torch.float64), 0, 80)


def test_a_line_divides_above_from_below():
    below = slit(PAIRS, POINTS, EVERYWHERE).below(POINTS)
    assert below.shape == (40, 80)
    assert below[18, 20] == 0
    assert below[22, 20] == 1
    assert 0 < below[18, 40] < below[22, 40] < 1  # between the two, one passes into the other


def test_a_line_that_moved_divides_elsewhere():
    line = slit(PAIRS, POINTS, EVERYWHERE)
    below = line.below(POINTS + torch.tensor([0.0, 5.0]))
    assert below[23, 20] == 0
    assert below[27, 20] == 1


def test_a_turned_face_has_a_turned_line():
    turned = POINTS.flip(1)[:, [0, 1]]  # x and y swapped: from top to bottom
    place = window(torch.tensor([[0, 0], [39, 79]], dtype=torch.float64), 0, 80)
    below = slit(PAIRS, turned, place).below(turned)
    assert below[20, 16] == 1  # to the left of a line that goes down is below it
    assert below[20, 24] == 0


def test_the_strip_has_the_edge_to_parts_of_a_pixel():
    line = slit(PAIRS, POINTS, EVERYWHERE)
    (rows, columns), share = line.strip(POINTS + torch.tensor([0.0, 0.25]))
    assert (rows.start, rows.stop) == (20, 22)
    assert columns.start <= 12
    assert columns.stop >= 68
    assert share[0, 20 - columns.start] == pytest.approx(0.25)  # a quarter of the pixel's row is below 20.25


def test_what_is_shut_shows_nothing():
    edge = torch.tensor([[10, 20], [20, 20], [30, 20]], dtype=torch.float64)
    assert opening(EVERYWHERE, edge, edge).alpha.max() == 0


def test_an_opening_is_as_large_as_it_is():
    """Between two arcs: ∫ 5 (1 − x²) · 2 over 20 pixels = 133 pixels."""
    x = torch.linspace(-1, 1, 21, dtype=torch.float64)
    arc = 5 * (1 - x.square())
    upper, lower = (torch.stack([40 + 10 * x, 20 + side * arc], dim=1) for side in (-1, 1))
    shown = opening(EVERYWHERE, upper, lower)
    assert float(shown.alpha.sum()) == pytest.approx(2 * 5 * 20 * 2 / 3, rel=0.02)
    assert shown.alpha[20, 40] == 1
    assert shown.alpha[10, 40] == 0
