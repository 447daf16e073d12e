"""The suite's measures, on a studio whose voice is known: a buzz whose pitch, rate and level are told exactly."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from feim.evaluation import speech as suite
from feim.evaluation.material import Extent, Line, Material
from feim.evaluation.metrics import words_of
from feim.signal.emotion import EMOTIONS

EXTENT = Extent(sentences=7, paired=2, people=4, voices=4, texts=2, recordings=2)
PEOPLE = tuple(
    (SimpleNamespace(identity=str(i), gender=gender), np.full((2, 2, 3), i, dtype=np.uint8))
    for i, gender in enumerate(("female", "male", "female", "male"))
)


def buzz(pitch: float, level: float = 0.1, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(int(seconds * 16_000)) / 16_000
    return (level * sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 9))).astype(np.float32)


class Studio:
    """A face's number decides the pitch; γ raises it; the text is written into the first samples for the fake ears below."""

    vocoder = SimpleNamespace(synthesise=lambda mel: (np.ones(10, dtype=np.float32), None))

    def speak(self, text, face=None, emotion="neutral", intensity=1.0):
        base = 220.0 if face is None or face[0, 0, 0] % 2 == 0 else 110.0
        rise = 0 if emotion == "neutral" else np.log1p(intensity)
        return SimpleNamespace(waveform=buzz(base * 2 ** (rise / 12)), phonemes=tuple("_a_b_"), text=text)


class Judge:
    """Hears happiness in high voices."""

    def probabilities(self, wave):
        loud = float(np.abs(np.fft.rfft(wave)).argmax())
        return np.full(len(EMOTIONS), loud)

    def emotion(self, wave):
        return "happy"


class Here:
    """A pool that works in this process."""

    map = staticmethod(map)


@pytest.fixture
def stage(tmp_path) -> suite.Stage:
    lines = tuple(
        Line(f"sentence number {word}", EMOTIONS[i], *PEOPLE[i % 4], teacher=np.full(100, i, dtype=np.float32))
        for i, word in enumerate(("one", "two", "three", "four", "five", "six", "seven"))
    )
    material = Material(lines, ("say this now", "and then that", "or the other"), PEOPLE, (buzz(100), buzz(120)), tmp_path / "dnsmos.onnx")
    return suite.Stage(Studio(), material, Judge(), Here())


def test_words_are_compared_with_the_teachers_on_the_same_sentences(stage, monkeypatch):
    said = [line.text for line in stage.material.lines]
    answers = iter([*said[:6], "sentence number", *said[:5], "sentence", "sentence"])  # the teachers lose one word of 21, we lose four
    monkeypatch.setattr(suite, "transcribe", lambda wave: next(answers))
    [row] = suite.words(stage, 15.0)
    assert row.value == pytest.approx(4 / 21)
    assert row.bar == pytest.approx(1 / 21 + 0.05)
    assert row.at_most
    assert not row.reached
    assert "7 sentences" in row.note
    assert all(words_of(text) for text in said)


def test_what_was_said_at_one_intensity_is_said_once(stage, monkeypatch):
    first = list(stage.say(1.0))
    monkeypatch.setattr(stage, "speak", lambda *_: pytest.fail("said twice"))
    assert all(a is b for a, b in zip(first, stage.say(1.0), strict=True))


def test_naturalness_is_compared_with_recordings_and_teachers(stage, monkeypatch):
    def rate(wave, weights):
        return SimpleNamespace(ovr=3.0 if len(wave) > 1000 else 2.5)  # recordings and our speech are long, the others short

    monkeypatch.setattr(suite, "rate_naturalness", rate)
    [vocoder] = suite.vocoder_naturalness(stage)
    assert (vocoder.value, vocoder.bar) == pytest.approx((2.5, 2.85))
    assert not vocoder.reached
    [ours] = suite.naturalness(stage)
    assert (ours.value, ours.bar) == pytest.approx((3.0, 2.4))
    assert ours.reached


def test_emotion_is_counted(stage):
    [row] = suite.emotion(stage)
    assert row.value == pytest.approx(1 / 7)
    assert "the teachers' own: 0.14" in row.note
    assert "happy 1.00" in row.note


def test_the_baseline_says_the_same_lines_without_emotion_and_has_no_bar(stage, monkeypatch):
    said = [line.text for line in stage.material.lines]
    answers = iter([*said, *said[:6], "sentence"])  # the teachers lose no word, the baseline two of 21
    monkeypatch.setattr(suite, "transcribe", lambda wave: next(answers))
    monkeypatch.setattr(suite, "rate_naturalness", lambda wave, weights: SimpleNamespace(ovr=2.5))
    asked = []
    speak = stage.studio.speak
    stage.studio.speak = lambda text, face, emotion, intensity: asked.append((text, intensity)) or speak(text, face, emotion, intensity)
    errors, naturalness, emotion = suite.face_tts(stage)
    assert errors.value == pytest.approx(2 / 21)
    assert "teachers 0.000, difference +0.095" in errors.note
    assert naturalness.value == pytest.approx(2.5)
    assert emotion.value == pytest.approx(1 / 7)
    assert [row.reached for row in (errors, naturalness, emotion)] == [None] * 3
    assert asked == [(text, 0.0) for text in said]  # once for all three


def test_intensity_is_ranked_by_probability_and_by_prosody(stage):
    probability, distance = suite.intensity_of(stage, "happy", EXTENT)
    assert distance.value == pytest.approx(1)  # the pitch rises with every γ
    assert probability.value > 0.9


def test_an_intensity_that_changes_nothing_fails(stage):
    stage.studio.speak = lambda text, face=None, emotion="neutral", intensity=1.0: Studio().speak(text, face)
    assert not any(row.reached for row in suite.intensity_of(stage, "sad", EXTENT))


def test_pitch_tells_gender(stage):
    [row] = suite.gender(stage)
    assert row.value == 1
    assert "220 Hz for women, 110 Hz for men" in row.note


def test_voices_belong_to_faces(stage, monkeypatch):
    class Network(torch.nn.Module):
        def forward(self, mel):
            bands = mel[0].mean(-1)
            return (bands - bands.mean())[None]

    monkeypatch.setattr(suite.checkpoint, "load", lambda model, name: Network())
    same, other, judged, told_apart = suite.voices(stage, EXTENT)
    assert same.value == judged.value == pytest.approx(1, abs=1e-4)
    assert other.value == told_apart.value > 0.5  # two of the four faces share each pitch
    assert (same.bar, judged.bar) == (suite.SAME_VOICE, None)  # another network's cosines have another scale


def test_weights_are_named_by_their_content(tmp_path, monkeypatch):
    monkeypatch.setattr(suite.checkpoint, "CHECKPOINTS", tmp_path)
    (tmp_path / "tts.safetensors").write_bytes(b"1")
    before = suite.weights()
    (tmp_path / "tts.safetensors").write_bytes(b"2")
    assert set(before) == set(suite.weights()) == {"tts"}
    assert before != suite.weights()
