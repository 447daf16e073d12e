"""A report: measured values beside the bars they must reach, saved after every measure as JSON and as a Markdown table."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter


class ForeignReport(ValueError):
    """The file to go on from is no report of this suite and these settings."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured.
        value, bar: the figure and what it must reach, in the same unit; without a bar, the figure is there for comparison.
        at_most: True if smaller is better.
        digits: decimals to print.
        note: how it was measured: counts, spread, what it was compared with.
    """

    what: str
    value: float
    bar: float | None = None
    at_most: bool = False
    digits: int = 2
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; an undefined value (nan) reaches none. None without a bar."""
        if self.bar is None:
            return None
        return bool(self.value <= self.bar if self.at_most else self.value >= self.bar)

    def cells(self) -> tuple[str, str, str, str, str]:
        """What, measured, bar, verdict, note: as printed."""
        value = f"{self.value:.{self.digits}f}"
        if self.bar is None:
            return self.what, value, "for comparison", "", self.note
        bar = f"{'≤' if self.at_most else '≥'} {self.bar:.{self.digits}f}"
        return self.what, value, bar, "yes" if self.reached else "**no**", self.note


@dataclass
class Report:
    """Measures by name, each with its rows, in the order they were made.

    Attributes:
        path: the JSON file; the Markdown table is written beside it.
        settings: what makes two reports comparable.
        findings: what rows and figures were made from, where a suite keeps it.
        say: where progress goes.
    """

    path: Path
    settings: dict
    rows: dict[str, list[Row]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    findings: dict[str, dict] = field(default_factory=dict)
    say: Callable[[str], None] = print

    def measure(self, name: str, make: Callable[[], list[Row]]) -> list[Row]:
        """Make the rows of one measure and save the report; a measure that the report already has is not made again."""
        if name not in self.rows:
            start = perf_counter()
            self.rows[name] = make()
            self._spend(name, start)
            self.save()
        for row in self.rows[name]:
            what, value, bar, reached, note = row.cells()
            verdict = f"{bar}: {reached.strip('*')}" if reached else bar
            self.say(f"{what}: {value} ({verdict}){' · ' + note if note else ''}")
        return self.rows[name]

    def find(self, name: str, make: Callable[[], dict]) -> dict:
        """Make the numbers of one measurement and save the report; what the report already has is not made again."""
        if name not in self.findings:
            start = perf_counter()
            self.findings[name] = _plain(make())
            self._spend(name, start)
            self.save()
        return self.findings[name]

    def _spend(self, name: str, start: float) -> None:
        """Findings and the rows that are made from them may have one name."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + perf_counter() - start, 1)

    @property
    def reached(self) -> bool:
        """Whether every bar is reached."""
        return all(row.reached is not False for rows in self.rows.values() for row in rows)

    def as_dict(self) -> dict:
        """For JSON: undefined values become null; `reached` is null only where there is no bar."""
        rows = {name: [_without_nan(asdict(row)) | {"reached": row.reached} for row in rows] for name, rows in self.rows.items()}
        found = {"findings": self.findings} if self.findings else {}
        return {"settings": self.settings, "rows": rows, "seconds": self.seconds} | found

    def markdown(self) -> str:
        """The table."""
        lines = ["| what | measured | bar | reached | how |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(row.cells())} |" for rows in self.rows.values() for row in rows]
        return "\n".join(lines) + "\n"

    def save(self) -> Path:
        """Write both files whole. Raises: OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n")
        unfinished.replace(self.path)
        self.path.with_suffix(".md").write_text(self.markdown())
        return self.path


def go_on(path: Path, settings: dict) -> Report:
    """The report at `path` as far as it got, or a new one if there is none.

    Raises: ForeignReport.
    """
    if not path.is_file():
        return Report(path, settings)
    try:
        found = json.loads(path.read_text())
        rows = {name: [_row(row) for row in rows] for name, rows in found["rows"].items()}
        if found["settings"] != settings:
            raise ForeignReport(f"{path} was measured with other settings or weights; choose another folder or leave out --resume")
        return Report(path, settings, rows, found["seconds"], found.get("findings", {}))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ForeignReport(f"{path} is no report of ours; choose another folder or leave out --resume") from error


def _row(saved: dict) -> Row:
    values = {name: math.nan if value is None else value for name, value in saved.items() if name != "reached"}
    return Row(**values | ({"bar": None} if saved["reached"] is None else {}))


def _without_nan(row: dict) -> dict:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _plain(found: object) -> object:
    """Nested dicts and lists as JSON gives them back, undefined values as null."""
    if isinstance(found, dict):
        return {str(name): _plain(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [_plain(value) for value in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found
