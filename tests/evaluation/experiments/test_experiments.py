"""Every experiment's arithmetic, on findings whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from feim.evaluation.experiments import (
    acted,
    calibration,
    carry_over,
    confusion,
    distortion,
    intensity,
    other_corpus,
    scripts,
    speakers,
    training_sets,
)
from feim.evaluation.experiments.experiment import weights_of
from feim.evaluation.experiments.stage import Spoken
from feim.evaluation.experiments.sweep import INTENSITIES, LEVELS, sweep, table
from feim.evaluation.judges import ActedEmotionJudge
from feim.evaluation.material import LABELLED
from feim.models import checkpoint
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from tests.evaluation.experiments.conftest import buzz


def swept(sentences: int = 3) -> dict:
    """Every emotion is as probable as γ/30, the rest goes to neutral; prosody moves by 10·√γ; teachers by 16 · level."""
    gamma, levels = np.array(INTENSITIES), np.array(LEVELS)

    def probabilities(sure):
        found = np.zeros((sentences, 7, len(sure), 7))
        for emotion in range(7):
            found[:, emotion, :, 0] = 1 - sure
            found[:, emotion, :, emotion] += sure
        return found.tolist()

    def distances(far):
        return np.tile(np.where(np.arange(7)[:, None] > 0, far, 0), (sentences, 1, 1)).tolist()

    return {
        "sentences": ["a"] * sentences, "intensities": gamma.tolist(), "levels": levels.tolist(),
        "probabilities": {"judge": probabilities(gamma / 30)}, "distances": distances(10 * np.sqrt(gamma)),
        "teachers": {"probabilities": {"judge": probabilities(levels)}, "distances": distances(16 * levels)},
    }  # fmt: skip


def test_probability_rises_with_intensity():
    rows = intensity.rows(swept())
    assert [row.value for row in rows] == [pytest.approx(1)] * 6
    assert all(row.reached for row in rows)
    assert "30: 1.00" in rows[0].note
    falling = swept()
    falling["intensities"] = falling["intensities"][::-1]
    assert intensity.rows(falling)[0].value == pytest.approx(-1)


def test_confusion_counts_what_is_likeliest():
    found = swept()
    at_one = confusion.confusion(confusion.choices(found, "judge", 1))
    np.testing.assert_array_equal(at_one[:, 0], 1)  # at 1/30 everything is neutral
    np.testing.assert_array_equal(confusion.confusion(confusion.choices(found, "judge", -1)), np.eye(7))
    shares = {row.what: row.value for row in confusion.rows(found)}
    assert shares["emotion heard, γ = 1, judge"] == pytest.approx(1 / 7)
    assert shares["emotion heard, γ = 30, judge"] == 1
    assert shares["emotion heard, the teachers' own, judge"] == 1  # LABELLED is above one half


def test_calibration_finds_the_teachers_intensity():
    rows = {row.what: row for row in calibration.rows(swept())}
    assert rows["γ and distance of prosody, happy, Spearman"].value == pytest.approx(1)
    assert rows["labelled intensity that γ = 1 matches, sad"].value == pytest.approx(0.625)  # 10 of 16 a unit
    assert "within .5 to 1" in rows["labelled intensity that γ = 1 matches, sad"].note
    assert calibration.reached(list(INTENSITIES), 10 * np.sqrt(INTENSITIES), 1.0) == pytest.approx(30)
    assert calibration.reached([0, 1, 2], np.array([0.0, 10.0, 10.0]), 0.5) == pytest.approx(0.5)
    assert calibration.equivalent_level([0.5, 1.0], np.array([5.0, 10.0]), 99.0) == 1.0  # no further than they went


def test_a_curve_that_falls_is_not_explained_by_one_that_rises():
    assert calibration.monotone_share(np.array([1.0, 2.0, 5.0])) == pytest.approx(1)
    assert calibration.monotone_share(np.array([3.0, 2.0, 1.0])) == pytest.approx(0)
    assert np.isnan(calibration.monotone_share(np.ones(3)))


def test_the_sweep_says_each_thing_once(stage, teachers, monkeypatch):
    asked = []

    def say(self, text, vector, emotion, gamma):
        asked.append((emotion, gamma))
        return Spoken(buzz(100 * 2 ** (gamma / 30 / 6)), 10)  # two semitones at the most

    monkeypatch.setattr(type(stage.voice), "say", say)
    found = sweep(stage)
    assert len(asked) == 2 * (1 + 7 * (len(INTENSITIES) - 1))  # without guidance, all emotions are one
    assert table(found, "first judge").shape == (2, 7, len(INTENSITIES), 7)
    ours, theirs = table(found), table(found["teachers"])
    np.testing.assert_array_equal(ours[:, :, 0], 0)
    assert ours[1, 3, -1] == pytest.approx(2, abs=0.1)
    assert theirs.shape == (2, 7, len(LEVELS))
    np.testing.assert_array_equal(theirs[:, 0], 0)
    assert (np.diff(theirs[0, 1]) > 0).all()  # the fake teachers' pitch rises with the level
    assert theirs[0, 1, LEVELS.index(1.0)] == pytest.approx(1, abs=0.1)  # a semitone is one just noticeable difference


def test_distortion_is_compared_pair_by_pair():
    found = {
        "emotions": ["neutral", "happy", "happy", "sad"],
        "distortion": {distortion.OURS: [5.0, 4.0, 6.0, 7.0], distortion.BASE: [1.0, 5.0, 8.0, 7.0]},
        "mel distortion": {distortion.OURS: [2.0] * 4, distortion.BASE: [2.0] * 4},
        "prosody": {distortion.OURS: [1.0] * 4, distortion.BASE: [3.0] * 4},
    }
    rows = {row.what: row for row in distortion.rows(found)}
    assert rows["mel-cepstral distortion, γ = 1 less γ = 0, all emotions, dB"].value == pytest.approx(-1)  # neutral is left out
    assert rows["mel-cepstral distortion, γ = 1 less γ = 0, all emotions, dB"].reached
    assert rows["mel-cepstral distortion, γ = 1 less γ = 0, happy, dB"].value == pytest.approx(-1.5)
    assert rows["mel-cepstral distortion, γ = 1 less γ = 0, neutral, dB"].value == pytest.approx(4)
    assert rows["distance of prosody, γ = 1 less γ = 0, sad, JND"].value == pytest.approx(-2)
    worse = found | {"distortion": {distortion.OURS: [9.0] * 4, distortion.BASE: [1.0] * 4}}
    assert distortion.rows(worse)[0].reached is False


def test_both_syntheses_are_of_the_readings_own_lines(stage):
    found = distortion.measure(stage)
    assert found["emotions"] == list(EMOTIONS)
    assert set(found["distortion"]) == {distortion.OURS, distortion.BASE}
    assert all(len(of) == 7 and min(of) > 0 for of in found["distortion"].values())
    assert found["distortion"][distortion.OURS] != found["distortion"][distortion.BASE]


def test_scripts_are_compared_beyond_their_difficulty(stage, teachers):
    found = scripts.measure(stage)
    assert found["seen"]["errors"] == [1, 5]  # the fake ears hear "we count to two" in everything
    assert found["seen"]["words"] == [5, 5]
    of = scripts.measures(found)
    assert of["word error rate"]["seen"].value == pytest.approx(0.6)
    assert of["word error rate"]["difference"].value == pytest.approx(of["word error rate"]["unseen"].value - 0.6)
    assert of["word error rate above the teachers'"]["unseen"].value == 0  # they are misheard as much
    assert of["DNSMOS OVR"]["difference"].value == 0
    assert {"emotion heard, first judge", "emotion heard, second judge"} <= set(of)


def test_a_voice_that_is_kept_is_found_again():
    faces = np.full((3, 3), 0.2) + 0.7 * np.eye(3)
    conditions = ["0", *(f"{emotion} {gamma:g}" for emotion in EMOTIONS[1:] for gamma in speakers.INTENSITIES)]
    found = {"faces": 3, "texts": 2, "alike": {name: np.tile(faces, (2, 1)).tolist() for name in conditions}}
    found["alike"]["happy 30"] = np.tile(faces[::-1], (2, 1)).tolist()  # the first and the last change places
    rows = {row.what: row.value for row in speakers.rows(found)}
    assert rows["same face, other sentence, γ = 0: cosine"] == pytest.approx(0.9)
    assert rows["other faces, γ = 0: cosine"] == pytest.approx(0.2)
    assert rows["face found again by its voice, γ = 1"] == 1
    assert rows["face found again by its voice, γ = 30"] == pytest.approx((5 + 1 / 3) / 6)


def test_voices_are_known_by_another_sentence(stage):
    found = speakers.measure(stage)
    assert (found["faces"], found["texts"]) == (3, 1)
    assert len(found["alike"]) == 1 + 6 * len(speakers.INTENSITIES)
    assert np.abs(np.array(found["alike"]["0"])).max() <= 1.0001


def test_another_corpus_beside_its_recordings(stage):
    found = other_corpus.measure(stage)
    assert set(found["errors"]) == {other_corpus.RECORDED, other_corpus.PLAIN, other_corpus.MOVED}
    assert found["errors"][other_corpus.PLAIN] == [1, 5]
    rows = other_corpus.rows(found)
    assert rows[0].value == pytest.approx(0.6)
    own, stranger = (found["distortion"][name] for name in (other_corpus.PLAIN, other_corpus.STRANGER))
    [nearer] = [row for row in rows if row.bar == 0]
    assert nearer.value == pytest.approx(np.mean(own) - np.mean(stranger))
    assert own != stranger


def test_three_training_sets(stage, weights, tmp_path):
    assert weights_of(training_sets.TRAINED, tmp_path) == {}
    for name in training_sets.ARMS:
        checkpoint.save(stage.voice.studio.tts, name, {"settings": {"steps": 6}}, tmp_path)
    found = training_sets.measure(stage, tmp_path)
    assert found["weights"] == weights_of(training_sets.TRAINED, tmp_path)
    assert found["steps"] == dict.fromkeys(training_sets.ARMS, 6)
    assert found["arms"]["tts-labelled"] == found["arms"]["tts-both"]  # the same weights say the same
    of = training_sets.measures(found)
    assert of["emotion heard, first judge"]["both"].value == pytest.approx(1 / 3)  # happy is the second of three sentences
    assert len(training_sets.rows(found)) == 3 * len(of)


def test_actors_are_compared_with_readings_of_two_groups(stage, tmp_path):
    folder, shelf = tmp_path / "nemo", tmp_path / "shelf"
    folder.mkdir()
    rows = ["audio,emotion,text,speaker,gender,age"]
    for speaker, pitch in (("EB0", 210), ("IC0", 110)):  # of the judge, and of the voice
        for emotion, number in (("neutral", 1), ("neutral", 9), ("sad", 9)):  # every ninth sentence is for tests
            name = f"{speaker}_{emotion}_{number}.flac"
            write_audio(folder / name, buzz(pitch + number))
            rows.append(f"{name},{emotion},Dzień dobry.,{speaker},female,30")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    checkpoint.save(stage.voice.studio.tts, "tts-pl", {}, shelf)
    voice = replace(stage.voice, studio=replace(stage.voice.studio, shelf=shelf))
    found = acted.measure(replace(stage, voice=voice), folder)
    for who in acted.GROUPS:
        assert found[who]["emotions"] == ["neutral", "sad"]
        assert all(np.isfinite(found[who]["distortion"][name]).all() for name in (distortion.OURS, distortion.BASE))
    assert np.shape(found["probabilities"]) == (3, 1, 1, len(acted.INTENSITIES), 7)
    assert [row.what for row in acted.rows(found) if row.bar is not None] == [
        "actors never heard, mel-cepstral distortion, γ = 1 less γ = 0, all emotions, dB",
        "actors it learnt from, mel-cepstral distortion, γ = 1 less γ = 0, all emotions, dB",
        "actors, γ from 1 to 5 and probability, all emotions",
    ]
    assert len(acted.draw(found)) == 2 + 2 * len(acted.GROUPS)


def test_what_was_never_learnt_is_not_asked_for(stage, monkeypatch, tmp_path):
    asked = []
    say = type(stage.voice).say

    def listen(voice, text, vector, emotion="neutral", intensity=1.0):
        asked.append((emotion, intensity))
        return say(voice, text, vector, emotion, intensity)

    monkeypatch.setattr(type(stage.voice), "say", listen)
    model = stage.voice.studio.tts
    monkeypatch.setattr(model, "config", replace(model.config, unlearnt=("happy",)))
    for name in training_sets.ARMS:
        checkpoint.save(model, name, {}, tmp_path)
    training_sets.measure(stage, tmp_path)
    assert {intensity for emotion, intensity in asked if emotion == "happy"} == {0.0}
    assert ("sad", 1.0) in asked


def test_emotion_carried_over(stage, tmp_path):
    assert weights_of(carry_over.TRAINED, tmp_path) == {}
    checkpoint.save(stage.voice.studio.tts, "tts-bilingual", {}, tmp_path)
    checkpoint.save(ActedEmotionJudge.shipped().network, "acted-emotion-judge", {}, tmp_path)
    found = carry_over.measure(stage, tmp_path)
    probabilities = found["of"][carry_over.RULES]["probabilities"]
    assert probabilities[carry_over.ACTED] == probabilities[carry_over.ACTORS_ALONE]  # here, the same weights
    assert found["weights"] == weights_of(carry_over.TRAINED, tmp_path)
    assert found["of"][carry_over.RULES] == found["of"][carry_over.ACTORS]  # the same weights say the same
    first = carry_over.heard(found, carry_over.RULES, "first judge", 1)  # who hears happiness in everything
    assert (first.value, first.count) == (pytest.approx(1 / 6), 3 * 2)
    values = {row.what: row.value for row in carry_over.rows(found)}
    assert values[f"DNSMOS OVR, γ = 1, learnt from {carry_over.ACTORS}"] == 3
    assert len(values) == 4 * 2 * 2 + 2 * 2
    assert len(carry_over.draw(found)) == 4


def test_labelled_intensity_is_among_the_levels():
    assert LABELLED in LEVELS
    assert list(LEVELS) == sorted(LEVELS)
