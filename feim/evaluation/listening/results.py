"""What raters said about the systems: mean opinion scores or preferences with 95 % confidence, as the papers' tables and as JSON.

Unfinished raters count as far as they answered. A rater who missed a check counts nowhere, and is said to be left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

import numpy as np

from feim.evaluation.confidence import Estimate, estimate
from feim.evaluation.listening.answers import Answers
from feim.evaluation.listening.design import ListeningTest, Question, scale, stimuli

OVERALL = "Aggregate (mean)"


@dataclass(frozen=True)
class Opinion:
    """A rater's answers about one version of one item: question → value from 1; overall: the mean of those that count in it."""

    rater: int
    item: str
    emotion: str
    systems: tuple[str, ...]
    values: dict[str, int]
    overall: float


@dataclass(frozen=True)
class Results:
    """Opinions that count, and the raters behind them: how many began, answered something, answered all, and were left out."""

    test: ListeningTest
    opinions: tuple[Opinion, ...]
    began: int
    answered: int
    finished: int
    left_out: int

    def as_dict(self) -> dict:
        """For JSON."""
        raters = {name: getattr(self, name) for name in ("began", "answered", "finished", "left_out")}
        scores = _preferences_as_dict(self) if self.test.kind == "ab" else _scores_as_dict(self)
        return {"title": self.test.title, "kind": self.test.kind, "raters": raters, "answers": len(self.opinions), "results": scores}

    def markdown(self) -> str:
        """The tables, each with a line on how to read it."""
        told = (
            f"{self.began} raters began, {self.answered} answered, {self.finished} to the end; "
            f"{self.left_out} left out for a missed attention check. {len(self.opinions)} stimuli rated."
        )
        parts = [f"# {self.test.title}", told, *(_preference_tables(self) if self.test.kind == "ab" else _score_tables(self))]
        published = [f"{question.name}: {question.published}" for question in self.test.questions if question.published]
        return "\n\n".join(parts + (["Published: " + "; ".join(published)] if published else [])) + "\n"


def read_results(answers: Answers) -> Results:
    """Count what was answered so far. Raises: UnusableAnswers."""
    began, everything = answers.everything()
    test, known = answers.test, stimuli(answers.test)
    by_stimulus: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for answer in everything:
        by_stimulus[answer.rater, answer.stimulus][answer.question] = answer.value
    counting = [question.name for question in test.questions if question.overall]
    missed = {rater for (rater, key), values in by_stimulus.items() if not _passes(known[key].wanted, values)}
    heard = Counter(rater for rater, _ in by_stimulus)
    opinions = tuple(
        Opinion(rater, known[key].item, known[key].emotion, known[key].systems, values, mean(values[name] for name in counting))
        for (rater, key), values in by_stimulus.items()
        if known[key].role == "rated" and rater not in missed
    )
    finished = sum(count == len(known) for count in heard.values())
    return Results(test, opinions, began, len(heard), finished, len(missed))


def _passes(wanted: dict[str, int], values: dict[str, int]) -> bool:
    return all(values[question] == answer for question, answer in wanted.items())


# Mean opinion scores


def score(results: Results, system: str, question: str | None = None, emotion: str | None = None) -> Estimate:
    """The mean opinion of one system: of one question or overall, of one emotion or of all items."""
    chosen = [o for o in results.opinions if o.systems == (system,) and emotion in (None, o.emotion)]
    return _estimate((o, o.values[question] if question else o.overall) for o in chosen)


def difference(results: Results, system: str, base: str) -> Estimate:
    """How much better a system is than another overall, on the items that a rater judged from both."""
    judged = {(o.rater, o.item, o.systems[0]): o for o in results.opinions}
    both = [(o, judged.get((o.rater, o.item, base))) for o in results.opinions if o.systems == (system,)]
    return _estimate((o, o.overall - other.overall) for o, other in both if other)


def _estimate(valued: Iterable[tuple[Opinion, float]]) -> Estimate:
    pairs = list(valued)
    return estimate([value for _, value in pairs], [o.rater for o, _ in pairs], [o.item for o, _ in pairs])


def shares(results: Results, versions: tuple[str, ...], question: Question) -> list[float]:
    """Percent of answers 1, 2, … about a system or a pair; zeros if there are none."""
    given = Counter(o.values[question.name] for o in results.opinions if o.systems == versions)
    return [100 * given[value] / max(1, given.total()) for value in range(1, len(scale(results.test, question)) + 1)]


