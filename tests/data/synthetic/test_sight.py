"""What a network sees of movements: as much as it saw of others', and each time a little off."""

import numpy as np
import pytest

from feim.data.synthetic import sight
from feim.data.synthetic.expressive_films import as_seen, expressive_films
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.data.synthetic.sight import ALL, HELD, Sight, learn_sight
from feim.signal.expressiveness import displacements
from feim.signal.landmarks import BROWS, CHIN, COUNT

SENTENCES = [("We were away all the morning.", "train"), ("Nobody knew where it was.", "train"), ("It was late.", "test")]
BROW, JAW = [i for brow in BROWS for i in brow], list(CHIN)


def moved(points: list[int], by: np.ndarray) -> np.ndarray:
    """Faces whose points go down by this many inter-pupil distances."""
    faces = np.tile(MEAN_SHAPE, (len(by), 1, 1))
    faces[:, points, 1] += by[:, None]
    return faces


@pytest.fixture
def half_blind(monkeypatch) -> Sight:
    """Learnt from a network that sees brows move half as far as they do, and jaws as far, in noise."""

    def looks(faces, network, sentences, people, frames, seed):
        random = np.random.default_rng(seed)
        for _ in range(people):
            brows, jaw = random.uniform(-0.1, 0.1, (2, frames))
            true, seen = (moved(BROW, share * brows) + moved(JAW, jaw) - MEAN_SHAPE for share in (1, 0.5))
            noise = random.normal(0, 0.004, seen.shape)
            yield tuple(displacements(one, MEAN_SHAPE, ALL).reshape(frames, -1) for one in (true, seen + noise))

    monkeypatch.setattr(sight, "_looks", looks)
    return learn_sight(None, None, [], 10, 20, seed=4)


def test_small_movements_are_seen_as_the_network_sees_them(half_blind):
    by = np.full(200, 0.08)
    for points, share in ((BROW, 0.5), (JAW, 1)):
        seen = half_blind.of(moved(points, by), MEAN_SHAPE, np.random.default_rng(0))
        assert seen.shape == (200, COUNT, 2)
        away = displacements(seen, MEAN_SHAPE, ALL)[:, points, 1]
        assert away.mean() == pytest.approx(share * 0.08, abs=0.004)
        assert 0.001 < away.std() < 0.006


def test_what_is_off_stays_so_for_a_while(half_blind):
    seen = half_blind.of(moved(BROW, np.zeros(400)), MEAN_SHAPE, np.random.default_rng(0))[:, 30, 0]
    near, far = (np.corrcoef(seen[:-by], seen[by:])[0, 1] for by in (1, 3 * HELD))
    assert near > 0.8 > 0.3 > abs(far)


@pytest.mark.parametrize("frames", [1, HELD, HELD + 1, 2 * HELD])
def test_films_of_any_length(half_blind, frames):
    seen = half_blind.of(moved(JAW, np.zeros(frames)), MEAN_SHAPE, np.random.default_rng(0))
    assert (seen.shape, np.isfinite(seen).all()) == ((frames, COUNT, 2), True)


def test_rendered_people_are_looked_at(tiny_faces, monkeypatch):
    def exact(network, frames, maps):
        """Sees the frame's own five points, and everything else where a mean face has it."""
        assert frames.shape[1:] == (256, 256, 3)
        return np.tile(100 * MEAN_SHAPE, (len(frames), 1, 1)), np.ones(len(frames))

    monkeypatch.setattr(sight, "locate_all", exact)
    found = learn_sight(tiny_faces, None, SENTENCES, 3, 2, seed=1)
    assert found.movements.shape[1] == found.seen.shape[1] == found.off.shape[1] == 2 * COUNT
    assert np.abs(found.seen).max() < 1e-6  # it saw nothing move
    exact = expressive_films(tiny_faces.head, SENTENCES, 3, 21, 2)
    films = as_seen(exact, found)
    assert {film.person for film in films} == {"expressive-000", "expressive-001", "expressive-002"}
    assert [film.emotion for film in films] == [film.emotion for film in exact]
    assert max(np.abs(displacements(film.landmarks, film.rest)).max() for film in exact) > 0.05
    assert max(np.abs(displacements(film.landmarks, film.rest)).max() for film in films) < 0.05
