"""A photo that speaks, with the shipped weights: its pixels stay its own, its mouth follows the sound, and bad wishes say what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import feim
from feim.animating import FaceTurnedAway, turned_away
from feim.models import checkpoint
from feim.models.portrait import FaceBasis, Portrait, fit
from feim.models.portrait.face_basis import rotations
from feim.signal.action_units import strength
from feim.signal.audio import SAMPLE_RATE
from feim.signal.emotion import InvalidIntensity, InvalidMixture
from feim.signal.face import FaceNotFound, find_face
from feim.signal.face_motion import INDEX
from feim.signal.landmarks import COUNT, LOWER_SEAM, UPPER_SEAM
from feim.signal.mark import read_label
from feim.signal.muscles import Muscle
from feim.signal.video import read_video
from feim.studio import NO_MUSCLES, NOT_FOLLOWED, InvalidSetting, Studio
from feim.thinking import Reasoning

FACES = Path(__file__).parents[1] / "assets" / "faces"
WOMAN, ASTRONAUT = FACES / "average-woman-20s.jpg", FACES / "astronaut.jpg"
TEXT = "My mother and Bob may map the moon."


@pytest.fixture(scope="module")
def studio() -> feim.Studio:
    return feim.load()


@pytest.fixture(scope="module")
def speech(studio):
    return studio.speak(TEXT, WOMAN, "happy", 1.0)


@pytest.fixture(scope="module")
def talking(studio, speech):
    return studio.animate(WOMAN, speech, size=192)


def test_a_film_is_as_long_as_its_sound_and_tells_how_it_came_about(talking, speech):
    assert len(talking.frames) == -(-speech.mel.shape[1] // 4)
    assert talking.frames[0].shape == talking.still.shape == (192, 192, 3)
    assert talking.fps == 25
    assert np.array_equal(talking.waveform, speech.waveform)
    assert (talking.emotion, talking.intensity.shape) == ("happy", (len(talking.frames),))
    assert talking.timings["video"] == len(talking.frames) / 25
    assert " ".join(cue.text for cue in talking.cues).replace("\n", " ") == TEXT


def test_frames_come_in_any_order_and_as_often_as_they_are_asked_for(talking):
    film = list(talking.frames)
    assert len(film) == len(talking.frames)
    for index in (40, 3, -1):
        assert np.array_equal(talking.frames[index], film[index])
    assert np.array_equal(talking.frames[10:13], np.stack(film[10:13]))
    with pytest.raises(IndexError):
        talking.frames[len(film)]


def test_the_same_seed_moves_the_same_way(studio, speech, talking):
    again, other = (studio.animate(WOMAN, speech, seed=seed, size=192) for seed in (0, 1))
    assert np.array_equal(again.frames[20], talking.frames[20])
    assert not np.array_equal(other.motion.head, talking.motion.head)


def test_any_whole_number_is_a_seed(studio, speech):
    assert len(studio.animate(WOMAN, speech, seed=-1, size=64).motion) > 0


def test_what_does_not_move_is_the_photo(studio, speech):
    still = studio.animate(ASTRONAUT, speech, "neutral", size=256)
    corners = np.ix_([0, 1, 2, 250, 253, 255], [0, 1, 2, 250, 253, 255])
    for frame in still.frames[::20]:
        assert np.array_equal(frame[corners], still.still[corners])
    outside = np.ones((256, 256), bool)
    low, high = still.landmarks.min(0).astype(int) - 24, still.landmarks.max(0).astype(int) + 24
    outside[max(0, low[1]) : high[1], max(0, low[0]) : high[0]] = False
    assert np.array_equal(still.frames[30][outside], still.still[outside])


def test_the_face_stays_the_same_person(studio, talking):
    def vector(picture):
        return studio.face_vector(find_face(picture))

    stranger = vector(np.asarray(Image.open(ASTRONAUT)))
    for frame in talking.frames[5:-5:15]:
        assert vector(talking.still) @ vector(frame) > 0.85 > vector(talking.still) @ stranger


def test_lips_meet_when_they_must_and_part_when_they_may(studio, speech, talking):
    """/m/ and /b/ shut the mouth; the vowels after them open it."""
    points = talking.landmarks
    mouth = [int(value) for value in points[[UPPER_SEAM[3], LOWER_SEAM[3]]].mean(0)]
    ends = np.cumsum(speech.durations)
    darkest = []
    for symbols in ("mb", "ɑɒaʌ"):
        times = [end - length / 2 for symbol, end, length in zip(speech.phonemes, ends, speech.durations, strict=True) if symbol in symbols]
        frames = [talking.frames[int(time // 4)] for time in times]
        darkest.append([frame[mouth[1] - 6 : mouth[1] + 14, mouth[0] - 6 : mouth[0] + 7].min(axis=(0, 1)).mean() for frame in frames])
    assert len(darkest[0]) >= 3
    assert np.mean(darkest[1]) < 0.75 * np.mean(darkest[0])  # between open lips it is darker than on shut ones


def test_a_feeling_shows(studio, speech):
    films = {label: studio.animate(WOMAN, speech, label, 5.0, size=192) for label in ("happy", "sad", "surprised")}
    smile, brows = INDEX["mouthSmile_L"], INDEX["browInnerUp_L"]
    assert films["happy"].motion.shapes[:, smile].mean() > 0.3 > films["sad"].motion.shapes[:, smile].mean()
    assert films["surprised"].motion.shapes[:, brows].mean() > 0.4
    stronger = studio.animate(WOMAN, speech, "happy", 15.0, size=192)
    assert stronger.motion.shapes[:, smile].mean() > films["happy"].motion.shapes[:, smile].mean()


def test_a_recording_is_said_without_a_text(studio, speech, tmp_path):
    soundfile.write(tmp_path / "said.flac", speech.waveform, SAMPLE_RATE)
    heard = studio.animate(WOMAN, tmp_path / "said.flac", size=128)
    assert heard.emotion == "neutral"
    assert heard.cues == []
    told = studio.animate(WOMAN, speech, "neutral", size=128)
    jaw = INDEX["jawOpen"]
    count = min(len(heard.motion), len(told.motion))
    assert np.corrcoef(heard.motion.shapes[:count, jaw], told.motion.shapes[:count, jaw])[0, 1] > 0.7
    same = studio.animate(WOMAN, speech.waveform, size=128)
    assert same.motion.shapes == pytest.approx(heard.motion.shapes, abs=0.05)  # FLAC rounds to 16 bits, which silence feels


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_silence_keeps_its_mouth_shut(studio, seconds):
    quiet = studio.animate(WOMAN, np.zeros(int(seconds * SAMPLE_RATE), np.float32), size=128)
    assert len(quiet.frames) == np.ceil(seconds * 25)
    assert quiet.motion.shapes[:, INDEX["jawOpen"]].max() < 0.05


def test_a_saved_film_is_marked_and_plays(talking, tmp_path):
    parts = []
    path = talking.save(tmp_path / "hello.mp4", progress=lambda part, stage: parts.append(part))
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    film = read_video(path)
    frames = list(film.frames())
    assert len(frames) == len(talking.frames)
    assert frames[0].shape == (192, 192, 3)
    assert read_label(path).comment.startswith("AI-generated")
    assert abs(len(film.waveform) - len(talking.waveform)) <= 0.05 * SAMPLE_RATE
    corner = frames[5][:16, 96:].astype(int), talking.frames[5][:16, 96:].astype(int)
    assert np.abs(corner[0] - corner[1]).max() > 60  # the visible mark


def test_a_small_face_is_enlarged_and_said_to_be(studio, speech):
    small = Image.open(WOMAN).resize((96, 96))
    film = studio.animate(small, speech, size=256)
    assert film.frames[0].shape == (256, 256, 3)
    assert any("larger photo" in note for note in film.notes)


def test_black_and_white_stays_black_and_white(studio, speech):
    grey = Image.open(WOMAN).convert("L")
    film = studio.animate(grey, speech, "surprised", 10.0, size=128)
    frame = film.frames[len(film.frames) // 2].astype(int)
    assert np.abs(frame - frame.mean(axis=2, keepdims=True)).max() <= 3


@pytest.mark.parametrize(
    ("wish", "error", "said"),
    [
        ({"face": None}, InvalidSetting, "give a photo"),
        ({"renderer": "film"}, InvalidSetting, "use portrait"),
        ({"size": 255}, InvalidSetting, "even number"),
        ({"size": 4096}, InvalidSetting, "even number"),
        ({"seed": 0.5}, InvalidSetting, "whole number"),
        ({"seed": "1"}, InvalidSetting, "whole number"),
        ({"emotion": "bored"}, ValueError, "bored"),
        ({"emotion": "happy:1+bored:1"}, InvalidMixture, "bored"),
        ({"intensity": 31}, ValueError, "31"),
        ({"intensity": []}, InvalidIntensity, "two or more numbers"),
        ({"intensity": [1, np.nan]}, InvalidIntensity, "nan, number 2"),
        ({"intensity": np.ones((2, 2))}, InvalidIntensity, "two or more numbers in a row"),
        ({"face": np.full((300, 300, 3), 127, np.uint8)}, FaceNotFound, "front-facing"),
        ({"face": "nowhere.jpg"}, ValueError, "nowhere.jpg"),
        ({"speech": "nothing.wav"}, (ValueError, OSError), "nothing.wav"),
        ({"speech": np.zeros((3, 3))}, ValueError, "is no sound"),
    ],
)
def test_bad_wishes_say_what_would_do(studio, speech, wish, error, said):
    with pytest.raises(error, match=said):
        studio.animate(**({"face": WOMAN, "speech": speech} | wish))


@pytest.mark.parametrize("degrees", [0, 20, 45])
@pytest.mark.parametrize("axis", [0, 1])
def test_how_far_a_face_is_turned_away_is_seen(degrees, axis):
    basis = checkpoint.load(FaceBasis, "portrait")
    angles = torch.zeros(1, 3, dtype=torch.float64)
    angles[0, axis] = -np.radians(degrees)
    shown = 100 * basis.mean[:COUNT].double() @ rotations(angles)[0].T
    assert turned_away(fit(basis, shown[:, :2]).turned) == pytest.approx(degrees, abs=3)


def test_a_face_that_is_turned_away_is_refused(studio, speech, monkeypatch):
    monkeypatch.setattr("feim.animating.turned_away", lambda rotation: 41.0)
    with pytest.raises(FaceTurnedAway, match="turned 41° away"):
        studio.animate(WOMAN, speech)


def test_a_face_that_the_border_cuts_is_refused_and_a_head_gets_a_note(studio, speech):
    photo = np.asarray(Image.open(WOMAN))
    with pytest.raises(FaceNotFound, match="cut by the photo's border"):
        studio.animate(photo[:, 190:], speech)
    cut = studio.animate(photo[90:], speech, size=128)
    assert any("head is cut" in note for note in cut.notes)
    assert not any("head is cut" in note for note in studio.animate(photo, speech, size=128).notes)


def test_a_prepared_face_says_the_same_as_its_photo_and_is_not_looked_at_again(studio, speech, talking, monkeypatch):
    face = studio.prepare(WOMAN, size=192)
    monkeypatch.setattr("feim.animating.find_face", lambda image: pytest.fail("looked again"))
    monkeypatch.setattr("feim.studio.find_face", lambda image: pytest.fail("looked again"))
    assert np.array_equal(studio.speak(TEXT, face, "happy", 1.0).waveform, speech.waveform)
    films = [studio.animate(face, speech), studio.animate(face, speech, "sad", 5.0)]
    assert np.array_equal(films[0].frames[20], talking.frames[20])
    assert not np.array_equal(films[0].frames[20], films[1].frames[20])
    assert films[0].frames[20].shape == (192, 192, 3)
    assert films[0].notes == talking.notes


def test_a_long_film_moves_few_points_at_a_time(studio, speech, monkeypatch):
    film = studio.animate(WOMAN, np.zeros(16_000 * 8, np.float32), size=64)
    longest = []
    draw = Portrait.frames
    monkeypatch.setattr(Portrait, "frames", lambda self, motion: longest.append(len(motion)) or draw(self, motion))
    assert sum(1 for _ in film.frames) == 200
    assert max(longest) <= 50


def test_missing_weights_are_named(speech, weights):
    with pytest.raises(checkpoint.MissingCheckpoint, match="landmarks"):
        feim.load(weights).animate(WOMAN, speech)


# ---- intensity over time ---------------------------------------------------------------------------------------------------

SMILE = INDEX["mouthSmile_L"]


class Ear:
    """Stands in for the network that hears how strongly a voice feels: ever more."""

    def track(self, mel, pitch, weights):
        self.weights = weights
        return np.linspace(0.1, 0.9, -(-mel.shape[1] // 4), dtype=np.float32)


@pytest.fixture
def hearing(studio) -> Studio:
    """The shipped studio with this ear."""
    other = replace(studio)
    other._taken.update(studio._taken | {"voice-intensity": Ear()})
    return other


def test_the_face_follows_the_voice(hearing, speech):
    film = hearing.animate(WOMAN, speech, size=64)
    assert (film.intensity.shape, film.intensity.dtype) == ((len(film.frames),), np.float32)
    assert (np.diff(film.intensity) > 0).all()
    assert film.intensity.min() < speech.intensity < film.intensity.max()
    assert hearing._taken["voice-intensity"].weights == {1: 1.0}
    smile = film.motion.shapes[:, SMILE]
    third = len(smile) // 3
    assert smile[:third].mean() < 0.5 * smile[-third:].mean()
    assert np.array_equal(film.waveform, speech.waveform)


def test_whoever_wants_a_steady_face_gets_one(hearing, speech):
    assert set(hearing.animate(WOMAN, speech, follow=False, size=64).intensity) == {1.0}
    assert set(hearing.animate(WOMAN, speech, "neutral", size=64).intensity) == {1.0}
    assert set(hearing.animate(WOMAN, speech, intensity=0, size=64).intensity) == {0.0}


def test_emotions_one_after_another(studio, speech):
    film = studio.animate(WOMAN, speech, "surprised,happy", 5, follow=False, size=64)
    assert film.emotion == "surprised,happy"
    shapes, third = film.motion.shapes, len(film.motion.shapes) // 3
    brows, smile = shapes[:, INDEX["browOuterUp_L"]], shapes[:, SMILE]
    assert brows[:third].mean() > 0.5 > 0.2 > brows[-third:].mean()
    assert smile[:third].mean() < 0.2 < 0.5 < smile[-third:].mean()
    own = studio.animate(WOMAN, studio.speak(TEXT, WOMAN, ["surprised", "happy"], 5), follow=False, size=64)  # as it was said
    assert (own.emotion, set(own.intensity)) == ("surprised,happy", {5.0})
    drawn = studio.animate(WOMAN, speech, "surprised,happy", [0, 30], size=64)
    assert np.abs(drawn.motion.shapes[:3, SMILE]).max() < 0.05
    with pytest.raises(InvalidMixture, match="one after another cannot be shown"):
        studio.animate(WOMAN, speech, [])


def test_a_curve_is_shown_as_it_is_drawn(hearing, speech):
    frames = -(-speech.mel.shape[1] // 4)
    film = hearing.animate(WOMAN, speech, intensity=[0, 30, 0], size=64)
    assert film.intensity[[0, -1]].tolist() == [0, 0]
    assert film.intensity.max() == pytest.approx(30, abs=1.5)
    smile = film.motion.shapes[:, SMILE]
    assert smile[frames // 2] > 0.8 > 0.05 > smile[0]
    drawn = np.random.default_rng(0).uniform(0, 30, frames)
    assert np.array_equal(hearing.animate(WOMAN, speech, intensity=drawn, size=64).intensity, drawn.astype(np.float32))
    again = hearing.animate(WOMAN, speech, "sad", intensity=(2, 2), size=64)
    assert set(again.intensity) == {2.0}
    assert np.array_equal(again.motion.shapes, hearing.animate(WOMAN, speech, "sad", 2, follow=False, size=64).motion.shapes)


def test_without_the_network_the_face_is_steady_and_that_is_said(studio, speech, tmp_path):
    for path in checkpoint.CHECKPOINTS.iterdir():
        if path.stem != "voice-intensity":
            (tmp_path / path.name).symlink_to(path)
    film = replace(studio, shelf=tmp_path).animate(WOMAN, speech, size=64)
    assert set(film.intensity) == {1.0}
    assert film.notes == (NOT_FOLLOWED,)
    assert replace(studio, shelf=tmp_path).animate(WOMAN, speech, "neutral", size=64).notes == ()


def test_a_mixture_shows_both(hearing, speech):
    films = {
        feeling: hearing.animate(WOMAN, speech, feeling, 5.0, follow=False, size=64) for feeling in ("happy", "sad", "happy:0.6+sad:0.4")
    }
    mixed = films["happy:0.6+sad:0.4"]
    assert mixed.emotion == "happy:0.6+sad:0.4"
    for shape in ("mouthSmile_L", "browInnerUp_L"):
        amounts = sorted((films["happy"].motion.shapes[:, INDEX[shape]].mean(), films["sad"].motion.shapes[:, INDEX[shape]].mean()))
        assert amounts[0] < mixed.motion.shapes[:, INDEX[shape]].mean() < amounts[1]
    alone = hearing.animate(WOMAN, speech, {"happy": 2}, 5.0, follow=False, size=64)
    assert np.array_equal(alone.motion.shapes, films["happy"].motion.shapes)


def test_a_film_takes_the_mixture_that_was_spoken(hearing):
    said = hearing.speak("Hello.", None, "sad:0.4+happy:0.6", 3.0)
    film = hearing.animate(WOMAN, said, size=64, follow=False)
    assert (film.emotion, set(film.intensity)) == ("happy:0.6+sad:0.4", {3.0})
    assert set(hearing.animate(WOMAN, said, {"happy": 6, "sad": 4}, size=64, follow=False).intensity) == {
        3.0
    }  # the same, written otherwise
    assert set(hearing.animate(WOMAN, said, "happy", size=64, follow=False).intensity) == {1.0}


@pytest.mark.parametrize("renderer", ["portrait", "gan"])
@pytest.mark.parametrize("kind", ["silence", "one sample", "noise", "music"])
def test_any_sound_gives_a_film(studio, renderer, kind):
    times = np.arange(16_000) / 16_000
    wave = {
        "silence": np.zeros(8_000),
        "one sample": np.full(1, 0.1),
        "noise": 0.2 * np.random.default_rng(0).standard_normal(9_001),
        "music": 0.2 * sum(np.sin(2 * np.pi * hertz * times) for hertz in (262, 330, 392)),
    }[kind].astype(np.float32)
    film = studio.animate(WOMAN, wave, "happy:0.7+sad:0.3", 2.0, renderer=renderer, size=64)
    assert len(film.frames) == len(film.intensity) == -(-len(wave) // 640)
    assert film.frames[0].shape == (64, 64, 3)
    assert 0 <= film.intensity.min() <= film.intensity.max() <= 30
    if kind == "silence":
        assert set(film.intensity) == {2.0}


def test_the_gan_feels_frame_by_frame(studio, speech):
    films = [
        studio.animate(WOMAN, speech, feeling, gamma, renderer="gan", size=128)
        for feeling, gamma in (("happy", [0, 0]), ("happy", [0, 30]), ("happy:1+sad:0", [0, 30]), ("happy+sad", [0, 30]))
    ]
    pictures = [film.frames[::20].astype(int) for film in films]
    apart = np.abs(pictures[1] - pictures[0]).mean(axis=(1, 2, 3))
    assert apart[0] < apart[-1]
    assert np.array_equal(pictures[1], pictures[2])
    assert not np.array_equal(pictures[2], pictures[3])
    assert strength(films[1].intensity[-1]) == pytest.approx(1, abs=1e-3)


# ---- thoughts --------------------------------------------------------------------------------------------------------------

BROWS = INDEX["browInnerUp_L"]


def thought(gamma: float = 5.0) -> Reasoning:
    """Somebody happy who raises the inner brows, and does nothing else: no prototype of happiness does so."""
    return Reasoning(TEXT, (), "happy", gamma, (Muscle(1, 0.8),), tuple(TEXT.rstrip(".").split()), (), {"happy": 1.0})


@pytest.fixture(scope="module")
def face(studio):
    return studio.prepare(WOMAN, size=64)


def test_the_muscles_that_were_thought_move_the_face(studio, speech, face):
    film = studio.animate(face, speech, thought=thought(), follow=False)
    usual, calm = (studio.animate(face, speech, feeling, 5.0, follow=False).motion.shapes for feeling in ("happy", "neutral"))
    shapes = film.motion.shapes
    assert (film.emotion, set(film.intensity), film.notes) == ("happy", {5.0}, ())
    assert shapes[:, BROWS].mean() > 0.3 + max(usual[:, BROWS].mean(), calm[:, BROWS].mean())
    assert shapes[:, SMILE].mean() < 0.1 < 0.3 < usual[:, SMILE].mean()
    assert np.array_equal(shapes, studio.animate(face, speech, thought=thought(), follow=False).motion.shapes)


def test_intensity_scales_what_was_thought(studio, speech, face):
    shown = [studio.animate(face, speech, None, gamma, follow=False, thought=thought()).motion.shapes for gamma in (1, 2, None, 20)]
    brows = [shapes[:, BROWS].mean() for shapes in shown]
    assert brows == sorted(brows)
    assert brows[0] < 0.75 * brows[2]
    swelling = studio.animate(face, speech, intensity=[0, 5], thought=thought()).motion.shapes[:, BROWS]
    assert swelling[0] < 0.05 < 0.3 < swelling[-10:].mean()


def test_a_face_follows_the_voice_after_a_thought_too(hearing, speech, face):
    film = hearing.animate(face, speech, thought=thought())
    assert film.intensity.min() < 5 < film.intensity.max()
    brows = film.motion.shapes[:, BROWS]
    assert brows[: len(brows) // 3].mean() < brows[-len(brows) // 3 :].mean()


@pytest.mark.parametrize("wish", [{"thought": thought(0.0)}, {"thought": thought(), "intensity": [0, 0, 0]}])
def test_where_nothing_is_felt_a_thought_leaves_the_face_at_rest(studio, speech, face, wish):
    calm = studio.animate(face, speech, "neutral", follow=False).motion.shapes
    assert np.array_equal(studio.animate(face, speech, follow=False, **wish).motion.shapes, calm)


def test_a_thought_has_its_own_emotion(studio, speech, face):
    with pytest.raises(InvalidSetting, match="give the emotion to think"):
        studio.animate(face, speech, "happy", thought=thought())


def test_the_gan_takes_of_a_thought_what_it_knows(studio, speech):
    face = studio.prepare(WOMAN, renderer="gan", size=64)
    film = studio.animate(face, speech, follow=False, thought=thought())
    assert (film.emotion, set(film.intensity), film.notes) == ("happy", {5.0}, (NO_MUSCLES,))
    assert np.array_equal(film.frames[10], studio.animate(face, speech, "happy", 5.0, follow=False).frames[10])
