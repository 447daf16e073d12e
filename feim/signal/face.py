"""Faces in: any picture a person may upload → RGB pixels → the largest face, aligned to one canonical 224×224 crop.

Detection is MTCNN (Zhang et al. 2016, arXiv:1604.02878) from facenet-pytorch, whose weights come inside that package.
"""

import math
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin

MAX_SIDE = 4096  # pixels; larger pictures are reduced as they are read
MAX_DECODED = 500_000_000  # bytes that decoding may take: every picture under SAFE megapixels, ordinary JPEGs up to gigapixels
SAFE = 20  # megapixels; WebP with transparency takes the most memory, PNG without it may have 125

CROP = 224
# Where the aligned crop shows eyes, nose tip and mouth corners (x, y). Proportions are those of ArcFace's template,
# at 52 pixels between the eyes: hairline to chin, with room for hair and neck.
CANONICAL = np.array([[86.0, 96.0], [138.0, 96.0], [112.0, 125.7], [90.4, 156.2], [133.6, 156.2]])
DETECTION_SIDES = (512, 1280)  # pixels on the longer side: portraits, then a second look for small faces
SURE = 0.9  # MTCNN's probability; less sure faces are taken only when there is no other


class UnreadableImage(ValueError):
    """The picture is missing, damaged, too large to decode safely, or in no format that Pillow reads."""


class FaceNotFound(ValueError):
    """No face in the picture."""


@dataclass(frozen=True)
class Face:
    """The largest face of a picture.

    Attributes:
        crop: (224, 224, 3) uint8 RGB, eyes and mouth at CANONICAL.
        box: (4,) float, left, top, right, bottom in the picture's pixels.
        points: (5, 2) float, x and y in the picture's pixels: the eye on the picture's left, the other eye, nose tip,
            the mouth corner on the picture's left, the other corner.
        others: how many further faces were seen.
    """

    crop: np.ndarray
    box: np.ndarray
    points: np.ndarray
    others: int


def read_image(source: str | Path | Image.Image | np.ndarray) -> np.ndarray:
    """Read a picture of any kind that Pillow knows: the first frame, upright (EXIF), transparency over white.

    Args:
        source: a path, a PIL image, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8, uint16 or floats in [0, 1].

    Returns: (H, W, 3) uint8 RGB; a side longer than 4096 pixels is reduced to 4096.
    Raises: UnreadableImage.
    """
    if isinstance(source, np.ndarray):
        return _to_rgb(_image_of_array(source), "the array")
    if isinstance(source, Image.Image):
        return _to_rgb(source, "the image")
    path = Path(source)
    if not path.is_file():
        raise UnreadableImage(f"there is no image file at {path}")
    with _open(path) as image:
        return _to_rgb(image, path.name)


def is_image(path: str | Path) -> bool:
    """Whether a file is one picture that `read_image` would try to read; MPEG, and GIF and PNG that move, are films."""
    try:
        with _open(Path(path)) as image:
            return image.format != "MPEG" and not (image.format in ("GIF", "PNG") and image.is_animated)
    except (UnreadableImage, OSError, SyntaxError, ValueError):  # Pillow's, for damaged frames
        return False


def _image_of_array(array: np.ndarray) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not array.size or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise UnreadableImage(f"an array of shape {array.shape} is not a picture; use (height, width, 3) of uint8")
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    elif array.dtype.kind == "f":
        array = (np.nan_to_num(array).clip(0, 1) * 255).round().astype(np.uint8)
    elif array.dtype != np.uint8:
        raise UnreadableImage(f"an array of {array.dtype} is not a picture; use (height, width, 3) of uint8")
    return Image.fromarray(array)


def _open(path: Path) -> Image.Image:
    """Read the header only. Pillow refuses over 179 megapixels; JPEG is let through, because it can be decoded reduced."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MAX_DECODED is the limit here
            return Image.open(path)
    except Image.DecompressionBombError as error:
        try:
            return JpegImagePlugin.JpegImageFile(path)
        except SyntaxError:
            raise UnreadableImage(f"{path.name} is too large ({error}); use a picture under {SAFE} megapixels") from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises all three for damaged headers
        raise UnreadableImage(f"{path.name} is not a picture this can read; use a JPEG, PNG or WebP photo") from error


def _to_rgb(image: Image.Image, name: str) -> np.ndarray:
    try:
        size = image.size
        image.draft("RGB", (MAX_SIDE // 2, MAX_SIDE // 2))  # a JPEG larger than twice this is decoded at 1/2, 1/4 or 1/8
        needed = _decoding_bytes(image, size)
        if needed > MAX_DECODED:
            limit = int(math.prod(size) * MAX_DECODED / needed / 1e6)  # of this kind of picture
            raise UnreadableImage(f"{name} is too large ({size[0]}×{size[1]} pixels); use a picture like it under {limit} megapixels")
        image.load()
        orientation = image.getexif().get(0x0112, 1)  # not before: a PNG's EXIF is found by decoding it
        image = _flatten(_eight_bits(_reduce(image)))
    except UnreadableImage:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError) as error:  # Pillow's, for damaged files
        raise UnreadableImage(f"{name} is damaged or cut off; save or download it again") from error
    image.getexif()[0x0112] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


def _decoding_bytes(image: Image.Image, full_size: tuple[int, int]) -> int:
    """Memory that Pillow needs at most: pixels (twice with transparency, which it premultiplies; three canvases for WebP),
    and all coefficients of a progressive JPEG at full size.
    """
    bands = image.getbands()
    pixel = 1 if image.mode in ("1", "L", "P") else 8 if "A" in bands else 4
    canvases = 3 if image.format == "WEBP" else 1
    coefficients = math.prod(full_size) * len(bands) * 2 if image.info.get("progressive") else 0
    return image.width * image.height * pixel * canvases + coefficients


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float pixels → 8-bit gray, by the range that the pixels fill: [0, 1], 255 or 65535."""
    if not image.mode.startswith(("I", "F")):
        return image
    pixels = np.asarray(image)
    peak = float(np.nanmax(pixels))
    full = 65535.0 if image.mode.startswith("I;16") else next((full for full in (1.0, 255.0, 65535.0) if peak <= full), peak)
    return Image.fromarray((np.nan_to_num(pixels * np.float32(255 / full))).clip(0, 255).astype(np.uint8))


