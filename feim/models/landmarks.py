"""The 189 points of a face in any photo: one look at the whole head, then closer looks at eyes, nose and mouth.

MTCNN's five points put the head into a frame (`frame`). A small hourglass (Newell et al. 2016) draws a heat map for every point, from
the frame at half its size; where the map's mass lies is the point (soft-argmax: integral regression, Sun et al. 2018). Windows around
the eyes (the right one mirrored), nose and mouth, cut from the whole frame where the first look saw them, go through a second
hourglass that they share.

    network = checkpoint.load(LandmarkNetwork, "landmarks")
    points = locate(network, image, find_face(image))  # (189, 2) pixels
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from feim.signal.face import Face, FaceNotFound, similarity
from feim.signal.landmarks import BROWS, COUNT, CREASES, IRISES, LOWER_LIDS, MIRROR, MOUTH, NOSE, PHILTRUM, PUPILS, UNDER_EYES, UPPER_LIDS

FRAME = 256  # pixels
# Where MTCNN's five points come to lie: 52 pixels between the eyes, so that hair, ears and neck of all but the largest heads are inside.
FIVE_POINTS = np.array([[102.0, 106.0], [154.0, 106.0], [128.0, 131.0], [107.4, 163.0], [148.6, 163.0]])
GLANCE = FRAME // 2  # pixels of the first look
WINDOW = 64  # pixels of the closer looks
CELLS = 32  # of a heat map's side, in both

_EYE = (PUPILS[0], *IRISES[0], *UPPER_LIDS[0], *LOWER_LIDS[0][1:4], *CREASES[0], *UNDER_EYES[0], *BROWS[0])
_KINDS = {"eye": _EYE, "nose": NOSE, "mouth": (*MOUTH, *PHILTRUM)}
# What is looked at more closely: kind, points, the window's side in pixels of the frame, whether it is mirrored first.
REGIONS = (
    ("eye", _EYE, 60, False),
    ("eye", tuple(MIRROR[point] for point in _EYE), 60, True),
    ("nose", NOSE, 60, False),
    ("mouth", _KINDS["mouth"], 76, False),
)
CONFIDENT = 0.5  # rendered heads turned by up to 29° are above it, those turned by 40° or more below


class LandmarkNetwork(nn.Module):
    """Framed faces → heat maps of the points, and how sure it is that a face is there that can be located."""

    @dataclass(frozen=True)
    class Config:
        widths: tuple[int, ...] = (24, 32, 48, 64, 64)
        closer_widths: tuple[int, ...] = (32, 48, 64)

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.glance = Hourglass(config.widths, finest=1)
        self.maps = nn.Conv2d(config.widths[1], COUNT, 1)
        self.sure = nn.Linear(config.widths[-1], 1)
        self.closer = Hourglass(config.closer_widths, finest=0)
        self.closer_maps = nn.ModuleDict({kind: nn.Conv2d(config.closer_widths[0], len(points), 1) for kind, points in _KINDS.items()})

    def forward(self, frames: Tensor, jitter: float = 0.0) -> dict[str, Tensor]:
        """Look twice.

        Args:
            frames: (B, 3, FRAME, FRAME) in [0, 1].
            jitter: standard deviation, in pixels, of what the closer looks miss their places by: for training.

        Returns: maps (B, 189, CELLS, CELLS), logits of the first look; sure (B,), a logit; for each number of REGIONS its window
            (B, 3): centre and side in pixels of the frame, and its maps (B, N, CELLS, CELLS), logits (of the mirrored window where it is).
        """
        features, deepest = self.glance(2 * F.avg_pool2d(frames, FRAME // GLANCE) - 1)
        maps = self.maps(features).float()
        found = {"maps": maps, "sure": self.sure(deepest.mean((2, 3)))[:, 0].float()}
        coarse = in_frame(centres_of_mass(maps.detach()), _whole(frames))
        windows = [_window(coarse[:, list(points)], side, jitter) for _, points, side, _ in REGIONS]
        patches = [cut(frames, window, mirrored) for window, (*_, mirrored) in zip(windows, REGIONS, strict=True)]
        features, _ = self.closer(2 * torch.cat(patches) - 1)  # (R · B, C, CELLS, CELLS)
        for number, ((kind, *_), window, part) in enumerate(zip(REGIONS, windows, features.chunk(len(REGIONS)), strict=True)):
            found[f"window{number}"] = window
            found[f"maps{number}"] = self.closer_maps[kind](part).float()
        return found


class Hourglass(nn.Module):
    """Halve the picture level by level, then come back up to level `finest`, adding what each level on the way saw."""

    def __init__(self, widths: Sequence[int], finest: int):
        super().__init__()
        self.finest = finest
        self.down = nn.ModuleList()
        for level, width in enumerate(widths):
            halve = _convolution(widths[level - 1] if level else 3, width, stride=2)
            self.down.append(nn.Sequential(halve, _convolution(width, width)) if level else halve)
        pairs = [(widths[level + 1], widths[level]) for level in range(finest, len(widths) - 1)]
        self.narrow = nn.ModuleList(nn.Conv2d(deep, fine, 1) for deep, fine in pairs)
        self.up = nn.ModuleList(_convolution(fine, fine) for _, fine in pairs)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) → features of level `finest` (B, C, S / 2^(finest + 1), …), and of the deepest level."""
        levels = []
        for down in self.down:
            pictures = down(pictures)
            levels.append(pictures)
        h = levels[-1]
        for level in reversed(range(self.finest, len(levels) - 1)):
            narrow, up = self.narrow[level - self.finest], self.up[level - self.finest]
            h = F.interpolate(narrow(h), scale_factor=2, mode="bilinear", align_corners=False) + levels[level]
            h = h + up(h)
        return h, levels[-1]


