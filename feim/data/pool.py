"""Processes that work side by side, each with one thread of torch's: OpenMP's other threads do not survive a fork."""

from concurrent.futures import ProcessPoolExecutor

import torch


def one_thread_each(processes: int) -> ProcessPoolExecutor:
    """A pool of so many processes; leave it, as a context, to end them."""
    return ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,))
