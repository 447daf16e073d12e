"""Pictures of every kind are read; faces are found, aligned, counted; what is wrong is said in one line."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from feim.signal.face import (
    CANONICAL,
    CROP,
    MAX_SIDE,
    FaceNotFound,
    UnreadableImage,
    align,
    find_face,
    read_image,
    similarity,
)

FACES = Path(__file__).parents[2] / "assets" / "faces"
PORTRAIT = FACES / "average-woman-20s.jpg"


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return read_image(PORTRAIT)


@pytest.fixture
def colours() -> np.ndarray:
    """Smooth (48, 64, 3): red rises to the right, green downward."""
    y, x = np.mgrid[:48, :64]
    return np.stack([x * 4, y * 5, np.full_like(x, 100)], axis=-1).astype(np.uint8)


def test_paths_images_and_arrays_give_the_same(portrait):
    assert np.array_equal(read_image(str(PORTRAIT)), portrait)
    assert np.array_equal(read_image(Image.open(PORTRAIT)), portrait)
    assert np.array_equal(read_image(portrait), portrait)
    assert portrait.shape == (512, 512, 3)
    assert portrait.dtype == np.uint8


def test_arrays_of_other_kinds(colours):
    assert np.array_equal(read_image(colours.astype(np.float32) / 255), colours)
    assert np.array_equal(read_image(colours.astype(np.uint16) * 257), colours)
    assert np.array_equal(read_image(colours[..., 0]), np.repeat(colours[..., :1], 3, axis=2))
    assert np.array_equal(read_image(colours[..., :1]), np.repeat(colours[..., :1], 3, axis=2))


@pytest.mark.parametrize(
    "array", [np.zeros((0, 5, 3), np.uint8), np.zeros(7, np.uint8), np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4), int)]
)
def test_arrays_that_are_no_pictures(array):
    with pytest.raises(UnreadableImage, match=r"not a picture; use \(height, width, 3\)"):
        read_image(array)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P", "L", "LA", "1", "I;16", "I", "F"])
def test_every_colour_mode(mode, colours, tmp_path):
    image = Image.fromarray(colours)
    if mode in ("I;16", "I", "F"):
        full, kind = {"I;16": (257, np.uint16), "I": (257, np.int32), "F": (1 / 255, np.float32)}[mode]
        image = Image.fromarray((np.asarray(image.convert("L"), dtype=float) * full).astype(kind))
    else:
        image = image.quantize(256) if mode == "P" else image.convert(mode)
    path = tmp_path / "picture.tif"
    image.save(path)
    pixels = read_image(path)
    assert pixels.shape == (48, 64, 3)
    gray = Image.fromarray(colours).convert("1" if mode == "1" else "L").convert("L")
    expected = np.asarray(gray)[..., None] if mode in ("L", "LA", "1", "I;16", "I", "F") else colours
    tolerance = {"P": 20, "1": 0, "CMYK": 3}.get(mode, 2)
    assert np.abs(pixels.astype(int) - expected).max() <= tolerance


def test_sixteen_bit_png(colours, tmp_path):
    gray = colours[..., 0]
    Image.fromarray(gray.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert np.array_equal(read_image(tmp_path / "deep.png")[..., 0], gray)


def test_transparency_lies_over_white(colours, tmp_path):
    image = Image.fromarray(colours).convert("RGBA")
    image.putalpha(0)
    image.save(tmp_path / "clear.png")
    assert (read_image(tmp_path / "clear.png") == 255).all()
    palette = Image.fromarray(colours).quantize(16)
    palette.save(tmp_path / "clear.gif", transparency=palette.getpixel((0, 0)))
    assert (read_image(tmp_path / "clear.gif")[0, 0] == 255).all()


def test_only_the_first_frame_of_an_animation(colours, tmp_path):
    frames = [Image.fromarray(np.full_like(colours, value)) for value in (10, 200)]
    for name in ("moving.gif", "moving.webp", "moving.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert abs(int(read_image(tmp_path / name)[5, 5, 0]) - 10) < 4


@pytest.mark.parametrize(("orientation", "upright"), [(3, lambda p: p[::-1, ::-1]), (6, lambda p: np.rot90(p, -1)), (8, np.rot90)])
def test_exif_orientation(orientation, upright, colours, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(colours).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), upright(colours))
    assert np.array_equal(read_image(Image.open(tmp_path / "turned.png")), upright(colours))


def test_tiny_pictures_are_read_but_show_no_face():
    tiny = read_image(Image.new("RGB", (1, 1)))
    assert tiny.shape == (1, 1, 3)
    with pytest.raises(FaceNotFound, match="1×1"):
        find_face(tiny)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".tif"])
def test_truncated_files(suffix, portrait, tmp_path):
    path = tmp_path / f"cut{suffix}"
    Image.fromarray(portrait).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableImage, match=f"cut{suffix} ") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"I am a text, not a picture.\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_files_that_are_no_pictures(content, tmp_path):
    path = tmp_path / "portrait.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"portrait\.jpg is"):
        read_image(path)


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "nobody.jpg", tmp_path):
        with pytest.raises(UnreadableImage, match="there is no image file at"):
            read_image(path)


def test_a_huge_jpeg_is_decoded_reduced(tmp_path):
    path = tmp_path / "huge.jpg"
    Image.new("L", (19_000, 9_500), 90).save(path)  # 180 megapixels: over Pillow's own limit
    pixels = read_image(path)
    assert max(pixels.shape) <= MAX_SIDE
    assert pixels.shape[1] == 2 * pixels.shape[0]
    assert (pixels == 90).all()


def test_a_large_picture_is_reduced():
    pixels = read_image(Image.new("P", (9000, 300)))
    assert pixels.shape[1] == MAX_SIDE


@pytest.mark.parametrize(("side", "limit"), [(13_000, "a picture like it under 125 megapixels"), (60_000, "a picture under 20 megapixels")])
def test_decompression_bombs_are_refused(side, limit, tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(side, side))
    with pytest.raises(UnreadableImage, match=f"too large.*use {limit}"):
        read_image(path)


def test_the_limit_of_this_kind_of_picture_is_named(tmp_path):
    """25 megapixels are few for a photo, but many for a WebP with transparency, which is held six times over."""
    path = tmp_path / "clear.webp"
    Image.new("RGBA", (5000, 5000)).save(path, method=0)
    with pytest.raises(UnreadableImage, match=r"clear\.webp is too large \(5000×5000 pixels\); use a picture like it under 20 megapixels"):
        read_image(path)


def _png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size that it does not hold."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "PNG")
    content = bytearray(file.getvalue())
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


def test_similarity_recovers_rotation_scale_and_shift():
    angle, scale, shift = 0.4, 2.5, np.array([7.0, -3.0])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    transform = similarity(CANONICAL, scale * CANONICAL @ rotation.T + shift)
    assert np.allclose(transform, np.column_stack([scale * rotation, shift]))


def test_a_mirrored_face_is_not_mirrored_back():
    mirrored = CANONICAL * [-1, 1]
    transform = similarity(mirrored, CANONICAL)
    assert np.linalg.det(transform[:, :2]) > 0


def test_align_brings_points_to_their_places_without_aliasing():
    size, points = 900, CANONICAL * 3 + 60
    y, x = np.mgrid[:size, :size]
    checks = ((x + y) % 2 * 255).astype(np.uint8)  # too fine for the crop: must turn gray
    image = np.repeat(checks[..., None], 3, axis=2)
    for px, py in points:
        image[(x - px) ** 2 + (y - py) ** 2 < 144] = 255
    crop = align(image, points)
    assert crop.shape == (CROP, CROP, 3)
    assert abs(int(crop[5, 5, 0]) - 127) < 12
    for px, py in CANONICAL:
        assert crop[round(py), round(px)].min() > 240


def test_find_face_aligns_eyes(portrait):
    face = find_face(portrait)
    assert face.crop.shape == (CROP, CROP, 3)
    assert face.others == 0
    left, top, right, bottom = face.box
    assert left < face.points[:, 0].min() < face.points[:, 0].max() < right
    assert top < face.points[:, 1].min() < face.points[:, 1].max() < bottom
    assert np.abs(face.points[:2] - [[205, 226], [307, 226]]).max() < 12  # where the averages' pupils are


def test_scale_and_rotation_do_not_change_the_crop(portrait):
    reference = find_face(portrait).crop.astype(float)
    for image in (
        Image.fromarray(portrait).resize((1800, 1800), Image.Resampling.BICUBIC),
        Image.fromarray(portrait).resize((128, 128), Image.Resampling.LANCZOS),
        Image.fromarray(portrait).rotate(12, Image.Resampling.BICUBIC, fillcolor=(200, 200, 200)),
    ):
        crop = find_face(np.asarray(image)).crop.astype(float)
        assert np.abs(crop - reference)[60:180, 60:164].mean() < 14


def test_the_largest_of_two_faces(portrait):
    other = np.asarray(Image.open(FACES / "average-man-20s.jpg").resize((256, 256)))
    both = np.full((512, 800, 3), 200, np.uint8)
    both[:, :512], both[100:356, 530:786] = portrait, other
    face = find_face(both)
    assert face.others == 1
    assert face.points[:, 0].max() < 512


def test_no_face_says_size_and_advice():
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    with pytest.raises(FaceNotFound, match=r"no face found in the image \(320×240\); use a front-facing photo"):
        find_face(noise)


def test_a_small_face_in_a_large_picture(portrait):
    wide = np.full((1200, 2400, 3), 210, np.uint8)
    wide[800:900, 1900:2000] = np.asarray(Image.fromarray(portrait).resize((100, 100), Image.Resampling.LANCZOS))
    face = find_face(wide)
    assert 1900 < face.points[:, 0].mean() < 2000
