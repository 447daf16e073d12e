"""Films through real ffmpeg: every picture and its colours, sound in sync, marks, and nothing left of what could not be written or read."""

import re
import resource
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from feim.signal.ffmpeg import binary, decode_frames
from feim.signal.mark import SOURCE_TYPE, read_label, xmp_box
from feim.signal.subtitles import Cue
from feim.signal.video import FPS, UnreadableVideo, UnwritableVideo, read_video, write_video

SIDE = 96
EMPTY = slice(SIDE // 4, None)  # rows that the mark does not reach
SOUND = ("-f", "lavfi", "-t", "2", "-i", "sine=440:sample_rate=44100")
PICTURES = ("-f", "lavfi", "-t", "2", "-i", "testsrc2=s=80x60:r=25")


def ffmpeg(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([binary(), "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True, capture_output=True)


def described(path: Path) -> str:
    return subprocess.run([binary(), "-i", str(path)], capture_output=True, text=True).stderr


def gradient(number: int, side: int = SIDE) -> np.ndarray:
    """Smooth colours that change with the number."""
    x = np.linspace(0, 255, side)
    return np.stack(np.broadcast_arrays(x[None], x[:, None], np.float64(5 * number % 256)), axis=2).astype(np.uint8)


def flashes(count: int, at: list[int], side: int = SIDE) -> np.ndarray:
    frames = np.zeros((count, side, side, 3), np.uint8)
    frames[at] = 255
    return frames


def clicks(samples: int, at: list[int]) -> np.ndarray:
    """20 ms of tone that begins at each frame number."""
    wave = np.zeros(samples, np.float32)
    for frame in at:
        wave[640 * frame : 640 * frame + 320] = 0.9 * np.sin(2 * np.pi * 1000 * np.arange(320) / 16_000)
    return wave


def seen_and_heard(frames: np.ndarray, wave: np.ndarray) -> tuple[list[float], list[float]]:
    """Seconds at which pictures turn white and at which sound begins."""
    bright = frames[:, EMPTY].mean(axis=(1, 2, 3)) > 128
    loud = np.abs(wave) > 0.3
    quiet_before = np.array([not loud[max(0, n - 1600) : n].any() for n in np.flatnonzero(loud)])
    return list(np.flatnonzero(bright[1:] & ~bright[:-1]) / FPS + 1 / FPS), list(np.flatnonzero(loud)[quiet_before] / 16_000)


def of(frames) -> np.ndarray:
    return np.stack(list(frames))


@pytest.mark.parametrize("count", [1, 2, 24, 53])
def test_every_picture_and_its_colours_come_back(tmp_path, count):
    told = []
    path = write_video(tmp_path / "x.mp4", (gradient(n) for n in range(count)), progress=told.append)
    video = read_video(path)
    frames = of(video.frames())
    assert (video.height, video.width, video.fps, video.waveform) == (SIDE, SIDE, 25, None)
    assert frames.shape == (count, SIDE, SIDE, 3)
    original = of(map(gradient, range(count)))
    assert np.abs(frames[:, EMPTY].astype(int) - original[:, EMPTY]).mean() < 2
    assert told == list(range(1, count + 1))
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_what_players_want(tmp_path):
    path = write_video(tmp_path / "x.mp4", (gradient(n) for n in range(30)), np.zeros(19_200, np.float32))
    said = described(path)
    assert re.search(r"Video: h264 .*yuv420p\(tv, bt709.* 25 fps, 25 tbr", said)
    assert re.search(r"Audio: aac \(LC\).* 48000 Hz, mono", said)
    assert "Duration: 00:00:01.20, start: 0.000000" in said
    boxes = path.read_bytes()
    assert boxes.index(b"moov") < boxes.index(b"mdat")  # it can be played while it is downloaded


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 150, 120), (255, 255, 255), (0, 0, 0)])
def test_colours_are_right_in_a_player_that_trusts_the_tags(tmp_path, colour):
    path = write_video(tmp_path / "x.mp4", [np.full((64, 64, 3), colour, np.uint8)] * 3)
    assert np.abs(of(read_video(path).frames())[:, 32:] - np.array(colour, int)).max() <= 4


def test_sound_comes_back_in_sync(tmp_path):
    at = [5, 26, 50, 71]
    wave = clicks(64_000, at)
    path = write_video(tmp_path / "x.mp4", flashes(100, at), wave)
    video = read_video(path)
    assert len(video.waveform) == pytest.approx(64_000, abs=320)
    seen, heard = seen_and_heard(of(video.frames()), video.waveform)
    assert seen == pytest.approx([frame / 25 for frame in at])
    assert np.abs(np.subtract(seen, heard)).max() < 0.002  # AAC's priming is taken out
    assert np.corrcoef(wave, video.waveform[:64_000])[0, 1] > 0.98


def test_a_player_that_knows_no_edit_lists_is_a_picture_late_at_most(tmp_path):
    at = [25, 50]
    path = write_video(tmp_path / "x.mp4", flashes(75, at), clicks(48_000, at))
    raw = ("-ignore_editlist", "1", "-i", path)
    wave = np.frombuffer(ffmpeg(*raw, "-map", "0:a", "-ac", "1", "-ar", "16000", "-f", "f32le", "-").stdout, np.float32)
    pixels = np.frombuffer(ffmpeg(*raw, "-map", "0:v", "-pix_fmt", "rgb24", "-f", "rawvideo", "-").stdout, np.uint8)
    seen, heard = seen_and_heard(pixels.reshape(-1, SIDE, SIDE, 3), wave)
    assert np.abs(np.subtract(seen, heard)).max() < 0.025  # 1,024 samples of 48 kHz, because pictures wait for no B frames


@pytest.mark.parametrize("size", [(65, 64), (64, 67), (63, 65)])
def test_an_odd_side_repeats_its_last_line(tmp_path, size):
    frame = np.zeros((*size, 3), np.uint8)
    frame[size[0] // 2 :] = 200
    path = write_video(tmp_path / "x.mp4", [frame] * 3)
    frames = of(read_video(path).frames())
    assert frames.shape[1:3] == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert frames[:, -1].mean() == pytest.approx(200, abs=4)
    assert frames[:, size[0] // 2 :, -1].mean() == pytest.approx(200, abs=4)


def test_subtitles_are_a_track_of_the_film(tmp_path):
    cues = [Cue(0.2, 1.0, "Tom & Jerry <3\ntwo lines, <i>{braced}"), Cue(1.2, 1.9, "Zażółć gęślą jaźń")]
    path = write_video(tmp_path / "x.mp4", map(gradient, range(50)), np.zeros(32_000, np.float32), cues, language="pol")
    said = described(path)
    assert "Subtitle: mov_text" in said
    assert said.count("(pol)") == 2  # sound and subtitles
    assert "Duration: 00:00:02.00" in said
    assert b"Tom & Jerry <3\ntwo lines, <i>(braced)" in path.read_bytes()
    track = ffmpeg("-i", path, "-map", "0:s", "-f", "webvtt", "-").stdout.decode()
    assert "00:00.200 --> 00:01.000\nTom" in track
    assert "00:01.200 --> 00:01.900\nZażółć gęślą jaźń" in track


def test_pictures_and_file_say_that_they_are_generated(tmp_path):
    path = write_video(tmp_path / "x.mp4", flashes(5, []), np.zeros(3200, np.float32))
    label = read_label(path)
    assert label.comment.startswith("AI-generated")
    assert label.source_type == SOURCE_TYPE
    assert path.read_bytes().endswith(xmp_box())
    marked = of(read_video(path).frames())
    assert marked[:, :20, -60:].max() > 150  # light type on black pictures
    assert marked[:, EMPTY].max() < 8


def test_pictures_to_train_on_carry_no_mark_but_the_file_does(tmp_path):
    path = write_video(tmp_path / "x.mp4", flashes(3, []), visible_mark=False)
    assert of(read_video(path).frames()).max() < 8
    assert read_label(path).source_type == SOURCE_TYPE


def test_the_same_film_is_the_same_file(tmp_path):
    first, second = (write_video(tmp_path / f"{n}.mp4", map(gradient, range(10)), clicks(6400, [3])).read_bytes() for n in range(2))
    assert first == second


def test_frames_are_left_as_they_were(tmp_path):
    frame = gradient(3)
    write_video(tmp_path / "x.mp4", [frame])
    assert np.array_equal(frame, gradient(3))


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError])
def test_what_stops_the_pictures_comes_through_and_leaves_the_old_film(tmp_path, error):
    def frames():
        yield from map(gradient, range(30))
        raise error("stop")

    path = tmp_path / "x.mp4"
    path.write_text("an older film")
    with pytest.raises(error, match=r"^stop$"):
        write_video(path, frames())
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("x.mp4", "an older film")]


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow over 200 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("samples", [1600, 100_000])  # the pictures, or the sound already, need more
def test_a_disk_without_space_keeps_no_half_film(tmp_path, samples):
    noise = np.random.default_rng(0)
    path = tmp_path / "x.mp4"
    path.write_text("an older film")
    with pytest.raises(UnwritableVideo, match=r"cannot write video to .*x\.mp4: File too large; use .* folder with space left"):
        write_video(path, (noise.integers(0, 256, (128, 128, 3), dtype=np.uint8) for _ in range(200)), np.zeros(samples, np.float32))
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("x.mp4", "an older film")]


