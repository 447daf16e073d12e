"""Who does the work changes nothing: this process, others, or a cluster (a stand-in for Ray; a real one is in test_preparing.py)."""

import multiprocessing
import os
import signal
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from feim.data.corpora import workers


def square(number: int) -> int:
    return number * number


def slow_at_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return number


def who(number: int) -> int:
    return os.getpid()


def leave(number: int) -> None:
    os._exit(3)


def test_the_order_is_the_tasks_and_they_may_be_many():
    assert list(workers.processes(1)(square, range(10))) == [number**2 for number in range(10)]
    assert list(workers.processes(2)(slow_at_first, iter(range(100)))) == list(range(100))


def test_there_may_be_fewer_tasks_than_processes():
    assert list(workers.processes(2)(square, [5])) == [25]
    assert list(workers.processes(2)(square, [])) == []


def test_none_runs_far_ahead_of_what_can_be_noted_down(monkeypatch):
    monkeypatch.setattr(workers, "AHEAD", 5)
    asked = []
    results = workers.processes(2)(slow_at_first, (asked.append(number) or number for number in range(100)))
    assert next(results) == 0
    assert len(asked) == 5
    results.close()
    assert not multiprocessing.active_children()


def test_work_is_done_on_one_thread_and_the_number_is_put_back():
    torch.set_num_threads(2)
    assert list(workers.processes(1)(lambda _: torch.get_num_threads(), [0])) == [1]
    assert torch.get_num_threads() == 2


def test_a_process_that_dies_says_how_to_go_on():
    with pytest.raises(OSError, match="run the same command again, with fewer --processes"):
        list(workers.processes(2)(leave, range(2)))
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_while_it_waits_for_work():
    results = workers.processes(2)(who, range(1_000_000))
    os.kill(next(results), signal.SIGKILL)
    with pytest.raises(OSError, match="ended from outside"):
        list(results)


def test_what_a_task_raises_comes_here_and_says_where_it_was():
    with pytest.raises(TypeError) as raised:
        list(workers.processes(2)(square, [1, "x", 2]))
    assert "in square" in raised.value.__notes__[0]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("count", [0, -1])
def test_no_process_does_nothing(count):
    with pytest.raises(ValueError, match="use 1 or more"):
        workers.processes(count)


class Ray:
    """What feim uses of Ray, done here: a task is done when it is asked for."""

    def __init__(self):
        self.calls, self.open, self.waiting, self.most = [], False, 0, 0

    def init(self, address, **_):
        if address == "nowhere:1":
            raise ConnectionError("no cluster")
        self.open = True

    def shutdown(self):
        self.open = False

    def cluster_resources(self):
        return {"CPU": 2.0}

    def remote(self, function):
        def order(*arguments):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            return lambda: function(*arguments)

        return SimpleNamespace(remote=order)

    def get(self, promise):
        self.waiting -= 1
        return promise()


@pytest.fixture
def ray(monkeypatch) -> Ray:
    ray = Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    return ray


def test_a_cluster_gives_the_same_in_the_same_order_and_is_left_afterwards(ray):
    spread = workers.cluster("head:6379")
    assert list(spread(square, range(50))) == [number**2 for number in range(50)]
    assert ray.most == 2 * workers.WAITING  # a million tasks are not sent at once
    assert not ray.open


def test_a_failure_leaves_the_cluster(ray):
    with pytest.raises(TypeError):
        list(workers.cluster("head:6379")(square, [1, "x"]))
    assert not ray.open


def test_no_cluster_at_the_address(ray):
    with pytest.raises(workers.MissingRay, match="no Ray cluster answers at nowhere:1"):
        list(workers.cluster("nowhere:1")(square, [1]))


def test_without_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(workers.MissingRay, match=r'pip install "ray\[default\]"'):
        workers.cluster("auto")
