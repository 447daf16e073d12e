"""Stretches of voices whose intensity is known: what is heard and what is true belong together."""

import numpy as np
import pytest

from feim.data import tracked_voices
from feim.data.synthetic.engines import RULES
from feim.data.synthetic.swelling import synthesise_swelling_corpus
from feim.data.tracked_voices import Tracked, one, read_tracked, stretches
from feim.signal.audio import MEL_SILENCE
from feim.signal.emotion import EMOTIONS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("tracked")
    synthesise_swelling_corpus(out, clips=12, speakers=3, engines=RULES)
    return out


@pytest.fixture(scope="module")
def voices(folder) -> Tracked:
    return read_tracked(folder, "train")


def test_whole_clips_are_whole_frames_of_film(voices):
    for number in range(len(voices.clips)):
        mel, pitch, track = one(voices, number)
        assert mel.shape == (128, 4 * len(track))
        assert pitch.shape == (4 * len(track),)


def test_stretches_are_of_one_place_and_end_in_silence(voices, monkeypatch):
    monkeypatch.setattr(tracked_voices, "MISHEARD", 0.0)
    batch = stretches([voices], 16, 50, told=1.0)(0)
    assert batch["mel"].shape == (16, 128, 200)
    assert batch["truth"].shape == (16, 50)
    found = 0
    for mel, pitch, weights, truth in zip(*(batch[name].numpy() for name in ("mel", "pitch", "weights", "truth")), strict=True):
        for number, clip in enumerate(voices.clips):
            whole, own_pitch, track = one(voices, number)
            for start in range(max(1, len(track) - 50 + 1)):
                if np.array_equal(whole[:, 4 * start : 4 * start + 8], mel[:, :8]):
                    length = min(50, len(track) - start)
                    np.testing.assert_array_equal(truth[:length], track[start : start + length])
                    np.testing.assert_allclose(pitch[: 4 * length], own_pitch[4 * start : 4 * (start + length)], rtol=1e-6)
                    assert (truth[length:] == 0).all()
                    assert (mel[:, 4 * length :] == MEL_SILENCE).all()
                    assert weights.argmax() == EMOTIONS.index(clip.emotion)
                    found += 1
    assert found >= 16


def test_nobody_is_told_where_nobody_should_be(voices):
    assert float(stretches([voices], 8, 20, told=0.0)(0)["weights"].abs().sum()) == 0


def test_the_same_index_gives_the_same_stretches(voices):
    first, again, other = (stretches([voices], 4, 20, 0.5)(index) for index in (3, 3, 4))
    assert all((first[name] == again[name]).all() for name in first)
    assert not (first["mel"] == other["mel"]).all()


def test_a_corpus_that_knows_no_intensity(corpus):
    with pytest.raises(ValueError, match="--swelling"):
        read_tracked(corpus, "train")