def test_ffmpeg_that_dies_is_one_clear_error(tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **named: started.append(real(*arguments, **named)) or started[-1])
    with pytest.raises(UnwritableVideo, match="ffmpeg was stopped"):
        write_video(tmp_path / "x.mp4", (gradient(n, 256) for n in range(500)), progress=lambda n: n == 20 and started[0].kill())
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said_at_once(tmp_path):
    def never():
        raise AssertionError("no picture should be made for a film that cannot be written")
        yield

    (tmp_path / "folder.mp4").mkdir()
    for path, reason in [(tmp_path / "no" / "x.mp4", "No such file"), (tmp_path / "x.avi", "ends in .mp4")]:
        with pytest.raises(UnwritableVideo, match=reason):
            write_video(path, never())
    with pytest.raises(UnwritableVideo, match=r"folder\.mp4"):
        write_video(tmp_path / "folder.mp4", [gradient(0)])
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "no frames"),
        ([gradient(0), gradient(1)[:-2]], r"frame 1 .*\(94, 96, 3\)"),
        ([gradient(0) / 255], "frame 0 is float64"),
        ([gradient(0)[:, :, 0]], r"frame 0 .*\(96, 96\)"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path, frames, reason):
    with pytest.raises(ValueError, match=reason):
        write_video(tmp_path / "x.mp4", frames)
    assert list(tmp_path.iterdir()) == []


