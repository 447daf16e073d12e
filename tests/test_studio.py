"""The studio in miniature: what a visitor may ask for, what comes back, and what is said when it cannot be done."""

import inspect
from copy import deepcopy
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import feim
from feim import speaking, studio
from feim.models import checkpoint
from feim.models.checkpoint import DamagedCheckpoint, MissingCheckpoint
from feim.models.tts import FEIMTTS
from feim.signal.audio import mel_spectrogram, read_audio
from feim.signal.emotion import EMOTIONS, UNLABELLED, InvalidIntensity, InvalidMixture, UnknownEmotion
from feim.signal.face import FaceNotFound, UnreadableImage, find_face, read_image
from feim.signal.text import LANGUAGES, NothingToSay, TextTooLong, encode, phonemise
from feim.speaking import GROWTH, LABEL, Chunk, Speech
from feim.studio import NON_COMMERCIAL, InvalidSetting, Studio

FACES = Path(__file__).parents[1] / "assets" / "faces"
WOMAN, MAN = FACES / "average-woman-20s.jpg", FACES / "average-man-20s.jpg"


@pytest.fixture(scope="module")
def speech(miniature) -> Speech:
    return miniature.speak("Hello, my friend.", WOMAN, "happy", 2.0, seed=5)


# ---- what comes back ------------------------------------------------------------------------------------------------------


def test_the_signature_is_the_published_one():
    arguments = inspect.signature(Studio.speak).parameters
    assert list(arguments)[1:7] == ["text", "face", "emotion", "intensity", "seed", "steps"]
    assert [arguments[name].default for name in ("face", "emotion", "intensity", "seed", "steps")] == [None, "neutral", 1.0, 0, None]


def test_the_package_gives_the_studio_when_asked():
    assert (feim.load, feim.Chunk, feim.Speech, feim.Studio) == (studio.load, Chunk, Speech, Studio)
    with pytest.raises(AttributeError, match="module 'feim' has no attribute 'listen'"):
        feim.listen  # noqa: B018


def test_everything_has_the_length_of_the_sound(speech):
    frames = speech.mel.shape[1]
    assert speech.sample_rate == 16_000
    assert speech.waveform.shape == (160 * frames,)
    assert speech.waveform.dtype == np.float32
    assert np.abs(speech.waveform).max() <= 1
    assert speech.mel.shape == (128, frames)
    assert speech.mel.dtype == np.float32
    assert speech.pitch.shape == (frames,)
    assert speech.durations.sum() == frames
    assert len(speech.phonemes) == len(speech.durations)
    assert encode("".join(speech.phonemes))
    assert all(len(symbol) == 1 for symbol in speech.phonemes)


def test_what_was_asked_is_remembered(speech):
    assert (speech.text, speech.emotion, speech.intensity, speech.seed) == ("Hello, my friend.", "happy", 2.0, 5)
    assert speech.notes == ()
    with pytest.raises(FrozenInstanceError):
        speech.seed = 6


def test_timings(speech):
    assert set(speech.timings) == {"face", "text", "acoustic", "vocoder", "total", "audio"}
    assert speech.timings["audio"] == len(speech.waveform) / 16_000
    assert min(speech.timings.values()) > 0
    assert sum(speech.timings[stage] for stage in ("face", "text", "acoustic", "vocoder")) <= speech.timings["total"]


def test_the_same_seed_gives_the_same_waveform(miniature, speech):
    again = miniature.speak("Hello, my friend.", WOMAN, "happy", 2.0, seed=5)
    assert np.array_equal(again.waveform, speech.waveform)
    other = miniature.speak("Hello, my friend.", WOMAN, "happy", 2.0, seed=6)
    assert np.array_equal(other.durations, speech.durations)
    assert not np.array_equal(other.waveform, speech.waveform)


@pytest.mark.parametrize("seed", [-1, 2**63, 2**70])
def test_any_whole_number_is_a_seed(miniature, seed):
    assert miniature.speak("Yes.", seed=seed, steps=1).seed == seed


def test_saved_and_loaded_models_give_the_same_waveform(miniature, speech, tmp_path):
    """Weights go to disk in half precision; from then on they are what they are."""
    for name, model in (("tts", miniature.tts), ("vocoder", miniature.vocoder), ("face-network", miniature.faces)):
        checkpoint.save(model, name, {}, tmp_path)
    again = feim.load(tmp_path).speak("Hello, my friend.", WOMAN, "happy", 2.0, seed=5)
    assert np.array_equal(again.waveform, speech.waveform)


