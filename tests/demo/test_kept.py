"""What a film was made of goes by itself."""

import threading

import pytest

from feim.demo.kept import Kept, Making

MAKING = Making(None, None, "happy", 0)


def test_it_is_there_until_its_time_is_over(monkeypatch):
    clocks = []
    monkeypatch.setattr("feim.demo.kept.Timer", lambda seconds, then: clocks.append((seconds, then)) or threading.Timer(3600, then))
    kept = Kept(MAKING)
    [(seconds, forget)] = clocks
    assert seconds <= 20 * 60  # what the page promises
    assert kept.making() is MAKING
    forget()
    with pytest.raises(ValueError, match="no longer kept, after 10 minutes; press Make the film"):
        kept.making()


def test_the_clock_runs_and_keeps_no_process_alive():
    gone = threading.Event()

    class Watched(Kept):
        def _forget(self):
            super()._forget()
            gone.set()

    kept = Watched(MAKING, seconds=0.01)
    assert gone.wait(30)
    with pytest.raises(ValueError, match="no longer kept"):
        kept.making()
    assert all(thread.daemon for thread in threading.enumerate() if isinstance(thread, threading.Timer))