def _convolution(width_in: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width_in, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())


# Places: pixels (x, y) whose centres are whole numbers. A window is its centre and side; places in it go from −0.5 to 0.5.


def centres_of_mass(maps: Tensor) -> Tensor:
    """Soft-argmax: logits (B, N, CELLS, CELLS) → (B, N, 2), x and y from −0.5 to 0.5 across the map."""
    return _centres(maps.flatten(2).softmax(-1).unflatten(2, maps.shape[2:]))


def _centres(mass: Tensor) -> Tensor:
    places = cell_places(mass.device)
    return torch.stack([mass.sum(2) @ places, mass.sum(3) @ places], dim=-1)


def cell_places(device: torch.device) -> Tensor:
    """(CELLS,): where the middle of each cell lies, from −0.5 to 0.5."""
    return (torch.arange(CELLS, device=device) + 0.5) / CELLS - 0.5


def in_frame(places: Tensor, windows: Tensor) -> Tensor:
    """Places in windows (B, N, 2) → pixels of the frame; windows (B, 3)."""
    return windows[:, None, :2] + places * windows[:, None, 2:]


def in_window(points: Tensor, windows: Tensor) -> Tensor:
    """Pixels of the frame (B, N, 2) → places in windows (B, 3)."""
    return (points - windows[:, None, :2]) / windows[:, None, 2:]


def _whole(examples: Tensor) -> Tensor:
    """The whole frame as a window (B, 3), one for each of B examples."""
    return torch.tensor([(FRAME - 1) / 2, (FRAME - 1) / 2, FRAME], device=examples.device).expand(len(examples), 3)


def _mirrored(places: Tensor, mirrored: bool) -> Tensor:
    return places * torch.tensor([-1.0, 1.0], device=places.device) if mirrored else places