def test_without_intensity_there_is_no_emotion(miniature):
    silent = miniature.speak("Hello there.", emotion="angry", intensity=0.0)
    assert np.array_equal(silent.waveform, miniature.speak("Hello there.", emotion="sad", intensity=0.0).waveform)
    null_as_angry = replace(miniature, tts=deepcopy(miniature.tts))
    with torch.no_grad():
        null_as_angry.tts.emotion.weight[EMOTIONS.index("angry")] = miniature.tts.emotion.weight[UNLABELLED]
    assert np.array_equal(null_as_angry.speak("Hello there.", emotion="angry", intensity=1.0).waveform, silent.waveform)


def test_emotion_and_face_change_the_mel(miniature):
    mels = [miniature.speak("Hello there.", face, emotion, 2.0).mel for face in (WOMAN, MAN) for emotion in ("happy", "sad")]
    assert all(one.shape != other.shape or not np.allclose(one, other) for i, one in enumerate(mels) for other in mels[:i])


def test_labels_of_other_corpora_are_understood(miniature):
    assert miniature.speak("Yes.", emotion="ANGER", steps=1).emotion == "angry"


def test_a_mixture_is_spoken(miniature):
    said = miniature.speak("Hello there.", WOMAN, "sad:3+happy:7", 2.0)
    assert said.emotion == "happy:0.7+sad:0.3"
    assert np.array_equal(miniature.speak("Hello there.", WOMAN, {"happy": 0.7, "sad": 0.3}, 2.0).waveform, said.waveform)
    happy, sad = (miniature.speak("Hello there.", WOMAN, label, 2.0) for label in ("happy", "sad"))
    for alone in (happy, sad):
        assert alone.mel.shape != said.mel.shape or not np.allclose(alone.mel, said.mel)
    assert np.array_equal(miniature.speak("Hello there.", WOMAN, "happy:5+sad:0", 2.0).waveform, happy.waveform)
    assert np.array_equal(
        miniature.speak("Hello there.", WOMAN, "happy+sad", 0).waveform, miniature.speak("Hello there.", WOMAN, "sad", 0).waveform
    )
    whole = np.concatenate([chunk.waveform for chunk in miniature.stream("Hello there.", WOMAN, "happy:0.7+sad:0.3", 2.0)])
    assert np.array_equal(whole, said.waveform)


def test_sentences_are_said_with_what_is_felt_in_their_middle(miniature, monkeypatch):
    felt = []
    draw = FEIMTTS.synthesise

    def listened(self, phonemes, face, weights, *rest):
        felt.append(weights)
        return draw(self, phonemes, face, weights, *rest)

    monkeypatch.setattr(FEIMTTS, "synthesise", listened)
    said = miniature.speak("Hello there. Hello there.", WOMAN, "surprised,happy", 2.0)
    assert (said.emotion, said.intensity) == ("surprised,happy", 2.0)
    surprised, happy = EMOTIONS.index("surprised"), EMOTIONS.index("happy")
    for weights, first in zip(felt, (surprised, happy), strict=True):
        assert set(weights) == {surprised, happy}
        assert weights[first] == pytest.approx(1 - 0.15625)  # a smooth step at a quarter of the way
    alone = miniature.speak("Hello there.", WOMAN, ["surprised", "happy"], 2.0)
    mixed = miniature.speak("Hello there.", WOMAN, "surprised+happy", 2.0)
    assert np.array_equal(alone.mel, mixed.mel)


def test_emotions_that_cannot_be_said_are_refused_wherever_they_come(miniature):
    with pytest.raises(InvalidMixture, match="nothing between two commas"):
        miniature.speak("Hello.", emotion="happy,,sad")
    with pytest.raises(UnknownEmotion, match="unknown emotion 'bored'"):
        miniature.stream("Hello.", emotion=["happy", "bored"])


# ---- faces ----------------------------------------------------------------------------------------------------------------


def test_a_face_may_come_as_path_picture_or_array(miniature, speech):
    picture = Image.open(WOMAN)
    for face in (str(WOMAN), picture, np.asarray(picture)):
        assert np.array_equal(miniature.speak("Hello, my friend.", face, "happy", 2.0, seed=5).mel, speech.mel)


