"""Face Research Lab London Set (DeBruine & Jones 2017, figshare 5047666; CC BY 4.0): portraits with 189 exact landmarks.

Layout: metadata.csv with the columns image, identity, expression, age, gender, ethnicity; landmarks189.json with
{identity: [[x, y] …]} in pixels of the *neutral* image; images/. `python -m feim.data.corpora.london LONDON OUT` writes
the demo's example portraits: nobody's face, but averages of at least eight people.
"""

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import grid_sample, interpolate

from feim.signal.face import read_image, similarity

LICENCE = "CC BY 4.0"
PUPILS = (0, 1)  # landmarks: the pupil on the picture's left, the other pupil
# 7 of the 36 women and 9 of the 46 men, over all ages and ethnicities: nothing is ever trained on them.
TEST_PEOPLE = ("003", "012", "013", "026", "030", "041", "063", "064", "082", "099", "105", "113", "119", "127", "132", "142")
FEWEST_PEOPLE = 8  # that an average may show
PORTRAIT = 512  # pixels
PUPILS_AT = ((205.0, 226.0), (307.0, 226.0))  # in a portrait


@dataclass(frozen=True)
class Person:
    """One of the people, as they described themselves.

    Attributes:
        identity: "001" …; gender: "female" or "male"; age: years, None if not told; ethnicity: "white", "west_asian" …
        images: {"neutral": path, "smiling": path}.
        landmarks: (189, 2) pixels of the neutral image.
    """

    identity: str
    gender: str
    age: float | None
    ethnicity: str
    images: dict[str, Path]
    landmarks: np.ndarray

    @property
    def split(self) -> str:
        """ "test" for the 16 held-out people, else "train"."""
        return "test" if self.identity in TEST_PEOPLE else "train"


def read_london(folder: str | Path) -> list[Person]:
    """Everybody, in the metadata's order. Raises FileNotFoundError, with where to get the set."""
    folder = Path(folder)
    for name in ("metadata.csv", "landmarks189.json"):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder} has no {name}; the London Set can be downloaded from figshare, item 5047666")
    landmarks = json.loads((folder / "landmarks189.json").read_text())
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    images: dict[str, dict[str, Path]] = {}
    for row in rows:
        images.setdefault(row["identity"], {})[row["expression"]] = folder / row["image"]
    return [
        Person(
            identity=row["identity"],
            gender=row["gender"],
            age=float(row["age"]) if row["age"].replace(".", "").isdigit() else None,
            ethnicity=row["ethnicity"],
            images=images[row["identity"]],
            landmarks=np.array(landmarks[row["identity"]]),
        )
        for row in rows
        if row["expression"] == "neutral"
    ]


