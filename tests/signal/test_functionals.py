"""Numbers of how a clip was said: drawn clips whose numbers are known, and clips that have hardly any."""

import warnings

import numpy as np
import pytest

from feim.signal.functionals import COUNT, FEWEST, functionals

# Places among the numbers, in the order of `_pitch`, `_level` and `_timing`.
MEDIAN, RANGE, SLOPE, CURVE, MODULATION = 0, 4, 11, 10, slice(26, 30)
SPOKEN_SECONDS, SILENT_SECONDS = 57, 58
KNOWS_THE_VOICE = (0, 1, 2, 3)  # median, lowest, highest and mean pitch: all else is relative


def clip(frames: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A mel that goes up and down three times a second like syllables, and an even pitch."""
    random = np.random.default_rng(seed)
    syllables = np.sin(2 * np.pi * 3 * np.arange(frames) / 100)
    return -5 + syllables + random.normal(0, 0.3, (128, frames)), np.full(frames, 150.0)


def semitones(frames: int, up: float) -> np.ndarray:
    return 150 * 2 ** (np.linspace(0, up, frames) / 12)


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_rising_voice_has_a_rising_slope():
    mel, _ = clip()
    rising, level, falling = (functionals(mel, semitones(200, up)) for up in (6, 0, -6))
    assert rising[SLOPE] == pytest.approx(3, abs=0.01)  # a line of 6 semitones over [−1, 1]
    assert falling[SLOPE] == pytest.approx(-3, abs=0.01)
    assert level[SLOPE] == pytest.approx(0, abs=1e-6)
    assert rising[CURVE] == pytest.approx(0, abs=0.01)
    assert rising[RANGE] == pytest.approx(0.9 * 6, abs=0.01)  # from the 5th to the 95th percentile
    assert level[RANGE] == pytest.approx(0, abs=1e-6)


def test_height_is_in_semitones_and_the_only_thing_that_a_higher_voice_changes():
    mel, pitch = clip()
    pitch = pitch * 2 ** (np.sin(np.arange(200) / 9) / 6)
    low, high = functionals(mel, pitch), functionals(mel, 2 * pitch)
    assert low[MEDIAN] == pytest.approx(12 * np.log2(np.median(pitch)), abs=1e-3)
    assert (high - low)[list(KNOWS_THE_VOICE)] == pytest.approx(12, abs=1e-4)
    assert np.delete(high - low, KNOWS_THE_VOICE) == pytest.approx(0, abs=1e-3)


def test_a_louder_recording_of_the_same_says_the_same():
    mel, pitch = clip()
    assert functionals(mel + 1.5, pitch) == pytest.approx(functionals(mel, pitch), abs=1e-3)


def test_a_trembling_voice_is_heard_where_it_trembles():
    mel, _ = clip()
    time = np.arange(200) / 100
    for band, hertz in enumerate((1.5, 3, 5.5, 9)):
        found = functionals(mel, 150 * 2 ** (0.1 * np.sin(2 * np.pi * hertz * time)))[MODULATION]
        assert found.argmax() == band
        assert found[band] > np.log(0.5)  # most of the power


def test_silence_around_speech_changes_only_how_long_it_is():
    mel, pitch = clip()
    silent = np.full((128, 50), -11.5)
    plain, around = functionals(mel, pitch), functionals(np.hstack([silent, mel, silent]), np.pad(pitch, 50))
    assert plain[[SPOKEN_SECONDS, SILENT_SECONDS]] == pytest.approx([2, 0])
    assert around[[SPOKEN_SECONDS, SILENT_SECONDS]] == pytest.approx([2, 1])
    timbre = slice(SILENT_SECONDS + 1, COUNT)
    assert around[timbre] == pytest.approx(plain[timbre], abs=1e-3)


def test_a_whisper_is_monotonous():
    mel, pitch = clip()
    found = functionals(mel, 0 * pitch)
    assert not found[[*KNOWS_THE_VOICE, RANGE, CURVE, SLOPE]].any()
    assert np.abs(found).max() > 1  # but has level, timing and timbre


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 8, FEWEST - 1, FEWEST, FEWEST + 1, 30, 300])
def test_hardly_any_frames_give_finite_numbers(frames):
    random = np.random.default_rng(frames)
    one = np.full((128, frames), -11.5)
    one[:, frames // 2] = 0  # a click
    mels = [random.normal(-6, 2, (128, frames)), np.full((128, frames), -11.5), one, random.normal(-6, 2, (128, frames)).astype(np.float16)]
    here = np.arange(frames)
    pitches = [np.zeros(frames), np.full(frames, 120.0), 120.0 * (here % 2), 120.0 * (here < FEWEST), 120.0 * (here >= frames - FEWEST)]
    for mel in mels:
        for pitch in pitches:
            found = functionals(mel, pitch)
            assert found.shape == (COUNT,)
            assert found.dtype == np.float32
            assert np.isfinite(found).all()


def test_a_short_clip_is_held():
    mel, pitch = clip(frames=4)
    held = [np.pad(mel, ((0, 0), (0, FEWEST - 4)), mode="edge"), np.pad(pitch, (0, FEWEST - 4), mode="edge")]
    assert np.array_equal(functionals(mel, pitch), functionals(*held))


def test_nothing_cannot_be_described():
    with pytest.raises(ValueError, match="a clip without frames"):
        functionals(np.zeros((128, 0)), np.zeros(0))