def test_face_vectors_are_unit_vectors(miniature):
    seen = find_face(read_image(WOMAN))
    for vector in (miniature.face_vector(seen), miniature.face_vector(None)):
        assert vector.shape == (512,)
        assert float(vector.norm()) == pytest.approx(1, abs=1e-3)


def test_two_faces_are_told(miniature):
    both = Image.new("RGB", (1024, 512), "white")
    both.paste(Image.open(WOMAN).resize((512, 512)), (0, 0))
    both.paste(Image.open(MAN).resize((400, 400)), (560, 60))
    [note] = miniature.speak("Yes.", both, steps=1).notes
    assert note == "2 faces found; the largest was taken"


# ---- texts ----------------------------------------------------------------------------------------------------------------


def test_a_long_text_is_spoken_sentence_after_sentence_in_one_piece(miniature):
    text = ("We walked along the river, and it was getting late. " * 100)[:5000]
    told = []
    speech = miniature.speak(text, steps=1, progress=lambda fraction, message: told.append((fraction, message)))
    assert len(speech.text) > 4900
    assert speech.durations.sum() == speech.mel.shape[1] == len(speech.waveform) / 160
    assert len(speech.phonemes) == len(speech.durations) > 5000
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], told[-1]) == (0, (1.0, "done"))
    assert "speaking sentence 2 of" in "".join(message for _, message in told)


def test_progress_moves_with_every_step_of_every_sentence(miniature):
    told = []
    miniature.speak("Good morning. How are you? We are fine.", steps=4, progress=lambda *news: told.append(news))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (told[0], told[-1]) == ((0, "looking at the face"), (1, "done"))
    for number in (1, 2, 3):
        within = [fraction for fraction, message in told if message == f"speaking sentence {number} of 3"]
        assert within == pytest.approx([(number - 1 + stage / 5) / 3 for stage in range(5)])  # the vocoder is the fifth stage


def test_sentences_are_spoken_one_by_one(miniature):
    first, both = miniature.speak("Good morning."), miniature.speak("Good morning. How are you?")
    assert np.array_equal(both.mel[:, : first.mel.shape[1]], first.mel)
    assert both.phonemes[: len(first.phonemes)] == first.phonemes


def test_numbers_are_spoken_and_other_scripts_are_told(miniature):
    speech = miniature.speak("Dr. Smith paid $5 Привет", steps=1)
    assert speech.text == "doctor Smith paid five dollars"
    assert speech.notes == ("letters that this voice cannot read were left out: Привет",)
    [note] = miniature.speak("Hello " + "你" * 50, steps=1).notes
    assert note.endswith("你" * 20 + "…")


# ---- settings -------------------------------------------------------------------------------------------------------------


def test_speed_pitch_and_steps(miniature):
    plain = miniature.speak("Hello there.", steps=2)
    longer = "Hello there, my friends, and welcome to all of you."
    slow, fast = (miniature.speak(longer, steps=2, speed=speed).mel.shape[1] for speed in (0.5, 2.0))
    assert slow / fast == pytest.approx(4, rel=0.15)
    high = miniature.speak("Hello there.", steps=2, pitch_shift=12)
    assert np.array_equal(high.mel, plain.mel)
    assert high.pitch == pytest.approx(2 * plain.pitch)
    assert not np.allclose(miniature.speak("Hello there.", steps=5).mel, plain.mel)


def test_griffin_lim_is_a_choice(miniature):
    reference = miniature.speak("Hello there.", steps=2, vocoder="griffin-lim")
    assert len(reference.waveform) == 160 * reference.mel.shape[1]
    assert np.array_equal(reference.mel, miniature.speak("Hello there.", steps=2).mel)
    assert (
        np.corrcoef(mel_spectrogram(reference.waveform).flatten(), reference.mel.flatten())[0, 1] > 0.2
    )  # an untrained mel is no sound's own


def test_the_studio_remembers_nothing(miniature):
    settings = miniature.sampling
    once = miniature.speak("Hello there.", MAN, "sad", 3.0)
    miniature.speak("Something else.", WOMAN, "happy", 9.0, steps=2, speed=1.5)
    assert miniature.sampling == settings
    assert np.array_equal(miniature.speak("Hello there.", MAN, "sad", 3.0).waveform, once.waveform)


# ---- as it comes ----------------------------------------------------------------------------------------------------------

LONG = "We walked along the river, and it was getting late, but nobody wanted to go home before the moon was up. Was it? It was."


