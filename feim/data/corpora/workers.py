"""Who does the work of preparing a corpus: processes of this machine or a Ray cluster. The order of results is the tasks'."""

import os
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch

Workers = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]  # map(function, tasks), somewhere else

PACKAGE = Path(__file__).parents[2]  # feim: a cluster's machines get it sent
AHEAD = 256  # tasks begun or done whose turn has not come: the journal has none of them yet
SPAWN = get_context("spawn")  # torch's threads do not survive a fork
WAITING = 4  # tasks a cluster's core has before it


class MissingRay(ValueError):
    """Ray is not installed, or no cluster answers at the address."""


def processes(count: int) -> Workers:
    """`count` processes of this machine; one works in this process. Raises: ValueError below one."""
    if count < 1:
        raise ValueError(f"{count} processes do nothing; use 1 or more")
    return partial(_here, count)


def _here(count: int, function: Callable, tasks: Iterable) -> Iterator:
    if count == 1:
        yield from map(partial(_on_one_thread, function), tasks)
        return
    crew = {}
    try:
        for _ in range(count):
            ours, its = SPAWN.Pipe()
            crew[ours] = SPAWN.Process(target=_serve, args=(its, function), daemon=True)
            crew[ours].start()
            its.close()  # now the process alone holds it: when it dies, whatever it was doing, our end says so
        yield from _in_order(list(crew), tasks)
    finally:
        for process in crew.values():
            process.kill()
            process.join()


def _in_order(idle: list[Connection], tasks: Iterable) -> Iterator:
    """Results in the order of their tasks, whichever is found first. Raises: what a task raised; OSError when a process died."""
    numbered = enumerate(tasks)
    busy, found, due = set(), {}, 0
    while True:
        while idle and len(busy) + len(found) < AHEAD and (task := next(numbered, None)) is not None:
            busy.add(pipe := idle.pop())
            _or_died(pipe.send, task)
        if not busy:
            return
        for pipe in wait(busy):
            number, result, error = _or_died(pipe.recv)
            if error is not None:
                raise error
            found[number] = result
            busy.remove(pipe)
            idle.append(pipe)
        while due in found:
            yield found.pop(due)
            due += 1


def _or_died(use: Callable, *given: Any) -> Any:
    """What a pipe gives or takes. Raises: OSError when nobody is at its other end."""
    try:
        return use(*given)
    except (EOFError, ConnectionError) as error:
        raise OSError(
            "a process was ended from outside, often because memory ran out; run the same command again, with fewer --processes: "
            "it goes on where it stopped"
        ) from error


def _serve(pipe: Connection, function: Callable) -> None:
    """What a process does: (number, task) → (number, result, None) or (number, None, error), until it is ended."""
    _end_with_parent()
    while True:
        number, task = pipe.recv()
        try:
            answer = number, _on_one_thread(function, task), None
        except Exception as error:
            error.add_note(traceback.format_exc())  # where in this process it was raised
            answer = number, None, error
        pipe.send(answer)


def cluster(address: str) -> Workers:
    """The cores of a Ray cluster that shares the source and out folders with this machine under the same paths.

    Args:
        address: as ray.init takes it: "HOST:PORT", "ray://HOST:10001", "auto" for the cluster that this machine is in, or "local" for
            one of its own.
    Raises: MissingRay.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingRay('--ray needs Ray, which is not installed here; use `pip install "ray[default]"`, or leave --ray out') from error
    return partial(_on_cluster, ray, address)


def _on_cluster(ray, address: str, function: Callable, tasks: Iterable) -> Iterator:
    try:
        ray.init(address, runtime_env={"py_modules": [str(PACKAGE)]}, log_to_driver=False)
    except Exception as error:  # Ray raises ConnectionError, RuntimeError and Exception itself
        raise MissingRay(f"no Ray cluster answers at {address} ({error}); start one with `ray start --head`, or leave --ray out") from error
    try:
        work = ray.remote(_on_one_thread)
        room = max(1, int(ray.cluster_resources().get("CPU", 1))) * WAITING
        waiting = deque()
        for task in tasks:
            waiting.append(work.remote(function, task))
            if len(waiting) >= room:
                yield ray.get(waiting.popleft())
        while waiting:
            yield ray.get(waiting.popleft())
    finally:
        ray.shutdown()


def _on_one_thread(function: Callable, task: Any) -> Any:
    """Sums differ in their last bits with the number of threads; here it is always one, wherever the work is done."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return function(task)
    finally:
        torch.set_num_threads(threads)


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work forever, and might still write."""

    def wait() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