def test_a_long_film_takes_no_memory(tmp_path):
    """200 pictures are 39 MB."""
    frame = gradient(0, 256)
    tracemalloc.start()
    path = write_video(tmp_path / "x.mp4", (np.roll(frame, n, axis=1) for n in range(200)))
    assert sum(1 for _ in read_video(path).frames()) == 200
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6


CODECS = {
    "mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    "mov": ("-c:v", "mpeg4", "-c:a", "pcm_s16le"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis"),
    "mkv": ("-c:v", "libx264", "-c:a", "libopus"),
    "mpg": ("-c:v", "mpeg1video", "-b:v", "1M", "-c:a", "mp2"),
}


@pytest.mark.parametrize(("kind", "rate"), [*((kind, "25") for kind in CODECS), ("mp4", "24000/1001"), ("webm", "30"), ("mpg", "50")])
def test_any_film_becomes_25_pictures_a_second_in_sync(tmp_path, kind, rate):
    """White from 0.6 to 0.8 s and a tone at 0.6 s."""
    path = tmp_path / f"x.{kind}"
    pictures = f"color=black:s=96x64:r={rate},drawbox=c=white:t=fill:enable='between(t,0.59,0.79)'"
    tone = "aevalsrc='if(between(t,0.6,0.8),0.9*sin(2*PI*1000*t),0)':s=44100"
    ffmpeg("-f", "lavfi", "-t", 1.2, "-i", pictures, "-f", "lavfi", "-t", 1.2, "-i", tone, *CODECS[kind], path)
    video = read_video(path)
    frames = of(video.frames())
    assert (video.width, video.height) == (96, 64)
    assert len(frames) == pytest.approx(30, abs=1)
    [seen], [heard] = seen_and_heard(frames, video.waveform)
    assert seen - heard == pytest.approx(0, abs=0.5 / 25 + 0.022)  # half a picture of ours, and one of theirs
    assert abs(video.seconds - 1.2) < 0.1


