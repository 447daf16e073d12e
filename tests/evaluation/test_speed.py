"""Few steps beside many, on a studio whose words and sound depend on its steps as told."""

from types import SimpleNamespace

import numpy as np
import pytest

from feim.evaluation import bench
from feim.evaluation import speed as suite
from feim.evaluation.report import Report

TEXTS = ("one two three four", "five six seven eight", "nine ten eleven twelve")
MATERIAL = SimpleNamespace(lines=tuple(SimpleNamespace(text=text, face=None, emotion="happy") for text in TEXTS), dnsmos=SimpleNamespace())


class Studio:
    """Its waveform is (number of the sentence, steps)."""

    sampling = SimpleNamespace(steps=4)

    def speak(self, text, face, emotion, intensity, steps):
        assert intensity > 1  # guidance is on
        return SimpleNamespace(waveform=np.array([TEXTS.index(text), steps], dtype=np.float32))


class Here:
    """A pool that works in this process."""

    map = staticmethod(map)


@pytest.fixture
def rows(monkeypatch):
    def rows(words_lost: int, naturalness_lost: float) -> list:
        def transcribe(wave):
            words = TEXTS[int(wave[0])].split()
            return " ".join(words if wave[1] == suite.MANY or wave[0] else words[words_lost:])

        monkeypatch.setattr(suite, "transcribe", transcribe)
        opinion = {suite.MANY: 3.0, 4: 3.0 - naturalness_lost}
        monkeypatch.setattr(suite, "rate_naturalness", lambda wave, weights: SimpleNamespace(ovr=opinion[int(wave[1])]))
        return suite.steps_lost(Studio(), MATERIAL, Here())

    return rows


def test_few_steps_that_lose_nothing_reach_both_bars(rows):
    words, naturalness = rows(words_lost=0, naturalness_lost=0.05)
    assert (words.value, words.bar) == pytest.approx((0, 0.01))
    assert (naturalness.value, naturalness.bar) == pytest.approx((2.95, 2.9))
    assert words.reached
    assert naturalness.reached
    assert words.what.endswith("4 steps, γ = 5")
    assert "50 steps 3.000, difference -0.050 ± 0.000 (2 SE), 3 sentences" in naturalness.note


def test_few_steps_that_lose_reach_neither(rows):
    words, naturalness = rows(words_lost=1, naturalness_lost=0.2)
    assert words.value == pytest.approx(1 / 12)
    assert not words.reached
    assert not naturalness.reached


def test_the_pace_is_told_with_its_parts(monkeypatch):
    seconds = {"text": 0.01, "acoustic": 0.2, "vocoder": 0.1, "total": 0.31}
    monkeypatch.setattr(bench, "measure_pace", lambda studio, text, repeats: bench.Pace(5.0, seconds))
    [row] = suite.pace(Studio())
    assert row.value == pytest.approx(0.062)
    assert not row.reached
    assert "text 0.002, acoustic 0.040, vocoder 0.020; 5.0 s of speech" in row.note


def test_the_suite_measures_the_pace_before_anything_else_runs(monkeypatch, tmp_path):
    order = []
    monkeypatch.setattr(suite, "weights", lambda: {})
    monkeypatch.setattr(suite, "asdict", lambda value: {})
    monkeypatch.setattr(suite, "pace", lambda studio: order.append("pace") or [])
    monkeypatch.setattr(suite, "gather", lambda data, extent, pool: order.append("gather") or MATERIAL)
    monkeypatch.setattr(suite, "steps_lost", lambda studio, material, pool: order.append("steps") or [])
    studio = SimpleNamespace(sampling=SimpleNamespace(interval=(0.0, 1.0)))
    report = suite.evaluate_speed(studio, tmp_path, tmp_path, quick=True, say=order.append)
    assert order == ["pace", "gather", "steps"]
    assert isinstance(report, Report)
    assert (tmp_path / "speed.json").is_file()
