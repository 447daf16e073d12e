"""One page to show: every experiment's question, figures and table, what the paper says and where the data differ. Opens offline."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from plotly.offline import get_plotlyjs

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import DARK
from feim.evaluation.report import Report, Row

HERE = Path(__file__).parent
TITLE = "FEIM-TTS, measured"
LEAD = (
    "The experiments of “Facial Expression-Enhanced TTS” that need no human rater, repeated with the model of this repository: "
    "what was asked, what was heard, and what the paper says beside it."
)
# From the summary of the paper that the project works from; anything else would need the paper's own tables.
STATED = (
    ("Opinion of expressiveness (MOS, 1 to 5)", "3.31", "needs raters: python -m feim listen makes that test"),
    ("Training examples that learn the null token", "10 %", "10 % of labels, and half of the neutral ones"),
    ("Intensity γ", "0 to 30; above, mumbling", "0 to 30, growing with its logarithm above 1"),
    ("Speech with emotion labels", "CREMA-D and MELD, acted by people", "synthetic teachers, whose rules were measured from real actors"),
    ("Speech without labels", "LRS3", "LibriSpeech"),
    ("Who hears the emotion", "a speech emotion recogniser, and raters", "a recogniser trained on other teachers"),
)
SOURCE = (
    'Chu, Shim and Park 2024, <a href="https://arxiv.org/abs/2409.16203">arXiv 2409.16203</a>. The paper’s figures are quoted from a '
    "summary of it; where none is known, none is given."
)


def write_page(report: Report, shown: Sequence[tuple[Experiment, dict]], untrained: Sequence[Experiment] = ()) -> Path:
    """Write the report's page beside its JSON file, whole: plotly's code and all figures are inside. Raises: OSError.

    Args: untrained: experiments whose models were not at hand; the page says how to train them.
    """
    pictures: list[Picture] = []
    sections = []
    for experiment, found in shown:
        own = experiment.draw(found)
        sections.append(_section(experiment, own, len(pictures), report.rows[experiment.name]))
        pictures += own
    sections += [_not_trained(experiment) for experiment in untrained]
    page = (HERE / "page.html").read_text(encoding="utf-8")
    filled = {
        "TITLE": TITLE,
        "LEAD": escape(LEAD),
        "STYLE": (HERE / "page.css").read_text(encoding="utf-8"),
        "LINKS": "".join(f'<a href="#{e.name}">{escape(e.title)}</a>' for e, _ in shown),
        "HEADLINES": "".join(_tile(experiment, report.rows[experiment.name]) for experiment, _ in shown),
        "SECTIONS": "\n".join(sections),
        "STATED": "".join(f"<tr><td>{escape(what)}</td><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for what, a, b in STATED),
        "SOURCE": SOURCE,
        "SETTINGS": escape(_settings(report)),
        "FIGURES": _for_script([json.loads(picture.figure.to_json()) for picture in pictures]),
        "DARK": _for_script(DARK),
        "PLOTLY": get_plotlyjs(),
    }
    for name, content in filled.items():  # plotly's code comes last: it is not searched
        page = page.replace(f"%{name}%", content)
    path = report.path.with_suffix(".html")
    unfinished = path.with_suffix(".unfinished-page")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)
    return path


def _for_script(content: object) -> str:
    """JSON that cannot end the script that it stands in."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _section(experiment: Experiment, pictures: list[Picture], first: int, rows: list[Row]) -> str:
    figures = "".join(
        f"<figure{' class=wide' if picture.wide else ''}><h3>{escape(picture.title)}</h3>"
        f'<div class="plot" data-figure="{first + number}" role="img" aria-label="{escape(picture.title)}"></div>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        for number, picture in enumerate(pictures)
    )
    return f"""<section id="{experiment.name}"><h2>{escape(experiment.title)}</h2><p class="asked">{escape(experiment.asked)}</p>
<div class="figures">{figures}</div>
<div class="beside"><div><h3>The paper</h3><p>{escape(experiment.paper)}</p></div>
<div><h3>What differs here</h3><p>{escape(experiment.differs)}</p></div></div>
{_table(rows)}</section>"""


def _table(rows: list[Row]) -> str:
    lines = []
    for row in rows:
        what, value, bar, verdict, note = (escape(cell.strip("*")) for cell in row.cells())
        judged = "" if row.bar is None else f'<span class="{"yes" if row.reached else "no"}">{verdict}</span>'
        lines.append(
            f"<tr><td>{what}</td><td class=number>{value}</td><td>{'' if row.bar is None else bar} {judged}</td><td>{note}</td></tr>"
        )
    head = "<tr><th>what</th><th>measured</th><th>bar</th><th>how</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"
    return f"<details><summary>All {len(rows)} figures</summary><div class=scroll>{table}</div></details>"


def _not_trained(experiment: Experiment) -> str:
    return f"""<section id="{experiment.name}"><h2>{escape(experiment.title)}</h2><p class="asked">{escape(experiment.asked)}</p>
<p>Not measured yet: it takes models that do not ship. These commands train them and add them to this report:</p>
<pre><code>{escape(experiment.commands)}</code></pre></section>"""


def _tile(experiment: Experiment, rows: list[Row]) -> str:
    """How many of an experiment's bars are reached; nothing where it has none."""
    judged = [bool(row.reached) for row in rows if row.bar is not None]
    if not judged:
        return ""
    told = f"<b>{sum(judged)} of {len(judged)}</b><span>bars reached: {escape(experiment.title)}</span>"
    return f'<a class="tile" href="#{experiment.name}">{told}</a>'


def _settings(report: Report) -> str:
    spent = sum(report.seconds.values()) / 60
    extent = ", ".join(f"{name} {count}" for name, count in report.settings.get("extent", {}).items())
    return f"Extent: {extent}. Measured in {spent:.0f} minutes. Weights: tts {report.settings.get('weights', {}).get('tts', 'unknown')}."