def test_a_film_as_grid_publishes_them(tmp_path):
    """MPEG-1, 360×288, 75 pictures, 44.1 kHz MP2: nothing is lost or added."""
    path = tmp_path / "bbaf2n.mpg"
    tone = ("-f", "lavfi", "-t", "3", "-i", "sine=440:sample_rate=44100")
    ffmpeg("-f", "lavfi", "-t", 3, "-i", "testsrc2=s=360x288:r=25", *tone, *CODECS["mpg"], path)
    video = read_video(path)
    frames = of(video.frames())
    assert frames.shape == (75, 288, 360, 3)
    assert len(video.waveform) == pytest.approx(48_000, abs=1000)
    pixels = np.frombuffer(ffmpeg("-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", "-").stdout, np.uint8).reshape(frames.shape)
    assert np.abs(frames[::7, ::4].astype(int) - pixels[::7, ::4]).mean() < 1


def test_sound_that_starts_late_is_late(tmp_path):
    path = tmp_path / "x.mkv"
    ffmpeg(*PICTURES, "-itsoffset", "0.5", "-f", "lavfi", "-t", "1", "-i", "sine=440:sample_rate=16000", "-c:a", "pcm_s16le", path)
    wave = read_video(path).waveform
    assert np.flatnonzero(np.abs(wave) > 0.05)[0] / 16_000 == pytest.approx(0.5, abs=0.01)


def test_pictures_that_start_late_are_late(tmp_path):
    path = tmp_path / "x.mkv"
    ffmpeg("-itsoffset", "0.4", *PICTURES, *SOUND, path)
    frames = of(read_video(path).frames())
    assert len(frames) == 60
    assert np.abs(frames[:10].astype(int) - frames[0]).max() == 0  # the first picture waits
    assert np.abs(frames[30].astype(int) - frames[0]).max() > 0


def test_variable_frame_rate_keeps_its_times(tmp_path):
    """Pictures at 0, 0.04, 0.08 and then only from 0.4 s: blue turns red at 0.4 s."""
    path = tmp_path / "x.mp4"
    colours = ("-f", "lavfi", "-t", "0.4", "-i", "color=blue:64x64:r=25", "-f", "lavfi", "-t", "0.4", "-i", "color=red:64x64:r=25")
    chosen = "[0:v][1:v]concat=n=2:v=1,select='lt(n,3)+gte(n,10)'"
    ffmpeg(*colours, "-filter_complex", chosen, "-fps_mode", "vfr", "-pix_fmt", "yuv420p", path)
    colours = of(read_video(path).frames()).mean(axis=(1, 2)).argmax(axis=1)
    assert list(colours) == [2] * 10 + [0] * 10


