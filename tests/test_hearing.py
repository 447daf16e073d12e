"""What is heard in recordings of all kinds, and what is said of those in which nothing is heard."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import feim
from feim import hearing
from feim.__main__ import main
from feim.data.synthetic.engines import RULES
from feim.data.synthetic.voices import design_speakers, read_text, speak
from feim.hearing import ESTIMATE, STRANGER, Heard, NothingHeard, hear
from feim.models import CHECKPOINTS, checkpoint
from feim.models.checkpoint import MissingCheckpoint
from feim.models.intensity import VoiceIntensity
from feim.models.voice_emotion import VoiceEmotion
from feim.signal.audio import UnreadableAudio, mel_spectrogram, write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.world import track_pitch
from feim.studio import Studio


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Rule voices need no Harvest, which is 20 times slower."""
    monkeypatch.setattr(hearing, "track_pitch", lambda wave, noisy: track_pitch(wave))


@pytest.fixture(scope="module")
def spoken() -> dict[str, np.ndarray]:
    """One rule voice with every emotion, about two seconds each."""
    speaker = design_speakers(2, engines=RULES)[0]
    reading = read_text(speaker.engine, "We were away all the morning, and nobody knew where.")
    return {emotion: speak(reading, speaker, emotion, 1.0)[0] for emotion in EMOTIONS}


@pytest.fixture(scope="module")
def recogniser() -> VoiceEmotion:
    """The shipped one."""
    return checkpoint.load(VoiceEmotion, "emotion-recogniser")


@pytest.fixture
def studio(miniature, tmp_path) -> Studio:
    """The miniature, with the shipped recogniser on its shelf."""
    for suffix in ("json", "safetensors"):
        shutil.copy(CHECKPOINTS / f"emotion-recogniser.{suffix}", tmp_path)
    return Studio(miniature.tts, miniature.vocoder, miniature.faces, shelf=tmp_path)


def check(heard: Heard) -> None:
    """What holds for every recording."""
    for found in (heard.emotions, *(moment.emotions for moment in heard.moments)):
        assert list(found) == list(EMOTIONS)
        assert sum(found.values()) == pytest.approx(1, abs=1e-5)
        assert min(found.values()) >= 0
    assert heard.emotions[heard.emotion] == max(heard.emotions.values())
    assert heard.pitch.shape == (round(np.ceil(round(heard.seconds * 100, 6))),)
    assert heard.pitch.dtype == np.float32
    assert heard.notes[0] == ESTIMATE
    assert heard.moments[0].start >= 0
    assert heard.moments[-1].end <= heard.seconds
    assert all(one.end <= other.start for one, other in pairwise(heard.moments))


# ---- the shipped ear ------------------------------------------------------------------------------------------------------


def test_who_knows_the_voice_hears_what_it_feels(recogniser, spoken):
    heard = {emotion: hear(recogniser, wave, [w for w in spoken.values() if w is not wave]) for emotion, wave in spoken.items()}
    for found in heard.values():
        check(found)
        assert found.known == 6
        assert found.notes == (ESTIMATE,)
    assert heard["happy"].emotions["happy"] > 3 * heard["sad"].emotions["happy"]
    assert heard["sad"].emotions["sad"] > 3 * heard["happy"].emotions["sad"]
    assert sum(emotion == found.emotion for emotion, found in heard.items()) >= 4


def test_a_strangers_voice_is_guessed_and_that_is_said(recogniser, spoken):
    heard = hear(recogniser, spoken["happy"])
    check(heard)
    assert heard.notes == (ESTIMATE, STRANGER)
    assert heard.known == 0
    assert len(heard.moments) == 1
    assert heard.emotions != hear(recogniser, spoken["sad"]).emotions
    assert "not of what the person feels" in ESTIMATE
    assert "stranger" in STRANGER


def test_harvest_is_what_listens(recogniser, spoken, monkeypatch):
    given = []
    monkeypatch.setattr(hearing, "track_pitch", lambda wave, noisy: given.append(noisy) or track_pitch(wave, noisy))
    heard = hear(recogniser, spoken["angry"][:16_000])
    check(heard)
    assert given == [True]
    assert (heard.pitch > 0).mean() > 0.3


