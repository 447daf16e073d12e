"""The perceptual distance: zero for equals, larger for what looks more different, through whichever network is there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from facenet_pytorch.models.mtcnn import ONet
from PIL import Image, ImageFilter
from torch.nn import functional as F
from torchvision.models.vgg import cfgs, make_layers

from feim.nn.perceptual import VGG_FILE, VGG_LAYERS, Perceptual, perceptual, through_onet, through_vgg

PORTRAIT = Path(__file__).parents[2] / "assets" / "faces" / "average-woman-20s.jpg"


@pytest.fixture(scope="module")
def onet() -> Perceptual:
    return through_onet()


def picture(blur: float = 0.0) -> torch.Tensor:
    image = Image.open(PORTRAIT).resize((128, 128)).filter(ImageFilter.GaussianBlur(blur))
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 127.5 - 1


def test_equal_pictures_are_not_apart(onet):
    assert float(onet(picture(), picture())) == 0


def test_more_blur_is_further_away(onet):
    distances = [float(onet(picture(blur), picture())) for blur in (0.5, 1, 2, 4)]
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_blur_counts_where_pixels_hardly_differ(onet):
    """A brighter picture of the same pixel distance looks more alike than a blurred one."""
    real, blurred = picture(), picture(3)
    brighter = real + (blurred - real).square().mean().sqrt()
    assert float(onet(brighter, real)) < 0.5 * float(onet(blurred, real))


def test_it_leads_the_made_picture_and_learns_nothing_itself(onet):
    made = picture(3).requires_grad_()
    before = onet(made, picture())
    before.backward()
    with torch.no_grad():
        closer = made - 0.05 * made.grad / made.grad.abs().max()
        assert float(onet(closer, picture())) < float(before)
    assert not any(weight.requires_grad for weight in onet.parameters())
    assert not onet.train().training


def test_the_layers_are_those_of_onet(onet):
    net = ONet().eval()
    x = picture()
    h = net.prelu1(net.conv1(x))
    first, *_, last = onet.activations(x)
    assert torch.allclose(first, h, atol=1e-5)
    h = net.prelu2(net.conv2(net.pool1(h)))
    h = net.prelu3(net.conv3(net.pool2(h)))
    assert torch.allclose(last, net.prelu4(net.conv4(net.pool3(h))), atol=1e-4)


def test_without_published_weights_it_says_whose_features_it_takes(tmp_path):
    assert perceptual(tmp_path).source == "MTCNN's O-Net"


def test_published_weights_are_used_where_they_lie(tmp_path):
    torch.manual_seed(0)
    features = make_layers(cfgs["E"])
    torch.save({f"features.{name}": value for name, value in features.state_dict().items()}, tmp_path / VGG_FILE)
    judge = perceptual(tmp_path)
    assert judge.source == "VGG19"
    x = picture()[:, :, :32, :32]
    h, expected = (
        ((x + 1) / 2 - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[:, None, None],
        [],
    )
    with torch.no_grad():
        for number, layer in enumerate(features):
            h = layer(h.clone())  # its ReLUs overwrite what they get
            if number in VGG_LAYERS:
                expected.append(h)
        for found, there in zip(judge.activations(x), expected, strict=True):
            assert torch.allclose(found, there, atol=1e-5)
        distance = judge(x.flip(3), x)
        mirrored = [F.mse_loss(a, b) for a, b in zip(judge.activations(x.flip(3)), judge.activations(x), strict=True)]
    assert float(distance) == pytest.approx(float(sum(mirrored)), rel=1e-5)


def test_vgg_takes_no_other_weights():
    with pytest.raises(RuntimeError, match="Missing key"):
        through_vgg({})
