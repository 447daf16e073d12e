"""Is an enlarged face nearer to the true one than bicubic enlargement is: in its pixels, and to networks that know faces?"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from feim.data.corpora.london import PUPILS, Person
from feim.data.degradation import degrade
from feim.data.face_pairs import CROP, face_crop, in_crop, reduce
from feim.models.embeddings import FaceNetwork, crop_to_tensor
from feim.models.super_resolution import SCALE
from feim.nn.perceptual import Perceptual
from feim.signal.face import align
from feim.signal.landmarks import NOSE, UPPER_LIP

MIDDLE = slice(CROP // 4, 3 * CROP // 4)  # rows and columns of a crop: eyes, nose and mouth
Enlargement = Callable[[Tensor], Tensor]  # (B, 3, H, W) in [0, 1] → (B, 3, 4H, 4W)


def bicubic(small: Tensor) -> Tensor:
    """What has to be beaten: Keys' cubic, as in Pillow and MATLAB (torch uses it only where it is asked to antialias)."""
    return F.interpolate(small, scale_factor=float(SCALE), mode="bicubic", antialias=True).clamp(0, 1)


def psnr(found: Tensor, true: Tensor) -> float:
    """Peak signal-to-noise ratio over all pixels and colours, dB; both in [0, 1]."""
    return float(-10 * (found - true).square().mean().clamp_min(1e-10).log10())


@torch.inference_mode()
def measure_enlargement(
    ways: dict[str, Enlargement],
    people: Sequence[Person],
    look: Perceptual,
    faces: FaceNetwork,
    seeds: Sequence[int] = (0,),
    degraded: bool = True,
) -> dict[str, dict[str, float]]:
    """Whole faces, 128² → 512²: neutral and smiling, each once for every seed.

    Args:
        ways: to enlarge, by name.
        look: for the distance of activations over the middle of the face.
        faces: for one minus the cosine of what it makes of both aligned faces.
        seeds: of the degradation. degraded: by feim.data.degradation; if not, the faces are only made small, and seeds do not matter.

    Returns: for each way, "PSNR" (dB), "activations" and "face" (distances), means over everything.
    """
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for number, person in enumerate(people):
        for expression in person.images:
            true = face_crop(person, expression)
            for seed in seeds:
                random = np.random.default_rng((seed, number, expression == "smiling"))
                small = degrade(true, random) if degraded else reduce(true)
                for name, enlarged in ways.items():
                    made = enlarged(small[None])[0].clamp(0, 1)
                    distance = look(*(2 * picture[None, :, MIDDLE, MIDDLE] - 1 for picture in (made, true)))
                    vectors = faces(torch.stack([_aligned(picture, person) for picture in (made, true)]))  # (2, 512)
                    found[name].append((psnr(made, true), float(distance), float(1 - vectors[0] @ vectors[1])))
    names = ("PSNR", "activations", "face")
    return {name: dict(zip(names, np.mean(rows, axis=0).round(4).tolist(), strict=True)) for name, rows in found.items()}


def _aligned(crop: Tensor, person: Person) -> Tensor:
    """(3, 512, 512) from `face_crop` → (3, 224, 224), where the face network wants eyes and mouth."""
    points = in_crop(person)
    five = np.stack([*points[list(PUPILS)], points[list(NOSE)].mean(axis=0), points[UPPER_LIP[0]], points[UPPER_LIP[-1]]])
    pixels = (crop * 255).round().byte().permute(1, 2, 0).numpy()
    return crop_to_tensor(align(pixels, five))
