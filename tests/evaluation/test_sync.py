"""The sync of films as the suite measures it: landmarks that are followed through a film, and offsets that are counted."""

from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.clip import read_manifest
from feim.data.truth import read_truth
from feim.evaluation.faces import sync as measure
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork
from feim.models.lip_sync import CHANNELS, FURTHEST, LipSync, Sync, mouth_movement
from feim.signal.audio import MEL_SILENCE, mel_spectrogram, read_audio
from feim.signal.landmarks import landmark_error
from feim.signal.video import read_video

FILMS = Path(__file__).parents[2] / "assets" / "corpus"


@pytest.fixture(scope="module")
def judge() -> LipSync:
    return checkpoint.load(LipSync, "lip-sync")


def off_by(offset: int, depth: float = 0.5) -> Sync:
    distances = np.ones(2 * FURTHEST + 1)
    distances[FURTHEST + offset] -= depth
    return Sync(distances)


def test_a_face_is_followed_through_a_film():
    clip = read_manifest(FILMS)[0]
    frames = np.stack(list(read_video(FILMS / clip.video).frames()))[:6]
    found = measure.followed(checkpoint.load(LandmarkNetwork, "landmarks"), iter(frames))
    assert (found.landmarks.shape, found.seen.all(), found.others) == ((6, 189, 2), True, 0)
    assert landmark_error(found.landmarks, read_truth(FILMS, clip).landmarks[:6]).max() < 0.15


def test_what_is_in_sync_is_counted():
    found = [off_by(0), off_by(1), off_by(-1, 0.3), off_by(2)]
    assert measure.share_in_sync(found) == 0.75
    share, confidence = measure._made("of a test", found)
    assert (share.value, share.reached) == (0.75, False)
    assert "4 films" in share.note
    assert "0, 1, -1, 2" in share.note
    assert confidence.value == pytest.approx(0.45)
    assert confidence.note == "lowest 0.30"


def test_the_shipped_judge_knows_the_sound_of_rendered_people_it_never_saw(judge):
    """Films whose landmarks are true: the own sound fits best, a late one is found to be late, a stranger's fits worse."""
    clips = [clip for clip in read_manifest(FILMS) if clip.split != "train" and sum(clip.durations) >= 4 * 40]
    mouths = [mouth_movement(read_truth(FILMS, clip).landmarks) for clip in clips]
    mels = [mel_spectrogram(read_audio(FILMS / clip.audio)) for clip in clips]
    own = [judge.judge(mouth, mel) for mouth, mel in zip(mouths, mels, strict=True)]
    assert measure.share_in_sync(own) >= 0.9
    pairs = [(one, other) for one in range(len(clips)) for other in range(len(clips)) if clips[one].text != clips[other].text]
    others = [judge.judge(mouths[one], mels[other]) for one, other in pairs]
    for measured in (lambda one: one.confidence, lambda one: 1 / one.distances.min()):
        assert np.mean([measured(one) for one in own]) > 1.15 * np.mean([measured(one) for one in others])
    assert measure.share_in_sync(others) < 0.5
    late = [judge.judge(mouth, torch.nn.functional.pad(mel, (16, 0), value=MEL_SILENCE)) for mouth, mel in zip(mouths, mels, strict=True)]
    assert np.mean([abs(one.offset - 4) <= 1 for one in late]) >= 0.9


def test_a_mouth_that_does_not_move_fits_no_time(judge):
    clip = max(read_manifest(FILMS), key=lambda clip: sum(clip.durations))
    mel = mel_spectrogram(read_audio(FILMS / clip.audio))
    still = judge.judge(np.zeros((mel.shape[1] // 4, CHANNELS), np.float32), mel)
    true = judge.judge(mouth_movement(read_truth(FILMS, clip).landmarks), mel)
    assert still.confidence < 0.5 * true.confidence
