"""Cutting: any rate, any channels, any frame rate; and everything that is broken is named."""

import numpy as np
import pytest
import soundfile

from feim.data.corpora.excerpts import Excerpt, cut_face, cut_sound
from feim.signal.audio import UnreadableAudio, read_audio
from feim.signal.face import FaceNotFound, UnreadableImage, find_face, read_image
from tests.data.corpora.films import PICTURE, PORTRAIT, SECONDS, TONE, ffmpeg, tone


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16))
    return float(np.argmax(spectrum)) * 16_000 / (1 << 16)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_and_number_of_channels_becomes_16_khz_mono(tmp_path, rate, channels):
    soundfile.write(tmp_path / "x.wav", np.repeat(tone(rate)[:, None], channels, axis=1), rate)
    samples = cut_sound(Excerpt(tmp_path / "x.wav"))
    assert (samples.dtype, samples.ndim) == (np.float32, 1)
    assert abs(len(samples) - SECONDS * 16_000) <= 2
    assert pitch(samples) == pytest.approx(300, abs=1)


def test_a_films_sound_is_cut_by_time(tmp_path, film):
    whole = cut_sound(Excerpt(film))
    assert pitch(whole) == pytest.approx(300, abs=1)
    assert len(whole) == pytest.approx(8000, abs=1100)  # AAC frames have 1024 samples
    assert len(cut_sound(Excerpt(film, 0.1, 0.4))) == pytest.approx(4800, abs=2)


def test_a_sound_is_cut_by_time(sound):
    assert np.array_equal(cut_sound(Excerpt(sound, 0.1, 0.3)), read_audio(sound)[1600:4800])


def test_variable_frame_rate_shifts_nothing(tmp_path):
    """Pictures at 0, 0.04, 0.08 and then only from 0.4 s: blue turns red at 0.4 s."""
    path = tmp_path / "x.mp4"
    colours = ("-f", "lavfi", "-t", "0.4", "-i", "color=blue:64x64:r=25", "-f", "lavfi", "-t", "0.4", "-i", "color=red:64x64:r=25")
    chosen = "[0:v][1:v]concat=n=2:v=1,select='lt(n,3)+gte(n,10)'[v]"
    tone = ("-f", "lavfi", "-t", "0.8", "-i", "sine=300:sample_rate=16000")
    ffmpeg(*colours, *tone, "-filter_complex", chosen, "-map", "[v]", "-map", "2:a", "-fps_mode", "vfr", "-pix_fmt", "yuv420p", path)
    assert len(cut_sound(Excerpt(path, 0, 0.8))) == pytest.approx(12_800, abs=100)

    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feim.data.corpora.excerpts.find_face", lambda picture: seen.append(picture.mean(axis=(0, 1)).argmax()) or "face")
        cut_face(Excerpt(path, 0.42), 0.3)
        cut_face(Excerpt(path, 0.0), 0.12)
    assert seen == [0, 2]  # red, blue


def test_what_is_broken_is_named(tmp_path, film, sound):
    whole, wav = film.read_bytes(), sound.read_bytes()
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is no film" * 100)
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    (tmp_path / "half.wav").write_bytes(wav[: len(wav) // 2])
    soundfile.write(tmp_path / "none.wav", np.zeros(0, np.float32), 16_000)
    soundfile.write(tmp_path / "short.wav", tone(seconds=0.02), 16_000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000, np.float32), 16_000)
    ffmpeg("-i", film, "-an", "-c", "copy", tmp_path / "mute.mp4")
    reasons = {
        "gone.wav": "there is no file gone.wav",
        "empty.mp4": "damaged",
        "empty.wav": "not a sound",
        "text.mp4": "damaged",
        "half.mp4": "is cut off",
        "half.wav": "is cut off",
        "none.wav": "holds no sound",
        "short.wav": "lasts only 0.02 s",
        "silent.wav": "is silent",
        "mute.mp4": "has no sound",
    }
    for name, reason in reasons.items():
        with pytest.raises(UnreadableAudio, match=reason):
            cut_sound(Excerpt(tmp_path / name))


@pytest.mark.parametrize("kind", ["film", "sound"])
def test_an_excerpt_beyond_the_end(kind, request):
    with pytest.raises(UnreadableAudio, match=r"ends 0\.\d s before the excerpt does"):
        cut_sound(Excerpt(request.getfixturevalue(kind), 0.2, 1.2))


def test_the_face_is_found_and_aligned(film):
    face = cut_face(Excerpt(film), SECONDS)
    expected = find_face(read_image(PORTRAIT)).crop
    assert face.crop.shape == (224, 224, 3)
    assert np.abs(face.crop.astype(int) - expected).mean() < 8  # a film of 256 pixels is softer


def test_only_the_cropped_part_is_searched(tmp_path):
    path = tmp_path / "x.mp4"
    ffmpeg(*PICTURE, *TONE, "-vf", "scale=160:160,pad=320:160:160:0:gray", "-pix_fmt", "yuv420p", path)
    assert cut_face(Excerpt(path, crop="iw/2:ih:iw/2:0"), SECONDS).box[0] < 160
    with pytest.raises(FaceNotFound, match=r"no face in 3 pictures of x\.mp4"):
        cut_face(Excerpt(path, crop="iw/2:ih:0:0"), SECONDS)


def test_no_picture_at_all(tmp_path, sound):
    with pytest.raises(UnreadableImage, match=r"there is no file gone\.mp4"):
        cut_face(Excerpt(tmp_path / "gone.mp4"), 1.0)
    with pytest.raises(UnreadableImage, match=r"no picture of sound\.wav can be read"):
        cut_face(Excerpt(sound), SECONDS)
