"""Training pictures show each point where they say it is, also on open mouths and closed eyes, and repeat with their seed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from feim.data import landmark_pictures
from feim.data.corpora.london import Person
from feim.data.landmark_disturbances import paint_mouth, photograph
from feim.data.landmark_pictures import (
    Picture,
    london_pictures,
    make_picture,
    picture_batches,
    render_picture,
    rendered_pictures,
    write_pictures,
)
from feim.data.landmark_shapes import Mouth, _move_lids, _move_mouth, express, mixed_shape, normalised, turned_shape
from feim.data.landmark_textures import TEXTURE_EYES, Textures, read_textures, warp_face
from feim.data.synthetic.heads.faces import Rendered
from feim.data.synthetic.heads.landmarks import MEAN_SHAPE
from feim.models.landmarks import FIVE_POINTS, FRAME, five_points
from feim.signal.landmarks import (
    CHIN,
    COUNT,
    HEAD,
    JAW,
    LOWER_LIDS,
    LOWER_LIP,
    LOWER_SEAM,
    MIRROR,
    NECK,
    PUPILS,
    UPPER_LIDS,
    UPPER_LIP,
    UPPER_SEAM,
    interocular,
)

SIZE = 320
SKIN, BACKDROP, HAIR = (200, 150, 120), (205, 208, 206), (60, 40, 30)
MARKS = {0: (20, 20, 250), 1: (20, 20, 250), 175: (20, 250, 20), 128: (250, 20, 20), 130: (250, 20, 250)}  # landmark → colour


def _portrait(landmarks: np.ndarray) -> np.ndarray:
    """A head and shoulders before gray, with a coloured disc on each of MARKS."""
    y, x = np.mgrid[:SIZE, :SIZE]
    picture = np.full((SIZE, SIZE, 3), BACKDROP, np.uint8)
    centre, unit = landmarks[list(PUPILS)].mean(0), interocular(landmarks)
    across, down = (x - centre[0]) / unit, (y - centre[1]) / unit
    picture[(across / 1.45) ** 2 + ((down - 0.1) / 1.8) ** 2 < 1] = HAIR
    picture[(across / 1.2) ** 2 + ((down - 0.4) / 1.55) ** 2 < 1] = SKIN
    for landmark, colour in MARKS.items():
        picture[(x - landmarks[landmark, 0]) ** 2 + (y - landmarks[landmark, 1]) ** 2 < (0.06 * unit) ** 2] = colour
    return picture


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> list[Person]:
    folder, random = tmp_path_factory.mktemp("london"), np.random.default_rng(0)
    people = []
    for number in range(3):
        shape = MEAN_SHAPE * random.uniform(0.94, 1.06, 2) + random.normal(0, 0.003, MEAN_SHAPE.shape)
        landmarks = shape * 52 + (SIZE / 2 + 4 * number, 125)
        path = folder / f"{number}.png"
        Image.fromarray(_portrait(landmarks)).save(path)
        people.append(Person(f"50{number}", "female", 30.0, "white", {"neutral": path}, landmarks))
    return people


@pytest.fixture(scope="module")
def textures(people) -> Textures:
    return read_textures(people)


def _colour_at(pixels: np.ndarray, point: np.ndarray) -> np.ndarray:
    x, y = point.round().astype(int)
    return pixels[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(0)


def test_textures_have_everybodys_points_in_one_place(textures, people):
    assert textures.pixels.shape[:2] == (2 * len(people), 4)
    assert textures.mean[list(PUPILS)] == pytest.approx(TEXTURE_EYES)
    for pixels in textures.pixels:
        for landmark, colour in MARKS.items():
            if MIRROR[landmark] in MARKS:
                continue
            seen = _colour_at(pixels[:3].permute(1, 2, 0).numpy(), textures.mean[landmark])
            mirrored = _colour_at(pixels[:3].permute(1, 2, 0).numpy(), textures.mean[MIRROR[landmark]])
            assert min(np.abs(seen - colour).max(), np.abs(mirrored - colour).max()) < 60  # the second half are mirror images


def test_the_backdrop_is_told_from_the_person(textures):
    opaque = textures.pixels[:, 3].float()
    assert opaque[:, 5:30, 5:30].max() < 20
    assert opaque[:, 100:250, 150:250].min() > 235


def test_shapes_are_normalised(people):
    for person in people:
        shape = normalised(person.landmarks)
        assert shape[list(PUPILS)] == pytest.approx(np.array([[-0.5, 0], [0.5, 0]]), abs=1e-9)
        assert interocular(shape) == pytest.approx(1)


@pytest.fixture
def undisturbed(monkeypatch) -> None:
    monkeypatch.setattr(landmark_pictures, "photograph", lambda face, random: face.clamp(0, 1))
    for name in ("put_on_glasses", "paint_mouth"):
        monkeypatch.setattr(landmark_pictures, name, lambda face, points, random: face)
    monkeypatch.setattr(landmark_pictures, "occlude", lambda face, random: face)
    monkeypatch.setattr(landmark_pictures, "UNLOCATABLE", 0)


@pytest.mark.usefixtures("undisturbed")
def test_points_are_where_the_picture_shows_them(textures):
    for seed in range(8):
        picture = make_picture(textures, np.random.default_rng(seed))
        assert picture.pixels.shape == (FRAME, FRAME, 3)
        assert _colour_at(picture.pixels, picture.points[175])[1] > 150  # green on the chin, in every person and expression
        assert _colour_at(picture.pixels, picture.points[175])[[0, 2]].max() < 120


def test_pictures_repeat_with_their_seed_and_differ_otherwise(textures):
    make, again = london_pictures(textures, seed=4), london_pictures(textures, seed=4)
    one, same, other = make(3), again(3), make(4)
    assert (one.pixels == same.pixels).all()
    assert (one.points == same.points).all()
    assert np.abs(one.points - other.points).max() > 1


def test_faces_come_near_their_place_in_the_frame(textures):
    shown = [picture for picture in map(london_pictures(textures), range(10)) if picture.locatable]
    off = np.array([five_points(picture.points) - FIVE_POINTS for picture in shown])
    assert np.abs(off).mean() < 8
    assert np.linalg.norm(off.mean(1), axis=-1).std() > 0.5


def test_points_outside_the_picture_and_of_no_face_do_not_count(textures, monkeypatch):
    monkeypatch.setattr(landmark_pictures, "UNLOCATABLE", 0.4)
    pictures = [make_picture(textures, np.random.default_rng(seed)) for seed in range(12)]
    assert {picture.locatable for picture in pictures} == {True, False}
    for picture in pictures:
        outside = ((picture.points < 0) | (picture.points > FRAME - 1)).any(1)
        assert (picture.weights[outside] == 0).all()
        assert picture.weights.any() == picture.locatable
        if picture.locatable:
            assert picture.weights[list(HEAD + NECK)].max() < picture.weights[list(CHIN)].max()


def test_a_turned_head_keeps_its_eyes_and_a_profile_is_not_located():
    random = np.random.default_rng(0)
    widths = [np.ptp(turned_shape(MEAN_SHAPE, random, True)[list(PUPILS), 0]) for _ in range(50)]
    assert 0.85 < min(widths) < max(widths) < 1.1
    profiles = [np.ptp(turned_shape(MEAN_SHAPE, random, False)[list(PUPILS), 0]) for _ in range(20)]
    assert max(profiles) < 0.75


def test_mixed_shapes_differ_but_stay_faces():
    random = np.random.default_rng(1)
    people = MEAN_SHAPE + random.normal(0, 0.02, (6, *MEAN_SHAPE.shape))
    mixed = np.stack([mixed_shape(people, random) for _ in range(40)])
    assert 0.02 < np.linalg.norm(mixed - MEAN_SHAPE, axis=-1).mean() < 0.2
    assert (mixed[:, LOWER_LIP[3], 1] > mixed[:, UPPER_LIP[3], 1]).all()


def test_an_opening_mouth_parts_the_seams_and_takes_the_jaw_along():
    shape = MEAN_SHAPE.copy()
    _move_mouth(shape, Mouth(opening=0.4))
    gap = shape[list(LOWER_SEAM), 1] - shape[list(UPPER_SEAM), 1]
    assert gap[3] == pytest.approx(0.4, abs=0.02)
    assert gap[[0, -1]] == pytest.approx(0)
    assert (gap[1:-1] > 0.1).all()
    assert shape[CHIN[0], 1] - MEAN_SHAPE[CHIN[0], 1] == pytest.approx(0.38, abs=0.02)
    assert shape[JAW[4], 1] - MEAN_SHAPE[JAW[4], 1] == pytest.approx(0.38, abs=0.02)
    assert shape[JAW[0], 1] - MEAN_SHAPE[JAW[0], 1] < 0.1


def test_a_smile_widens_the_mouth_and_lifts_its_corners():
    shape = MEAN_SHAPE.copy()
    _move_mouth(shape, Mouth(smile=1))
    corners = [UPPER_SEAM[0], UPPER_SEAM[-1]]
    assert np.ptp(shape[corners, 0]) > 1.3 * np.ptp(MEAN_SHAPE[corners, 0])
    assert (shape[corners, 1] < MEAN_SHAPE[corners, 1] - 0.08).all()
    assert shape[UPPER_SEAM[3], 1] == pytest.approx(MEAN_SHAPE[UPPER_SEAM[3], 1], abs=0.02)


def test_closed_lids_meet_and_the_eyeball_stays():
    shape = MEAN_SHAPE.copy()
    _move_lids(shape, MEAN_SHAPE, side=0, closed=1.0)
    assert shape[list(UPPER_LIDS[0])] == pytest.approx(shape[list(LOWER_LIDS[0])], abs=1e-9)
    assert (shape[list(UPPER_LIDS[1])] == MEAN_SHAPE[list(UPPER_LIDS[1])]).all()
    for seed in range(30):
        moved, eyeballs = express(MEAN_SHAPE, np.random.default_rng(seed))
        assert moved[list(PUPILS)] == pytest.approx(eyeballs[list(PUPILS)])


def test_lids_cover_the_eyeball(textures):
    """The blue pupil shows between open lids, and nowhere near when they are shut."""
    neutral = MEAN_SHAPE * 52 + FIVE_POINTS[:2].mean(0)
    blinking = neutral.copy()
    _move_lids(blinking, neutral, side=0, closed=1.0)
    pixels = warp_face(textures.pixels[0], textures.mean, blinking, FRAME, neutral)[:3].permute(1, 2, 0).numpy()
    x, y = neutral[0].round().astype(int)
    shut, (x1, y1) = pixels[y - 9 : y + 10, x - 12 : x + 13], neutral[1].round().astype(int)
    wide_open = pixels[y1 - 9 : y1 + 10, x1 - 12 : x1 + 13]

    def blue(area: np.ndarray) -> int:
        return int((area[..., 2] - area[..., 0] > 120).sum())

    assert blue(wide_open) > 10
    assert blue(shut) <= blue(wide_open) / 5


def test_a_closed_mouth_is_left_alone_and_an_open_one_is_filled():
    points = MEAN_SHAPE * 52 + FIVE_POINTS[:2].mean(0)
    skin = torch.full((3, FRAME, FRAME), 0.6)
    points[list(LOWER_SEAM)] = points[list(UPPER_SEAM)]
    assert torch.equal(paint_mouth(skin.clone(), points, np.random.default_rng(0)), skin)
    _move_mouth(points, Mouth(opening=0.5 * 52))
    painted = paint_mouth(skin.clone(), points, np.random.default_rng(0))
    changed = (painted != skin).any(0)
    rows, columns = np.nonzero(changed.numpy())
    seam = points[list(UPPER_SEAM + LOWER_SEAM)]
    assert seam[:, 0].min() - 2 <= columns.min() < columns.max() <= seam[:, 0].max() + 2
    assert seam[:, 1].min() - 2 <= rows.min() < rows.max() <= seam[:, 1].max() + 2
    x, y = points[[UPPER_SEAM[3], LOWER_SEAM[3]]].mean(0).round().astype(int)
    assert changed[y, x]


def test_photographs_stay_in_range():
    face = torch.rand(3, FRAME, FRAME, generator=torch.Generator().manual_seed(0))
    for seed in range(8):
        taken = photograph(face, np.random.default_rng(seed))
        assert taken.shape == face.shape
        assert 0 <= taken.min() <= taken.max() <= 1


@pytest.fixture
def render_dots(monkeypatch) -> list:
    """In place of the renderer: a green disc on the chin; what it was asked for."""
    asked = []
    size = landmark_pictures.RENDERED

    def render(faces, person, shapes, gaze, rotation, side) -> Rendered:
        asked.append((person, shapes, gaze, rotation))
        landmarks = (MEAN_SHAPE * 70 + size / 2).astype(np.float32)
        y, x = np.mgrid[:side, :side] + 0.5
        image = np.full((side, side, 3), 128, np.uint8)
        image[(x - landmarks[175, 0]) ** 2 + (y - landmarks[175, 1]) ** 2 < 36] = (0, 255, 0)
        visible = np.ones(COUNT, bool)
        visible[list(JAW)] = False
        return Rendered(image, landmarks, visible)

    monkeypatch.setattr(landmark_pictures, "render", render)
    monkeypatch.setattr(landmark_pictures, "random_person", lambda faces, seed: seed)
    return asked


@pytest.mark.usefixtures("undisturbed")
def test_rendered_points_are_where_the_picture_shows_them(render_dots):
    for seed in range(5):
        picture = render_picture(None, None, np.random.default_rng(seed))
        rows, columns = np.nonzero(picture.pixels[..., 1] > 200)
        assert picture.points[175] == pytest.approx([columns.mean(), rows.mean()], abs=0.3)
        assert picture.weights[UPPER_LIP[3]] == 1
        assert picture.weights[JAW[4]] < picture.weights[CHIN[0]] < 1
        assert picture.weights[list(HEAD)].max() == 0
    assert all(shapes.shape == (47,) and 0 <= shapes.min() <= shapes.max() <= 1 for _, shapes, _, _ in render_dots)


def test_one_rendered_person_is_seen_several_times(render_dots):
    make = rendered_pictures(None, seed=50)
    for index in range(10):
        make(index)
    assert [person for person, *_ in render_dots] == [50] * 5 + [51] * 5
    assert not np.array_equal(render_dots[0][1], render_dots[1][1])


def _numbered(index: int) -> Picture:
    """Dark on the left, bright on the right, its number in the blue."""
    pixels = np.zeros((FRAME, FRAME, 3), np.uint8)
    pixels[:, FRAME // 2 :, 0], pixels[..., 2] = 200, 10 * index
    points = np.tile(np.array([[40.0, 60.0]]), (COUNT, 1)) + np.arange(COUNT)[:, None] / 2
    return Picture(pixels, points, np.linspace(0, 1, COUNT), index % 2 == 0)


@pytest.fixture
def written(tmp_path) -> list[Path]:
    write_pictures(_numbered, 4, tmp_path / "one")
    write_pictures(lambda index: _numbered(index + 10), 2, tmp_path / "two")
    return [tmp_path / "one", tmp_path / "two"]


def test_written_pictures_come_back_in_batches(written):
    batch = picture_batches(written, 8)(0)
    assert {name: tuple(value.shape) for name, value in batch.items()} == {
        "pixels": (8, 3, FRAME, FRAME),
        "points": (8, COUNT, 2),
        "weights": (8, COUNT),
        "locatable": (8,),
    }
    assert all(value.dtype == torch.float32 for value in batch.values())
    assert 0 <= batch["pixels"].min() <= batch["pixels"].max() <= 1


def test_mirrored_pictures_have_mirrored_points(written):
    batches = picture_batches(written, 16)
    batch = {name: torch.cat([batches(index)[name] for index in range(3)]) for name in batches(0)}
    mirrored = batch["pixels"][:, 0, 0, 0] > batch["pixels"][:, 0, 0, -1]
    assert 10 < int(mirrored.sum()) < 38
    plain = torch.from_numpy(_numbered(0).points).float()
    assert torch.equal(batch["points"][~mirrored][0], plain)
    expected = (plain * torch.tensor([-1.0, 1.0]) + torch.tensor([FRAME - 1.0, 0.0]))[list(MIRROR)]
    assert torch.allclose(batch["points"][mirrored][0], expected)
    assert torch.allclose(batch["weights"][mirrored][0], batch["weights"][~mirrored][0][list(MIRROR)])


def test_batches_repeat_and_cover_all_folders(written):
    batches = picture_batches(written, 32)
    assert torch.equal(batches(1)["pixels"], picture_batches(written, 32)(1)["pixels"])
    assert not torch.equal(batches(0)["pixels"], batches(1)["pixels"])
    blue = torch.cat([batches(index)["pixels"][:, 2, 0, 0] for index in range(2)])
    assert (blue > 0.28).any()  # numbers 10 and 11 are of the second folder
    assert (blue < 0.2).any()


def test_processes_that_share_a_batch_draw_what_one_would(written):
    whole, halves = picture_batches(written, 8)(1), [picture_batches(written, 4)(index) for index in (2, 3)]
    assert torch.equal(whole["pixels"], torch.cat([half["pixels"] for half in halves]))
