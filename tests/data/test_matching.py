"""Batches repeat by index, put each face beside its voice, and never cut across a clip's end."""

import numpy as np
import pytest
import torch

from feim.data.clip import Clip, write_manifest
from feim.data.matching import MatchingBatches, Voices, pad, read_voices, two_cuts
from feim.data.pairing import Described
from feim.signal.audio import MEL_SILENCE, write_audio


@pytest.fixture
def voices() -> Voices:
    """Eight speakers whose mels are all their own number."""
    speakers = tuple(Described(f"s{number}", "female", 30.0) for number in range(8))
    mels = tuple([np.full((length, 128), number, np.float16) for length in (60, 300)] for number in range(8))
    return Voices(speakers, mels, example=(), first=5)


@pytest.fixture
def batches(voices) -> MatchingBatches:
    """Five people, two of whom share voice 3; each person's face holds the number of their voice."""
    partners = [0, 1, 3, 3, 4]
    faces = torch.tensor(partners, dtype=torch.float32)[:, None, None].expand(5, 4, 7)
    return MatchingBatches(voices, faces, partners, pairs=4, spare=2)


def test_the_same_index_gives_the_same_batch(batches):
    for name, value in batches(3).items():
        assert torch.equal(value, batches(3)[name])
    assert not torch.equal(batches(3)["mel"], batches(4)["mel"])


def test_faces_stand_beside_their_voices_and_voices_beside_themselves(batches):
    for index in range(10):
        batch = batches(index)
        speaker = batch["mel"][:, 0, 0]
        one, other = speaker.chunk(2)
        assert torch.equal(one, other)
        assert torch.equal(batch["faces"][:, 0], one[:4])
        assert len(set(one.tolist())) == 6  # a shared voice comes once


def test_padding_is_silence():
    mel, lengths = pad([np.zeros((3, 128)), np.zeros((5, 128))])
    assert mel.shape == (2, 128, 5)
    assert lengths.tolist() == [3, 5]
    assert (mel[0, :, 3:] == MEL_SILENCE).all()
    assert (mel[0, :, :3] == 0).all()


def test_the_only_clip_is_cut_in_halves():
    clip = np.arange(100)[:, None].repeat(128, axis=1)
    one, other = two_cuts([clip], 30, np.random.default_rng(0))
    assert one.max() < 50 <= other.min()
    assert len(one) == len(other) == 30


def test_voices_are_read_by_split_and_corpus(tmp_path):
    for corpus in ("teachers", "readers"):
        (tmp_path / corpus / "audio").mkdir(parents=True)
        clips = []
        for number, (speaker, split) in enumerate([("b", "train"), ("a", "train"), ("a", "train"), ("c", "test")]):
            name = f"{corpus}-{number}"
            write_audio(tmp_path / corpus / "audio" / f"{name}.flac", np.zeros(1600 * (number + 1), np.float32))
            audio = f"audio/{name}.flac"
            clips.append(Clip(name, corpus, f"{corpus}-{speaker}", "en-us", "hi", "none", split, audio=audio, gender="male"))
        write_manifest(tmp_path / corpus, clips)
    voices = read_voices([tmp_path / "teachers", tmp_path / "readers"])
    assert [speaker.name for speaker in voices.speakers] == ["teachers-a", "teachers-b", "readers-a", "readers-b"]
    assert voices.first == 2
    assert [[len(mel) for mel in mels] for mels in voices.mels] == [[20, 30], [10]] * 2
    assert all(path.is_file() for path in voices.example)
    assert [speaker.name for speaker in read_voices([tmp_path / "teachers"], ("test",)).speakers] == ["teachers-c"]
