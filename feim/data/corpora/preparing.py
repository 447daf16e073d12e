"""Prepare a corpus once, however often it is stopped: the journal of what is done, what was left out and why, the manifest."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from feim.data.clip import BrokenManifest, Clip, read_manifest, write_manifest
from feim.data.corpora.publication import MissingCorpus
from feim.data.corpora.workers import Workers

JOURNAL, LEFT_OUT = "journal.jsonl", "left_out.tsv"


@dataclass(frozen=True)
class LeftOut:
    """A recording that gave no clip, or a part that its clips lack. Start and end in seconds, both 0 for all of it."""

    recording: str
    reason: str
    text: str = ""
    start: float = 0.0
    end: float = 0.0

    def row(self) -> str:
        return "\t".join(" ".join(str(value).split()) for value in (self.recording, self.start, self.end, self.reason, self.text))


Outcome = tuple[list[Clip], list[LeftOut]]


class Task(Protocol):
    """What a worker needs to know of one recording: a frozen dataclass, whose repr says all of it."""

    @property
    def name(self) -> str:
        """Unique in the corpus."""

    @property
    def files(self) -> tuple[Path, ...]:
        """That it is made from."""


def prepare(out: Path, tasks: list[Task], work: Callable[[Task, Path], Outcome], workers: Workers) -> list[Clip]:
    """Do every task that no earlier call has done, then write left_out.tsv and the manifest.

    A task is done again when its order or the size of one of its files has changed: what was missing, or cut off
    by a broken download, is taken in by the next call.

    Args:
        out: the corpus folder to make.
        work: makes a task's clips in out; a function of a module, because other processes find it by its name.
    Returns: the clips, sorted by the tasks' names. Raises: MissingCorpus when not a single task gave a clip.
    """
    out = out.resolve()
    (out / "audio").mkdir(parents=True, exist_ok=True)
    tasks = sorted(tasks, key=lambda task: task.name)
    stamps = {task.name: _stamp(task) for task in tasks}
    done = _read_journal(out / JOURNAL, stamps)
    rest = [task for task in tasks if task.name not in done]
    with (out / JOURNAL).open("a", encoding="utf-8") as journal:
        outcomes = workers(partial(work, out=out), rest)
        for task, (clips, left_out) in tqdm(zip(rest, outcomes, strict=True), total=len(rest), desc="preparing", disable=not rest):
            entry = {"recording": task.name, "stamp": stamps[task.name]}
            done[task.name] = entry | {"clips": [asdict(clip) for clip in clips], "left_out": [asdict(part) for part in left_out]}
            journal.write(json.dumps(done[task.name], ensure_ascii=False) + "\n")
            journal.flush()
    left_out = [LeftOut(**part) for task in tasks for part in done[task.name]["left_out"]]
    _write_left_out(out / LEFT_OUT, left_out)
    kept = _phone_times(out, {clip["id"] for task in rest for clip in done[task.name]["clips"]})
    clips = [Clip(**clip) for task in tasks for clip in done[task.name]["clips"]]
    clips = [clip if clip.durations else replace(clip, durations=kept.get((clip.id, clip.phonemes))) for clip in clips]
    if not clips:
        raise MissingCorpus(
            f"not one of {len(tasks)} recordings could be used; the first: {left_out[0].reason}; all are in {out / LEFT_OUT}"
            if left_out
            else "there is nothing to prepare"
        )
    write_manifest(out, clips)
    return clips


def _phone_times(out: Path, made_again: set[str]) -> dict[tuple[str, str | None], list[int] | None]:
    """What `align` has written into the manifest since: (id, phonemes) → durations of the clips that are as they were."""
    try:
        before = read_manifest(out)
    except BrokenManifest:
        return {}
    return {(clip.id, clip.phonemes): clip.durations for clip in before if clip.id not in made_again}


def _stamp(task: Task) -> str:
    """Changes with the task's order and with the sizes of its files."""
    sizes = [path.stat().st_size if path.is_file() else None for path in task.files]
    return hashlib.sha256(repr((task, sizes)).encode()).hexdigest()[:16]


def _read_journal(path: Path, stamps: dict[str, str]) -> dict[str, dict]:
    """What earlier calls finished and still holds. Other lines, such as one cut off when a call was stopped, leave the file."""
    done = {entry["recording"]: entry for entry in _entries(path) if stamps.get(entry["recording"]) == entry.get("stamp")}
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in done.values()), encoding="utf-8")
    unfinished.replace(path)
    return done


def _entries(path: Path) -> Iterator[dict]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def _write_left_out(path: Path, left_out: list[LeftOut]) -> None:
    rows = ["recording\tstart\tend\treason\ttext", *(part.row() for part in left_out)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
