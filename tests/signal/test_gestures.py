"""What a face does besides speaking: as often, as fast and as far as people do, from a seed."""

import numpy as np
import pytest

from feim.signal.action_units import expression
from feim.signal.emotion import EMOTIONS, InvalidIntensity, UnknownEmotion
from feim.signal.face_motion import INDEX, at_rest, pose
from feim.signal.gestures import FURTHEST, gestures, perform, pitch_accents

MINUTE = 25 * 60
SILENCE = np.full(100, -100.0), np.zeros(100)
BLINK, BROW = INDEX["eyeBlink_L"], INDEX["browOuterUp_L"]


def spoken(accents: list[float], seconds: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Level and pitch of a level voice that rises by five semitones at the accents."""
    times = np.arange(round(100 * seconds)) / 100
    semitones = sum(5 * np.exp(-0.5 * ((times - at) / 0.08) ** 2) for at in accents) + 0 * times
    return np.full(len(times), -20.0), 120 * 2 ** (semitones / 12)


def blinks(frames: int = MINUTE, label: str = "neutral", intensity: float = 1.0, seed: int = 0) -> list[np.ndarray]:
    """The frames of each blink, how shut the eyes are."""
    shut = gestures(*SILENCE, frames, label, intensity, seed).shapes[:, BLINK]
    closed = np.flatnonzero(np.diff(np.concatenate([[0], shut > 0, [0]]).astype(int)))
    return [shut[start:stop] for start, stop in closed.reshape(-1, 2)]


def test_a_seed_moves_the_same_way_and_another_otherwise():
    level, pitch = spoken([1.0, 3.0])
    one, again, other = (gestures(level, pitch, 150, "happy", 1.0, seed) for seed in (3, 3, 4))
    for part in ("shapes", "gaze", "head"):
        assert np.array_equal(getattr(one, part), getattr(again, part))
        assert not np.array_equal(getattr(one, part), getattr(other, part))
        assert getattr(one, part).dtype == np.float32


def test_a_longer_film_begins_as_a_shorter_one():
    short, long = (gestures(*SILENCE, frames, seed=5) for frames in (100, 400))
    for part in ("shapes", "gaze", "head"):
        assert np.allclose(getattr(short, part), getattr(long, part)[:100])


def test_people_blink_20_to_30_times_a_minute_and_the_lids_shut_faster_than_they_open():
    found = [blink for seed in range(20) for blink in blinks(seed=seed)]
    assert 20 < len(found) / 20 < 30
    whole = [blink for blink in found if 3 <= len(blink) <= 5]
    assert len(whole) > 0.95 * len(found)
    assert all(blink.max() == 1 for blink in whole)
    assert np.mean([blink.argmax() for blink in whole]) < np.mean([len(blink) - 1 - blink.argmax() for blink in whole])


def test_fear_blinks_and_anger_stares():
    afraid, neutral, angry = (
        sum(len(blinks(label=label, intensity=5, seed=s)) for s in range(10)) for label in ("fearful", "neutral", "angry")
    )
    assert afraid > 1.1 * neutral > 1.3 * angry


@pytest.mark.parametrize("label", EMOTIONS)
def test_the_head_moves_a_little_and_smoothly(label):
    head = gestures(*spoken([0.5, 1.5, 2.5, 4.0], 60), MINUTE, label, 30.0, 1).head
    assert abs(head).max() <= FURTHEST
    assert 0.2 < np.rad2deg(head.std(0)).min() < 3
    assert np.rad2deg(abs(np.diff(head, axis=0))).max() < 1  # 25° a second
    assert np.rad2deg(abs(np.diff(head, n=2, axis=0))).max() < 0.5  # no jerk


def test_accents_are_found_where_the_pitch_peaks():
    at = [1.0, 2.5, 4.2]
    seconds, rise = pitch_accents(*spoken(at)).T
    assert np.allclose(seconds, at, atol=0.03)
    assert (np.abs(rise - 5) < 1).all()
    assert not len(pitch_accents(*spoken([])))
    assert not len(pitch_accents(*SILENCE))
    assert not len(pitch_accents(np.zeros(0), np.zeros(0)))


def test_a_whispered_peak_is_no_accent():
    level, pitch = spoken([1.0, 3.0])
    level[250:350] -= 20
    assert np.allclose(pitch_accents(level, pitch)[:, 0], [1.0], atol=0.03)


def test_the_head_nods_on_accents():
    still, nodding = (gestures(*spoken(at), 150, seed=2).head[:, 1] for at in ([], [2.0, 4.0]))
    down = np.rad2deg(still - nodding)
    assert abs(down[51] - down[51:].max()) < 0.8
    assert down[51] > 0.7
    assert abs(down[:40]).max() < 1e-5
    assert abs(down[70:90]).max() < 0.05


def test_brows_rise_on_some_accents():
    at = np.arange(0.5, 58, 0.8).tolist()
    brows = gestures(*spoken(at, 60), MINUTE, seed=0).shapes[:, BROW]
    raised = sum(brows[round(25 * s)] > 0.05 for s in at) / len(at)
    assert 0.2 < raised < 0.6
    assert brows.max() < 0.5


def test_the_eyes_stay_on_the_viewer_and_jump():
    motion = gestures(*SILENCE, 20 * MINUTE, seed=0)
    looked_at = np.rad2deg(motion.gaze + motion.head[:, :2])
    jumps = (abs(np.diff(looked_at, axis=0)).max(1) > 0.01).sum() / 20
    assert 30 < jumps < 90  # a minute
    assert (abs(looked_at).max(1) < 3).mean() > 0.85
    assert abs(looked_at).max() < 20


def test_nothing_to_move():
    assert len(gestures(np.zeros(0), np.zeros(0), 0)) == 0
    assert len(gestures(np.zeros(0), np.zeros(0), 30)) == 30


def test_wrong_wishes():
    with pytest.raises(UnknownEmotion):
        gestures(*SILENCE, 10, "hungry")
    with pytest.raises(InvalidIntensity):
        gestures(*SILENCE, 10, "happy", 31)


@pytest.mark.parametrize("label", EMOTIONS)
def test_a_performance_stays_within_its_shapes_and_shuts_its_eyes(label):
    motion = perform(np.zeros((MINUTE, 47), np.float32), expression(label, 30), gestures(*SILENCE, MINUTE, label, 30, 0))
    assert motion.shapes.min() >= 0
    assert motion.shapes.max() <= 1
    assert motion.shapes.dtype == np.float32
    blinking = motion.shapes[:, BLINK] == 1
    assert blinking.any()
    assert not motion.shapes[blinking, INDEX["eyeWide_L"]].any()
    assert np.allclose(motion.shapes[motion.shapes[:, BLINK] == 0].max(0), expression(label, 30), atol=0.5)


def test_a_performance_of_nothing_is_at_rest():
    assert not perform(np.zeros((5, 47)), pose(), at_rest(5)).shapes.any()


def test_a_mixture_gestures_between_its_emotions():
    level, pitch = spoken([1.0, 3.0])

    def pitched(feeling, intensity=5.0) -> float:
        return gestures(level, pitch, 150, feeling, intensity, 2).head[:, 1].mean()

    assert pitched("sad") < pitched("sad+happy") < pitched("happy")
    whole, alone = (gestures(level, pitch, 150, feeling, 5.0, 2) for feeling in ("angry:2", "angry"))
    assert np.array_equal(whole.shapes, alone.shapes)
    assert np.array_equal(whole.head, alone.head)


def test_every_frame_may_have_an_intensity_of_its_own():
    level, pitch = spoken([1.0, 3.0])
    evenly, one = (gestures(level, pitch, 150, "sad", intensity, 2) for intensity in (np.full(150, 3.0), 3.0))
    assert np.array_equal(evenly.head, one.head)
    assert np.array_equal(evenly.shapes, one.shapes)
    neutral, strong = (gestures(level, pitch, 150, "sad", intensity, 2).head for intensity in (0.0, 30.0))
    rising = gestures(level, pitch, 150, "sad", np.linspace(0, 30, 150), 2).head
    assert rising[0] == pytest.approx(neutral[0])
    assert rising[-1] == pytest.approx(strong[-1])
    with pytest.raises(InvalidIntensity):
        gestures(level, pitch, 150, "sad", np.full(150, 31.0))
