"""What is seen in films and photos: how strongly a face feels, what it feels, and what is said where nothing can be seen."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import feim
from feim.__main__ import main
from feim.hearing import Heard
from feim.models.emotion_space import AXES
from feim.seeing import ESTIMATE, GUESSED, NoRest, kind_of
from feim.seeing import film as film_of
from feim.signal.action_units import strength
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import FaceNotFound, UnreadableImage
from feim.signal.video import UnreadableVideo, write_video
from feim.studio import InvalidSetting

WOMAN = Path(__file__).parents[1] / "assets" / "faces" / "average-woman-20s.jpg"
CURVE = (0, 0, 8, 8, 0, 0, 8, 8, 0)


@pytest.fixture(scope="module")
def studio() -> feim.Studio:
    return feim.load()


@pytest.fixture(scope="module")
def talking(studio):
    """A face that is surprised twice."""
    speech = studio.speak("What is it? I was not at home, my friend.", WOMAN, "surprised", 1.0)
    return studio.animate(WOMAN, speech, intensity=CURVE, size=256)


@pytest.fixture(scope="module")
def film(talking, tmp_path_factory) -> Path:
    return talking.save(tmp_path_factory.mktemp("films") / "surprised.mp4")


@pytest.fixture(scope="module")
def seen(studio, film):
    return studio.analyse(video=film, neutral=WOMAN)


def test_a_curve_is_read_back(seen, talking):
    shown = strength(talking.intensity.astype(float))
    assert seen.intensity.shape == seen.label.shape == seen.curve.shape == shown.shape
    assert seen.places.shape == (len(shown), len(AXES))
    assert np.corrcoef(seen.intensity, shown)[0, 1] > 0.9
    assert np.corrcoef(seen.label, shown)[0, 1] > 0.9
    assert (seen.intensity.min() >= 0, seen.intensity.max() <= 1) == (True, True)
    np.testing.assert_allclose(strength(seen.curve), seen.intensity, atol=1e-5)
    assert seen.emotion == "surprised"
    assert list(seen.emotions) == list(EMOTIONS)
    assert sum(seen.emotions.values()) == pytest.approx(1, abs=1e-5)
    assert (seen.places[shown > 0.6].argmax(1) == AXES.index("surprised")).mean() > 0.9


def test_a_film_is_heard_too(seen, film, studio):
    assert isinstance(seen.heard, Heard)
    assert seen.heard.seconds == pytest.approx(seen.seconds, abs=0.1)
    assert studio.analyse(film).emotions == seen.heard.emotions  # its sound alone


def test_another_face_feels_as_this_one_did(studio, seen):
    speech = studio.speak("We were away.", WOMAN, "surprised", 1.0)
    again = studio.animate(WOMAN, speech, intensity=seen.curve, size=64)
    middle = len(again.frames) // 4
    assert again.intensity[middle] > again.intensity[0]


def test_how_a_face_rests_is_guessed_where_nobody_shows_it(studio, talking):
    found = studio.analyse(video=talking.frames)
    assert found.notes == (ESTIMATE, GUESSED)
    assert found.heard is None
    assert np.corrcoef(found.intensity, strength(talking.intensity.astype(float)))[0, 1] > 0.8


def test_a_photo_beside_another(studio, talking):
    strongest = talking.frames[int(talking.intensity.argmax())]
    for image in (strongest, Image.fromarray(strongest)):
        found = studio.analyse(image=image, neutral=talking.still)
        assert (found.emotion, len(found.intensity)) == ("surprised", 1)
        assert found.notes == (ESTIMATE,)
    still = studio.analyse(image=talking.still, neutral=talking.still)
    assert (still.emotion, still.intensity[0]) == ("neutral", pytest.approx(0, abs=0.1))
    with pytest.raises(NoRest, match="give another of the same face at rest, as neutral"):
        studio.analyse(image=strongest)


def test_a_film_without_a_voice_or_an_ear_is_seen_all_the_same(studio, talking, tmp_path):
    silent = write_video(tmp_path / "silent.mp4", talking.frames[:8])
    hush = write_video(tmp_path / "hush.mp4", talking.frames[:8], np.zeros(5120, np.float32))
    deaf = replace(studio, shelf=tmp_path)
    deaf._taken.update({name: studio._take(name) for name in ("emotion-space", "landmarks")})
    voiced = write_video(tmp_path / "voiced.mp4", talking.frames[:30], talking.waveform[:19200])
    for one, path, words in (
        (studio, silent, "the film has no sound"),
        (studio, hush, "no voice is heard in the film"),
        (deaf, voiced, "emotion-recogniser.json is missing"),
    ):
        found = one.analyse(video=path, neutral=talking.still)
        assert found.heard is None
        assert words in found.notes[-1]


def test_a_film_without_a_face_is_heard_by_the_command(talking, tmp_path, capsys):
    dark = write_video(tmp_path / "dark.mp4", np.zeros((75, 64, 64, 3), np.uint8), talking.waveform)
    assert main(["analyse", str(dark), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notes"][0].startswith("only heard: no face is seen in ")
    assert "places" not in told
    assert len(told["intensity"]) == pytest.approx(25 * told["seconds"], abs=1)


def test_several_faces_are_told(studio, talking):
    both = np.hstack([talking.still, talking.still])
    assert "2 faces are seen; the largest was followed" in studio.analyse(video=[both] * 3).notes


def test_the_face_at_rest_is_looked_at_first(studio, talking):
    looked = []
    with pytest.raises(FaceNotFound, match="the face at rest: no face is seen in the picture"):
        studio.analyse(video=(looked.append(1) or one for one in talking.frames), neutral=np.zeros_like(talking.still))
    assert looked == []


def test_a_film_of_one_picture_is_a_photo(studio, talking):
    with pytest.raises(NoRest):
        studio.analyse(video=iter([talking.still]))
    found = studio.analyse(video=[talking.still], neutral=talking.still)
    assert found.curve.shape == (2,)  # a curve that can be drawn


@pytest.mark.parametrize(
    ("video", "words"),
    [
        (np.zeros((4, 64, 64), np.uint8), r"an array of shape \(4, 64, 64\) is no film"),
        (3, "3 is no film; give a film file"),
        ([np.zeros((64, 64, 3))], "picture 1 is float64 of shape"),
        ([np.zeros((64, 64, 4), np.uint8)], "picture 1 is uint8 of shape"),
        (["a.png"], "picture 1 is str; use"),
    ],
)
def test_what_is_no_film(studio, video, words):
    with pytest.raises(UnreadableVideo, match=words):
        studio.analyse(video=video, neutral=WOMAN)


def test_pictures_that_move_are_films(tmp_path, talking):
    frames = [Image.fromarray(one) for one in talking.frames[:3]]
    for name in ("moves.gif", "moves.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "still.gif")
    frames[0].save(tmp_path / "camera.jpg", format="MPO", save_all=True, append_images=frames[1:])
    kinds = {path.name: kind_of(path) for path in tmp_path.iterdir()}
    assert kinds == {"moves.gif": "video", "moves.png": "video", "still.gif": "image", "camera.jpg": "image"}


def test_progress_never_falls(studio, talking):
    told = []
    studio.analyse(video=talking.frames[:10], neutral=talking.still, progress=lambda part, words: told.append(part))
    assert told == sorted(told)
    assert told[-1] == 1


def test_where_no_face_is_seen(studio, talking):
    frames = talking.frames[:12]
    frames[3:6] = 0
    found = studio.analyse(video=frames, neutral=talking.still)
    assert "no face is seen in 5 of 12 pictures; there the last one seen stands for it" in found.notes
    with pytest.raises(FaceNotFound, match="no face is seen in 3 pictures"):
        studio.analyse(video=np.zeros((3, 64, 64, 3), np.uint8))


@pytest.mark.parametrize("voice", [WOMAN, str(WOMAN), [WOMAN], np.zeros(9)])
def test_a_photo_has_no_voice(studio, voice):
    with pytest.raises(InvalidSetting, match="voice is of a sound"):
        studio.analyse(image=WOMAN, neutral=WOMAN, voice=voice)


@pytest.mark.parametrize("given", [{}, {"image": WOMAN, "video": WOMAN}, {"audio": "a.wav", "image": WOMAN}])
def test_one_thing_is_analysed(studio, given):
    with pytest.raises(InvalidSetting, match="give one of audio, image and video to analyse"):
        studio.analyse(**given)


def test_files_that_cannot_be_seen(studio, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(UnreadableVideo):
        studio.analyse(video=tmp_path / "broken.mp4")
    with pytest.raises(UnreadableImage, match="an array of shape"):
        studio.analyse(image=np.zeros((3, 3, 7), np.uint8), neutral=WOMAN)


def test_kinds_of_files(film, tmp_path):
    sound = write_audio(tmp_path / "sound.wav", np.zeros(16_000, np.float32))
    assert [kind_of(path) for path in (WOMAN, film, sound, tmp_path / "none", __file__)] == ["image", "video", "audio", "audio", "audio"]
    assert film_of(film).count == pytest.approx(len(list(film_of(film).frames)), abs=1)


def test_the_command_sees_and_hears(film, capsys):
    assert main(["analyse", str(film), "--neutral", str(WOMAN), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    tracks = ("intensity", "curve", "distance", "label")
    assert set(told) == {"file", "seconds", "emotion", "emotions", "places", "heard", "notes", *tracks}
    assert (told["emotion"], told["notes"]) == ("surprised", [ESTIMATE])
    assert {len(told[name]) for name in tracks} == {round(25 * told["seconds"])}
    assert {label: len(along) for label, along in told["places"].items()} == dict.fromkeys(AXES, len(told["curve"]))
    assert set(told["heard"]["emotions"]) == set(EMOTIONS)


def test_the_command_for_people(film, capsys):
    assert main(["analyse", str(film)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == [f"note: {ESTIMATE}", f"note: {GUESSED}"]
    assert [line.split(",")[0] for line in told if line.startswith("intensity")] == ["intensity that is seen", "intensity that is heard"]
    assert sum("█" in line or line.split()[0] in EMOTIONS for line in told) == 2 * len(EMOTIONS)


def test_what_the_command_refuses(film, tmp_path, capsys):
    sound = write_audio(tmp_path / "sound.wav", np.zeros(16_000, np.float32))
    for arguments, words in (
        ([str(WOMAN)], "one picture does not tell what its face does"),
        ([str(sound), "--neutral", str(WOMAN)], "neutral is of a face; a sound shows none"),
        ([str(WOMAN), "--neutral", str(tmp_path / "none.jpg")], "there is no image file at"),
        ([str(WOMAN), "--neutral", str(WOMAN), "--voice", str(sound)], "voice is of a sound; a photo has none"),
        ([str(film), "--voice", str(tmp_path / "none.wav")], "there is no sound file at"),
    ):
        assert main(["analyse", *arguments, "--json"]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.startswith("feim: "), words in said.err) == ("", True, True)