def _reduce(image: Image.Image) -> Image.Image:
    scale = MAX_SIDE / max(image.size)
    if scale >= 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def _flatten(image: Image.Image) -> Image.Image:
    """Any colour mode → RGB, transparency over white."""
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def find_face(image: np.ndarray) -> Face:
    """Find the largest face and align it.

    Args:
        image: (H, W, 3) uint8 RGB, as from read_image.

    Raises: FaceNotFound, with the picture's size and what would do.
    """
    height, width = image.shape[:2]
    for side in DETECTION_SIDES:
        boxes, probabilities, points = _detect(image, side)
        if len(boxes):
            break
        if max(height, width) <= side:
            break
    if not len(boxes):
        raise FaceNotFound(f"no face found in the image ({width}×{height}); use a front-facing photo with both eyes visible")
    if (probabilities >= SURE).any():
        boxes, points = boxes[probabilities >= SURE], points[probabilities >= SURE]
    largest = int(np.argmax((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))
    return Face(align(image, points[largest]), boxes[largest], points[largest], len(boxes) - 1)


@cache
def _detector():
    from facenet_pytorch import MTCNN  # imports torchvision: slow, and not needed to read a picture

    return MTCNN(keep_all=True)


def _detect(image: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All faces at the given size of the longer side: boxes (N, 4), probabilities (N,), points (N, 5, 2) in the picture's pixels."""
    height, width = image.shape[:2]
    scale = min(side / max(height, width), 4.0)  # small pictures are enlarged, because P-Net sees no face under 20 pixels
    size = (round(width * scale), round(height * scale))
    nothing = np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2))
    if min(size) < 40:
        return nothing
    resized = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC, reducing_gap=3.0)
    boxes, probabilities, points = _detector().detect(resized, landmarks=True)
    if boxes is None:
        return nothing
    return boxes.astype(float) / scale, probabilities.astype(float), points.astype(float) / scale


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift that bring points (N, 2) closest to others in least squares (Umeyama 1991), as (2, 3)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    source, target = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(target.T @ source)
    signs = np.array([1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    rotation = u @ np.diag(signs) @ vt
    scale = (singular * signs).sum() / max((source**2).sum(), 1e-9)
    return np.column_stack([scale * rotation, target_mean - scale * rotation @ source_mean])


def align(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Bring a face's five points to CANONICAL.

    Args:
        image: (H, W, 3) uint8.
        points: (5, 2) in its pixels.

    Returns: (224, 224, 3) uint8, antialiased; the picture's edge is repeated outside it.
    """
    to_crop = np.vstack([similarity(points, CANONICAL), [0, 0, 1]])
    to_image = np.linalg.inv(to_crop)  # crop pixels → image pixels
    corners = to_image[:2] @ np.array([[0, CROP, 0, CROP], [0, 0, CROP, CROP], [1, 1, 1, 1]])  # (2, 4)
    low, high = np.floor(corners.min(axis=1)).astype(int) - 8, np.ceil(corners.max(axis=1)).astype(int) + 8
    region = Image.fromarray(_region(image, low, high))
    # Antialiasing: average whole pixels until at most two remain for each pixel of the crop, then warp at twice its size.
    pixels = math.sqrt(abs(np.linalg.det(to_image[:2, :2])))
    factor = math.ceil(pixels / 2)
    region = region.reduce(factor)
    to_region = (
        np.diag([1 / factor, 1 / factor, 1]) @ np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ to_image @ np.diag([0.5, 0.5, 1])
    )
    large = region.transform((2 * CROP, 2 * CROP), Image.Transform.AFFINE, to_region[:2].ravel(), Image.Resampling.BICUBIC)
    return np.asarray(large.reduce(2))


def _region(image: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The rectangle from low to high (x, y), the picture's edge repeated where it reaches beyond."""
    height, width = image.shape[:2]
    columns = np.arange(low[0], high[0]).clip(0, width - 1)
    rows = np.arange(low[1], high[1]).clip(0, height - 1)
    return image[rows[:, None], columns[None]]
