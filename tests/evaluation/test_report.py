"""A report keeps what was measured, and says plainly what was not reached."""

import json
import math

import pytest

from feim.evaluation.report import ForeignReport, Report, Row, go_on


def test_rows_know_their_direction():
    assert Row("errors", 0.10, 0.12, at_most=True).reached
    assert not Row("errors", 0.13, 0.12, at_most=True).reached
    assert Row("accuracy", 0.7, 0.7).reached
    assert not Row("accuracy", math.nan, 0.7).reached
    assert not Row("errors", math.nan, 0.7, at_most=True).reached
    assert Row("errors of another", 0.3).reached is None


def test_a_killed_report_goes_on(tmp_path):
    path, said = tmp_path / "new" / "speech.json", []
    first = Report(path, {"sentences": 3}, say=said.append)
    first.measure("errors", lambda: [Row("errors", 0.1, 0.2, at_most=True), Row("undefined", math.nan, 1)])
    with pytest.raises(RuntimeError):
        first.measure("crash", lambda: (_ for _ in ()).throw(RuntimeError))

    again = go_on(path, {"sentences": 3})
    again.say = said.append
    again.measure("errors", lambda: pytest.fail("measured twice"))
    again.measure("accuracy", lambda: [Row("accuracy", 0.9, 0.7)])
    assert list(again.rows) == ["errors", "accuracy"]
    assert not again.reached
    assert json.loads(path.read_text())["rows"]["accuracy"][0]["reached"]
    assert "| accuracy | 0.90 | ≥ 0.70 | yes |" in path.with_suffix(".md").read_text()
    assert "| undefined | nan | ≥ 1.00 | **no** |" in again.markdown()
    assert "errors: 0.10 (≤ 0.20: yes)" in said


def test_a_comparison_has_no_bar_to_miss(tmp_path):
    said = []
    report = Report(tmp_path / "speech.json", {}, say=said.append)
    report.measure("baseline", lambda: [Row("errors of another", 0.3, digits=3, note="12 sentences")])
    assert report.reached
    assert said == ["errors of another: 0.300 (for comparison) · 12 sentences"]
    assert "| errors of another | 0.300 | for comparison |  | 12 sentences |" in report.markdown()
    report.measure("errors", lambda: [Row("errors", 0.1, math.nan)])
    again = go_on(report.path, {})
    assert again.rows["baseline"] == report.rows["baseline"]
    assert again.rows["errors"][0].reached is False  # an undefined bar is no comparison
    assert not again.reached


def test_findings_are_kept_and_not_made_again(tmp_path):
    report = Report(tmp_path / "suite.json", {}, say=lambda line: None)
    assert "findings" not in report.as_dict()  # most suites keep rows alone
    made = report.find("sweep", lambda: {"values": (1.0, math.nan), "by": {3: 4}})
    assert made == {"values": [1.0, None], "by": {"3": 4}}
    again = go_on(report.path, {})
    assert again.find("sweep", lambda: pytest.fail("made twice")) == made
    assert "NaN" not in report.path.read_text()


def test_other_settings_are_another_report(tmp_path):
    path = Report(tmp_path / "speech.json", {"sentences": 3}).save()
    with pytest.raises(ForeignReport, match="other settings"):
        go_on(path, {"sentences": 100})
    path.write_text("[]")
    with pytest.raises(ForeignReport, match="no report"):
        go_on(path, {"sentences": 3})
