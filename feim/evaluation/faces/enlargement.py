"""What super-resolution is worth on people that it never saw, beside bicubic, and how fast it is."""

import time
from functools import partial

import numpy as np
import torch

from feim.evaluation.faces.material import Material
from feim.evaluation.report import Row
from feim.models.embeddings import FaceNetwork
from feim.models.super_resolution import CompactNetwork, enlarge
from feim.nn.perceptual import perceptual
from feim.training.super_resolution_measures import bicubic, measure_enlargement

FASTEST, GAINED = 25.0, 1.0  # frames a second; dB of PSNR above bicubic
SEEDS = (0, 1, 2)
FRAMES, TURNS = 16, 8


def enlargement(network: CompactNetwork, faces: FaceNetwork, material: Material) -> list[Row]:
    """128² → 512²: `network` as it is asked in the product. Quality on degraded portraits; speed on frames of noise."""
    people = [sitter.person for sitter in material.sitters]
    ways = {"bicubic": bicubic, "ours": network}
    found = measure_enlargement(ways, people, perceptual(), faces, SEEDS)
    gained = found["ours"]["PSNR"] - found["bicubic"]["PSNR"]
    levels = f"{found['ours']['PSNR']:.2f} and {found['bicubic']['PSNR']:.2f} dB"
    note = f"{len(people)} people, two portraits each, {len(SEEDS)} degradations; {levels}"
    rows = [
        Row(
            "super-resolution ×4, frames a second, 128² → 512²",
            _pace(network),
            FASTEST,
            digits=1,
            note=f"{torch.get_num_threads()} threads",
        ),
        Row("super-resolution, PSNR above bicubic, dB", gained, GAINED, note=note),
    ]
    for name, what in (("face", "face network's distance"), ("activations", "distance of activations")):
        ours, base = found["ours"][name], found["bicubic"][name]
        rows.append(
            Row(f"super-resolution, {what}, less bicubic's", ours - base, 0.0, at_most=True, digits=3, note=f"{ours:.3f} and {base:.3f}")
        )
    return rows


def _pace(network: CompactNetwork) -> float:
    frames = np.random.default_rng(0).integers(0, 256, (FRAMES, 128, 128, 3)).astype(np.uint8)
    return FRAMES / min(_seconds(partial(enlarge, network, frames)) for _ in range(TURNS))


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
