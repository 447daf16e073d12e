"""Films of rendered people are the same to the byte for the same arguments, go on where they stopped, and show what their truth says."""

import shutil
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from feim.data.clip import MANIFEST, SYNTHETIC, read_manifest, write_manifest
from feim.data.sentences import read_sentences
from feim.data.synthetic import talking
from feim.data.synthetic.corpus import ARGUMENTS, SENTENCES, ForeignCorpus
from feim.data.synthetic.engines import RULES
from feim.data.synthetic.talking import WEAKEST, plan_films, record_film, synthesise_talking_corpus, talking_people
from feim.data.truth import read_truth
from feim.signal.action_units import strength
from feim.signal.audio import read_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import INDEX, FaceMotion
from feim.signal.landmarks import LOWER_SEAM, UPPER_SEAM
from feim.signal.video import read_video
from tests.data.synthetic.heads.tiny_head import write_npz

# ---- who plays what -------------------------------------------------------------------------------------------------------


def films(clips: int, people: int = 20, seed: int = 0) -> list[talking.FilmTake]:
    return list(plan_films(read_sentences(SENTENCES), talking_people(people, seed, RULES), clips, seed))


def test_everybody_has_one_face_one_voice_and_one_split():
    people = talking_people(20, 0, RULES)
    assert people == talking_people(20, 0, RULES)
    assert [person.split for person in people] == ["train"] * 16 + ["valid"] * 2 + ["test"] * 2
    for trait in ("name", "face", "voice"):
        assert len({getattr(person, trait) for person in people}) == 20
    assert {person.split for person in talking_people(3, 0, RULES)} == {"train", "valid", "test"}
    assert not {person.face for person in people} & {person.face for person in talking_people(20, 1, RULES)}
    with pytest.raises(ValueError, match="2 people are too few; use 3 or more"):
        talking_people(2, 0, RULES)


def test_the_plan_is_the_same_for_the_same_seed_and_grows_at_its_end():
    assert films(60) == films(60)
    assert films(60) != films(60, seed=1)
    assert films(90)[:60] == films(60)
    assert len({take.id for take in films(90)}) == len({take.seed for take in films(90)}) == 90


def test_everybody_reads_each_text_with_every_emotion():
    takes = sorted(films(20 * 14), key=lambda take: take.person.name)
    texts = dict(read_sentences(SENTENCES))
    for person, own in groupby(takes, key=lambda take: take.person):
        own = list(own)
        for cycle in (own[:7], own[7:]):
            assert {take.emotion.label for take in cycle} == set(EMOTIONS)
            assert len({take.text for take in cycle}) == 1
        assert {texts[take.text] for take in own} == {person.split}
    assert len({take.text for take in takes if take.person.split == "train"}) == 32  # nobody's text is another's while they last


def test_a_split_without_sentences_of_its_own_reads_any():
    takes = plan_films([("We count one and two today.", "train")], talking_people(3, 0, RULES), 3)
    assert {take.text for take in takes} == {"We count one and two today."}


def test_intensities_spread_over_the_whole_scale():
    emotions = [take.emotion for take in films(700)]
    assert {emotion.intensity for emotion in emotions if emotion.label == "neutral"} == {0.0}
    felt = np.array([emotion.intensity for emotion in emotions if emotion.label != "neutral"])
    assert WEAKEST <= felt.min() < 0.35
    assert 27 < felt.max() <= 30
    assert np.mean(felt < 3) == pytest.approx(0.5, abs=0.06)


# ---- the films ------------------------------------------------------------------------------------------------------------

ORDER = {"clips": 4, "people": 3, "size": 64, "processes": 1, "engines": RULES}


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> Path:
    return write_npz(tmp_path_factory.mktemp("ict_facekit"))


@pytest.fixture(scope="module")
def sentences(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "sentences.txt"
    path.write_text("My boat was lost.\n")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, heads, sentences) -> Path:
    """Four films of three people, made in one go."""
    folder = tmp_path_factory.mktemp("films")
    assert synthesise_talking_corpus(folder, heads, sentences, **ORDER) == read_manifest(folder)
    return folder


def test_clips_are_what_the_plan_says(whole, sentences):
    clips = read_manifest(whole)
    takes = list(plan_films(read_sentences(sentences), talking_people(3, 0, RULES), 4))
    assert [clip.id for clip in clips] == [take.id for take in takes]
    for clip, take in zip(clips, takes, strict=True):
        assert (clip.speaker, clip.split) == (take.person.name, take.person.split)
        assert (clip.emotion, clip.licence) == (take.emotion.label, SYNTHETIC)
        assert clip.intensity == pytest.approx(float(strength(take.emotion.intensity)), abs=1e-3)