def test_a_stream_takes_what_speak_takes():
    asked = [list(inspect.signature(way).parameters.values()) for way in (Studio.speak, Studio.stream)]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("settings", [{}, {"face": WOMAN, "speed": 0.7}, {"pitch_shift": -12}, {"vocoder": "griffin-lim"}])
def test_a_stream_is_the_same_speech_in_chunks(miniature, monkeypatch, settings):
    monkeypatch.setattr(speaking, "FIRST_STRETCH", 8)  # what is not trained speaks fast
    whole = miniature.speak(LONG, emotion="sad", intensity=3.0, seed=5, **settings)
    chunks = list(miniature.stream(LONG, emotion="sad", intensity=3.0, seed=5, **settings))
    assert np.array_equal(np.concatenate([chunk.waveform for chunk in chunks]), whole.waveform)
    assert {(chunk.sample_rate, chunk.waveform.dtype) for chunk in chunks} == {(16_000, np.dtype(np.float32))}
    assert [chunk.sentence for chunk in chunks] == sorted(chunk.sentence for chunk in chunks)
    assert {chunk.sentence for chunk in chunks} == {1, 2, 3}
    assert {chunk.sentences for chunk in chunks} == {3}
    assert [chunk.sentence for chunk in chunks].count(1) > 1
    assert [chunk.speech is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    told = chunks[-1].speech
    for name in ("waveform", "mel", "pitch", "durations"):
        assert np.array_equal(getattr(told, name), getattr(whole, name))
    for name in ("phonemes", "seed", "text", "emotion", "intensity", "notes"):
        assert getattr(told, name) == getattr(whole, name)
    assert set(told.timings) == set(whole.timings)


def test_no_joint_clicks(miniature, monkeypatch):
    monkeypatch.setattr(speaking, "FIRST_STRETCH", 8)
    chunks = [chunk.waveform for chunk in miniature.stream(LONG)]
    whole = np.concatenate(chunks)
    for joint in np.cumsum([len(chunk) for chunk in chunks])[:-1]:
        steps = np.abs(np.diff(whole[joint - 800 : joint + 800]))  # 50 ms before and after
        assert steps[799] <= np.delete(steps, 799).max()


def test_the_first_chunk_is_short_and_the_next_ones_grow():
    assert speaking.growing(30) == [(0, 30)]
    for frames in (199, 200, 700, 1500):
        stretches = speaking.growing(frames)
        starts, stops = zip(*stretches, strict=True)
        assert (starts, stops[-1]) == ((0, *stops[:-1]), frames)
        assert sum(stops) <= frames * GROWTH / (GROWTH - 1)  # all that is synthesised for it
    assert speaking.growing(700)[0] == (0, speaking.FIRST_STRETCH)


def test_who_stops_listening_stops_the_work(miniature, monkeypatch):
    drawn = []
    draw = FEIMTTS.synthesise
    monkeypatch.setattr(FEIMTTS, "synthesise", lambda *arguments: drawn.append(0) or draw(*arguments))
    stream = miniature.stream(LONG)
    assert not drawn
    assert next(stream).sentence == 1
    stream.close()
    assert len(drawn) == 1


def test_waiting_between_chunks_is_not_counted(miniature, monkeypatch):
    now = 0.0
    monkeypatch.setattr(speaking.time, "perf_counter", lambda: now)  # all work takes no time
    stream = miniature.stream(LONG)
    now += 100
    chunks = []
    for chunk in stream:
        chunks.append(chunk)
        now += 100
    assert chunks[-1].speech.timings["total"] == 0


# ---- other languages ------------------------------------------------------------------------------------------------------

POLISH = "Dzień dobry, jak się masz?"


@pytest.fixture
def polyglot(miniature, tmp_path) -> Studio:
    """With a Polish voice on the shelf that never heard disgust, and another default voice."""
    voice = FEIMTTS(replace(miniature.tts.config, unlearnt=("disgusted",)))
    voice.load_state_dict(miniature.tts.state_dict())
    voice.default_face.copy_(voice.default_face.flip(0))
    checkpoint.save(voice, "tts-pl", {}, tmp_path)
    return replace(miniature, shelf=tmp_path)


def test_polish_is_read_as_polish_and_spoken_by_its_own_voice(polyglot):
    said = polyglot.speak(POLISH, emotion="happy", language="pl", steps=2)
    assert "".join(said.phonemes) == phonemise(POLISH, "pl") != phonemise(POLISH)
    assert said.text == POLISH  # no English numbers or abbreviations
    assert "".join(polyglot.speak(POLISH, emotion="happy", steps=2).phonemes) == phonemise(POLISH)
    taken = polyglot._take("tts-pl")
    assert torch.equal(polyglot.face_vector(None, taken), taken.default_face)
    assert not torch.equal(polyglot.face_vector(None, taken), polyglot.face_vector(None))


def test_what_the_polish_voice_says_is_not_for_commerce(polyglot):
    assert polyglot.speak(POLISH, language="pl", steps=1).notes == (NON_COMMERCIAL,)
    assert polyglot.speak("Привет, Ewa.", language="pl", steps=1).notes[0] == NON_COMMERCIAL
    assert polyglot.speak("Hello.", steps=1).notes == ()
    assert "CC BY-NC-SA" in NON_COMMERCIAL


def test_an_emotion_that_a_voice_never_heard(polyglot):
    with pytest.raises(InvalidSetting) as raised:
        polyglot.speak(POLISH, emotion="disgusted", language="pl")
    known = "neutral, happy, sad, angry, fearful, surprised"
    assert str(raised.value) == f"the voice for pl has never heard anybody disgusted; use one of: {known}"
    with pytest.raises(InvalidSetting, match="has never heard anybody disgusted"):
        polyglot.stream(POLISH, emotion="disgust", language="pl")
    with pytest.raises(InvalidSetting, match="has never heard anybody disgusted"):
        polyglot.speak(POLISH, emotion="happy:0.9+disgusted:0.1", language="pl")
    assert polyglot.speak(POLISH, emotion="happy:1+disgusted:0", language="pl", steps=1).emotion == "happy"
    quiet = polyglot.speak(POLISH, emotion="disgusted", intensity=0, language="pl", steps=1)  # which no emotion is needed for
    assert np.array_equal(quiet.waveform, polyglot.speak(POLISH, intensity=0, language="pl", steps=1).waveform)
    assert polyglot.speak("Yes.", emotion="disgusted", steps=1).emotion == "disgusted"  # the English voice has


def test_a_voice_that_learnt_no_emotion_at_all(miniature):
    mute = FEIMTTS(replace(miniature.tts.config, unlearnt=EMOTIONS)).eval()
    mute.load_state_dict(miniature.tts.state_dict())
    studio = replace(miniature, tts=mute)
    with pytest.raises(InvalidSetting, match="the voice for en has never heard anybody neutral; use intensity 0"):
        studio.speak("Yes.")
    assert len(studio.speak("Yes.", intensity=0, steps=1).waveform)


def test_english_is_what_it_was_before_anybody_asked_for_polish(polyglot):
    before = polyglot.speak("Hello there.", emotion="sad", steps=2)
    polyglot.speak(POLISH, emotion="sad", language="pl", steps=2)
    assert np.array_equal(polyglot.speak("Hello there.", emotion="sad", steps=2, language="en").waveform, before.waveform)


def test_a_language_is_loaded_once_and_not_before_it_is_asked_for(polyglot):
    polyglot.speak("Hello.", steps=1)
    first = polyglot.speak(POLISH, language="pl", steps=1)
    for path in polyglot.shelf.iterdir():
        path.unlink()
    assert np.array_equal(polyglot.speak(POLISH, language="pl", steps=1).waveform, first.waveform)


@pytest.mark.parametrize("way", ["speak", "stream"])
def test_languages_that_nobody_here_speaks(miniature, tmp_path, way):
    for language in ("de", "PL", "", None):
        with pytest.raises(InvalidSetting, match=f"unknown language {language!r}; use one of: {', '.join(LANGUAGES)}"):
            getattr(miniature, way)("Hello.", language=language)
    with pytest.raises(MissingCheckpoint, match=r"tts-pl\.json is missing; restore it") as raised:
        getattr(replace(miniature, shelf=tmp_path), way)(POLISH, language="pl")
    assert "\n" not in str(raised.value)


# ---- what cannot be done --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        ({"text": ""}, NothingToSay, "nothing to say"),
        ({"text": " \n\t"}, NothingToSay, "nothing to say"),
        ({"text": "😀👍🏽❤️"}, NothingToSay, "nothing to say"),
        ({"text": "\x00\x01\x1b"}, NothingToSay, "nothing to say"),
        ({"text": "こんにちは"}, NothingToSay, "nothing to say"),
        ({"text": "word " * 5000}, TextTooLong, "25,000 characters; speak at most 20,000"),
        ({"emotion": "melancholic"}, UnknownEmotion, "use one of: neutral, happy"),
        ({"emotion": None}, UnknownEmotion, "use one of: neutral, happy"),
        ({"emotion": {}}, InvalidMixture, "nothing is felt"),
        ({"emotion": "happy:0.5+bored:0.5"}, InvalidMixture, "unknown emotion 'bored'"),
        ({"intensity": [1.0, 2.0]}, InvalidIntensity, "from 0 .* to 30"),
        ({"intensity": -0.1}, InvalidIntensity, "from 0 .* to 30"),
        ({"intensity": 30.5}, InvalidIntensity, "from 0 .* to 30"),
        ({"intensity": float("nan")}, InvalidIntensity, "from 0 .* to 30"),
        ({"intensity": "loud"}, InvalidIntensity, "from 0 .* to 30"),
        ({"steps": 0}, InvalidSetting, "use 1 to 1000"),
        ({"steps": -3}, InvalidSetting, "use 1 to 1000"),
        ({"steps": 1001}, InvalidSetting, "use 1 to 1000"),
        ({"steps": 2.5}, InvalidSetting, "use 1 to 1000"),
        ({"speed": 0.4}, InvalidSetting, "use 0.5 .* to 2"),
        ({"speed": float("nan")}, InvalidSetting, "use 0.5 .* to 2"),
        ({"pitch_shift": 13}, InvalidSetting, "use −12 to 12 semitones"),
        ({"pitch_shift": float("nan")}, InvalidSetting, "use −12 to 12 semitones"),
        ({"vocoder": "hifi-gan"}, InvalidSetting, "use source-filter or griffin-lim"),
        ({"vocoder": "griffin-lim", "pitch_shift": 2}, InvalidSetting, "griffin-lim cannot shift the pitch by 2 semitones; use 0"),
        ({"seed": 1.5}, InvalidSetting, "use a whole number"),
        ({"face": "nobody.jpg"}, UnreadableImage, "there is no image file at nobody.jpg"),
        ({"face": np.zeros((5, 5), np.int64)}, UnreadableImage, "not a picture"),
        ({"face": Image.new("RGB", (300, 300), "green")}, FaceNotFound, "no face found"),
    ],
)
@pytest.mark.parametrize("way", ["speak", "stream"])
def test_a_wish_that_cannot_be_met(miniature, way, wish, error, words):
    with pytest.raises(error, match=words) as raised:
        getattr(miniature, way)(**{"text": "Hello."} | wish)  # a stream need not be asked for its first chunk
    assert isinstance(raised.value, ValueError)
    assert "\n" not in str(raised.value)


