"""Described portraits are computed once, and again whenever another result is asked for."""

from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.corpora.london import Person
from feim.models.embeddings import FaceNetwork
from feim.training import portraits
from feim.training.portraits import describe_faces, read_crop

FACES = Path(__file__).parents[2] / "assets" / "faces"


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> list[Person]:
    """Two people, whose pictures may be written over."""
    folder = tmp_path_factory.mktemp("people")
    found = []
    for identity, portrait in (("501", "woman-20s"), ("502", "man-20s")):
        path = folder / f"{identity}.jpg"
        path.write_bytes((FACES / f"average-{portrait}.jpg").read_bytes())
        found.append(Person(identity, "female", None, "white", {"neutral": path}, np.zeros((189, 2))))
    return found


@pytest.fixture
def network() -> FaceNetwork:
    return FaceNetwork(FaceNetwork.Config(hidden=4))


def test_the_first_of_each_is_the_portrait_itself(network, people, tmp_path):
    faces = describe_faces(network, people, 2, tmp_path)
    assert faces.shape[:2] == (2, 2)
    for described, person in zip(faces, people, strict=True):
        itself = network.describe(read_crop(person.images["neutral"])[None])[0]
        assert torch.allclose(described[0], itself, atol=1e-5)
        assert not torch.allclose(described[1], itself, atol=1e-3)


def test_a_resumed_run_reads_what_is_there(network, people, tmp_path, monkeypatch):
    faces = describe_faces(network, people, 2, tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".pt"]
    monkeypatch.setattr(portraits, "read_crop", None)
    assert torch.equal(describe_faces(FaceNetwork(FaceNetwork.Config(hidden=8)), people, 2, tmp_path), faces)  # only the trunk counts


def test_anything_else_is_described_anew(network, people, tmp_path, monkeypatch):
    describe_faces(network, people, 2, tmp_path)
    other = FaceNetwork(FaceNetwork.Config(hidden=4))
    other.trunk.conv1_bias += 1
    monkeypatch.setattr(portraits, "read_crop", None)
    for given in ((network, people[:1], 2), (network, people[::-1], 2), (network, people, 3), (other, people, 2)):
        with pytest.raises(TypeError):
            describe_faces(*given, tmp_path)
    picture = people[0].images["neutral"]
    picture.write_bytes(picture.read_bytes() + b"\0")
    with pytest.raises(TypeError):
        describe_faces(network, people, 2, tmp_path)
