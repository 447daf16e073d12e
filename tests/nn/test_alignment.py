"""Alignment search against every possible alignment, and the way from symbols to frames and back."""

from itertools import combinations

import numpy as np
import pytest
import torch

from feim.nn.alignment import contour, position_in_symbol, search_durations, spread, symbol_means, symbol_of_frame


def every_alignment(symbols: int, frames: int):
    """All durations of at least one frame that sum to `frames`."""
    for cuts in combinations(range(1, frames), symbols - 1):
        yield np.diff([0, *cuts, frames])


def log_likelihood(mu: torch.Tensor, mel: torch.Tensor, durations: np.ndarray) -> float:
    """log N(mel | mu, 1) up to a constant, mu (C, N), mel (C, T)."""
    means = mu[:, np.repeat(np.arange(len(durations)), durations)]
    return float(-0.5 * ((mel - means) ** 2).sum())


@pytest.mark.parametrize(("symbols", "frames"), [(1, 4), (2, 5), (3, 7), (4, 8), (5, 5)])
def test_search_equals_brute_force(symbols, frames):
    for seed in range(5):
        random = torch.Generator().manual_seed(seed)
        mu, mel = torch.randn(1, 6, symbols, generator=random), torch.randn(1, 6, frames, generator=random)
        [found] = search_durations(mu, mel, torch.tensor([symbols]), torch.tensor([frames])).numpy()
        best = max(every_alignment(symbols, frames), key=lambda durations: log_likelihood(mu[0], mel[0], durations))
        assert found.tolist() == best.tolist()


def test_padding_does_not_change_the_alignment():
    mu, mel = torch.randn(3, 6, 5), torch.randn(3, 6, 12)
    symbols, frames = torch.tensor([5, 3, 1]), torch.tensor([12, 9, 2])
    found = search_durations(mu, mel, symbols, frames)
    assert found.sum(1).tolist() == [12, 9, 2]
    for row, (n, t) in enumerate(zip(symbols, frames, strict=True)):
        alone = search_durations(mu[row : row + 1, :, :n], mel[row : row + 1, :, :t], symbols[row : row + 1], frames[row : row + 1])
        assert found[row, :n].tolist() == alone[0].tolist()
        assert (found[row, :n] >= 1).all()
        assert not found[row, n:].any()


def test_a_spread_symbol_sequence_is_found_again():
    mu = 3 * torch.randn(1, 8, 6)
    durations = torch.tensor([[2, 1, 4, 3, 1, 5]])
    mel = spread(mu, symbol_of_frame(durations, 16)) + 0.1 * torch.randn(1, 8, 16)
    assert torch.equal(search_durations(mu, mel, torch.tensor([6]), torch.tensor([16])), durations)


def test_symbol_of_frame():
    durations = torch.tensor([[2, 0, 3], [0, 1, 1]])
    assert symbol_of_frame(durations, 6).tolist() == [[0, 0, 2, 2, 2, 2], [1, 2, 2, 2, 2, 2]]


def test_spread_repeats_each_symbols_values():
    values = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    assert spread(values, torch.tensor([[0, 0, 2, 1]])).tolist() == [[[1, 1, 3, 2], [4, 4, 6, 5]]]


def test_position_runs_through_each_symbol():
    durations = torch.tensor([[2, 0, 4]])
    index = symbol_of_frame(durations, 8)
    assert position_in_symbol(durations, index)[0, :6].tolist() == pytest.approx([0.25, 0.75, 0.125, 0.375, 0.625, 0.875])
    assert position_in_symbol(durations, index)[0, 6:].tolist() == [1, 1]  # after the end


def test_contour_passes_through_the_middles_of_spoken_symbols():
    values, durations = torch.tensor([[1.0, 99.0, 3.0, -2.0]]), torch.tensor([[4, 0, 4, 2]])
    line = contour(values, durations, 12)
    assert line.shape == (1, 12)
    assert line[0, [2, 4, 6, 9]].tolist() == [1, 2, 3, -2]
    assert line[0, [0, 11]].tolist() == [1, -2]


def test_contour_and_means_bring_a_slope_back():
    durations = torch.tensor([[3, 5, 0, 4, 6]])
    ends = durations.cumsum(1)
    values = 0.5 + 0.1 * (ends - durations / 2)  # a straight line through the middles
    means = symbol_means(contour(values, durations, 18), durations)
    spoken = [1, 3]  # the first and last symbol are level towards the edges
    assert means[0, spoken].tolist() == pytest.approx(values[0, spoken].tolist(), abs=0.06)  # within half a frame


def test_means_of_symbols():
    lines = torch.tensor([[1.0, 3.0, 5.0, 5.0, 8.0], [2.0, 4.0, 6.0, 0.0, 0.0]])
    durations = torch.tensor([[2, 0, 2, 1, 0], [3, 0, 0, 0, 0]])
    assert symbol_means(lines, durations).tolist() == [[2, 5, 5, 8, 8], [4, 0, 0, 0, 0]]


def test_means_of_steps_are_the_steps():
    durations = torch.tensor([3, 0, 1, 7])
    values = torch.tensor([0.5, 9.0, -1.0, 2.0])
    means = symbol_means(values.repeat_interleave(durations)[None], durations[None])[0]
    assert means[durations > 0].tolist() == pytest.approx(values[durations > 0].tolist())
