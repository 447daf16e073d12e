"""Unit vectors, invariances, and a checkpoint without the borrowed trunk."""

from pathlib import Path

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.embeddings import EMBEDDING, FACE_FEATURES, FaceNetwork, VoiceNetwork, crop_to_tensor
from feim.signal.face import find_face, read_image

FACES = Path(__file__).parents[2] / "assets" / "faces"


@pytest.fixture(scope="module")
def face_network() -> FaceNetwork:
    torch.manual_seed(0)
    return FaceNetwork(FaceNetwork.Config(hidden=16)).eval()


@pytest.fixture(scope="module")
def voice_network() -> VoiceNetwork:
    torch.manual_seed(0)
    return VoiceNetwork(VoiceNetwork.Config(width=16, dilations=(1, 2))).eval()


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    pictures = [find_face(read_image(FACES / name)).crop for name in ("average-woman-20s.jpg", "average-man-20s.jpg")]
    return crop_to_tensor(np.stack(pictures))


@pytest.fixture
def mel() -> torch.Tensor:
    return torch.randn(3, 128, 50, generator=torch.Generator().manual_seed(1)) - 4


def test_crops_become_channels_between_0_and_1():
    crop = np.zeros((224, 224, 3), np.uint8)
    crop[5, 7] = 255, 51, 0
    pixels = crop_to_tensor(crop)
    assert pixels.shape == (3, 224, 224)
    assert pixels.dtype == torch.float32
    assert pixels[:, 5, 7].tolist() == pytest.approx([1, 0.2, 0])
    assert float(pixels.sum()) == pytest.approx(1.2)
    assert torch.equal(crop_to_tensor(np.stack([crop, crop]))[1], pixels)


def test_faces_become_unit_vectors(face_network, crops):
    vectors = face_network(crops)
    assert vectors.shape == (2, EMBEDDING)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(2), atol=1e-5)
    assert face_network.describe(crops).shape == (2, FACE_FEATURES)


def test_a_mirrored_face_is_the_same_face(face_network, crops):
    assert torch.allclose(face_network(crops.flip(3)), face_network(crops), atol=1e-4)


def test_only_what_was_trained_is_saved(face_network, crops, tmp_path):
    assert {name.split(".")[0] for name in face_network.state_dict()} == {"mean", "deviation", "head"}
    checkpoint.save(face_network, "face", {}, tmp_path)
    loaded = checkpoint.load(FaceNetwork, "face", tmp_path)
    assert torch.allclose(loaded(crops), face_network(crops), atol=2e-3)


def test_the_trunk_does_not_learn(face_network, crops):
    face_network(crops).sum().backward()
    assert all(parameter.grad is not None for parameter in face_network.parameters())
    assert sum(p.numel() for p in face_network.trunk.parameters()) == 0


def test_standardised_features_have_unit_scale(crops):
    network = FaceNetwork(FaceNetwork.Config(hidden=4))
    features = torch.randn(200, FACE_FEATURES) * 3 + 5
    network.standardise(features)
    standard = (features - network.mean) / network.deviation
    assert abs(float(standard.mean())) < 1e-3
    assert abs(float(standard.std()) - 1) < 1e-2


def test_voices_become_unit_vectors(voice_network, mel):
    vectors = voice_network(mel)
    assert vectors.shape == (3, EMBEDDING)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)


def test_what_follows_a_clip_does_not_change_its_vector(voice_network, mel):
    lengths = torch.tensor([50, 31, 18])
    together = voice_network(mel, lengths)
    for row, length in enumerate(lengths):
        assert torch.allclose(together[row], voice_network(mel[row : row + 1, :, :length])[0], atol=1e-5)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_loudness_does_not_change_a_voice(voice_network, mel, factor):
    louder = mel + torch.tensor(factor).log()
    assert torch.allclose(voice_network(louder), voice_network(mel), atol=1e-4)


def test_features_of_every_layer_pass_gradients_to_the_mel(voice_network, mel):
    mel = mel.requires_grad_()
    layers = voice_network.features(mel)
    assert [layer.shape for layer in layers] == [(3, 16, 25)] * 3
    sum(layer.abs().mean() for layer in layers).backward()
    assert mel.grad.abs().sum() > 0


def test_silence_has_a_finite_vector(voice_network):
    assert torch.isfinite(voice_network(torch.full((1, 128, 10), -11.5129))).all()


def test_both_networks_are_small():
    networks = FaceNetwork(FaceNetwork.Config()), VoiceNetwork(VoiceNetwork.Config())
    assert sum(checkpoint.parameters(network) for network in networks) < 1_200_000
