"""The recipe of tts in miniature, on a corpus made in seconds: resuming, decoders, and whose voice is heard in training."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from feim.data.batching import utterances
from feim.data.clip import read_manifest, write_manifest
from feim.data.features import read_features
from feim.models import checkpoint
from feim.models.checkpoint import MissingCheckpoint
from feim.models.tts import FEIMTTS, Sampling
from feim.signal.emotion import EMOTIONS
from feim.training.recipes import tts


def test_it_resumes_and_starts_from_other_weights(order):
    first = tts.run(replace(order, steps=2))
    assert (order.out / "state").is_dir()
    again = tts.run(replace(order, steps=2, resume=True))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    started = tts.run(replace(order, steps=1, initial="tts", out=order.out.with_name("second")))
    assert started.config == first.config
    near = (started.symbol.weight - first.symbol.weight).abs().max()
    assert 0 < near.item() < 0.02


def test_the_papers_decoder_has_weights_of_its_own(order, corpus):
    trained = tts.run(replace(order, steps=1, decoder="unet"))
    assert trained.config.decoder == "unet"
    assert not (order.checkpoints / "tts.json").exists()
    fresh = tts.build(replace(order, decoder="unet")).score.state_dict()
    assert any(not torch.equal(weights, fresh[name]) for name, weights in trained.score.state_dict().items())
    loaded = checkpoint.load(FEIMTTS, "tts-unet", order.checkpoints)
    said = loaded.synthesise(torch.arange(1, 9), loaded.default_face, emotion=1, intensity=1.0, sampling=Sampling(steps=1))
    assert said.mel.shape == (128, int(said.durations.sum()))
    assert "--decoder unet" in checkpoint.read_card("tts-unet", order.checkpoints)["command"]
    assert tts.build(replace(order, initial="tts-unet")).config.decoder == "unet"


def test_decoders_that_do_not_fit(order, weights):
    with pytest.raises(ValueError, match="unknown decoder 'wavenet'; use one of: convnext, unet"):
        tts.run(replace(order, decoder="wavenet"))
    with pytest.raises(ValueError, match="the weights tts have the decoder convnext, not unet; leave out --decoder"):
        tts.run(replace(order, decoder="unet", initial="tts", checkpoints=weights))


def test_speech_without_a_face_has_a_typical_voice(weights, corpus):
    model = checkpoint.load(FEIMTTS, "tts", weights)
    assert float(model.default_face.norm()) == pytest.approx(1, abs=1e-3)
    assert not torch.allclose(model.default_face, torch.full((512,), 512**-0.5), atol=1e-3)


def test_voice_vectors_are_single_clips_and_their_mean(corpus, weights):
    voice = checkpoint.load(tts.VoiceNetwork, "voice-network", weights)
    clips = [clip for clip in read_manifest(corpus) if clip.split == "train"]
    bank = tts.voice_vectors(voice, [read_features(corpus, clips)])
    assert set(bank) == {clip.speaker for clip in clips}
    for speaker, vectors in bank.items():
        assert len(vectors) == sum(clip.speaker == speaker for clip in clips) + 1
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
        mean = vectors[:-1].mean(axis=0)
        assert vectors[-1] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_two_corpora_with_one_name_have_two_people(corpus, weights, tmp_path):
    """The same names in both; in the second corpus they belong to other voices."""
    clips = [clip for clip in read_manifest(corpus) if clip.split == "train"]
    names = sorted({clip.speaker for clip in clips})
    next_name = dict(zip(names, [*names[1:], names[0]], strict=True))
    (tmp_path / "audio").symlink_to(corpus / "audio")
    write_manifest(tmp_path, [replace(clip, speaker=next_name[clip.speaker]) for clip in clips])
    corpora = [tts.read_speech(folder, number) for number, folder in enumerate((corpus, tmp_path))]
    bank = tts.voice_vectors(checkpoint.load(tts.VoiceNetwork, "voice-network", weights), corpora)
    assert len(bank) == 2 * len(names)
    for name in names:
        assert np.array_equal(bank[f"0/{name}"], bank[f"1/{next_name[name]}"])
        assert not np.array_equal(bank[f"0/{name}"][-1], bank[f"1/{name}"][-1])
    batch = utterances(corpora, tts.choose_vector(bank, {}), 4, 64, shares=[1.0, 1.0])(0)  # everybody in the corpora is in the bank
    assert batch["face"].norm(dim=1) == pytest.approx(1, abs=1e-3)


def test_faces_and_voices_are_chosen_in_turn():
    bank, faces = {"a": np.zeros((3, 512)), "b": np.zeros((3, 512))}, {"a": np.ones((2, 512))}
    choose = tts.choose_vector(bank, faces)
    random = np.random.default_rng(0)
    assert np.mean([choose("a", random)[0] for _ in range(400)]) == pytest.approx(tts.FACE_SHARE, abs=0.08)
    assert not choose("b", random).any()


def test_the_typical_voice_is_most_like_all_others():
    angles = {"left": -1.0, "middle": 0.1, "right": 1.0}
    bank = {name: np.array([[np.cos(angle), np.sin(angle)]]) for name, angle in angles.items()}
    teachers = type("Corpus", (), {"clips": [type("Clip", (), {"speaker": name}) for name in angles]})
    assert tts.typical_vector(bank, teachers) == pytest.approx(bank["middle"][0])


def test_it_needs_the_voice_network(order):
    (order.checkpoints / "voice-network.json").unlink()
    with pytest.raises(MissingCheckpoint, match=r"voice-network\.json is missing; restore it"):
        tts.run(order)


def test_speech_without_labels_can_stand_alone(order, corpus, tmp_path):
    """Emotions are then what they were at the start, but for weight decay: only the null token learns."""
    (tmp_path / "audio").symlink_to(corpus / "audio")
    write_manifest(tmp_path, [replace(clip, emotion=None, intensity=None) for clip in read_manifest(corpus)])
    start = tts.build(order).emotion.weight.detach()
    moved = (tts.run(replace(order, corpora=(tmp_path,), steps=2)).emotion.weight - start).norm(dim=1) / start.norm(dim=1)
    assert moved[:-1].max() < 1e-4 < moved[-1]


# ---- names, and what was never heard --------------------------------------------------------------------------------------


def only(corpus, folder, emotions):
    """The corpus without clips of other emotions; those that nobody labelled stay."""
    folder.mkdir()
    (folder / "audio").symlink_to(corpus / "audio")
    write_manifest(folder, [clip for clip in read_manifest(corpus) if clip.emotion in emotions])
    return folder


def test_weights_are_saved_under_their_name_and_know_what_they_never_heard(order, corpus, tmp_path):
    heard = ("neutral", "sad", "angry")
    few = only(corpus, tmp_path / "few", heard)
    model = tts.run(replace(order, corpora=(few,), steps=1, name="tts-pl"))
    assert not (order.checkpoints / "tts.json").exists()
    loaded = checkpoint.load(FEIMTTS, "tts-pl", order.checkpoints)
    assert loaded.config == model.config  # a tuple again, not JSON's list
    assert loaded.config.unlearnt == tuple(label for label in EMOTIONS if label not in heard)
    card = checkpoint.read_card("tts-pl", order.checkpoints)
    assert card["config"]["unlearnt"] == list(loaded.config.unlearnt)
    assert "--name tts-pl" in card["command"]


def test_initial_weights_remember_emotions_unless_they_are_forgotten(order, corpus, tmp_path):
    sad, angry = (only(corpus, tmp_path / label, ("neutral", label)) for label in ("sad", "angry"))
    first = tts.run(replace(order, corpora=(sad,), steps=1))
    assert {"sad", "neutral"}.isdisjoint(first.config.unlearnt)
    again = replace(order, corpora=(angry,), steps=1, initial="tts", name="second")
    assert tts.run(replace(again, out=tmp_path / "2")).config.unlearnt == ("happy", "fearful", "disgusted", "surprised")
    forgotten = tts.run(replace(again, out=tmp_path / "3", forget_emotions=True))
    assert forgotten.config.unlearnt == ("happy", "sad", "fearful", "disgusted", "surprised")


def test_the_polish_voice_has_a_size_of_its_own(order):
    sizes = {name: asdict(tts.build(replace(order, miniature=False, name=name)).config) for name in (None, "tts-pl", "other")}
    assert sizes[None] == sizes["other"] == asdict(FEIMTTS.Config())
    assert {key: value for key, value in sizes["tts-pl"].items() if value != sizes[None][key]} == tts.SIZES["tts-pl"]
    assert tts.build(replace(order, miniature=True, name="tts-pl")).config.channels == tts.MINIATURE["channels"]


@pytest.mark.parametrize("name", ["vocoder", "face-network", "emotion-recogniser", "a/b", "../tts", ""])
def test_names_that_weights_cannot_have(order, name):
    """Said before the training, not when its weights are to be saved."""
    with pytest.raises(ValueError, match=f"--name {name} cannot be what weights of FEIM-TTS are called; use a plain name"):
        tts.run(replace(order, name=name))
    assert not order.out.exists()
