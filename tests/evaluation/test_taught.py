"""A corpus in which faces are landmarks: what labels real films labels it, and what hears learns from the labels."""

import numpy as np
import pytest

from feim.data.clip import read_manifest
from feim.data.face_tracks import read_track
from feim.data.labelling import label_corpus
from feim.data.synthetic.expressive_films import expressive_films
from feim.data.synthetic.heads.faces import load_faces
from feim.data.tracked_voices import one, read_tracked
from feim.evaluation.intensity.labelled import blinded
from feim.evaluation.intensity.taught import PIXELS, filmed_corpus
from feim.models import checkpoint
from feim.models.emotion_space import EmotionSpace
from feim.signal.audio import read_audio
from feim.signal.landmarks import interocular
from tests.data.synthetic.heads.tiny_head import write_npz

SENTENCES = [("We were away all the morning.", "train"), ("Nobody knew where it was.", "train"), ("It was late.", "test")]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    head = load_faces(write_npz(tmp_path_factory.mktemp("ict_facekit"))).head
    return expressive_films(head, SENTENCES, 3, 21, 2)


@pytest.fixture(scope="module")
def corpus(films, tmp_path_factory):
    return filmed_corpus(films, films, tmp_path_factory.mktemp("corpora") / "films")


def test_it_keeps_what_is_said_and_seen(corpus, films):
    clips = read_manifest(corpus)
    assert [(clip.speaker, clip.emotion, clip.split) for clip in clips] == [(film.person, film.emotion, film.split) for film in films]
    for clip, film in zip(clips, films, strict=True):
        track = read_track(corpus, clip)
        assert track.shape == (len(film.intensity), 189, 2)
        assert np.median([interocular(points) for points in track]) == pytest.approx(PIXELS, rel=0.1)
        assert len(read_audio(corpus / clip.audio)) == len(film.waveform) == 640 * len(track)


def test_labels_stand_in_for_the_truth(corpus, films):
    blind = blinded(corpus)
    with pytest.raises(ValueError, match="knows no clip's intensity"):
        read_tracked(blind, "train")
    label_corpus(blind, checkpoint.load(EmotionSpace, "emotion-space"), None)
    told, labelled = (read_tracked(folder, "train") for folder in (corpus, blind))
    assert [clip.id for clip in told.clips] == [clip.id for clip in labelled.clips]
    for number in range(len(told.clips)):
        assert [part.shape for part in one(told, number)] == [part.shape for part in one(labelled, number)]
    with pytest.raises(ValueError, match="knows no clip's intensity"):
        read_tracked(blinded(corpus), "train")  # labels are made anew
