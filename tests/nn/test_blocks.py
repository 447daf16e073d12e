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


@pytest.mark.parametrize(("kernel", "dilation", "condition"), [(7, 1, 0), (7, 4, 3), (9, 2, 3)])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_block_is_its_definition(kernel, dilation, condition, channels_last):
    block = ConvNeXtBlock(8, kernel, dilation, condition=condition)
    if condition:
        torch.nn.init.normal_(block.film.weight)
    x = torch.randn(2, 8, 25)
    given = torch.randn(2, condition) if condition else None
    h = block.norm(block.depthwise(x).transpose(1, 2))
    if condition:
        scale, shift = block.film(given)[:, None].chunk(2, dim=-1)
        h = h * (1 + scale) + shift
    expected = x + (block.narrow(torch.nn.functional.gelu(block.widen(h))) * block.scale).transpose(1, 2)
    laid = x.transpose(1, 2).contiguous().transpose(1, 2) if channels_last else x
    assert torch.allclose(block(laid, given), expected, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_sequence_may_be_shorter_than_the_kernel(frames):
    block = ConvNeXtBlock(8, dilation=4)
    x = torch.randn(1, 8, frames)
    silence = torch.zeros(1, 8, 20)
    longer = torch.cat([x, silence], dim=2)
    assert block(x).shape == x.shape
    assert torch.allclose(block(x), block(longer)[:, :, :frames], atol=1e-6)


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
