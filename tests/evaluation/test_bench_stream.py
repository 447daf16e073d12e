"""The bench of streams: what it counts, with a studio whose speed is known."""

import numpy as np
import pytest

from feim.evaluation import bench_stream
from feim.speaking import Chunk


def test_the_texts_are_what_they_are_called():
    assert len(bench_stream.SENTENCE.split()) == 10
    assert bench_stream.FACE.is_file()


def test_every_bar_is_measured(miniature, monkeypatch, capsys):
    monkeypatch.setattr(bench_stream, "MINUTE", "We go. We are gone.")
    found = bench_stream.bench_stream(miniature)
    assert [row["bar"] for row in found["rows"]] == [0.2, 0.2, 1.2, None, 2.5]
    assert all(row["at_most"] for row in found["rows"] if row["bar"])
    assert all(row["value"] >= 0 for row in found["rows"])
    printed = capsys.readouterr().out
    assert "face 0 ms" in printed.splitlines()[0]
    assert "face 0 ms" not in printed.splitlines()[1]
    assert "≤ 2.50" in printed


def test_the_first_sound_is_divided_into_stages(miniature):
    start = bench_stream.measure_start(miniature, None, repeats=3)
    assert start.face + start.text + start.acoustic + start.sound == pytest.approx(start.total)
    assert start.sound > 0


def test_a_stream_that_starves_is_noticed(monkeypatch):
    now = 0.0
    monkeypatch.setattr(bench_stream.time, "perf_counter", lambda: now)

    class Slow:
        def stream(self, *wish):
            nonlocal now
            for made_at in (1.0, 1.2, 2.5, 2.6):  # half a second of sound each: from 2.0 to 2.5 there is nothing to hear
                now = made_at
                yield Chunk(np.zeros(8000, np.float32), 1, 1)

    assert bench_stream.longest_wait(Slow(), "") == pytest.approx(0.5)
