"""The whole suite on a miniature stage: one report, one table, one page that opens offline."""

import json
import re
from functools import partial

import pytest

from feim.evaluation.experiments import carry_over, confusion, speakers, suite, sweep, training_sets
from feim.evaluation.experiments.figures import DARK
from feim.evaluation.material import LABELLED
from feim.evaluation.report import ForeignReport, Report, go_on
from feim.models import checkpoint
from feim.models.checkpoint import MissingCheckpoint

UNTRAINED = [module.experiment(None) for module in suite.COMPARISONS]


@pytest.fixture
def finished(stage, teachers, tmp_path, monkeypatch) -> Report:
    monkeypatch.setattr(sweep, "INTENSITIES", (0.0, *confusion.SHOWN))
    monkeypatch.setattr(sweep, "LEVELS", (LABELLED, 1.0))
    monkeypatch.setattr(speakers, "INTENSITIES", (1.0,))
    report = Report(tmp_path / "out" / "feim-tts.json", {"extent": {"swept": 2}, "weights": {"tts": "0123"}}, say=lambda line: None)
    suite.run(stage, report, suite.EXPERIMENTS, UNTRAINED)
    return report


def test_from_a_stage_to_a_page(finished):
    page, plotly = finished.path.with_suffix(".html").read_text().rsplit("<script>", 1)
    assert len(plotly) > 1_000_000
    assert list(finished.rows) == [experiment.name for experiment in suite.EXPERIMENTS]
    assert list(finished.findings) == ["distortion", "sweep", "scripts", "speakers", "other-corpus"]
    for experiment in suite.EXPERIMENTS:
        assert f'<section id="{experiment.name}">' in page
    for experiment in UNTRAINED:  # nothing is hidden: it says how to measure the rest
        assert f'<section id="{experiment.name}">' in page
    assert "python -m feim train tts --name tts-unlabelled" in page
    assert "python -m feim train tts --name tts-bilingual" in page
    assert not re.search(r'(src|href)="(?!#|https://arxiv.org/abs/2409.16203)', page)
    assert "%FIGURES%" not in page
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', page, re.S)[1].replace("<\\/", "</"))
    assert len(figures) == page.count('class="plot"')
    colours = set(re.findall(r"#[0-9a-f]{6}", json.dumps(figures)))
    assert colours <= set(DARK)  # every colour has its dark one
    assert finished.path.with_suffix(".md").read_text().count("|") > 100


def test_a_finished_report_is_drawn_again_without_a_word(finished, stage, monkeypatch):
    page = finished.path.with_suffix(".html")
    before = page.read_text()
    page.unlink()
    monkeypatch.setattr(type(stage.voice), "say", lambda *_: pytest.fail("spoken again"))
    again = go_on(finished.path, finished.settings)
    again.say = lambda line: None
    suite.run(stage, again, suite.EXPERIMENTS, UNTRAINED)
    assert page.read_text() == before
    assert json.loads(finished.path.read_text()) == again.as_dict()


def test_training_sets_join_a_finished_report(finished, stage, tmp_path):
    for name in training_sets.ARMS:
        checkpoint.save(stage.voice.studio.tts, name, {}, tmp_path)
    suite.run(stage, finished, (*suite.EXPERIMENTS, training_sets.experiment(tmp_path)), UNTRAINED[1:])
    page = finished.path.with_suffix(".html").read_text()
    assert page.count('<section id="training-sets">') == 1
    assert "--name tts-unlabelled" not in page


def test_training_sets_of_other_weights_are_refused(miniature, tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "weights", dict)
    folder = tmp_path / "ablations"
    for name in training_sets.ARMS:
        checkpoint.save(miniature.tts, name, {}, folder)
    evaluate = partial(suite.evaluate_feim_tts, miniature, tmp_path, tmp_path, resume=True, ablations=folder, judges={})
    with pytest.raises(FileNotFoundError, match="DNS-Challenge"):  # nothing was measured yet, so it begins
        evaluate()
    settings = json.loads(json.dumps(suite.settings_of(miniature, suite.FULL, {})))
    Report(tmp_path / "feim-tts.json", settings, findings={"training-sets": {"weights": {"tts-both": "other"}}}).save()
    with pytest.raises(ForeignReport, match="other weights' training-sets"):
        evaluate()


def test_which_comparisons_can_be_made(miniature, tmp_path):
    report = Report(tmp_path / "feim-tts.json", {})
    assert suite.comparable(None, report) == []
    with pytest.raises(MissingCheckpoint, match="tts-labelled, tts-unlabelled, tts-both, tts-bilingual, acted-emotion-judge"):
        suite.comparable(tmp_path, report)
    for name in carry_over.TRAINED:
        checkpoint.save(miniature.tts, name, {}, tmp_path)
    assert suite.comparable(tmp_path, report) == [carry_over]
    checkpoint.save(miniature.tts, "tts-both", {}, tmp_path)
    with pytest.raises(MissingCheckpoint, match="tts-labelled"):  # some of three are none
        suite.comparable(tmp_path, report)
    measured = Report(tmp_path / "feim-tts.json", {}, findings={"training-sets": {"weights": {}}})
    assert suite.comparable(None, measured) == [training_sets]
