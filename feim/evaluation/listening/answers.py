"""Raters' answers, in a SQLite database beside the test: one transaction for each, so that whatever happens, what was answered stays.

The first answer to a stimulus stands: a second one, from a double click or another window, is refused. Kept are a random code for each
rater and their answers, and nothing else.
"""

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from feim.evaluation.listening.design import ListeningTest, Stimulus, plan, scale

DATABASE = "answers.sqlite"
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no two look or sound alike
CODE = 8  # of them: 39 bits
PATIENCE = 30.0  # seconds to wait for another writer
_TABLES = """
CREATE TABLE IF NOT EXISTS test (fingerprint TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS raters (number INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS answers (
  rater INTEGER NOT NULL REFERENCES raters, stimulus TEXT NOT NULL, question TEXT NOT NULL,
  value INTEGER NOT NULL CHECK (typeof(value) = 'integer' AND value BETWEEN 1 AND 5),
  PRIMARY KEY (rater, stimulus, question)) WITHOUT ROWID;
"""


class UnusableAnswers(ValueError):
    """The database is damaged, cannot be written, or belongs to another test."""


class UnknownRater(ValueError):
    """Nobody has this code."""


class RefusedAnswer(ValueError):
    """The answer is incomplete, out of range, or to another stimulus than the next."""


class AlreadyAnswered(RefusedAnswer):
    """This stimulus has an answer by this rater; it stands."""


@dataclass(frozen=True)
class Rater:
    """A random code, and the how manyth rater of the test, from 0."""

    code: str
    number: int


@dataclass(frozen=True)
class Answer:
    """One rater's answer to one question about one stimulus. value: from 1; of two 1 prefers the first *system*, 3 the second."""

    rater: int
    stimulus: str
    question: str
    value: int


class Answers:
    """A test's answers. Every call opens the database anew, so threads and processes may share it.

    Raises everywhere: UnusableAnswers.
    """

    def __init__(self, test: ListeningTest):
        """Open them, or begin with none."""
        self.test = test
        self.path = test.folder / DATABASE
        with self._transaction() as database:
            for table in _TABLES.split(";"):
                database.execute(table)
            (found,) = database.execute("SELECT min(fingerprint) FROM test").fetchone()
            if found is None:
                database.execute("INSERT INTO test VALUES (?)", (test.fingerprint(),))
            elif found != test.fingerprint():
                raise UnusableAnswers(
                    f"{self.path} holds answers to other questions or files than {test.folder} has now; restore those, or move it away"
                )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on disk before it returns; one writer at a time."""
        database = None
        try:
            database = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            remedy = (
                "make room or permit writing there" if isinstance(error, sqlite3.OperationalError) else "restore a copy, or move it away"
            )
            raise UnusableAnswers(f"{self.path} cannot be used ({error}); {remedy}") from error
        finally:
            if database is not None:
                database.close()  # rolls back what was not committed

    def enrol(self) -> Rater:
        """A new rater."""
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
        with self._transaction() as database:
            (number,) = database.execute("SELECT count(*) FROM raters").fetchone()
            database.execute("INSERT INTO raters VALUES (?, ?)", (number, code))
        return Rater(code, number)

    def rater(self, code: str) -> Rater:
        """Who has this code, written in any way. Raises: UnknownRater."""
        code = "".join(letter for letter in str(code).upper() if letter.isalnum())
        with self._transaction() as database:
            found = database.execute("SELECT number FROM raters WHERE code = ?", (code,)).fetchone()
        if found is None:
            raise UnknownRater("nobody has this code in this test; look at it again, or begin anew")
        return Rater(code, found[0])

    def progress(self, rater: Rater) -> int:
        """How many stimuli the rater has answered: the place of the next one in their plan."""
        with self._transaction() as database:
            return _count(database, rater)

    def record(self, rater: Rater, place: int, values: Mapping[str, int]) -> None:
        """Keep the answers to all questions about the stimulus at `place` of the rater's plan, as they were given.

        Raises: AlreadyAnswered; RefusedAnswer. Nothing is kept then.
        """
        order = plan(self.test, rater.code, rater.number)
        if not (isinstance(place, int) and 0 <= place < len(order)):
            raise RefusedAnswer(f"there is no stimulus {place!r}; they are counted from 0 to {len(order) - 1}")
        stimulus = order[place]
        rows = [(rater.number, stimulus.key, name, value) for name, value in self._checked(stimulus, values).items()]
        with self._transaction() as database:
            expected = _count(database, rater)
            if place < expected:
                raise AlreadyAnswered(f"stimulus {place} was answered before; the first answer stands")
            if place > expected:
                raise RefusedAnswer(f"stimulus {expected} comes before {place}; answer it first")
            database.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows)

    def _checked(self, stimulus: Stimulus, values: Mapping[str, int]) -> dict[str, int]:
        """The same answers, with preferences between systems rather than between the first met and the second."""
        if not isinstance(values, Mapping) or set(values) != {question.name for question in self.test.questions}:
            raise RefusedAnswer("every question needs an answer; " + ", ".join(question.name for question in self.test.questions))
        for question in self.test.questions:
            value, most = values[question.name], len(scale(self.test, question))
            if type(value) is not int or not 1 <= value <= most:
                raise RefusedAnswer(f"{value!r} is no answer to {question.name!r}; use 1 to {most}")
        return {name: 4 - value if stimulus.swapped else value for name, value in values.items()}

    def everything(self) -> tuple[int, list[Answer]]:
        """How many raters began, and all that they answered, after a look for damage."""
        with self._transaction() as database:
            (state,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if state != "ok":
                raise sqlite3.DatabaseError(state)
            (raters,) = database.execute("SELECT count(*) FROM raters").fetchone()
            return raters, [Answer(*row) for row in database.execute("SELECT * FROM answers ORDER BY rater, stimulus, question")]


def _count(database: sqlite3.Connection, rater: Rater) -> int:
    return database.execute("SELECT count(DISTINCT stimulus) FROM answers WHERE rater = ?", (rater.number,)).fetchone()[0]