@pytest.mark.parametrize("seconds", [0.5, 1.003, 2.0])
def test_how_strongly_is_heard_in_every_frame_of_a_film(recogniser, spoken, seconds):
    ear = VoiceIntensity(VoiceIntensity.Config(channels=8)).eval()
    wave = spoken["angry"][4_000 : 4_000 + round(seconds * 16_000)]
    heard = hear(recogniser, wave, [spoken["sad"]], ear)
    assert heard.intensity.shape == (-(-len(wave) // 640),)
    assert heard.intensity.dtype == np.float32
    assert 0 <= heard.intensity.min() <= heard.intensity.max() <= 1
    weights = dict(enumerate(heard.emotions.values()))
    assert np.array_equal(heard.intensity, ear.track(mel_spectrogram(wave).numpy(), heard.pitch, weights))
    assert hear(recogniser, wave).intensity is None


def test_a_studio_hears_how_strongly_where_it_has_the_weights(studio, spoken):
    assert studio.analyse(spoken["sad"]).intensity is None
    checkpoint.save(VoiceIntensity(VoiceIntensity.Config(channels=8)), "voice-intensity", {}, studio.shelf)
    assert len(studio.analyse(spoken["sad"]).intensity) == -(-len(spoken["sad"]) // 640)


# ---- recordings of all kinds ----------------------------------------------------------------------------------------------


def test_a_long_recording_is_heard_in_parts(recogniser, spoken, monkeypatch):
    monkeypatch.setattr(hearing, "LONGEST", 2.5)
    waves = [spoken[emotion] for emotion in ("happy", "angry", "sad", "surprised")]
    whole = np.concatenate(waves)[:-37]  # the last frame is not full
    heard = hear(recogniser, whole)
    check(heard)
    assert heard.seconds == len(whole) / 16_000
    assert len(heard.moments) == np.ceil(heard.seconds / 2.5)
    assert (heard.moments[0].start, heard.moments[-1].end) == (0, heard.seconds)
    assert all(one.end == other.start for one, other in pairwise(heard.moments))
    lengths = [moment.end - moment.start for moment in heard.moments]
    assert max(lengths) - min(lengths) < 0.03
    assert heard.known == len(heard.moments)  # the parts tell what is usual
    assert heard.notes == (ESTIMATE,)
    for label in EMOTIONS:
        parts = [moment.emotions[label] for moment in heard.moments]
        assert min(parts) - 1e-6 <= heard.emotions[label] <= max(parts) + 1e-6


def test_parts_without_a_voice_are_left_out(recogniser, spoken, monkeypatch):
    monkeypatch.setattr(hearing, "LONGEST", 2.5)
    heard = hear(recogniser, np.concatenate([spoken["happy"], np.zeros(8 * 16_000, np.float32), spoken["sad"]]))
    check(heard)
    assert 2 <= len(heard.moments) < 12.8 // 2.5
    gaps = [other.start - one.end for one, other in pairwise(heard.moments)]
    assert max(gaps) > 2


def test_files_of_any_rate_and_many_channels(recogniser, spoken, tmp_path):
    wave = spoken["happy"]
    high = np.repeat(wave, 3)  # 48 kHz
    soundfile.write(tmp_path / "stereo.wav", np.stack([high, 0.5 * high], axis=1), 48_000)
    heard = hear(recogniser, tmp_path / "stereo.wav")
    check(heard)
    assert heard.seconds == pytest.approx(len(wave) / 16_000)
    plain = hear(recogniser, str(write_audio(tmp_path / "mono.flac", wave)))
    assert np.median(heard.pitch[heard.pitch > 0]) == pytest.approx(np.median(plain.pitch[plain.pitch > 0]), rel=0.02)


def test_samples_are_heard_like_their_file(recogniser, spoken, tmp_path):
    path = write_audio(tmp_path / "a.flac", spoken["sad"])
    samples, _ = soundfile.read(path)  # float64
    assert hear(recogniser, samples).emotions == hear(recogniser, path).emotions


def noise(seconds: float) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(round(16_000 * seconds))


@pytest.mark.parametrize("wave", [np.zeros(16_000), noise(2), np.zeros(1), np.full(16_000, np.nan), np.ones(9_000)])
def test_without_a_voice_nothing_is_heard(recogniser, wave):
    with pytest.raises(NothingHeard, match=rf"no voice is heard in these samples \({len(wave) / 16_000:.1f} s\); give a recording of"):
        hear(recogniser, wave)


def test_a_tenth_of_a_second_is_too_short(recogniser, spoken, tmp_path):
    path = write_audio(tmp_path / "short.wav", spoken["happy"][8_000:9_600])
    with pytest.raises(NothingHeard, match=r"no voice is heard in short.wav \(0.1 s\)"):
        hear(recogniser, path)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (np.zeros(0), r"an array of float64 \(0,\) is no sound"),
        (np.zeros((9_000, 2)), r"an array of float64 \(9000, 2\) is no sound"),
        (np.zeros(9_000, np.int16), "an array of int16 .* numbers from −1 to 1"),
        (np.array(["la"]), "is no sound"),
        (None, "None is no sound; give a sound file"),
        ([0.1, 0.2], "is no sound"),
        ("missing.wav", "there is no sound file at missing.wav"),
        (__file__, "is not a sound this can read"),
    ],
)
def test_what_is_no_sound(recogniser, spoken, sound, words):
    for given in ((sound,), (spoken["happy"], [sound])):  # also as the voice
        with pytest.raises(UnreadableAudio, match=words) as raised:
            hear(recogniser, *given)
        assert "\n" not in str(raised.value)


def test_an_empty_file(recogniser, tmp_path):
    (tmp_path / "empty.wav").touch()
    with pytest.raises(UnreadableAudio, match=r"empty.wav is not a sound this can read"):
        hear(recogniser, tmp_path / "empty.wav")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16_000)
    with pytest.raises(UnreadableAudio, match=r"none.wav holds no sound"):
        hear(recogniser, tmp_path / "none.wav")