# ---- files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_saved_speech_is_marked(speech, tmp_path, suffix):
    path = speech.save(tmp_path / f"hello.{suffix}")
    assert len(read_audio(path)) == len(speech.waveform)
    with soundfile.SoundFile(path) as file:
        assert file.comment == LABEL
    assert "AI-generated" in LABEL


@pytest.mark.parametrize("name", ["no/such/folder/hello.wav", "hello.doc"])
def test_an_unwritable_path(speech, tmp_path, name):
    with pytest.raises(OSError, match="cannot write sound to"):
        speech.save(tmp_path / name)


@pytest.mark.parametrize("name", ["tts", "vocoder", "face-network"])
def test_a_studio_with_missing_or_damaged_weights(weights, tmp_path, name):
    for path in weights.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / f"{name}.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedCheckpoint, match=rf"{name}\.safetensors is damaged"):
        feim.load(tmp_path)
    path.unlink()
    with pytest.raises(MissingCheckpoint, match=rf"{name}\.safetensors is missing; restore it"):
        feim.load(tmp_path)


def test_a_vector_of_the_shared_space_speaks_as_its_face(miniature):
    vector = miniature.face_vector(find_face(read_image(WOMAN)))
    ours, theirs = (miniature.speak("Hello.", face, "sad", seed=3).waveform for face in (vector, WOMAN))
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("vector", [torch.zeros(3), torch.zeros(1, 512), torch.full((512,), float("nan"))])
def test_what_is_no_vector_is_refused(miniature, vector):
    with pytest.raises(InvalidSetting, match="is no voice; give 512 finite numbers"):
        miniature.speak("Hello.", vector)
