"""Emotions come and go in voices as they are said to, voice and face alike, and people keep one split."""

import numpy as np
import pytest

from feim.data.clip import read_manifest
from feim.data.features import read_features
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import SENTENCES, ForeignCorpus
from feim.data.synthetic.engines import RULES
from feim.data.synthetic.swelling import (
    EBB,
    ONSET,
    by_chance,
    by_phrase,
    in_the_voice,
    plan_swelling,
    synthesise_swelling_corpus,
    whole_frames,
)
from feim.data.synthetic.voices import design_speakers
from feim.data.truth import read_intensity
from feim.signal.emotion import EMOTIONS
from feim.signal.video import FPS

# ---- how a feeling swells -------------------------------------------------------------------------------------------------


def test_an_emotion_comes_up_and_ebbs_with_each_phrase():
    shown = by_phrase("_a_,_a_.", [0, 150, 0, 0, 0, 150, 0, 0], seed=3)
    assert len(shown) == 75
    rising = round(ONSET * FPS)
    assert shown[0] < 0.1
    assert (np.diff(shown[:rising]) > 0).all()
    assert shown.max() == pytest.approx(1, abs=0.05)
    turn = round(1.5 * FPS)
    first, second = shown[:turn], shown[turn:]
    assert shown[turn - 1] == pytest.approx(EBB * first.max(), abs=0.03)
    assert (np.diff(second[:rising]) > 0).all()
    assert shown[-1] == pytest.approx(EBB * second.max(), abs=0.03)
    assert (by_phrase("_a_,_a_.", [0, 150, 0, 0, 0, 150, 0, 0], seed=3) == shown).all()
    assert (by_phrase("_a_,_a_.", [0, 150, 0, 0, 0, 150, 0, 0], seed=4) != shown).any()


def test_a_short_phrase_does_not_swell_of_its_own():
    together = by_phrase("_a_,_a_.", [0, 250, 0, 0, 0, 50, 0, 0], seed=0)
    assert np.flatnonzero(np.diff(together) > 0).max() < round(ONSET * FPS)
    assert by_phrase("_a_", [0, 8, 0], seed=0).max() < 0.4  # shorter than the onset


def test_sound_ends_with_the_last_picture():
    wave, durations = whole_frames(np.ones(5 * 160, np.float32), [2, 3])
    assert durations == [2, 6]
    assert len(wave) == 8 * 160
    assert wave[5 * 160 :].max() == 0
    assert whole_frames(wave, durations)[1] == durations


def test_an_emotion_that_wanders_is_smooth_and_reaches_its_most():
    tracks = [by_chance([400], seed) for seed in range(40)]
    for track in tracks:
        assert len(track) == 100
        assert 0 <= track.min() < track.max() == pytest.approx(1)
        assert np.abs(np.diff(track, n=2)).max() < 0.15
    assert len({track.tobytes() for track in tracks}) == 40
    assert (by_chance([400], 3) == tracks[3]).all()
    assert np.isfinite(by_chance([1], 0)).all()  # a hundredth of a second


def test_the_voice_swells_with_the_face():
    shown = np.linspace(0, 1, 25, dtype=np.float32)
    heard = in_the_voice(shown)([40, 60])
    assert len(heard) == 100
    np.testing.assert_allclose(heard.reshape(25, 4).mean(1), shown, atol=0.02)


# ---- the corpus -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swelling(tmp_path_factory):
    out = tmp_path_factory.mktemp("swelling")
    synthesise_swelling_corpus(out, clips=24, speakers=5, engines=RULES)
    return out


def test_speakers_keep_their_split():
    people = design_speakers(20, 0, RULES)
    takes = list(plan_swelling(read_sentences(SENTENCES), people, 200, 0))
    splits = {take.speaker.name: take.split for take in takes}
    assert all(take.split == splits[take.speaker.name] for take in takes)
    assert sorted(splits.values()) == ["test"] * 2 + ["train"] * 16 + ["valid"] * 2
    assert {take.emotion for take in takes} == set(EMOTIONS)
    assert list(plan_swelling(read_sentences(SENTENCES), people, 100, 0)) == takes[:100]


def test_every_clip_knows_its_intensity_in_every_frame(swelling):
    clips = read_manifest(swelling)
    assert len(clips) == 24
    for clip in clips:
        track = read_intensity(swelling, clip)
        assert len(track) == -(-sum(clip.durations) // 4)
        assert track.max() == pytest.approx(clip.intensity, abs=0.05 + 0.35 * clip.intensity)  # a short phrase never comes up
        assert track.max() <= clip.intensity + 1e-3
        assert (track.max() == 0) == (clip.emotion == "neutral")


def test_what_swells_is_heard(swelling):
    """Surprise and anger raise pitch or level: over their clips, the pitch goes with the truth."""
    clips = [clip for clip in read_manifest(swelling) if clip.emotion in ("surprised", "fearful", "happy") and clip.intensity > 0.4]
    assert clips
    features = read_features(swelling, clips)
    alike = []
    for number, clip in enumerate(clips):
        pitch = features.pitch[features.frames(number), 0].astype(float)
        track = np.repeat(read_intensity(swelling, clip), 4)[: len(pitch)]
        voiced = pitch > 0
        alike.append(np.corrcoef(np.log(pitch[voiced]), track[voiced])[0, 1])
    assert np.mean(alike) > 0.2


def test_a_corpus_goes_on_but_not_as_another(swelling):
    before = read_manifest(swelling)
    assert synthesise_swelling_corpus(swelling, clips=24, speakers=5, engines=RULES) == before
    with pytest.raises(ForeignCorpus, match="other clips"):
        synthesise_swelling_corpus(swelling, clips=25, speakers=5, engines=RULES)
    with pytest.raises(ValueError, match="2 speakers are too few"):
        synthesise_swelling_corpus(swelling, clips=25, speakers=2, engines=RULES)