def _window(points: Tensor, side: float, jitter: float) -> Tensor:
    """A window (B, 3) around points (B, N, 2), displaced by `jitter` pixels and resized in the same measure."""
    centre = points.mean(1)
    size = torch.full_like(centre[:, :1], side)
    if jitter:
        centre = centre + jitter * torch.randn_like(centre)
        size = size * torch.exp(jitter / 40 * torch.randn_like(size))
    return torch.cat([centre, size], dim=1)


def cut(frames: Tensor, windows: Tensor, mirrored: bool) -> Tensor:
    """The windows' pixels: (B, 3, FRAME, FRAME), (B, 3) → (B, 3, WINDOW, WINDOW)."""
    places = (torch.arange(WINDOW, device=frames.device) + 0.5) / WINDOW - 0.5
    columns = windows[:, :1] + (-places if mirrored else places) * windows[:, 2:]  # (B, WINDOW)
    rows = windows[:, 1:2] + places * windows[:, 2:]
    grid = torch.stack([columns[:, None].expand(-1, WINDOW, -1), rows[:, :, None].expand(-1, -1, WINDOW)], dim=-1)
    return F.grid_sample(frames, 2 * grid / (FRAME - 1) - 1, padding_mode="border", align_corners=True)


def landmarks_of(found: dict[str, Tensor]) -> Tensor:
    """What the network returned → (B, 189, 2) pixels of the frame: from the closer looks where there are any."""
    points = in_frame(centres_of_mass(found["maps"]), _whole(found["maps"]))
    for number, (_, region, _, mirrored) in enumerate(REGIONS):
        places = _mirrored(centres_of_mass(found[f"maps{number}"]), mirrored)
        points[:, list(region)] = in_frame(places, found[f"window{number}"])
    return points


def landmark_losses(found: dict[str, Tensor], points: Tensor, weights: Tensor, locatable: Tensor) -> dict[str, Tensor]:
    """How far the network is from the truth.

    Args: found: what it returned; points (B, 189, 2) in pixels of the frame; weights (B, 189); locatable (B,) 0 or 1.
    Returns: "loss"; "glance" and "closer", mean distances in pixels of the frame; "sure".
    """
    loss, glance = _map_loss(found["maps"], in_window(points, _whole(points)), weights)
    closer = 0.0
    for number, (_, region, side, mirrored) in enumerate(REGIONS):
        places = _mirrored(in_window(points[:, list(region)], found[f"window{number}"]), mirrored)
        inside = (places.abs() < 0.49).all(-1)
        one, distance = _map_loss(found[f"maps{number}"], places, weights[:, list(region)] * inside)
        loss, closer = loss + one / 2, closer + distance * side / len(REGIONS)
    sure = F.binary_cross_entropy_with_logits(found["sure"], locatable)
    return {"loss": loss + 0.1 * sure, "glance": glance * FRAME, "closer": closer, "sure": sure}


