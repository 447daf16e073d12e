"""The ConvNeXt block: what it reaches, what padding and conditions do to it."""

import pytest
import torch

from feim.nn.blocks import ConvNeXtBlock, sequence_mask


def test_sequence_mask():
    assert sequence_mask(torch.tensor([0, 2, 3]), 3).tolist() == [[[0, 0, 0]], [[1, 1, 0]], [[1, 1, 1]]]


@pytest.mark.parametrize(("kernel", "dilation"), [(7, 1), (7, 4), (9, 2)])
def test_a_frame_is_felt_as_far_as_the_kernel_reaches(kernel, dilation):
    block = ConvNeXtBlock(8, kernel=kernel, dilation=dilation)
    x = torch.randn(1, 8, 61)
    touched = x.clone()
    touched[:, :, 30] += 1
    felt = (block(x) - block(touched)).abs().sum(1)[0] > 1e-7
    reach = dilation * (kernel // 2)
    assert felt.nonzero()[:, 0].tolist() == list(range(30 - reach, 30 + reach + 1, dilation))


def test_what_follows_a_sequence_does_not_reach_into_it():
    block = ConvNeXtBlock(8, condition=4)
    torch.nn.init.normal_(block.film.weight)
    x, condition = torch.randn(2, 8, 20), torch.randn(2, 4)
    together = block(x, condition, sequence_mask(torch.tensor([20, 11]), 20))
    alone = block(x[1:, :, :11], condition[1:])
    assert torch.allclose(together[1:, :, :11], alone, atol=1e-6)


def test_a_condition_does_nothing_until_it_is_learnt():
    block = ConvNeXtBlock(8, condition=4)
    x, one, other = torch.randn(1, 8, 10), torch.randn(1, 4), torch.randn(1, 4)
    assert torch.equal(block(x, one), block(x, other))
    torch.nn.init.normal_(block.film.weight)
    assert not torch.allclose(block(x, one), block(x, other), atol=1e-4)


def test_a_block_adds_to_its_input():
    block = ConvNeXtBlock(8)
    torch.nn.init.zeros_(block.scale)
    x = torch.randn(2, 8, 5)
    assert torch.equal(block(x), x)


def test_dropout_rests_in_eval_mode():
    block = ConvNeXtBlock(8, dropout=0.5)
    x = torch.randn(1, 8, 30)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))
