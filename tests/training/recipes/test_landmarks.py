"""The landmarks recipe in miniature: pictures are made once, held-out people are only measured, the weights come back."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from feim.data.corpora.london import PUPILS_AT, TEST_PEOPLE
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork
from feim.training.order import Order
from feim.training.recipes import landmarks

FACES = Path(__file__).parents[3] / "assets" / "faces"


@pytest.fixture(scope="module")
def london(tmp_path_factory) -> Path:
    """Three of the demo's average portraits in the London Set's layout, one of them held out."""
    folder = tmp_path_factory.mktemp("first") / "london"
    folder.mkdir()
    points = MEAN_SHAPE * (PUPILS_AT[1][0] - PUPILS_AT[0][0]) + np.mean(PUPILS_AT, axis=0)
    identities = {"501": "woman-20s", "502": "man-20s", TEST_PEOPLE[0]: "man-black"}
    with (folder / "metadata.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image", "identity", "expression", "age", "gender", "ethnicity"])
        for identity, portrait in identities.items():
            table.writerow([FACES / f"average-{portrait}.jpg", identity, "neutral", 30, "female", "white"])
    (folder / "landmarks189.json").write_text(json.dumps({identity: points.tolist() for identity in identities}))
    return folder


def _order(folder: Path, **more) -> Order:
    return Order((), folder / "run", folder / "weights", steps=2, miniature=True, **more)


def test_it_trains_saves_and_measures_people_it_did_not_learn(london, tmp_path, monkeypatch):
    learnt = []
    read = landmarks.read_textures
    monkeypatch.setattr(landmarks, "read_textures", lambda people: learnt.extend(people) or read(people))
    landmarks.run(_order(tmp_path, faces=london))
    assert [person.identity for person in learnt] == ["501", "502"]
    assert isinstance(checkpoint.load(LandmarkNetwork, "landmarks", tmp_path / "weights"), LandmarkNetwork)
    card = checkpoint.read_card("landmarks", tmp_path / "weights")
    assert card["metrics"]["held-out people"]["people"] == 1
    assert card["metrics"]["held-out people"]["features"] > 0.05  # it has hardly learnt
    assert card["data"][0]["people"] == card["data"][0]["portraits"] == 2
    assert card["licence"].startswith("Apache-2.0")
    landmarks.run(_order(tmp_path, faces=london, initial="landmarks"))
    assert len(learnt) == 2  # the pictures of the first run are used again


def test_it_asks_for_faces_and_refuses_what_it_ignores(tmp_path):
    with pytest.raises(ValueError, match="--faces"):
        landmarks.run(_order(tmp_path))
    with pytest.raises(ValueError, match="--decoder"):
        landmarks.run(_order(tmp_path, decoder="convnext"))