def average_portrait(people: Sequence[Person]) -> np.ndarray:
    """The average of several people's neutral portraits: every face is warped to the group's mean shape, then colours are averaged.

    Args:
        people: at least eight, so that nobody can be recognised.

    Returns: (512, 512, 3) uint8, the pupils at PUPILS_AT. Raises: ValueError for fewer people.
    """
    if len(people) < FEWEST_PEOPLE:
        raise ValueError(f"an average of {len(people)} people could show somebody's face; use at least {FEWEST_PEOPLE}")
    shape = np.mean([_at_pupils(person.landmarks) for person in people], axis=0)  # (189, 2)
    total = sum(warp(read_image(person.images["neutral"]), person.landmarks, shape) for person in people)
    return (total / len(people)).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def _at_pupils(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks (N, 2) in an image → in a portrait, by the similarity that brings the pupils to PUPILS_AT."""
    transform = similarity(landmarks[list(PUPILS)], np.array(PUPILS_AT))
    return landmarks @ transform[:, :2].T + transform[:, 2]


def warp(image: np.ndarray, landmarks: np.ndarray, shape: np.ndarray, size: int = PORTRAIT) -> torch.Tensor:
    """Move an image's landmarks to another shape by the thin-plate spline through them.

    Args:
        image: (H, W, 3) uint8.
        landmarks: (N, 2) in its pixels.
        shape: (N, 2), where they come to, in pixels of the result.

    Returns: (3, size, size) float32, 0 to 255; the image's edge is repeated outside it.
    """
    # Where in the image does each pixel of the result come from? The spline on every fourth pixel, linear between.
    ticks = torch.linspace(0, size - 1, size // 4 + 1, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), dim=-1)  # (G, G, 2) x, y
    origin = thin_plate_spline(torch.from_numpy(shape), torch.from_numpy(landmarks), grid.reshape(-1, 2)).reshape(grid.shape)
    origin = interpolate(origin.permute(2, 0, 1)[None].float(), size, mode="bilinear", align_corners=True)  # (1, 2, size, size)
    height, width = image.shape[:2]
    origin = 2 * origin.permute(0, 2, 3, 1) / torch.tensor([width - 1, height - 1]) - 1  # grid_sample's [−1, 1]
    pixels = torch.tensor(image).permute(2, 0, 1)[None].float()  # (1, 3, H, W)
    return grid_sample(pixels, origin, mode="bicubic", padding_mode="border", align_corners=True)[0]


def thin_plate_spline(source: torch.Tensor, target: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """The smoothest map that takes every source to its target (to a small part of a pixel; Bookstein 1989), applied to points.

    Args: source (N, 2), target (N, 2), points (P, 2), float64.
    Returns: (P, 2).
    """

    def bending(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        squared = torch.cdist(a, b).square()
        return torch.xlogy(squared, squared)  # U(r) = r² log r²

    def affine(a: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.ones_like(a[:, :1]), a], dim=1)  # (…, 3)

    # [[K + I, P], [Pᵀ, 0]] · weights = [target, 0]; the small smoothing I keeps coincident landmarks solvable
    top = torch.cat([bending(source, source) + torch.eye(len(source), dtype=source.dtype), affine(source)], dim=1)
    bottom = torch.cat([affine(source).T, source.new_zeros(3, 3)], dim=1)
    weights = torch.linalg.solve(torch.cat([top, bottom]), torch.cat([target, target.new_zeros(3, 2)]))
    return torch.cat([bending(points, source), affine(points)], dim=1) @ weights


def _is(person: Person, gender: str, ages: tuple[int, int] | None, ethnicities: tuple[str, ...]) -> bool:
    fits = ages is None or (person.age is not None and ages[0] <= person.age <= ages[1])
    return person.gender == gender and fits and any(part in ethnicities for part in person.ethnicity.split("/"))


EVERYBODY = ("white", "black", "west_asian", "east_asian")
EXAMPLES = {  # file name → gender, ages (None: any), ethnicities
    "average-woman-20s": ("female", (18, 29), EVERYBODY),
    "average-woman-30s-and-over": ("female", (30, 99), EVERYBODY),
    "average-woman-asian": ("female", None, ("west_asian", "east_asian")),
    "average-woman-black-and-asian": ("female", None, ("black", "west_asian", "east_asian")),
    "average-man-20s": ("male", (18, 29), EVERYBODY),
    "average-man-30s-and-over": ("male", (30, 99), EVERYBODY),
    "average-man-asian": ("male", None, ("west_asian", "east_asian")),
    "average-man-black": ("male", None, ("black",)),
}


def write_example_portraits(folder: str | Path, out: str | Path) -> dict[str, int]:
    """Write the demo's example portraits as JPEG. Returns: how many people each shows."""
    people = read_london(folder)
    groups = {name: [person for person in people if _is(person, *wanted)] for name, wanted in EXAMPLES.items()}
    for name, group in groups.items():
        Image.fromarray(average_portrait(group)).save(Path(out) / f"{name}.jpg", quality=90, optimize=True)
    return {name: len(group) for name, group in groups.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the demo's example portraits: averages of at least eight people.")
    parser.add_argument("london", help="folder of the London Set")
    parser.add_argument("out", help="folder for the portraits, such as assets/faces")
    arguments = parser.parse_args()
    for name, count in write_example_portraits(arguments.london, arguments.out).items():
        print(f"{name}: {count} people")
