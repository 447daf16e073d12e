"""Getting acquainted with a voice, and what is said of it then."""

import pytest
import torch

from feim.models import checkpoint
from feim.models.voice_emotion import FURTHEST, TRUST_MEAN, VoiceEmotion
from feim.signal.emotion import EMOTIONS

COUNT = 9


@pytest.fixture
def model() -> VoiceEmotion:
    """Untrained, of a world in which people's numbers are 1 on average, with deviations of 2."""
    torch.manual_seed(0)
    model = VoiceEmotion(VoiceEmotion.Config(functionals=COUNT, members=3, hidden=8)).eval()
    model.lowest.fill_(-100)
    model.highest.fill_(100)
    model.usual.fill_(1)
    model.spread.fill_(2)
    return model


def recordings(count: int, place: float = 11.0, width: float = 0.5) -> torch.Tensor:
    return place + width * torch.randn(count, COUNT, generator=torch.Generator().manual_seed(count))


def test_a_stranger_is_people_in_general(model):
    voice = model.acquaint(torch.zeros(0, COUNT))
    assert torch.equal(voice.usual, model.usual)
    assert torch.equal(voice.spread, model.spread)
    assert voice.strangeness == 1


def test_more_recordings_pull_what_is_usual_to_the_voice(model):
    voices = [model.acquaint(recordings(count, width=0.0)) for count in (0, 1, 4, 20, 500)]
    usual = [float(voice.usual[0]) for voice in voices]
    assert usual == sorted(usual)
    assert usual[2] == pytest.approx((1 + 11) / 2)  # TRUST_MEAN recordings weigh as much as people in general
    assert TRUST_MEAN == 4
    assert usual[-1] == pytest.approx(11, abs=0.1)
    strangeness = [voice.strangeness for voice in voices]
    assert strangeness == sorted(strangeness, reverse=True)
    assert strangeness[2] == pytest.approx(0.5)
    assert 0 < strangeness[-1] < 0.01


def test_many_recordings_tell_how_far_a_voice_strays(model):
    spreads = [float(model.acquaint(recordings(count)).spread.mean()) for count in (1, 10, 1000)]
    assert spreads[0] == pytest.approx(2)  # one recording cannot tell
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] == pytest.approx(0.5, abs=0.05)


def test_a_broken_recording_counts_no_more_than_the_furthest(model):
    model.highest.fill_(5)
    wild = model.acquaint(torch.full((4, COUNT), 1e6))
    assert torch.equal(wild.usual, model.acquaint(torch.full((4, COUNT), 5.0)).usual)


def test_the_usual_is_no_distance_away(model):
    voice = model.acquaint(recordings(10))
    compared = model.compare(torch.stack([voice.usual, voice.usual + voice.spread, voice.usual - 99 * voice.spread]), voice)
    assert compared.shape == (3, COUNT + 1)
    assert torch.allclose(compared[:, -1], torch.tensor(voice.strangeness))
    for row, distance in zip(compared[:, :-1], (0, 1, -FURTHEST), strict=True):
        assert row.tolist() == pytest.approx([distance] * COUNT, abs=1e-5)


def test_what_never_changes_does_not_divide_by_nothing(model):
    model.spread.zero_()
    assert model.compare(recordings(2), model.acquaint(torch.zeros(0, COUNT))).isfinite().all()


def test_probabilities(model):
    voice = model.acquaint(recordings(3))
    found = model.probabilities(recordings(6), voice)
    assert found.shape == (6, len(EMOTIONS))
    assert found.sum(1).tolist() == pytest.approx([1] * 6)
    assert (found > 0).all()
    assert torch.equal(found, model.probabilities(recordings(6), voice))
    assert not torch.equal(found, model.probabilities(recordings(6), model.acquaint(torch.zeros(0, COUNT))))


def test_a_higher_temperature_is_less_sure_of_the_same(model):
    voice, clips = model.acquaint(recordings(3)), recordings(6)
    plain = model.probabilities(clips, voice)
    model.temperature.fill_(2)
    warm = model.probabilities(clips, voice)
    assert torch.equal(warm.argmax(1), plain.argmax(1))
    assert (warm.amax(1) < plain.amax(1)).all()
    torch.testing.assert_close(warm.log() - warm.log().mean(1, keepdim=True), (plain.log() - plain.log().mean(1, keepdim=True)) / 2)


def test_members_vote(model):
    clips, voice = recordings(4), model.acquaint(recordings(3))
    votes = model(model.compare(clips, voice)).log_softmax(-1)  # (M, B, 7)
    assert votes.shape[0] == 3
    assert not torch.allclose(votes[0], votes[1])
    torch.testing.assert_close(model.probabilities(clips, voice), votes.mean(0).softmax(-1))


def test_weights_and_people_survive_the_disk(model, tmp_path):
    model.temperature.fill_(1.5)
    model.half().float()  # as they lie on the disk
    checkpoint.save(model, "emotion-recogniser", {}, tmp_path)
    again = checkpoint.load(VoiceEmotion, "emotion-recogniser", tmp_path)
    assert again.config == model.config
    clips = recordings(5)
    assert torch.equal(again.probabilities(clips, again.acquaint(clips)), model.probabilities(clips, model.acquaint(clips)))
    assert float(again.temperature) == 1.5
