"""What frame-wise intensity is measured by, on material whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from feim.data.clip import Clip, write_manifest
from feim.data.synthetic.expressive_films import ExpressiveFilm
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.data.truth import label_path, truth_path, write_intensity
from feim.evaluation.intensity.faces import _alike, _leak, _Plain
from feim.evaluation.intensity.films import _each
from feim.evaluation.intensity.labelled import labelled
from feim.evaluation.intensity.mixtures import _monotone
from feim.evaluation.intensity.voices import _acceleration, _variance
from feim.models.intensity import FaceIntensity
from feim.signal.emotion import EMOTIONS
from feim.signal.expressiveness import WITHOUT_MOUTH
from feim.signal.face_motion import INDEX, SHAPES
from feim.signal.landmarks import BROWS, CHIN


def film(person: str, intensity: np.ndarray, jaw: np.ndarray, emotion: str = "surprised") -> ExpressiveFilm:
    """Brows rise with the intensity, the chin falls with the jaw."""
    faces = np.tile(MEAN_SHAPE, (len(intensity), 1, 1))
    faces[:, [i for brow in BROWS for i in brow], 1] -= 0.2 * intensity[:, None]
    faces[:, list(CHIN), 1] += 0.3 * jaw[:, None]
    shapes = np.zeros((len(intensity), len(SHAPES)), np.float32)
    shapes[:, INDEX["jawOpen"]] = jaw
    return ExpressiveFilm(person, "test", emotion, faces, MEAN_SHAPE, intensity, shapes, np.zeros(640 * len(intensity), np.float32))


def test_a_distance_without_the_mouth_is_the_truth_and_with_it_is_not():
    up, down = np.linspace(0, 1, 60), np.linspace(1, 0, 60)
    films = [film(person, up, down) for person in ("a", "b")]
    assert _alike(_Plain(WITHOUT_MOUTH), films) == pytest.approx([1, 1], abs=0.01)
    with_chin = _alike(_Plain(WITHOUT_MOUTH + CHIN), films)
    assert (with_chin < 0.6).all()


def test_speech_leaks_where_the_mouth_counts():
    calm = film("a", np.zeros(60), np.tile([0.0, 0.5], 30), EMOTIONS[0])
    felt = film("a", np.linspace(0, 1, 60), np.zeros(60))
    assert _leak(_Plain(WITHOUT_MOUTH), [calm, felt]) == pytest.approx(0, abs=1e-6)
    assert _leak(_Plain(WITHOUT_MOUTH + CHIN), [calm, felt]) > 0.1


def test_labels_are_each_persons_own():
    small, large = film("a", np.linspace(0, 0.3, 40), np.zeros(40)), film("b", np.linspace(0, 1, 40), np.zeros(40))
    plain = _Plain(WITHOUT_MOUTH)
    alone = FaceIntensity().labels([plain.distances(small.landmarks, small.rest)])[0]
    assert alone.max() == pytest.approx(1, abs=0.06)
    assert _alike(plain, [small, replace(large, person="b")]) == pytest.approx([1, 1], abs=0.01)


def test_variance_and_acceleration_of_tracks():
    line, wave = np.linspace(0, 1, 50), np.sin(np.arange(50))
    assert _acceleration([line]) == pytest.approx(0, abs=1e-12)
    assert _acceleration([2 * wave]) == pytest.approx(2 * _acceleration([wave]))
    assert _variance([line + 5, line]) == pytest.approx(line.var())  # between clips does not count


def test_monotone_ways():
    way = np.linspace(0, 1, 11)
    chances = np.zeros((11, 7))
    chances[:, 1], chances[:, 2] = 1 - way, way
    assert _monotone(chances, ("happy", "sad"))
    assert not _monotone(chances, ("sad", "happy"))
    chances[5, 1] += 0.2
    assert not _monotone(chances, ("happy", "sad"))


def test_shares_are_told_for_each_intensity_and_emotion():
    assert _each([True, False, True, True], [("happy", 1.0), ("happy", 5.0), ("sad", 1.0), ("sad", 5.0)]) == (
        "γ 1.0 1.00, γ 5.0 0.50, happy 0.50, sad 1.00"
    )


def test_what_nobody_labelled_is_left_out_of_the_comparison(tmp_path, monkeypatch):
    """Two people's films, labels that are the truth for one and its contrary for the other; one film shows no face."""
    films = tmp_path / "films"
    (films / "truth").mkdir(parents=True)
    clips = [Clip(f"{who}{n}", "test", who, "en-us", "", "none", video="x.mp4") for who in "ab" for n in (1, 2)]
    write_manifest(films, clips)
    track = np.linspace(0, 1, 50, dtype=np.float32)
    for clip in clips:
        write_intensity(truth_path(films, clip.id), track)

    def label(folder, space, network):
        (folder / "labels").mkdir()
        for clip in clips[:3]:
            write_intensity(label_path(folder, clip.id), track if clip.speaker == "a" else 1 - track)

    monkeypatch.setattr("feim.evaluation.intensity.labelled.label_corpus", label)
    for _ in range(2):  # the second time labels are made anew
        [row] = labelled(None, None, films)
        assert row.value == pytest.approx(0, abs=1e-6)
        assert "mean over 2 people never seen, 3 of 4 rendered films" in row.note
        assert "lowest -1.00" in row.note
