"""Batches are functions of their index; stretches lie inside their clips; symbols, pitch and mel fit together."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from feim.data.batching import segments, utterances
from feim.data.clip import Clip
from feim.data.features import Features
from feim.nn.alignment import symbol_of_frame
from feim.signal.audio import MEL_SILENCE
from feim.signal.emotion import EMOTIONS, UNLABELLED
from feim.signal.text import encode
from feim.signal.world import PITCH_CENTRE, PITCH_SPREAD

PHONEMES = "_a_b_c_"
TIMINGS = [[0, 9, 0, 5, 0, 6, 0], [2, 20, 0, 12, 0, 21, 5], [1, 3, 0, 4, 0, 3, 1]]


def record(timings=TIMINGS, emotion: str | None = "happy", corpus: int = 0) -> Features:
    """Clips whose mel says where it is: band 0 the clip, band 1 the frame, band 2 the corpus; pitch steps with the symbols."""
    clips, mels, pitches = [], [], []
    for number, durations in enumerate(timings):
        frames = sum(durations)
        mel = np.zeros((frames, 128))
        mel[:, 0], mel[:, 1], mel[:, 2] = number, np.arange(frames), corpus
        mels.append(mel)
        pitches.append(100 + 50 * np.repeat(np.arange(7), durations)[:, None])
        text = {"phonemes": PHONEMES, "durations": durations, "emotion": emotion}
        clips.append(Clip(str(number), "toys", f"s{number}", "en-us", "abc", "CC0", **text))
    starts = np.cumsum([0, *map(sum, timings)])
    return Features(clips, starts, np.concatenate(mels).astype(np.float16), np.concatenate(pitches).astype(np.float16))


def vector(speaker: str, random: np.random.Generator) -> np.ndarray:
    return np.full(512, int(speaker[1:]) + random.random() / 10)


def equal(one: dict, other: dict) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def equal_when_shared(batches, size: int) -> bool:
    """Whether four processes, a quarter of the batch each, draw what one process draws, row for row. batches: size → index → batch."""
    whole, share = batches(size), batches(size // 4)
    return all(
        equal(whole(step), {name: torch.cat([part[name] for part in map(share, range(4 * step, 4 * step + 4))]) for name in whole(step)})
        for step in (0, 3)
    )


# ---- segments -------------------------------------------------------------------------------------------------------------


def test_segments_repeat_by_index():
    batch = segments([record()], ("mel", "pitch"), 4, 12)
    assert equal(batch(3), batch(3))
    assert not equal(batch(3), batch(4))
    assert not equal(batch(3), segments([record()], ("mel", "pitch"), 4, 12, seed=1)(3))


def test_segments_are_the_same_however_many_processes_share_them():
    both = [record(corpus=0), record(corpus=1)]
    assert equal_when_shared(lambda size: segments(both, ("mel", "pitch"), size, 12, shares=[3, 1]), 8)


def test_segments_stay_inside_clips_that_are_long_enough():
    batch = segments([record()], ("mel", "pitch"), 64, 12)(0)
    assert batch["mel"].shape == (64, 128, 12)
    assert batch["pitch"].shape == (64, 12)
    assert batch["mel"].dtype == torch.float32
    assert (batch["mel"][:, 0] == batch["mel"][:, 0, :1]).all()  # one clip
    assert (batch["mel"][:, 1].diff() == 1).all()  # frame after frame
    assert set(batch["mel"][:, 0, 0].tolist()) == {0, 1, 2}
    assert set(segments([record()], ("mel",), 64, 20)(0)["mel"][:, 0, 0].tolist()) == {0, 1}  # the third clip has 12 frames
    many = segments([record()], ("mel",), 400, 12)(0)["mel"]
    assert set(many[many[:, 0, 0] == 0, 1, 0].tolist()) == set(range(9))  # every place in 20 frames


def test_corpora_are_drawn_by_their_shares():
    both = [record(corpus=0), record(corpus=1)]
    drawn = segments(both, ("mel",), 400, 12, shares=[3, 1])(0)["mel"][:, 2, 0]
    assert float(drawn.mean()) == pytest.approx(0.25, abs=0.07)
    by_frames = segments([record(), record(TIMINGS[1:2] * 9, corpus=1)], ("mel",), 400, 12)(0)["mel"][:, 2, 0]
    assert float(by_frames.mean()) == pytest.approx(540 / 632, abs=0.06)


def test_clips_too_short_for_a_segment():
    with pytest.raises(ValueError, match=r"no clip of 1\.00 s or more"):
        segments([record()], ("mel",), 4, 100)


# ---- utterances -----------------------------------------------------------------------------------------------------------


def test_utterances_repeat_by_index():
    batch = utterances([record()], vector, 4, 16, [1.0])
    assert equal(batch(3), batch(3))
    assert not equal(batch(3), batch(4))


def test_utterances_are_the_same_however_many_processes_share_them():
    assert equal_when_shared(lambda size: utterances([record(), record(corpus=1)], vector, size, 16, [3, 1]), 8)


def test_text_sound_speaker_and_emotion_belong_together():
    batch = utterances([record()], vector, 32, 16, [1.0])(0)
    for row in range(32):
        clip = int(batch["mel"][row, 0, 0])
        frames, start = int(batch["frames"][row]), int(batch["start"][row])
        assert batch["symbols"][row].tolist() == encode(PHONEMES)
        assert batch["durations"][row].tolist() == TIMINGS[clip]
        assert frames == min(16, sum(TIMINGS[clip]))
        assert batch["mel"][row, 1, :frames].tolist() == list(range(start, start + frames))
        assert (batch["mel"][row, :, frames:] == MEL_SILENCE).all()
        assert float(batch["face"][row, 0]) == pytest.approx(clip + 0.05, abs=0.05)
        assert int(batch["emotion"][row]) == EMOTIONS.index("happy")
    assert batch["mel"].shape == (32, 128, 16)
    assert len(set(batch["start"].tolist())) > 5


def test_tone_is_the_mean_pitch_of_each_symbol():
    batch = utterances([record()], vector, 16, 16, [1.0])(0)
    for row in range(16):
        durations = batch["durations"][row]
        hertz = (batch["tone"][row] * PITCH_SPREAD + PITCH_CENTRE).exp()
        spoken = durations > 0
        assert hertz[spoken].tolist() == pytest.approx((100 + 50 * torch.arange(7))[spoken].tolist(), rel=2e-3)


def test_the_line_is_the_pitch_of_the_stretch():
    corpus = record()
    corpus.pitch[3] = 0  # unvoiced: between its neighbours
    batch = utterances([corpus], vector, 16, 24, [1.0])(0)
    for row in range(16):
        clip, start, frames = int(batch["mel"][row, 0, 0]), int(batch["start"][row]), int(batch["frames"][row])
        hertz = (batch["line"][row] * PITCH_SPREAD + PITCH_CENTRE).exp().numpy()
        wanted = corpus.pitch[corpus.frames(clip)][start : start + frames, 0].astype(float)
        voiced = wanted > 0
        assert hertz[:frames][voiced] == pytest.approx(wanted[voiced], rel=2e-3)
        assert hertz[frames:] == pytest.approx(hertz[frames - 1])
        assert (hertz > 0).all()


def test_a_stretch_begins_at_the_symbol_it_says():
    batch = utterances([record()], vector, 32, 16, [1.0])(1)
    index = symbol_of_frame(batch["durations"], 64)
    for row in range(32):
        frame = int(batch["mel"][row, 1, 0])
        assert index[row, int(batch["start"][row])] == symbol_of_frame(batch["durations"][row : row + 1], 64)[0, frame]


def test_shorter_texts_are_padded():
    short, long = record(TIMINGS[:1]), record(TIMINGS[1:2])
    short.clips[0] = replace(short.clips[0], phonemes="_a_", durations=[8, 8, 4])
    batch = utterances([short, long], vector, 16, 16, [1, 1])(0)
    assert set(batch["lengths"].tolist()) == {3, 7}
    inside = torch.arange(7) < batch["lengths"][:, None]
    for name in ("symbols", "durations", "tone"):
        assert batch[name].shape == (16, 7)
        assert not batch[name][~inside].any()


def test_unlabelled_speech_gets_the_null_token():
    assert set(utterances([record(emotion=None)], vector, 8, 16, [1.0])(0)["emotion"].tolist()) == {UNLABELLED}


def test_unvoiced_clips_have_the_middle_pitch():
    silent = record()
    silent.pitch[:] = 0
    assert not utterances([silent], vector, 8, 16, [1.0])(0)["tone"].any()


def test_clips_without_durations_come_whole():
    real = record(TIMINGS[1:2], emotion=None)
    real.clips[0] = replace(real.clips[0], durations=None)
    batch = utterances([record(), real], vector, 16, 16, [1, 1])(0)
    unknown = batch["durations"].sum(1) == 0
    assert 0 < int(unknown.sum()) < 16
    assert batch["mel"].shape[2] == 60
    assert (batch["frames"][unknown] == 60).all()
    assert (batch["start"][unknown] == 0).all()
    assert torch.equal(batch["mel"][unknown, 1], torch.arange(60.0).expand(int(unknown.sum()), 60))
    assert batch["lengths"].tolist() == [7] * 16


def test_score_networks_take_fours():
    odd = record([[9, 9, 9, 9, 9, 9, 9]])
    odd.clips[0] = replace(odd.clips[0], durations=None)
    batch = utterances([odd], vector, 2, 16, [1.0])(0)
    assert batch["mel"].shape[2] == batch["line"].shape[1] == 64
    assert (batch["frames"] == 63).all()
    assert (batch["mel"][:, :, 63] == MEL_SILENCE).all()
