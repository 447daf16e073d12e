"""Films to learn from: aligned, in step with their speech, computed once, and drawn alike by whoever asks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from feim.data import talking
from feim.data.clip import read_manifest
from feim.data.talking import UNRATED, Talking, films, mirrored, read_talking, upright
from feim.models.talking_face import REACH, SAMPLES, to_side
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import CANONICAL, align, similarity
from feim.signal.video import write_video
from tests.data.talking_films import film, portrait, speech, talking_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return talking_corpus(tmp_path_factory.mktemp("films") / "talking")


@pytest.fixture(scope="module")
def corpus(folder) -> Talking:
    return read_talking(folder, [clip for clip in read_manifest(folder) if clip.split == "train"], processes=1)


def test_faces_are_aligned_and_their_mouths_and_eyes_known(corpus):
    assert corpus.frames.shape == (120, 128, 128, 3)
    assert corpus.starts.tolist() == [0, 20, 40, 60, 80, 100, 120]
    template = CANONICAL * 128 / 224
    assert np.abs(corpus.eyes - template[:2]).max() < 2.5
    assert np.abs(corpus.mouth - template[3:].mean(0)).max() < 6  # it opens downwards
    for name, kind in (("frames", np.uint8), ("audio", np.float16), ("mouth", np.float16), ("eyes", np.float16), ("amount", np.float16)):
        array = getattr(corpus, name)
        assert array.dtype == kind
        assert len(array) == 120
        assert isinstance(array, np.memmap)


@pytest.mark.parametrize("times", [0.7, 1, 3])
def test_frames_are_turned_as_pictures_are(times):
    """Smaller or larger: what `align` and antialiasing make of a turned portrait."""
    image, points = portrait(0)
    size = round(len(image) * times)
    image = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
    turned = points * times @ np.array([[0.98, 0.17], [-0.17, 0.98]]).T + [6 * times, -4 * times]
    expected = to_side(torch.from_numpy(align(image, turned))[None])[0].numpy()
    found = upright(image, similarity(turned, CANONICAL) * 128 / 224)
    inside = expected[20:-20, 20:-20].astype(int)
    assert np.abs(found[20:-20, 20:-20] - inside).mean() < 0.05 * np.abs(inside - inside.mean()).mean()


def test_mouths_move_with_the_speech_of_their_own_frame(corpus):
    for clip in range(6):
        here = corpus[clip]
        loud = np.abs(corpus.audio[here]).astype(float).mean(1)
        x, y = CANONICAL[3:].mean(0) * 128 / 224
        patch = corpus.frames[here, round(y) : round(y) + 5, round(x) - 2 : round(x) + 3]
        dark = 255 - patch.astype(float).mean((1, 2, 3))
        together = [np.corrcoef(np.roll(loud, shift), dark)[0, 1] for shift in (-3, 0, 3)]
        assert np.argmax(together) == 1
        assert together[1] > 0.7


def test_films_are_prepared_once(folder, corpus, monkeypatch):
    monkeypatch.setattr(talking, "clip_arrays", lambda *_, **__: pytest.fail("computed again"))
    again = read_talking(folder, corpus.clips)
    assert np.array_equal(again.frames, corpus.frames)
    assert np.array_equal(again.starts, corpus.starts)


def test_clips_without_a_face_give_nothing_and_the_others_stay(corpus, tmp_path):
    """The second film shows no face, and the third none at first; sounds are too short and too long."""
    image, points = portrait(0)
    wave, loud = speech(12, 0)
    nobody = np.full((12, 128, 128, 3), 90, np.uint8)
    seen = film(image, points, loud, "happy")
    clips = []
    for number, (frames, sound) in enumerate([(seen, wave[:3000]), (nobody, wave), (np.concatenate([nobody[:7], seen]), np.tile(wave, 3))]):
        write_video(tmp_path / f"{number}.mp4", frames, visible_mark=False)
        write_audio(tmp_path / f"{number}.wav", sound)
        clips.append(replace(corpus.clips[0], id=str(number), audio=f"{number}.wav", video=f"{number}.mp4", intensity=None))
    found = read_talking(tmp_path, clips, processes=1)
    assert found.starts.tolist() == [0, 12, 12, 31]
    assert np.abs(found.audio[0]).max() > 0
    assert np.abs(found.audio[5:12]).max() == 0
    assert np.abs(found.eyes[12:31] - found.eyes[20]).max() < 2  # before the face is seen, where it is seen first
    assert films([found], 2, frames=12)(0)["amount"].tolist() == [[pytest.approx(UNRATED, abs=1e-3)] * 12] * 2
    with pytest.raises(ValueError, match="no face in any of 1 clips"):
        read_talking(tmp_path, clips[1:2], processes=1)


def test_clips_that_lack_something_are_left_out(folder, corpus):
    one, *others = corpus.clips
    lacking = [replace(one, video=None), replace(one, audio=None), replace(one, emotion=None)]
    assert read_talking(folder, [*lacking, *others[:1]], processes=1).clips == others[:1]
    with pytest.raises(ValueError, match="no training clips with film, sound and emotion"):
        read_talking(folder, lacking)


def test_batches_are_what_the_model_takes(corpus):
    batch = films([corpus], 3, frames=10)(0)
    shapes = {name: tuple(value.shape) for name, value in batch.items()}
    assert shapes == {
        "video": (3, 10, 3, 128, 128), "image": (3, 3, 128, 128), "speech": (3, 9 * SAMPLES + 2 * REACH + 1), "mouth": (3, 10, 2),
        "eyes": (3, 10, 2, 2), "emotion": (3,), "amount": (3, 10),
    }  # fmt: skip
    assert (batch["video"].dtype, batch["speech"].dtype, batch["mouth"].dtype) == (torch.uint8, torch.float32, torch.float32)


def test_an_index_always_gives_the_same_batch_however_many_share_it(corpus):
    whole = films([corpus], 4, frames=10)(3)
    halves = [films([corpus], 2, frames=10)(index) for index in (6, 7)]
    for name, value in whole.items():
        assert torch.equal(torch.cat([half[name] for half in halves]), value)
    assert not torch.equal(films([corpus], 4, frames=10)(4)["speech"], whole["speech"])


def test_the_speech_of_a_stretch_is_that_of_its_frames(corpus):
    """The hum's loudness in each frame's 40 ms follows the mouth's darkness, as in the clip."""
    for index in range(4):
        batch = films([corpus], 1, frames=19, neutral_share=0.0)(index)
        loud = batch["speech"][0, REACH : REACH + 18 * SAMPLES].view(18, -1).abs().mean(1)
        x, y = (CANONICAL[3:].mean(0) * 128 / 224).round().astype(int)
        dark = -batch["video"][0, :18, :, y : y + 5, x - 2 : x + 3].float().mean((1, 2, 3))
        assert torch.corrcoef(torch.stack([loud, dark]))[0, 1] > 0.7


