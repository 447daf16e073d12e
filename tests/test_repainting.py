"""The GAN as a renderer: its film is its own stream of frames, enlarged, in any order; the face is upright and where it says."""

from pathlib import Path

import numpy as np
import pytest
import torch

import feim
from feim.animating import prepared, spoken
from feim.models import CHECKPOINTS, checkpoint
from feim.models.checkpoint import MissingCheckpoint
from feim.models.landmarks import LandmarkNetwork, locate
from feim.models.portrait import FaceBasis
from feim.models.super_resolution import CompactNetwork, enlarge
from feim.models.talking_face import TalkingFace, generate, picture_of
from feim.repainting import Painter, repainted, resized
from feim.signal.emotion_arc import parse_arc
from feim.signal.face import find_face, read_image
from feim.signal.landmarks import FEATURES, landmark_error
from feim.studio import InvalidSetting

WOMAN = Path(__file__).parents[1] / "assets" / "faces" / "average-woman-20s.jpg"
HAPPY = parse_arc("happy", 2.0)


@pytest.fixture(scope="module")
def painter() -> Painter:
    torch.manual_seed(0)
    generator = TalkingFace(TalkingFace.Config(width=0.03)).requires_grad_(False).eval()
    return Painter(generator, checkpoint.load(CompactNetwork, "super-resolution"))


@pytest.fixture(scope="module")
def looked_at():
    networks = checkpoint.load(LandmarkNetwork, "landmarks"), checkpoint.load(FaceBasis, "portrait")
    return lambda size: prepared(read_image(WOMAN), *networks, "gan", size)


@pytest.fixture(scope="module")
def sound():
    return spoken(feim.load().speak("Hello there.", WOMAN, "happy"))


def talking(painter, looked_at, sound, size: int):
    return repainted(painter, looked_at(size), sound, HAPPY, 3, {"face": 0.0, "motion": 0.0})


def test_a_film_is_the_generators_enlarged(painter, looked_at, sound):
    film = talking(painter, looked_at, sound, 512)
    small = generate(painter.generator, picture_of(looked_at(512).face), sound.waveform, "happy", 2.0, seed=3)
    assert len(film.frames) == len(small) == -(-len(sound.waveform) // 640)
    assert np.array_equal(film.frames[:], enlarge(painter.enlarger, small))
    assert (film.renderer, film.motion, film.emotion, set(film.intensity)) == ("gan", None, "happy", {2.0})
    assert film.cues == sound.cues


def test_frames_come_in_any_order(painter, looked_at, sound):
    film = talking(painter, looked_at, sound, 192)
    whole = list(film.frames)
    assert whole[0].shape == film.still.shape == (192, 192, 3)
    for index in (11, 0, -1):
        assert np.array_equal(film.frames[index], whole[index])


def test_the_still_is_the_upright_face_with_its_landmarks(painter, looked_at, sound):
    film = talking(painter, looked_at, sound, 256)
    again = locate(checkpoint.load(LandmarkNetwork, "landmarks"), film.still, find_face(film.still))
    assert landmark_error(film.landmarks, again, FEATURES) < 0.03


def test_without_its_weights_it_is_refused_before_anything_is_said(tmp_path):
    for path in CHECKPOINTS.iterdir():
        if path.stem != "talking-face":
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(MissingCheckpoint, match="talking-face"):
        feim.load(tmp_path).prepare(WOMAN, renderer="gan")


def test_the_shipped_weights_paint_a_face_that_speaks(tmp_path):
    studio = feim.load()
    film = studio.animate(WOMAN, np.zeros(16_000, np.float32), "sad", 3.0, renderer="gan", size=128)
    assert (len(film.frames), film.renderer) == (25, "gan")
    assert film.save(tmp_path / "film.mp4").stat().st_size > 1000
    with pytest.raises(InvalidSetting, match="use portrait or gan"):
        studio.animate(WOMAN, np.zeros(16_000, np.float32), renderer="oil")


def test_resized_frames_keep_their_picture():
    frames = np.full((2, 8, 8, 3), 77, np.uint8)
    assert (resized(frames, 12) == 77).all()
    assert resized(frames, 12).shape == (2, 12, 12, 3)
    assert resized(frames, 8) is frames