def _map_loss(maps: Tensor, places: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The distance of the maps' centres of mass, and cross entropy to a bell one cell wide, for one peak on each map."""
    total = weights.sum().clamp_min(1)
    log_mass = maps.flatten(2).log_softmax(-1).unflatten(2, maps.shape[2:])
    distance = (_centres(log_mass.exp()) - places).square().sum(-1).add(1e-8).sqrt()  # (B, N)
    bell = torch.softmax(-0.5 * ((places[..., None] - cell_places(maps.device)) * CELLS).square(), dim=-1)  # (B, N, 2, CELLS)
    matched = ((log_mass @ bell[:, :, 0, :, None])[..., 0] * bell[:, :, 1]).sum(-1)
    mean = (weights * distance).sum() / total
    return CELLS * mean - 0.3 * (weights * matched).sum() / total, mean.detach()


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """(…, 189, 2) → (…, 5, 2), where MTCNN sees eyes, nose tip and mouth corners: frames the next picture of a video, too."""
    tip = (landmarks[..., 54, :] + landmarks[..., 60, :]) / 2
    return np.stack([landmarks[..., 0, :], landmarks[..., 1, :], tip, landmarks[..., 87, :], landmarks[..., 93, :]], axis=-2)


def frame(image: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring a face's five points to FIVE_POINTS.

    Args: image (H, W, 3) uint8; points (5, 2) in its pixels, as in Face.points.
    Returns: (FRAME, FRAME, 3) uint8, as from `cut_out`; the map (2, 3) from the image's pixels to the frame's.
    """
    to_frame = similarity(points, FIVE_POINTS)
    return cut_out(image, to_frame), to_frame


def cut_out(image: np.ndarray, to_frame: np.ndarray) -> np.ndarray:
    """What a frame shows of an image (H, W, 3) uint8: (FRAME, FRAME, 3) uint8, antialiased, the image's edge repeated outside it."""
    inverse = np.linalg.inv(np.vstack([to_frame, [0, 0, 1]]))[:2]  # frame → image
    factor = max(1, int(np.sqrt(abs(np.linalg.det(inverse[:, :2])))))  # the image's pixels for each of the frame's
    reduced = np.asarray(Image.fromarray(image).reduce(factor))
    inverse = inverse / factor + [[0, 0, 0.5 / factor - 0.5]] * 2  # frame → reduced image
    first, last = -0.25, FRAME - 0.75  # of places twice as dense as the frame's pixels
    corners = inverse @ np.array([[first, last, first, last], [first, first, last, last], [1, 1, 1, 1]])
    low, high = np.floor(corners.min(1)).astype(int) - 1, np.ceil(corners.max(1)).astype(int) + 2
    height, width = reduced.shape[:2]
    region = reduced[np.arange(low[1], high[1]).clip(0, height - 1)[:, None], np.arange(low[0], high[0]).clip(0, width - 1)[None]]
    scale = 2 / (high - low - 1)  # grid_sample's places go from −1 to 1
    across, down, start = torch.from_numpy(np.column_stack([inverse[:, :2], inverse[:, 2] - low]) * scale[:, None]).float().T
    ticks = torch.linspace(first, last, 2 * FRAME)[:, None]
    grid = (ticks * across)[None] + (ticks * down + start - 1)[:, None]  # (2F, 2F, 2)
    region = torch.from_numpy(region).permute(2, 0, 1)[None].float()
    pixels = F.avg_pool2d(F.grid_sample(region, grid[None], padding_mode="border", align_corners=True), 2)
    return pixels[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()


@torch.inference_mode()
def locate_all(network: LandmarkNetwork, frames: np.ndarray, to_frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Locate faces of many pictures at once.

    Args: frames (B, FRAME, FRAME, 3) uint8 and to_frames (B, 2, 3), of `frame`.
    Returns: (B, 189, 2) float64 in the pictures' pixels; (B,) from 0 to 1, how sure it is that this is a face seen well enough.
    """
    device = network.sure.weight.device
    found = network(torch.tensor(frames, device=device).permute(0, 3, 1, 2).float() / 255)
    points = landmarks_of(found).double().cpu().numpy()
    linear, shift = to_frames[:, :, :2], to_frames[:, :, 2]
    located = (points - shift[:, None]) @ np.linalg.inv(linear).transpose(0, 2, 1)
    return located, torch.sigmoid(found["sure"]).double().cpu().numpy()


def locate(network: LandmarkNetwork, image: np.ndarray, face: Face, least: float = CONFIDENT) -> np.ndarray:
    """The 189 points of the face that `find_face` found in the image.

    Args: image (H, W, 3) uint8; least: confidence below which the face is refused.
    Returns: (189, 2) float64 pixels.
    Raises: FaceNotFound, with what would do, for profiles and faces mostly hidden.
    """
    pixels, to_frame = frame(image, face.points)
    (points,), (confidence,) = locate_all(network, pixels[None], to_frame[None])
    if confidence < least:
        raise FaceNotFound("the face is turned away or hidden; use a photo that shows it from the front, with both eyes and the mouth free")
    return points
