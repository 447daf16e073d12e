"""Measures of face and voice vectors, on networks whose answers are known."""

import numpy as np
import pytest
import torch

from feim.data.matching import Voices
from feim.data.pairing import Described
from feim.training.matching_measures import clip_vectors, measure_voices


class _FirstValue(torch.nn.Module):
    """A voice's vector points where its mel's first value says."""

    def forward(self, mel, lengths):
        return torch.eye(512)[mel[:, 0, 0].long()]


def _voices(numbers: list[list[int]]) -> Voices:
    speakers = tuple(Described(str(position), ("female", "male")[position % 2]) for position in range(len(numbers)))
    mels = tuple([np.full((20, 128), number, np.float16) for number in clips] for clips in numbers)
    return Voices(speakers, mels, example=(), first=len(speakers))


def test_perfect_voices():
    measures = measure_voices(_FirstValue(), _voices([[0, 0, 0], [1, 1], [2, 2]]))
    assert measures["speakers"] == 3
    assert measures["cosine, same speaker"] == 1
    assert measures["cosine, different speakers"] == 0
    assert measures["area under curve, same against different"] == 1
    assert measures["nearest clip is the same speaker's"] == 1


def test_voices_that_cannot_be_told_apart():
    measures = measure_voices(_FirstValue(), _voices([[0, 0], [0, 0]]))
    assert measures["cosine, different speakers"] == 1
    assert measures["area under curve, same against different"] == pytest.approx(0.5)


def test_an_only_clip_is_heard_in_two_halves():
    assert [len(vectors) for vectors in clip_vectors(_FirstValue(), _voices([[3], [4, 4, 4]]))] == [2, 3]
