"""Every process of a pool has one thread, however many this one has."""

import os

import torch

from feim.data.pool import one_thread_each


def _who(_: int) -> tuple[int, int]:
    return os.getpid(), torch.get_num_threads()


def test_each_has_one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread_each(2) as pool:
            found = list(pool.map(_who, range(6)))
    finally:
        torch.set_num_threads(before)
    assert {threads for _, threads in found} == {1}
    assert os.getpid() not in {process for process, _ in found}
