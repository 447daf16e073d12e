"""Material for miniature corpora: a sound and a film of half a second, and an eye that finds a face everywhere, at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from feim.data.corpora import excerpts
from feim.signal.audio import write_audio
from feim.signal.face import Face
from tests.data.corpora.films import PICTURE, TONE, ffmpeg, tone


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Path:
    """A portrait of 256×256 at 25 pictures a second, and a tone in stereo at 48 kHz; its table of contents comes first."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    ffmpeg(*PICTURE, *TONE, "-vf", "scale=256:256", "-pix_fmt", "yuv420p", "-ac", 2, "-movflags", "+faststart", path)
    return path


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "sound.wav"
    return write_audio(path, tone())


@pytest.fixture
def face_everywhere(monkeypatch) -> Callable:
    """No network is run: the face is the picture's upper left corner."""

    def find_face(picture: np.ndarray) -> Face:
        return Face(np.resize(picture[:224, :224], (224, 224, 3)), np.array([0.0, 0, 224, 224]), np.zeros((5, 2)), 0)

    monkeypatch.setattr(excerpts, "find_face", find_face)
    return find_face
