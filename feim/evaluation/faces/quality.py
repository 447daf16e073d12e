"""How good the pictures of a film are: nearness to real ones as sets (FID) and one by one (PSNR, SSIM), sharpness, and bits a second.

Pure functions on films (F, H, W, 3) uint8. The Fréchet distance depends on whose features it compares: those of our face network's
trunk always work; those of Inception-v3, as published, only where its weights lie on this machine.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.models.embeddings import CELLS, VIEWS, FaceNetwork
from feim.signal.face import CROP, align, find_face
from feim.signal.ffmpeg import duration
from feim.training.super_resolution_measures import psnr as decibels

AT_ONCE = 16  # frames
LUMA = (0.299, 0.587, 0.114)  # of BT.601: how bright red, green and blue look
WINDOW, SIGMA = 11, 1.5  # pixels of SSIM's Gaussian
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
INCEPTION_FILE = "inception_v3_google-0cc3c7bd.pth"  # as torchvision names it
INCEPTION_SIDE = 299


def frechet_distance(made: np.ndarray, real: np.ndarray, shrink: bool = False) -> float:
    """Between the Gaussians of two sets of features, (N, C) and (M, C) (Heusel et al. 2017, eq. 6): 0 for equal ones.

    With few samples it comes out too large, the more so the fewer they are (Chong & Forsyth 2020): compare figures of equally many.

    Args: shrink: covariances are drawn towards a multiple of the identity by as much as Ledoit & Wolf 2004 find best, which is much where
        there are fewer samples than features, and nothing where there are very many.
    Raises: ValueError with fewer than two samples.
    """
    (mean, covariance), (other_mean, other) = (_gaussian(np.asarray(features, np.float64), shrink) for features in (made, real))
    # Tr √(Σ₁ Σ₂) = Σ √λ, λ the eigenvalues of √Σ₁ Σ₂ √Σ₁, which is symmetric
    root = _root(covariance)
    eigenvalues = np.linalg.eigvalsh(root @ other @ root).clip(0)
    # d² = ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2 √(Σ₁ Σ₂))
    squared = np.square(mean - other_mean).sum() + np.trace(covariance) + np.trace(other) - 2 * np.sqrt(eigenvalues).sum()
    return float(max(squared, 0.0))


def _gaussian(features: np.ndarray, shrink: bool) -> tuple[np.ndarray, np.ndarray]:
    if len(features) < 2:
        raise ValueError(f"{len(features)} samples have no covariance; give two or more, better thousands")
    covariance = np.cov(features, rowvar=False).reshape(features.shape[1], -1)
    return features.mean(0), _shrunk(features, covariance) if shrink else covariance


def _shrunk(features: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Ledoit & Wolf 2004, section 3.2."""
    count, width = features.shape
    target = np.trace(covariance) / width * np.eye(width)
    apart = np.square(covariance - target).sum()  # d²
    centred = features - features.mean(0)
    # b² = Σ ‖x xᵀ − S‖² / n² = (Σ |x|⁴ − n ‖S‖²) / n², S with 1 / n
    scatter = np.square(covariance * (count - 1) / count).sum()
    spread = (np.square(np.square(centred).sum(1)).sum() - count * scatter) / count**2
    share = min(1.0, spread / apart) if apart > 0 else 0.0
    return share * target + (1 - share) * covariance


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


def face_crops(frames: np.ndarray) -> np.ndarray:
    """(F, H, W, 3) → (F, 224, 224, 3): every frame aligned by the face found in the first, so that the head's own motion stays.

    Raises: FaceNotFound.
    """
    points = find_face(frames[0]).points
    return np.stack([align(frame, points) for frame in frames])


@torch.inference_mode()
def face_features(network: FaceNetwork, crops: np.ndarray) -> np.ndarray:
    """Aligned faces (F, S, S, 3) of any size → (F, 384) float64: what the face network's trunk sees in them, averaged over each view."""
    found = []
    for pictures in _batches(crops, network.mean.device):
        pictures = _resized(pictures, CROP) / 255
        found.append(network.describe(pictures).unflatten(1, (len(VIEWS), -1, CELLS**2)).mean(-1).flatten(1))
    return torch.cat(found).double().cpu().numpy()


def inception(folder: str | Path | None = None) -> nn.Module | None:
    """Inception-v3 up to its last pooling, with torchvision's weights from `folder` (None: torch's cache); None where they are not.

    They are never downloaded here. Published FIDs use the weights of its first TensorFlow release, which give somewhat other figures.
    """
    file = Path(folder or Path(torch.hub.get_dir()) / "checkpoints") / INCEPTION_FILE
    if not file.is_file():
        return None
    from torchvision.models import inception_v3  # slow to import, seldom there

    network = inception_v3(weights=None, init_weights=False, transform_input=True)
    network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    network.fc = nn.Identity()
    return network.requires_grad_(False).eval()


