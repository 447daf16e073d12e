"""How different two pictures look to a network that knows pictures (Johnson et al. 2016): the distance of its activations.

The published choice is VGG19 after layers 4, 9, 18, 27 and 36. Its weights (548 MiB) come with no package and are never downloaded here:
where torchvision's file lies in torch's cache it is used, and otherwise the four convolutions of MTCNN's O-Net, whose weights come
inside facenet-pytorch and which our own face network looks through.
"""

from itertools import pairwise
from pathlib import Path

import torch
from facenet_pytorch.models.mtcnn import ONet
from torch import Tensor, nn
from torch.nn import functional as F

VGG_LAYERS = (4, 9, 18, 27, 36)
VGG_FILE = "vgg19-dcbb9e9d.pth"  # as torchvision names it


class Perceptual(nn.Module):
    """Squared distance of the activations of all `layers`; its weights never learn."""

    def __init__(self, source: str, layers: nn.ModuleList, mean: Tensor, deviation: Tensor, relative: bool):
        """source: whose activations, for model cards. layers: one after the other, each compared after it.

        mean, deviation: (3,) of the pixels in [0, 1] that the network knows. relative: divide each layer's distance by the mean square
        of the real picture's activations, for networks whose layers are of very different scale.
        """
        super().__init__()
        self.source, self.relative = source, relative
        self.layers = layers.requires_grad_(False).eval().to(memory_format=torch.channels_last)  # quicker on CPUs
        self.register_buffer("mean", mean[:, None, None], persistent=False)
        self.register_buffer("deviation", deviation[:, None, None], persistent=False)

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """(N, 3, H, W) twice, in [−1, 1] → (), the sum of the layers' mean squared distances."""
        with torch.no_grad():
            targets = self.activations(real)
        distance = torch.zeros((), device=made.device)
        for found, target in zip(self.activations(made), targets, strict=True):
            error = F.mse_loss(found.float(), target.float())
            distance = distance + (error / target.float().square().mean().clamp_min(1e-6) if self.relative else error)
        return distance

    def activations(self, pictures: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [−1, 1] → what each layer makes of them."""
        h, found = ((pictures + 1) / 2 - self.mean) / self.deviation, []
        for layer in self.layers:
            h = layer(h)
            found.append(h)
        return found

    def train(self, mode: bool = True) -> "Perceptual":
        """Nothing to train."""
        return super().train(False)


def perceptual(folder: str | Path | None = None) -> Perceptual:
    """VGG19 where its weights lie in `folder` (None: torch's cache), else O-Net; `source` says which."""
    file = Path(folder or Path(torch.hub.get_dir()) / "checkpoints") / VGG_FILE
    return through_vgg(torch.load(file, map_location="cpu", weights_only=True)) if file.is_file() else through_onet()


def through_vgg(weights: dict[str, Tensor]) -> Perceptual:
    """VGG19 (Simonyan & Zisserman 2015) with torchvision's weights, as the paper uses it."""
    from torchvision.models.vgg import cfgs, make_layers  # slow to import, seldom there

    features = make_layers(cfgs["E"])
    features.load_state_dict({name.removeprefix("features."): value for name, value in weights.items() if name.startswith("features.")})
    for module in features:
        if isinstance(module, nn.ReLU):
            module.inplace = False  # or it would overwrite what is compared
    ends = [0, *(layer + 1 for layer in VGG_LAYERS)]
    layers = nn.ModuleList(features[start:end] for start, end in pairwise(ends))
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return Perceptual("VGG19", layers, mean, deviation, relative=False)


def through_onet() -> Perceptual:
    """MTCNN's O-Net (Zhang et al. 2016), its four convolutions."""
    net = ONet()
    layers = [(net.conv1, net.prelu1), (net.pool1, net.conv2, net.prelu2), (net.pool2, net.conv3, net.prelu3)]
    layers += [(net.pool3, net.conv4, net.prelu4)]
    middle = torch.full((3,), 0.5)
    return Perceptual("MTCNN's O-Net", nn.ModuleList(nn.Sequential(*layer) for layer in layers), middle, middle, relative=True)
