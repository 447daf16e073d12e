"""The stage: a voice speaks as the studio does, and several judges hear it."""

import numpy as np
import torch

from feim.evaluation.experiments.stage import Voice


def test_the_voice_says_what_the_studio_says(miniature):
    """For the default voice's vector, word for word and sample for sample."""
    asked = {"emotion": "happy", "intensity": 5.0}
    spoken = Voice(miniature).say("We count to two.", miniature.face_vector(None), **asked)
    speech = miniature.speak("We count to two.", **asked)
    np.testing.assert_array_equal(spoken.wave, speech.waveform)
    assert spoken.phonemes == sum(symbol.isalpha() for symbol in speech.phonemes if symbol not in "ˈˌː_")


def test_other_vectors_have_other_voices(miniature):
    one, other = (Voice(miniature).say("We count.", torch.eye(512)[i]).wave for i in (0, 1))
    assert len(one) != len(other) or not np.array_equal(one, other)


def test_every_judge_is_asked(stage):
    heard = stage.heard(np.zeros(100, dtype=np.float32))
    assert heard["first judge"][1] == 0.7
    assert heard["second judge"][2] == 0.7


def test_distortion_is_zero_from_oneself(stage):
    wave, strange = stage.material.teachers[0].wave, stage.material.teachers[6].wave
    for hear in (stage.mels, stage.envelopes):
        same, other = stage.distortions(hear([wave, wave]), hear([wave, strange]))
        assert same == 0
        assert other > 0.3