@torch.inference_mode()
def inception_features(network: nn.Module, frames: np.ndarray) -> np.ndarray:
    """(F, H, W, 3) → (F, 2048) float64, of `inception`'s network."""
    device = next(network.parameters()).device
    mean, deviation = (torch.tensor(values, device=device)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    found = [network((_resized(pictures, INCEPTION_SIDE) / 255 - mean) / deviation) for pictures in _batches(frames, device)]
    return torch.cat(found).double().cpu().numpy()


def sharpness(frames: np.ndarray) -> float:
    """Variance of the brightness's Laplacian (Pech-Pacheco et al. 2000), levels of 255 squared, mean over the frames.

    It falls with a picture's size and rises with its noise: compare films of one size.
    """
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]], dtype=torch.float64)[None, None]
    each = [F.conv2d(brightness, kernel).var(dim=(1, 2, 3), correction=0) for brightness in map(_luma, _batches(frames))]
    return float(torch.cat(each).mean())


def psnr(made: np.ndarray, real: np.ndarray) -> float:
    """Peak signal-to-noise ratio, dB, mean over the frames; 100 where they are equal. Raises: ValueError unless both are of one shape."""
    _check_alike(made, real)
    return float(np.mean([decibels(torch.tensor(one) / 255, torch.tensor(other) / 255) for one, other in zip(made, real, strict=True)]))


def ssim(made: np.ndarray, real: np.ndarray) -> float:
    """Structural similarity of the brightness (Wang et al. 2004), −1 to 1, mean over the pixels that have a whole window, and the frames.

    Raises: ValueError unless both are of one shape, and sides of 11 pixels or more.
    """
    _check_alike(made, real)
    if min(made.shape[1:3]) < WINDOW:
        raise ValueError(f"frames of {made.shape[2]}×{made.shape[1]} are too small; use {WINDOW}×{WINDOW} or more")
    pairs = zip(map(_luma, _batches(made)), map(_luma, _batches(real)), strict=True)
    return float(torch.cat([_similarity(one, other) for one, other in pairs]).mean())


def _similarity(x: Tensor, y: Tensor) -> Tensor:
    """(B, 1, H, W), twice → (B,)."""
    bell = torch.exp(-0.5 * ((torch.arange(WINDOW, dtype=x.dtype) - WINDOW // 2) / SIGMA).square())
    bell = bell / bell.sum()

    def blurred(values: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(values, bell[None, None, None]), bell[None, None, :, None])

    mu_x, mu_y = blurred(x), blurred(y)
    var_x, var_y, cov = blurred(x * x) - mu_x**2, blurred(y * y) - mu_y**2, blurred(x * y) - mu_x * mu_y
    # (2 μₓ μᵧ + C₁)(2 σₓᵧ + C₂) / ((μₓ² + μᵧ² + C₁)(σₓ² + σᵧ² + C₂)), equation 13
    found = (2 * mu_x * mu_y + C1) * (2 * cov + C2) / ((mu_x**2 + mu_y**2 + C1) * (var_x + var_y + C2))
    return found.mean((1, 2, 3))


def bitrate(path: str | Path) -> float:
    """kbit a second of a film's file: pictures, sound and all. Raises: ValueError when the file does not say how long it is."""
    path = Path(path)
    seconds = duration(path)
    if not seconds:
        raise ValueError(f"{path.name} does not say how long it lasts; write it with feim.signal.video.write_video")
    return path.stat().st_size * 8 / 1000 / seconds


def _check_alike(made: np.ndarray, real: np.ndarray) -> None:
    if made.shape != real.shape:
        raise ValueError(f"films of {made.shape} and {real.shape} cannot be compared frame by frame; give both the same frames and size")


def _batches(frames: np.ndarray, device: torch.device | str = "cpu") -> Iterator[Tensor]:
    """(F, H, W, 3) uint8 → (B, 3, H, W) float32 from 0 to 255, a few at a time."""
    for start in range(0, len(frames), AT_ONCE):
        yield torch.tensor(frames[start : start + AT_ONCE], device=device).permute(0, 3, 1, 2).float()


def _resized(pictures: Tensor, side: int) -> Tensor:
    if pictures.shape[2:] == (side, side):
        return pictures
    return F.interpolate(pictures, (side, side), mode="bilinear", antialias=True)


def _luma(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) → (B, 1, H, W) float64."""
    return torch.einsum("bchw,c->bhw", pictures.double(), torch.tensor(LUMA, dtype=torch.float64))[:, None]
