"""Judges hear what was said, repeat themselves, and know what they were told to expect."""

import numpy as np
import pytest
import torch

from feim.data.synthetic.engines import RULES
from feim.evaluation import judges
from feim.evaluation.judges import DNSMOS_SAMPLES, EmotionJudge, MissingJudge, listeners, rate_naturalness, transcribe
from feim.evaluation.metrics import word_error_rate
from feim.models.emotion_recognition import EmotionRecogniser
from feim.signal.emotion import EMOTIONS


def test_words_are_heard_and_the_order_of_clips_does_not_matter():
    texts = ["one two three four five", "the president of the united states"]
    waves = [RULES[1].speak(text).wave for text in texts]
    heard = [transcribe(wave) for wave in waves]
    assert word_error_rate(texts, heard) < 0.2
    assert [transcribe(wave) for wave in reversed(waves)] == heard[::-1]


def test_silence_has_no_words():
    assert transcribe(np.zeros(0)) == ""
    assert transcribe(np.zeros(100)) == ""


def test_listeners_work_in_other_processes():
    with listeners(1) as pool:
        assert list(pool.map(transcribe, [np.zeros(0), np.zeros(100)])) == ["", ""]


class Recorder:
    """Stands in for DNSMOS: notes the windows it is given, and answers with each one's first sample."""

    def __init__(self):
        self.windows = []

    def get_inputs(self):
        return [type("Input", (), {"name": "x"})]

    def run(self, _, inputs):
        self.windows.append(inputs["x"])
        return [np.full((1, 3), inputs["x"][0, 0])]


@pytest.fixture
def dnsmos(monkeypatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(judges, "_dnsmos", lambda weights: recorder)
    return recorder


def test_a_short_clip_is_repeated_to_fill_a_window(dnsmos):
    wave = np.arange(1, 1001, dtype=np.float32)
    rate_naturalness(wave, "dnsmos.onnx")
    [window] = dnsmos.windows
    assert window.shape == (1, DNSMOS_SAMPLES)
    np.testing.assert_array_equal(window[0, :2000], np.tile(wave, 2))


def test_a_long_clip_is_heard_every_second_and_scores_are_scaled_as_published(dnsmos):
    wave = np.zeros(DNSMOS_SAMPLES + 16_000, dtype=np.float32)
    wave[0], wave[16_000] = 2, 3
    found = rate_naturalness(wave, "dnsmos.onnx")
    assert len(dnsmos.windows) == 2
    expected = [np.mean([a * x * x + b * x + c for x in (2, 3)]) for a, b, c in judges.DNSMOS_SCALES.values()]
    assert (found.sig, found.bak, found.ovr) == pytest.approx(expected)


def test_nothing_has_no_naturalness(dnsmos):
    with pytest.raises(ValueError, match="empty clip"):
        rate_naturalness(np.zeros(0), "dnsmos.onnx")


def test_missing_weights(tmp_path):
    with pytest.raises(MissingJudge, match="DNS-Challenge"):
        rate_naturalness(np.zeros(10), tmp_path / "dnsmos.onnx")


def test_the_emotion_judge_gives_probabilities():
    torch.manual_seed(0)
    judge = EmotionJudge(EmotionRecogniser(EmotionRecogniser.Config(width=16, dilations=(1,))))
    wave = np.random.default_rng(0).standard_normal(8_000).astype(np.float32) * 0.1
    found = judge.probabilities(wave)
    assert found.shape == (len(EMOTIONS),)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_array_equal(judge.probabilities(wave), found)  # no dropout while judging
    assert judge.emotion(wave) == EMOTIONS[int(found.argmax())]