@pytest.mark.parametrize(("turned", "size", "corner"), [(90, (120, 160), (0, -1)), (180, (160, 120), (-1, -1)), (-90, (120, 160), (-1, 0))])
def test_a_phone_held_upright(tmp_path, turned, size, corner):
    """A white corner, at the upper left of what the sensor saw, where the phone says that it should be."""
    plain, path = tmp_path / "plain.mp4", tmp_path / "x.mov"
    white = "color=black:s=160x120:r=25,drawbox=w=40:h=40:c=white:t=fill"
    ffmpeg("-f", "lavfi", "-t", "0.2", "-i", white, "-pix_fmt", "yuv420p", plain)
    ffmpeg("-display_rotation:v:0", -turned, "-i", plain, "-c", "copy", path)
    video = read_video(path)
    frame = next(video.frames())
    assert (video.width, video.height) == size == frame.shape[1::-1]
    assert frame[corner].min() > 200
    assert frame.mean() < 40


def test_pixels_become_square(tmp_path):
    path = tmp_path / "x.mp4"
    ffmpeg(*PICTURES, "-vf", "setsar=2", "-pix_fmt", "yuv420p", path)
    assert (read_video(path).width, read_video(path).height) == (160, 60)


def test_a_stretch_or_a_part_of_a_film(tmp_path):
    path = write_video(tmp_path / "x.mp4", (gradient(n) for n in range(50)), visible_mark=False)
    frames = of(decode_frames(path, FPS, start=0.4, end=1.2, crop="iw/2:ih:iw/2:0"))
    assert frames.shape == (20, SIDE, SIDE // 2, 3)
    assert np.abs(frames[0].astype(int) - gradient(10)[:, SIDE // 2 :]).mean() < 3


def test_what_is_no_film_is_named(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is no film" * 100)
    ffmpeg(*SOUND, tmp_path / "sound.mp3")
    reasons = {"gone.mp4": "no video file at", "empty.mp4": "damaged", "text.mp4": "damaged", "sound.mp3": "has no picture"}
    for name, reason in reasons.items():
        with pytest.raises(UnreadableVideo, match=rf"{reason}" if name == "gone.mp4" else rf"{name} .*{reason}"):
            read_video(tmp_path / name)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
@pytest.mark.parametrize("harm", ["cut", "zeros"])
def test_a_damaged_film_is_not_taken_for_a_shorter_one(tmp_path, kind, harm):
    path = tmp_path / f"x.{kind}"
    ffmpeg(*PICTURES, *SOUND, *CODECS[kind], *(("-movflags", "+faststart") if kind == "mp4" else ()), path)
    whole = path.read_bytes()
    third = len(whole) // 3
    path.write_bytes(whole[: 2 * third] if harm == "cut" else whole[:third] + bytes(third) + whole[2 * third :])
    with pytest.raises(UnreadableVideo, match=rf"x\.{kind} is (cut off|damaged)"):
        sum(1 for _ in read_video(path).frames())
    with pytest.raises(UnreadableVideo, match=rf"x\.{kind} is (cut off|damaged)"):
        _ = read_video(path).waveform


def test_what_a_browser_recorded_may_end_anywhere(tmp_path):
    """It writes while it records, so no duration; and its last moment may never reach the page."""
    path = tmp_path / "recorded.mkv"
    path.write_bytes(whole := ffmpeg(*PICTURES, *SOUND, *CODECS["mkv"], "-f", "matroska", "pipe:").stdout)
    count = sum(1 for _ in read_video(path).frames())
    path.write_bytes(whole[: 2 * len(whole) // 3])
    film = read_video(path)
    assert film.seconds is None
    assert 0.3 * count < sum(1 for _ in film.frames()) < count
    assert len(film.waveform) > 0


def test_a_name_that_looks_like_something_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("-y.mp4", "pipe:1.mp4", "50%d of it.mp4"):
        write_video(name, [gradient(0)] * 5)
        assert sum(1 for _ in read_video(name).frames()) == 5
    assert len(list(tmp_path.iterdir())) == 3
