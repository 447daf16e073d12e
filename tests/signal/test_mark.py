"""The mark can be read on any picture and at any size, and the label is found in everything that FEIM writes."""

import subprocess

import numpy as np
import pytest

from feim.signal.audio import write_audio
from feim.signal.ffmpeg import Undecodable, binary
from feim.signal.mark import LABEL, SOURCE_TYPE, _overlay, draw_mark, read_label, xmp_box
from feim.signal.video import write_video
from feim.speaking import LABEL as SPEECH_LABEL


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB, (…, 3) uint8 → (…,), as WCAG 2.1 defines it."""
    share = pixels / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("side", [128, 512, 1080])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_type_stands_out_from_its_plate(side, level):
    frame = np.full((side, side, 3), level, np.uint8)
    marked = draw_mark(frame)
    top, left, ink, _ = _overlay(side, side)
    light = luminance(marked[top : top + len(ink), left : left + ink.shape[1]])
    plate, letters = np.median(light), np.percentile(light, 99)
    assert (letters + 0.05) / (plate + 0.05) > 4.5  # WCAG's AA


@pytest.mark.parametrize("side", [128, 512, 1080])
def test_it_is_large_enough_to_read_and_small_enough_not_to_disturb(side):
    top, left, ink, _ = _overlay(side, side)
    height, width, _ = ink.shape
    assert height >= max(12, 0.035 * side)
    assert height * width < 0.06 * side * side
    assert top + height < side / 6
    assert left > side / 2.2


def test_nothing_else_of_the_picture_changes():
    frame = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    before = frame.copy()
    marked = draw_mark(frame)
    top, left, ink, _ = _overlay(200, 300)
    changed = (marked != frame).any(axis=2)
    assert changed[top : top + len(ink), left : left + ink.shape[1]].mean() > 0.9
    changed[top : top + len(ink), left : left + ink.shape[1]] = False
    assert not changed.any()
    assert np.array_equal(frame, before)


def test_it_is_drawn_in_place_when_asked():
    frame = np.full((128, 128, 3), 90, np.uint8)
    expected = draw_mark(frame)
    assert draw_mark(frame, out=frame) is frame
    assert np.array_equal(frame, expected)


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (40, 2), (16, 16), (32, 32), (64, 20)])
def test_no_picture_is_too_small(size):
    frame = np.full((*size, 3), 200, np.uint8)
    marked = draw_mark(frame)
    assert marked.shape == frame.shape
    if min(size) >= 16:
        assert (marked != frame).any()


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_speech_is_known_by_its_label(tmp_path, suffix):
    path = write_audio(tmp_path / f"x{suffix}", np.zeros(1600, np.float32), comment=SPEECH_LABEL)
    assert read_label(path).comment == SPEECH_LABEL


def test_what_says_nothing_has_no_label(tmp_path):
    assert read_label(write_audio(tmp_path / "x.wav", np.zeros(1600, np.float32))) is None
    assert read_label(write_audio(tmp_path / "y.wav", np.zeros(1600, np.float32), comment="my holiday; not AI-generated")) is None


def test_the_comment_survives_copying_by_others(tmp_path):
    path = write_video(tmp_path / "x.mp4", [np.zeros((64, 64, 3), np.uint8)] * 5)
    for copy in ("copy.mp4", "copy.mkv", "copy.mov"):
        subprocess.run([binary(), "-v", "error", "-i", path, "-c", "copy", tmp_path / copy], check=True)
        assert read_label(tmp_path / copy).comment == LABEL


def test_the_label_is_a_whole_box_at_the_end_of_the_file(tmp_path):
    data = write_video(tmp_path / "x.mp4", [np.zeros((64, 64, 3), np.uint8)] * 5).read_bytes()
    kinds, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4])
        kinds.append((data[place + 4 : place + 8], data[place : place + size]))
        place += size
    assert place == len(data)
    assert kinds[-1] == (b"uuid", xmp_box())
    assert f'DigitalSourceType="{SOURCE_TYPE}"'.encode() in kinds[-1][1]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "x.mp4").write_text("this is no film")
    with pytest.raises(Undecodable, match=r"x\.mp4 is damaged"):
        read_label(tmp_path / "x.mp4")
    with pytest.raises(Undecodable, match=r"no file y\.mp4"):
        read_label(tmp_path / "y.mp4")
