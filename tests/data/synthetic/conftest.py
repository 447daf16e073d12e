"""The tiny head, measured once for all tests."""

import pytest

from feim.data.synthetic.heads.faces import Faces, load_faces
from tests.data.synthetic.heads.tiny_head import write_npz


@pytest.fixture(scope="session")
def tiny_faces(tmp_path_factory: pytest.TempPathFactory) -> Faces:
    return load_faces(write_npz(tmp_path_factory.mktemp("ict_facekit")))
