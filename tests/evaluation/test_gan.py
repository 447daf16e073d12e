"""The seed's tables: claims point the right way, systems without weights are named, and figures are those of the films."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import feim
from feim.data.clip import read_manifest, write_manifest
from feim.evaluation.gan import suite
from feim.evaluation.gan.films import Judges, camera_features, expressions, inception_distance, measure, remade
from feim.evaluation.gan.material import FULL, Extent, Filmed, gather
from feim.evaluation.gan.tables import PAPER, SYSTEMS, claims, table
from feim.models import checkpoint
from feim.models.expression_judge import ExpressionJudge
from feim.models.landmarks import LandmarkNetwork
from feim.models.lip_sync import LipSync
from feim.models.super_resolution import CompactNetwork
from feim.models.talking_face import TalkingFace
from feim.training.recipes.talking_face import ROWS
from tests.data.talking_films import talking_corpus

FIGURES = {"fid": 2.0, "resolution": 128.0, "bitrate": 90.0, "mouth": 8.0, "eyes": 4.0, "psnr": 25.0, "ssim": 0.8, "sharpness": 10.0}
FIGURES |= {"expression": 0.5, "in_sync": 0.9, "confidence": 0.3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Films of which some are the test's."""
    folder = talking_corpus(tmp_path_factory.mktemp("films") / "heads", frames=48)
    write_manifest(folder, [replace(clip, split="test") for clip in read_manifest(folder)])
    return folder


@pytest.fixture(scope="module")
def filmed(folder) -> list[Filmed]:
    return gather(folder, FULL)


@pytest.fixture(scope="module")
def generator() -> TalkingFace:
    torch.manual_seed(0)
    return TalkingFace(TalkingFace.Config(width=0.02)).requires_grad_(False).eval()


@pytest.fixture(scope="module")
def judges() -> Judges:
    networks = {"landmarks": LandmarkNetwork, "expression-judge": ExpressionJudge}
    loaded = [checkpoint.load(kind, name) for name, kind in networks.items()]
    torch.manual_seed(0)
    return Judges(feim.load().faces, *loaded, LipSync().eval())


def test_the_systems_are_the_published_eight():
    assert tuple(SYSTEMS) == ROWS
    assert set(PAPER) < set(SYSTEMS)


def test_a_claim_holds_when_its_part_improves_its_measure():
    found = {"base": FIGURES, "se": FIGURES | {"fid": 1.5, "mouth": 8.5}, "base-bsrgan": FIGURES | {"sharpness": 30.0}}
    rows = {row.what: row for row in claims(found)}
    assert {what: row.reached for what, row in rows.items()} == {
        "FID with squeeze-and-excitation, less without (se)": True,
        "mouth with squeeze-and-excitation, less without (se)": False,
        "FID with super-resolution, less without (base-bsrgan)": True,
        "sharpness with super-resolution, less without (base-bsrgan)": True,
    }
    assert rows["FID with squeeze-and-excitation, less without (se)"].value == -0.5
    assert "0.00108" in rows["FID with squeeze-and-excitation, less without (se)"].note


def test_the_table_sets_our_figures_beside_the_papers():
    lines = table({"se-em-bsrgan": FIGURES | {"resolution": 512.0}, "base": FIGURES}).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| Base | 2.000000 | 128 | 90 |")
    assert lines[2].endswith("| 0.00108 | 107.5 |")
    assert lines[3].endswith("| 0.000142 | 3337.83 |")
    assert len({line.count("|") for line in lines}) == 1


def test_test_films_are_told_with_their_person_at_rest(filmed, folder):
    assert len(filmed) == len(read_manifest(folder))
    for one in filmed:
        assert len(one.frames) == len(one.amount) == len(one.mouth) == len(one.eyes) == len(one.waveform) // 640
        assert one.neutral.shape == (128, 128, 3)
    assert len(gather(folder.parent, Extent(films=2))) == 2
    with pytest.raises(ValueError, match="holds no films of test people"):
        gather(folder / "video", FULL)


def test_a_film_made_again_is_as_long_and_the_same_every_time(generator, filmed):
    made = remade(generator, filmed[0].frames[0], filmed[0], filmed[0].amount)
    assert made.shape == filmed[0].frames.shape
    assert made.dtype == np.uint8
    assert np.array_equal(made, remade(generator, filmed[0].frames[0], filmed[0], filmed[0].amount))


def test_figures_of_a_system_and_of_the_camera(generator, filmed, judges, monkeypatch):
    small = filmed[:2]
    real = camera_features(small, judges)
    found = measure(generator, None, small, judges, real)
    larger = measure(generator, checkpoint.load(CompactNetwork, "super-resolution"), small, judges, real)
    assert (found["resolution"], larger["resolution"]) == (128, 512)
    assert larger["bitrate"] > found["bitrate"]
    assert found["fid"] > 1e-3
    monkeypatch.setattr("feim.evaluation.gan.films.remade", lambda network, picture, one, amount: one.frames)
    perfect = measure(generator, None, small, judges, real)
    assert perfect["fid"] == pytest.approx(0, abs=1e-6)
    assert (perfect["mouth"], perfect["eyes"], perfect["psnr"], perfect["ssim"]) == (0, 0, 100, pytest.approx(1))
    assert perfect["mouth"] < found["mouth"]


def test_inceptions_distance_is_none_from_the_camera_to_itself(generator, filmed, monkeypatch):
    class Colours(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, frames):
            return frames.mean((2, 3))

    small = filmed[:2]
    found = inception_distance(Colours(), generator, None, small)
    monkeypatch.setattr("feim.evaluation.gan.films.remade", lambda network, picture, one, amount: one.frames)
    assert inception_distance(Colours(), generator, None, small) == pytest.approx(0, abs=1e-6)
    assert found > 1e-4


def test_expressions_are_judged_once_for_each_person_and_emotion(generator, filmed, judges):
    assert len(expressions(generator, None, filmed + filmed, judges)) == len({(one.clip.speaker, one.clip.emotion) for one in filmed})
    assert expressions(generator, None, [replace(filmed[0], neutral=None)], judges) == []


def test_the_suite_measures_what_has_weights_and_names_what_has_not(folder, tmp_path, monkeypatch):
    studio = feim.load()
    monkeypatch.setattr(suite, "measure", lambda generator, enlarger, *_: FIGURES | {"resolution": 512 if enlarger else 128})
    monkeypatch.setattr(suite, "camera_features", lambda filmed, judges: None)
    monkeypatch.setattr(suite, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(suite.checkpoint, "load", lambda kind, name, *folder: torch.nn.Identity())
    (tmp_path / "talking-face-se.safetensors").touch()
    said = []
    report = suite.evaluate_gan(studio, folder, tmp_path / "out", say=said.append)
    assert set(report.findings) == {"se", "se-bsrgan"}
    assert any("base: no weights" in line and "--name talking-face-base" in line for line in said)
    assert "Base + SE + BSRGAN" in (tmp_path / "out" / "talking-face-gan.md").read_text()
    assert report.rows["claims"] == []
    (tmp_path / "talking-face-base.safetensors").touch()
    monkeypatch.setattr(suite, "inception", lambda: "its weights are here")
    monkeypatch.setattr(suite, "inception_distance", lambda *_: 42.0)
    again = suite.evaluate_gan(studio, folder, tmp_path / "out", resume=True, say=said.append)
    assert set(again.findings) == {"base", "base-bsrgan", "se", "se-bsrgan"}
    assert any("squeeze-and-excitation" in row.what for row in again.rows["claims"])
    assert [again.rows[f"inception, {system}"][0].value for system in again.findings] == [42.0] * 4