# ---- by studio and command ------------------------------------------------------------------------------------------------


def test_a_voice_may_be_one_recording_or_several(studio, spoken, tmp_path):
    path = write_audio(tmp_path / "sad.flac", spoken["sad"])
    samples, _ = soundfile.read(path)
    found = [studio.analyse(spoken["happy"], voice=voice) for voice in (path, str(path), samples, [path], (samples,))]
    assert {heard.known for heard in found} == {1}
    assert all(heard.emotions == found[0].emotions for heard in found)
    assert studio.analyse(spoken["happy"], voice=[path, spoken["angry"]]).known == 2
    assert studio.analyse(spoken["happy"]).known == 0


def test_a_voice_without_a_voice_is_told(studio, spoken, tmp_path):
    path = write_audio(tmp_path / "silence.flac", np.zeros(16_000))
    notes = studio.analyse(spoken["happy"], voice=[path]).notes
    assert notes == (ESTIMATE, "no voice is heard in silence.flac, which was given as voice", STRANGER)


def test_the_recogniser_is_taken_from_the_shelf_once(studio, spoken):
    first = studio.analyse(spoken["happy"])
    for path in studio.shelf.iterdir():
        path.unlink()
    assert studio.analyse(spoken["happy"]).emotions == first.emotions
    with pytest.raises(MissingCheckpoint, match=r"emotion-recogniser.json is missing; restore it"):
        feim.studio.replace(studio).analyse(spoken["happy"])  # another studio looks for itself


@pytest.fixture
def happy(spoken, tmp_path) -> Path:
    return write_audio(tmp_path / "happy.flac", spoken["happy"])


def test_the_command_for_people(happy, spoken, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(hearing, "LONGEST", 1.2)
    assert main(["analyse", str(happy)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"note: {ESTIMATE}"
    assert told[1] == f"note: {STRANGER}"
    moments = [line for line in told if " to " in line and line.startswith("   ")]
    assert len(moments) == 2
    bars = told[-len(EMOTIONS) :]
    assert sorted(line.split()[0] for line in bars) == sorted(EMOTIONS)
    shown = [float(line.split()[1]) for line in bars]
    assert shown == sorted(shown, reverse=True)


def test_the_command_for_programs(happy, spoken, tmp_path, capsys):
    sad, angry = (write_audio(tmp_path / f"{label}.flac", spoken[label]) for label in ("sad", "angry"))
    assert main(["analyse", str(happy), "--voice", str(sad), str(angry), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert set(told) == {"file", "seconds", "emotion", "emotions", "moments", "known", "intensity", "notes"}
    assert (told["file"], told["known"], told["notes"]) == (str(happy), 2, [ESTIMATE])
    assert sum(told["emotions"].values()) == pytest.approx(1, abs=1e-5)
    assert told["emotion"] == max(told["emotions"], key=told["emotions"].get)
    [moment] = told["moments"]
    assert (moment["start"], moment["end"]) == (0, told["seconds"])
    assert set(moment["emotions"]) == set(EMOTIONS)


def test_what_the_command_refuses(happy, tmp_path, capsys):
    silent = write_audio(tmp_path / "silence.flac", np.zeros(8_000))
    for arguments, words in (
        (["missing.wav"], "there is no sound file at missing.wav"),
        ([str(silent)], "no voice is heard in silence.flac (0.5 s); give a recording of somebody speaking"),
        ([__file__], "is not a sound this can read"),
        ([str(happy), "--voice", "missing.wav"], "there is no sound file at missing.wav"),
    ):
        assert main(["analyse", *arguments, "--json"]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        [line] = said.err.splitlines()
        assert line.startswith("feim: ")
        assert words in line


def test_hearing_draws_nothing_by_chance(recogniser, spoken):
    first = hear(recogniser, spoken["sad"])
    torch.manual_seed(7)
    assert hear(recogniser, spoken["sad"]).emotions == first.emotions