def test_the_picture_is_the_stretchs_first_or_a_neutral_one_of_the_same_person(corpus):
    own = films([corpus], 8, frames=10, neutral_share=0.0)(0)
    assert torch.equal(own["image"], own["video"][:, 0])
    resting = [corpus[clip].start for clip in range(6) if corpus.clips[clip].emotion == "neutral"]
    pictures = torch.from_numpy(corpus.frames[resting].transpose(0, 3, 1, 2))  # of both people
    pictures = torch.cat([pictures, pictures.flip(3)])
    batch = films([corpus], 8, frames=10, neutral_share=1.0)(0)
    for image, video, emotion in zip(batch["image"], batch["video"], batch["emotion"], strict=True):
        which = [torch.equal(image, picture) for picture in pictures]
        assert sum(which) == 1
        if emotion == EMOTIONS.index("neutral"):
            difference = (image.float() - video.float()).abs().mean()
            assert difference < 10  # nobody else's


def test_a_mirror_turns_everything_and_twice_nothing(corpus):
    example = {
        "video": corpus.frames[:2].transpose(0, 3, 1, 2), "image": corpus.frames[0].transpose(2, 0, 1),
        "mouth": corpus.mouth[:2].astype(np.float32), "eyes": corpus.eyes[:2].astype(np.float32), "speech": np.ones(3, np.float32),
    }  # fmt: skip
    turned = mirrored(example)
    assert np.array_equal(turned["video"][..., 0], example["video"][..., -1])
    assert np.allclose(turned["eyes"][..., 0], 127 - example["eyes"][..., 0])
    assert np.array_equal(turned["eyes"][..., 1], example["eyes"][..., 1])
    again = mirrored(turned)
    for name, value in example.items():
        assert np.allclose(again[name], value, atol=1e-4)


def test_films_that_are_too_short(corpus):
    with pytest.raises(ValueError, match="21 frames or more"):
        films([corpus], 2, frames=21)
