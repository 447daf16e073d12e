"""Features are what the front end says, clip after clip, and are computed once."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from feim.data import features
from feim.data.clip import read_manifest
from feim.data.features import clip_features, read_features
from feim.signal import world
from feim.signal.audio import UnreadableAudio, mel_spectrogram, read_audio

KINDS = ("mel", "pitch", "envelope", "aperiodicity")


@pytest.fixture(scope="module")
def clips(corpus):
    return read_manifest(corpus)[:3]


@pytest.fixture(scope="module")
def found(corpus, clips):
    return read_features(corpus, clips, KINDS)


def test_clips_follow_each_other(corpus, clips, found):
    assert found.clips == clips
    assert np.diff(found.starts).tolist() == [sum(clip.durations) for clip in clips]
    for kind, width in {"mel": 128, "pitch": 1, "envelope": 60, "aperiodicity": 1}.items():
        array = getattr(found, kind)
        assert array.shape == (found.starts[-1], width)
        assert array.dtype == np.float16
        assert np.isfinite(array).all()


def test_features_are_the_front_ends(corpus, clips, found):
    wave = read_audio(corpus / clips[1].audio)
    here = found.frames(1)
    assert found.mel[here] == pytest.approx(mel_spectrogram(wave).T.numpy(), abs=0.01)
    pitch, tracked = found.pitch[here][:, 0], world.track_pitch(wave)
    both = (pitch > 0) & (tracked > 0)
    assert both.mean() > 0.2
    assert pitch[both] == pytest.approx(tracked[both], rel=2e-3)
    level = found.envelope[here][both, 0].astype(float)  # the mean log power
    assert np.corrcoef(level, 2 * found.mel[here][both].astype(float).mean(1))[0, 1] > 0.9
    assert found.aperiodicity.max() <= 0


def test_a_kind_not_asked_for_is_not_there(corpus, clips):
    assert read_features(corpus, clips[:1], ("mel",)).pitch is None


def test_the_second_reading_does_not_listen_again(corpus, clips, found, monkeypatch):
    monkeypatch.setattr(features, "_compute", None)
    again = read_features(corpus, clips, KINDS)
    assert np.array_equal(again.mel, found.mel)
    with pytest.raises(TypeError):
        read_features(corpus, clips[:2], KINDS)  # other clips are another cache


def test_an_interrupted_cache_is_made_again(corpus, clips, monkeypatch):
    read_features(corpus, clips[:1], ("mel",))
    [cache] = [folder for folder in (corpus / "features").iterdir() if len(np.load(folder / "starts.npy")) == 2]
    (cache / "starts.npy").unlink()  # written last
    (cache / "mel.npy").write_bytes(b"half")
    assert len(read_features(corpus, clips[:1], ("mel",)).mel) == sum(clips[0].durations)


def test_kinds_come_in_the_order_asked_for(corpus, clips):
    aperiodicity, mel = clip_features(clips[0], corpus, ("envelope", "mel"))
    assert aperiodicity.shape[1] == 60
    assert mel.shape[1] == 128


def test_processes_share_one_copy(corpus, clips, found):
    """The arrays are the files themselves, and nobody can write into what others read."""
    again = read_features(corpus, clips, KINDS)
    for kind in KINDS:
        assert isinstance(getattr(again, kind).base, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            getattr(again, kind)[0] = 0


def test_an_analysis_that_stops_leaves_nothing_in_the_cache(corpus, clips, tmp_path):
    gone = replace(clips[1], audio="audio/gone.flac")
    with pytest.raises(UnreadableAudio, match="gone"):
        features._compute(corpus, [clips[0], gone], KINDS, tmp_path, processes=1)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_depends_on_sounds_and_kinds_alone(corpus, clips, tmp_path):
    key = features._key(corpus, clips, ("mel", "pitch"))
    timed_later = [replace(clip, durations=None, phonemes=None, text="Something else.", split="test", emotion=None) for clip in clips]
    assert features._key(corpus, timed_later, ("mel", "pitch")) == key
    others = [
        [replace(clips[0], audio="audio/another.flac"), *clips[1:]],
        [replace(clips[0], licence="CC BY 4.0"), *clips[1:]],  # a room and a microphone: another pitch tracker listens
        clips[::-1],
        clips[:-1],
    ]
    assert key not in {features._key(corpus, other, ("mel", "pitch")) for other in others}
    assert features._key(corpus, clips, ("mel",)) != key
    shutil.copytree(corpus / "audio", tmp_path / "audio")
    assert features._key(tmp_path, clips, ("mel", "pitch")) == key  # of another age
    shutil.copy(corpus / clips[1].audio, tmp_path / clips[0].audio)  # made again, with another sound
    assert features._key(tmp_path, clips, ("mel", "pitch")) != key


def test_clips_that_learn_their_times_keep_their_cache(corpus, clips, found, monkeypatch):
    monkeypatch.setattr(features, "_compute", None)
    unaligned = [replace(clip, durations=None) for clip in clips]
    again = read_features(corpus, unaligned, KINDS)
    assert again.clips == unaligned
    assert np.array_equal(again.mel, found.mel)