def test_sound_film_phones_and_truth_are_equally_long(whole):
    for clip in read_manifest(whole):
        film = read_video(whole / clip.video)
        frames = len(list(film.frames()))
        truth = read_truth(whole, clip)
        sound = read_audio(whole / clip.audio)
        assert len(sound) == frames * 640
        assert sum(clip.durations) == frames * 4
        assert abs(len(film.waveform) - len(sound)) < 0.07 * 16000  # AAC ends with whole blocks
        assert len(truth.motion) == len(truth.landmarks) == len(truth.intensity) == frames
        assert {len(values) for values in truth.units.values()} == {frames}


def test_the_truth_is_what_the_film_shows(whole, heads):
    clip = read_manifest(whole)[1]
    truth, film = read_truth(whole, clip), list(read_video(whole / clip.video).frames())
    frames = [0, len(film) // 2, len(film) - 1]
    motion = FaceMotion(truth.motion.shapes[frames], truth.motion.gaze[frames], truth.motion.head[frames])
    again = talking._sitters(str(heads)).film(talking_people(3, 0, RULES)[1].face, motion, ORDER["size"])
    for frame, (image, landmarks) in zip(frames, again, strict=True):
        np.testing.assert_allclose(truth.landmarks[frame], landmarks, atol=0.1)
        assert np.abs(film[frame].astype(int) - image).mean() < 6


def test_lips_part_with_the_jaw(whole):
    for clip in read_manifest(whole):
        truth = read_truth(whole, clip)
        gap = truth.landmarks[:, LOWER_SEAM[3], 1] - truth.landmarks[:, UPPER_SEAM[3], 1]
        assert np.corrcoef(gap, truth.motion.shapes[:, INDEX["jawOpen"]])[0, 1] > 0.9


def test_intensity_swells_up_to_the_clips_own(whole):
    for clip in read_manifest(whole):
        shown = read_truth(whole, clip).intensity
        if clip.emotion == "neutral":
            assert not shown.any()
        else:
            assert 0.85 * clip.intensity < shown.max() <= clip.intensity + 1e-3
            assert shown[0] < 0.1 * clip.intensity


def test_a_smile_follows_the_intensity(whole):
    [happy] = [clip for clip in read_manifest(whole) if clip.emotion == "happy"][:1]
    truth = read_truth(whole, happy)
    assert np.corrcoef(truth.units[12], truth.intensity)[0, 1] > 0.9
    neutral = next(clip for clip in read_manifest(whole) if clip.emotion == "neutral")
    assert read_truth(whole, neutral).units[12].max() < 0.05 < truth.units[12].max()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_interrupted_corpus_goes_on_where_it_stopped(whole, heads, sentences, tmp_path, monkeypatch):
    for folder in ("audio", "video", "truth"):
        (tmp_path / folder).mkdir()
    shutil.copy(whole / ARGUMENTS, tmp_path)
    first, second, *_ = plan_films(read_sentences(sentences), talking_people(3, 0, RULES), 4)
    write_manifest(tmp_path, record_film(first, tmp_path, str(heads), ORDER["size"]))
    made = (tmp_path / "video" / f"{first.id}.mp4").stat().st_mtime_ns
    (tmp_path / "truth" / f"{second.id}.npz").write_bytes(b"PK\x03")  # it was being written
    assert synthesise_talking_corpus(tmp_path, heads, sentences, **ORDER | {"processes": 2}) == read_manifest(whole)
    assert content(tmp_path) == content(whole)
    assert (tmp_path / "video" / f"{first.id}.mp4").stat().st_mtime_ns == made  # not made again
    monkeypatch.setattr(talking, "read_text", None)  # nothing is read again
    assert synthesise_talking_corpus(tmp_path, heads, sentences, **ORDER) == read_manifest(whole)


@pytest.mark.parametrize(("change", "name"), [({"people": 4}, "people"), ({"size": 96}, "size"), ({"clips": 6}, "clips")])
def test_a_corpus_of_other_arguments_is_not_continued(whole, heads, sentences, change, name):
    with pytest.raises(ForeignCorpus, match=f"made with other {name};"):
        synthesise_talking_corpus(whole, heads, sentences, **ORDER | change)


def test_nothing_is_begun_without_a_head(tmp_path, sentences):
    with pytest.raises(FileNotFoundError, match="has no ICT-FaceKit"):
        synthesise_talking_corpus(tmp_path / "new", tmp_path, sentences, **ORDER)
    assert not (tmp_path / "new" / MANIFEST).exists()
    assert not (tmp_path / "new" / ARGUMENTS).exists()


def test_a_text_that_does_not_fit_is_left_out(tmp_path, monkeypatch):
    [take] = plan_films([("We count one and two today.", "train")], talking_people(3, 0, RULES), 1)
    monkeypatch.setattr("feim.data.synthetic.voices.phonemise", lambda words: "_s_ˈ_u_ʃ_i_ _f_u_z_i_")
    assert record_film(take, tmp_path, "never looked at", 64) == []
    assert not list(tmp_path.iterdir())