def _emotions(test: ListeningTest) -> list[str]:
    found = list(dict.fromkeys(item.emotion for item in test.items if item.emotion))
    return found if len(found) > 1 else []


def _change(results: Results, system: str) -> float | None:
    """Percent by which the aggregate differs from the base's."""
    mean, base = score(results, system).mean, score(results, results.test.systems[0]).mean
    return None if np.isnan(mean + base) else round(100 * (mean / base - 1), 2)


def _scores_as_dict(results: Results) -> dict:
    test, found = results.test, {}
    for system in test.systems:
        found[system] = {
            "questions": {question.name: score(results, system, question.name).as_dict() for question in test.questions},
            "aggregate": score(results, system).as_dict(),
            "change_percent": _change(results, system),
            "difference": difference(results, system, test.systems[0]).as_dict(),
            "emotions": {
                emotion: {question.name: score(results, system, question.name, emotion).as_dict() for question in test.questions}
                for emotion in _emotions(test)
            },
            "distribution": {question.name: shares(results, (system,), question) for question in test.questions},
        }
    return found


def _score_tables(results: Results) -> list[str]:
    test = results.test
    base = test.systems[0]
    names = [question.name for question in test.questions]
    rows = []
    for system in test.systems:
        cells = [_shown(score(results, system, name)) for name in names] + [f"**{_shown(score(results, system))}**"]
        change, apart = _change(results, system), difference(results, system, base)
        rows.append([system, *cells, *(("–", "–") if system == base or change is None else (f"{change:+.2f} %", _shown(apart, "+.2f")))])
    overall = [question.name for question in test.questions if question.overall]
    parts = [
        "## Mean opinion scores",
        "From 1 to 5, ± half of the 95 % confidence interval: Student's t over raters and items together, so it holds for other raters "
        f"and other items. The difference is between the same rater's opinions of the same item by this system and by {base}."
        + (f" The aggregate is of {', '.join(overall)}." if overall != names else ""),
        _table(["Model", *names, OVERALL, "% change from base", "Difference from base"], rows),
    ]
    for question in test.questions:
        labels = scale(test, question)
        rows = [[system, *(f"{share:.1f}" for share in shares(results, (system,), question))] for system in test.systems]
        parts += [f"## {question.name}: “{question.ask}”", _table(["Model", *(f"{label} (%)" for label in labels)], rows)]
        if _emotions(test):
            rows = [
                [system, *(_shown(score(results, system, question.name, emotion)) for emotion in _emotions(test))]
                for system in test.systems
            ]
            parts.append(_table(["Model", *_emotions(test)], rows))
    return parts


# Preferences


def preference(results: Results, pair: tuple[str, ...], question: str) -> Estimate:
    """The share of answers that prefer the first of a pair, from 0 to 1; "no difference" is half an answer for each."""
    return _estimate((o, (3 - o.values[question]) / 2) for o in results.opinions if o.systems == pair)


def _preferences_as_dict(results: Results) -> list[dict]:
    return [
        {
            "question": question.name,
            "systems": list(pair),
            "percent": shares(results, pair, question),
            "preference": preference(results, pair, question.name).as_dict(),
        }
        for question in results.test.questions
        for pair in results.test.versions
    ]


def _preference_tables(results: Results) -> list[str]:
    parts = [
        "## Preferences",
        "Preference is the share of answers for A, “no difference” counted half, ± half of the 95 % confidence interval: Student's t over "
        "raters and items together. If the interval holds 50 %, the test does not tell the two apart.",
    ]
    for question in results.test.questions:
        rows = []
        for pair in results.test.versions:
            found = preference(results, pair, question.name)
            percent = Estimate(100 * found.mean, 100 * found.half, found.answers, found.raters, found.stimuli)
            rows.append([*pair, *(f"{share:.1f}" for share in shares(results, pair, question)), _shown(percent, ".1f"), str(found.answers)])
        header = ["A", "B", "A (%)", "No difference (%)", "B (%)", "Preference for A (%)", "Answers"]
        parts += [f"### {question.name}: “{question.ask}”", _table(header, rows)]
    return parts


def _shown(found: Estimate, digits: str = ".2f") -> str:
    if np.isnan(found.mean):
        return "–"
    return f"{found.mean:{digits}}" + ("" if np.isnan(found.half) else f" ± {found.half:{digits.lstrip('+')}}")


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
