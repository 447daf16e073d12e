"""A corpus of films gets its intensity from faces alone, and what hears intensity can learn from it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest

from feim.__main__ import main
from feim.data.clip import Clip, read_manifest, write_manifest
from feim.data.face_tracks import knows_track, read_track, track_path, write_track
from feim.data.labelling import Labelled, label_corpus, labels
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.data.tracked_voices import read_tracked
from feim.data.truth import knows_truth, read_intensity, read_truth, truth_path
from feim.models import checkpoint
from feim.models.emotion_space import EmotionSpace
from feim.models.landmarks import LandmarkNetwork
from feim.signal.landmarks import BROWS
from feim.signal.video import write_video

FILMS = Path(__file__).parents[2] / "assets" / "corpus"
KNOWN = "00006"  # whose truth stays
FREE = "use one from the front, with eyes and mouth free"


@pytest.fixture(scope="module")
def space() -> EmotionSpace:
    return checkpoint.load(EmotionSpace, "emotion-space")


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    return checkpoint.load(LandmarkNetwork, "landmarks")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, space, network) -> tuple[Path, Labelled, list[int]]:
    """Films of one person, most of them without truth, and one film of nobody; labelled."""
    folder = tmp_path_factory.mktemp("corpora") / "films"
    own = [clip for clip in read_manifest(FILMS) if clip.speaker == "rendered-000" and clip.emotion in ("neutral", "happy", "sad", "angry")]
    (folder / "truth").mkdir(parents=True)
    for clip in own:
        for file in (clip.audio, clip.video):
            (folder / file).parent.mkdir(exist_ok=True)
            shutil.copy(FILMS / file, folder / file)
    shutil.copy(truth_path(FILMS, KNOWN), truth_path(folder, KNOWN))
    write_video(folder / "video" / "nobody.mp4", np.zeros((5, 64, 64, 3), np.uint8))
    nobody = replace(own[0], id="nobody", speaker="nobody", video="video/nobody.mp4")
    write_manifest(folder, [*own, nobody])
    looked = []
    return folder, label_corpus(folder, space, network, looked.append), looked


def test_labels_are_the_truth_up_to_what_is_this_persons_most(corpus):
    folder, found, looked = corpus
    assert found == Labelled(clips=3, speakers=1, left_out=(("nobody", "no face is seen in 5 pictures; " + FREE),))
    assert looked == [1, 2, 3, 4, 5]  # nobody, and one whose truth is known, for their rest and their most
    given, true = [], []
    for clip in read_manifest(folder):
        if clip.id not in ("nobody", KNOWN):
            given.append(read_intensity(folder, clip))
            true.append(read_intensity(FILMS, clip))
    assert [len(track) for track in given] == [len(track) for track in true]
    given, true = np.concatenate(given), np.concatenate(true)
    assert np.corrcoef(given, true)[0, 1] > 0.85
    assert (given.min() >= 0, given.max() <= 1) == (True, True)


def test_what_was_known_is_left(corpus):
    folder, *_ = corpus
    [clip] = [clip for clip in read_manifest(folder) if clip.id == KNOWN]
    assert read_truth(folder, clip).landmarks.shape[1:] == (189, 2)


def test_what_hears_intensity_can_learn_from_it(corpus):
    folder, *_ = corpus
    voices = read_tracked(folder, "train")
    assert {clip.id for clip in voices.clips} == {clip.id for clip in read_manifest(folder) if clip.id != "nobody"}


def test_the_command_says_when_nothing_waits(corpus, tmp_path, capsys):
    folder, *_ = corpus
    assert main(["label", str(folder), "--json"]) == 0  # the film of nobody waits still
    assert json.loads(capsys.readouterr().out) == {"corpus": str(folder), "clips": 0, "speakers": 0, "left_out": [["nobody", ANY]]}
    write_manifest(tmp_path, [clip for clip in read_manifest(folder) if clip.id == KNOWN])
    shutil.copytree(folder / "truth", tmp_path / "truth")
    assert main(["label", str(tmp_path)]) == 2
    assert "has no film whose intensity is not known; there is nothing to label" in capsys.readouterr().err
    write_manifest(tmp_path, [replace(clip, video=None) for clip in read_manifest(folder)])
    assert main(["label", str(tmp_path)]) == 2
    assert "keeps neither films nor landmarks; make it anew with corpus --landmarks" in capsys.readouterr().err


def test_a_real_corpus_keeps_landmarks_in_place_of_films(tmp_path, capsys):
    """MEAD's published tree, of films of one rendered person."""
    own = {clip.emotion: clip for clip in read_manifest(FILMS) if clip.speaker == "rendered-000"}
    for label, emotion, level in (("neutral", "neutral", 1), ("surprised", "surprised", 3)):
        for kind, suffix in (("video/front", "mp4"), ("audio", "m4a")):
            place = tmp_path / "MEAD" / "W009" / kind / label / f"level_{level}"
            place.mkdir(parents=True)
            shutil.copy(FILMS / own[emotion].video, place / f"001.{suffix}")
    out = tmp_path / "mead"
    assert main(["corpus", "mead", str(tmp_path / "MEAD"), str(out), "--landmarks", "--processes", "1", "--json"]) == 0
    assert main(["label", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["clips"] == 2
    assert not list(out.rglob("*.mp4"))
    for clip in read_manifest(out):
        truth, label = read_intensity(FILMS, own[clip.emotion]), read_intensity(out, clip)
        assert (len(label), read_track(out, clip).shape) == (len(truth), (len(truth), 189, 2))
        if clip.emotion == "surprised":
            assert np.corrcoef(label, truth)[0, 1] > 0.8
    capsys.readouterr()
    assert main(["corpus", "librispeech", str(tmp_path), str(tmp_path / "other"), "--landmarks"]) == 2
    assert "librispeech has no films, so there are no landmarks to keep" in capsys.readouterr().err


def test_tracks_are_kept_to_an_eighth_of_a_pixel(tmp_path):
    points = np.random.default_rng(0).uniform(-20, 4090, (3, 189, 2))
    write_track(tmp_path / "a.npz", points)
    (tmp_path / "landmarks").mkdir()
    (tmp_path / "a.npz").rename(track_path(tmp_path, "a"))
    clip = Clip("a", "test", "a", "en-us", "", "none")
    assert knows_track(tmp_path, clip)
    np.testing.assert_allclose(read_track(tmp_path, clip), points, atol=1 / 16 + 1e-9)


def test_without_a_neutral_film_the_rest_is_guessed(space):
    """Brows up in most frames; a label knows no emotions."""
    up = np.concatenate([np.zeros(20), np.full(60, 0.2)])
    faces = np.tile(100 * MEAN_SHAPE, (80, 1, 1))
    faces[:, [i for brow in BROWS for i in brow], 1] -= 100 * up[:, None]
    clip = Clip("a", "test", "a", "en-us", "", "none", emotion="surprised")
    (found,) = labels([(clip, faces)], space)
    assert found[:10].max() < 0.2 < 0.8 < found[30:].min()
    (calm, felt) = labels([(replace(clip, emotion="neutral"), faces[:20]), (clip, faces[20:])], space)
    assert calm.max() < 0.2 < 0.8 < felt.min()
    assert not knows_truth(FILMS, clip)
