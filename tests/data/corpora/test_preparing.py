"""However often it is stopped, and whoever works: the same corpus. And what is broken is listed, the rest intact."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import pytest
import soundfile

from feim.data.clip import Clip, read_manifest, write_manifest
from feim.data.corpora import prepare_corpus
from feim.data.corpora.crema_d import SENTENCES
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.preparing import JOURNAL, LEFT_OUT, LeftOut, prepare
from feim.data.corpora.publication import MissingCorpus
from feim.data.corpora.utterances import Utterance, prepare_utterances
from feim.data.corpora.workers import processes
from feim.signal.face import FaceNotFound
from tests.data.corpora.films import tone

ROOT = Path(__file__).parents[3]
HERE = processes(1)


@dataclass(frozen=True)
class Copy:
    """A task that copies a text."""

    name: str
    source: Path

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.source,)


class Stopped(Exception):
    pass


def copy(task: Copy, out: Path, worked: list[str] | None = None, until: int | None = None):
    if until is not None and len(worked) == until:
        raise Stopped
    if worked is not None:
        worked.append(task.name)
    if not task.source.is_file():
        return [], [LeftOut(task.name, f"there\tis no\nfile {task.source.name}")]
    (out / "audio" / task.name).write_text(task.source.read_text())
    clip = Clip(task.name, "x", "y", "en-us", task.source.read_text(), "z", intensity=1 / 3, durations=[1, 2])
    return [clip], [LeftOut(task.name, "the end is noise", "ende", 0.5, 1.0)] if task.name == "b" else []


@pytest.fixture
def tasks(tmp_path) -> list[Copy]:
    (tmp_path / "source").mkdir()
    for name in "abcde":
        (tmp_path / "source" / name).write_text(f"text of {name}")
    return [Copy(name, tmp_path / "source" / name) for name in "dbcxae"]  # x is missing


def made(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != JOURNAL}


@pytest.fixture
def whole(tasks, tmp_path) -> dict[str, bytes]:
    prepare(tmp_path / "whole", tasks, copy, HERE)
    return made(tmp_path / "whole")


def test_clips_are_sorted_and_what_is_left_out_is_listed(tasks, tmp_path):
    clips = prepare(tmp_path / "out", tasks, copy, HERE)
    assert [clip.id for clip in clips] == list("abcde")
    assert clips[0].text == "text of a"
    assert (tmp_path / "out" / LEFT_OUT).read_text().splitlines() == [
        "recording\tstart\tend\treason\ttext",
        "b\t0.5\t1.0\tthe end is noise\tende",
        "x\t0.0\t0.0\tthere is no file x\t",
    ]


@pytest.mark.parametrize("done", range(6))
def test_stopped_after_any_task(tasks, whole, tmp_path, done):
    out, worked = tmp_path / "out", []
    with pytest.raises(Stopped):
        prepare(out, tasks, partial(copy, worked=worked, until=done), HERE)
    assert not (out / "manifest.parquet").exists()
    prepare(out, tasks, partial(copy, worked=worked), HERE)
    assert made(out) == whole
    assert sorted(worked) == sorted("abcdex")  # nothing twice


def test_stopped_in_the_middle_of_a_line(tasks, whole, tmp_path):
    out = tmp_path / "out"
    prepare(out, tasks, copy, HERE)
    journal = (out / JOURNAL).read_bytes()
    for cut in range(0, len(journal), 37):
        (out / JOURNAL).write_bytes(journal[:cut] + b"\xff" * (cut % 2))
        (out / "manifest.parquet").unlink()
        prepare(out, tasks, copy, HERE)
        assert made(out) == whole
        assert [json.loads(line)["recording"] for line in (out / JOURNAL).open()] == list("abcdex")


def test_a_file_that_came_or_changed_is_taken_in_and_nothing_else(tasks, whole, tmp_path):
    out, worked = tmp_path / "out", []
    prepare(out, tasks, copy, HERE)
    (tmp_path / "source" / "x").write_text("here now")
    (tmp_path / "source" / "c").write_text("whole now, not cut off")
    clips = prepare(out, tasks, partial(copy, worked=worked), HERE)
    assert worked == ["c", "x"]
    assert [clip.text for clip in clips] == ["text of a", "text of b", "whole now, not cut off", "text of d", "text of e", "here now"]
    prepare(out, tasks[:2], partial(copy, worked=worked), HERE)  # fewer are asked for: fewer are in the manifest
    assert [clip.id for clip in read_manifest(out)] == ["b", "d"]


def test_phone_times_that_were_found_since_stay(tasks, tmp_path):
    def timeless(task: Copy, out: Path):
        clips, left_out = copy(task, out)
        return [replace(clip, durations=None) for clip in clips], left_out

    out = tmp_path / "out"
    clips = prepare(out, tasks, timeless, HERE)
    write_manifest(out, [replace(clip, durations=[1, 2, 3]) for clip in clips])  # as `align` does
    (tmp_path / "source" / "c").write_text("another sound, with other times")
    prepare(out, tasks, timeless, HERE)
    assert {clip.id: clip.durations for clip in read_manifest(out)} == {name: [1, 2, 3] for name in "abde"} | {"c": None}


def test_nothing_usable_is_an_error_and_the_old_manifest_stays(tasks, tmp_path):
    out = tmp_path / "out"
    prepare(out, tasks, copy, HERE)
    with pytest.raises(MissingCorpus, match=r"not one of 1 recordings .* there\s+is no\s+file x; all are in .*left_out\.tsv"):
        prepare(out, [task for task in tasks if task.name == "x"], copy, HERE)
    assert len(read_manifest(out)) == 5


# ---- utterances -----------------------------------------------------------------------------------------------------------


def spoken(folder: Path, count: int) -> list[Utterance]:
    folder.mkdir()
    utterances = []
    for number in range(count):
        soundfile.write(folder / f"{number:03d}.wav", tone(seconds=0.12 + number / 1000), 16_000)
        clip = Clip(f"{number:03d}", "x", "y", "en-us", "Hello.", "z")
        utterances.append(Utterance(clip, Excerpt(folder / f"{number:03d}.wav")))
    return utterances


def test_one_percent_is_broken_and_the_rest_is_intact(tmp_path):
    utterances = spoken(tmp_path / "source", 100)
    intact = prepare_utterances(utterances, tmp_path / "intact", HERE)
    (tmp_path / "source" / "042.wav").write_bytes(b"noise" * 50)
    clips = prepare_utterances(utterances, tmp_path / "out", HERE)
    assert [clip for clip in intact if clip.id != "042"] == clips
    for clip in clips:
        assert (tmp_path / "out" / clip.audio).read_bytes() == (tmp_path / "intact" / clip.audio).read_bytes()
    [row] = (tmp_path / "out" / LEFT_OUT).read_text().splitlines()[1:]
    assert row.startswith("042\t0.0\t0.0\t042.wav is not a sound")
    assert row.endswith("\tHello.")


def test_without_a_face_the_voice_is_kept_and_the_loss_is_listed(tmp_path, film, monkeypatch):
    def nobody(picture):
        raise FaceNotFound

    monkeypatch.setattr("feim.data.corpora.excerpts.find_face", nobody)
    utterance = Utterance(Clip("one", "x", "y", "en-us", "Hello.", "z"), Excerpt(film), Excerpt(film))
    [clip] = prepare_utterances([utterance], tmp_path / "out", HERE)
    assert (clip.audio, clip.image) == ("audio/one.flac", None)
    assert "kept without a picture: no face in 3 pictures of film.mp4" in (tmp_path / "out" / LEFT_OUT).read_text()


def test_a_file_much_longer_than_declared_holds_something_else(tmp_path):
    [utterance] = spoken(tmp_path / "source", 1)
    soundfile.write(tmp_path / "source" / "000.wav", tone(seconds=14), 16_000)
    wrong = Utterance(utterance.clip, utterance.sound, seconds=3.0)
    with pytest.raises(MissingCorpus, match=r"lasts 14 s, where the corpus says 3\.0 s"):
        prepare_utterances([wrong], tmp_path / "out", HERE)
    [clip] = prepare_utterances([Utterance(utterance.clip, utterance.sound, seconds=5.0)], tmp_path / "out", HERE)
    assert clip.id == "000"


# ---- the command itself, ended by the system without a chance to tidy up ---------------------------------------------------

BROKEN = "1002_TIE_FEA_XX"
MORTAL = """
import os, random, signal, sys
from feim.__main__ import main
from feim.data.corpora import utterances
from feim.signal.face import find_face, read_image

find_face(read_image("assets/faces/average-woman-20s.jpg"))  # what takes long at first is done before the clock runs

journal, order = sys.argv[1], sys.argv[2:]
chance, attempts, status = random.Random(0), 0, None
while status != 0:
    attempts += 1
    seconds = chance.uniform(0, 0.1 * attempts)
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # of the processor's time; its signal kills, whatever is being done
        sys.stdout = sys.stderr
        os._exit(main(order) or 0)
    status = os.waitpid(child, 0)[1]
    assert status == 0 or os.WTERMSIG(status) == signal.SIGPROF, status
    if status:
        print(open(journal).read().count("\\n"))
"""


@pytest.fixture(scope="module")
def crema_d(tmp_path_factory, film) -> Path:
    """A hundred clips in CREMA-D's layout: three with a film, one whose sound is noise."""
    folder = tmp_path_factory.mktemp("published") / "CREMA-D"
    for inside in ("AudioWAV", "VideoFlash", "processedResults"):
        (folder / inside).mkdir(parents=True)
    names = ["_".join(parts) + "_XX" for parts in product(("1001", "1002"), SENTENCES, ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD"))][:100]
    (folder / "SentenceFilenames.csv").write_text("Stimulus_Number,Filename\n" + "".join(f"1,{name}\n" for name in names))
    (folder / "VideoDemographics.csv").write_text("ActorID,Age,Sex\n1001,51,Male\n1002,21,Female\n")
    (folder / "processedResults" / "summaryTable.csv").write_text("FileName,MultiModalVote,MultiModalLevel\n")
    for number, name in enumerate(names):
        soundfile.write(folder / "AudioWAV" / f"{name}.wav", tone(seconds=0.2 + number / 1000), 16_000)
    (folder / "AudioWAV" / f"{BROKEN}.wav").write_bytes(b"noise" * 50)
    for name in names[:81:35]:
        shutil.copy(film, folder / "VideoFlash" / f"{name}.flv")
    return folder


def test_killed_at_any_point_and_started_again(crema_d, tmp_path):
    """First two processes at work, from outside; then one, again and again, after a time of its own that nobody chose."""
    prepare_corpus("crema-d", crema_d, tmp_path / "whole", HERE)
    out = tmp_path / "out"
    order = ["corpus", "crema-d", str(crema_d), str(out)]
    running = subprocess.Popen([sys.executable, "-m", "feim", *order, "--processes", "2"], cwd=ROOT, stderr=subprocess.DEVNULL)
    while running.poll() is None and not ((out / JOURNAL).is_file() and (out / JOURNAL).stat().st_size):
        time.sleep(0.01)
    running.kill()
    assert running.wait() == -signal.SIGKILL

    done = subprocess.run(
        [sys.executable, "-c", MORTAL, str(out / JOURNAL), *order, "--processes", "1"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    left = [int(lines) for lines in done.stdout.split()]  # in the journal, by each that was killed
    assert len(left) >= 3
    assert any(0 < lines < 100 for lines in left)
    assert made(out) == made(tmp_path / "whole")


def test_a_ray_cluster_gives_the_same(crema_d, tmp_path):
    pytest.importorskip("ray")
    prepare_corpus("crema-d", crema_d, tmp_path / "whole", HERE)
    order = ["corpus", "crema-d", str(crema_d), str(tmp_path / "out"), "--ray", "local"]
    patient = os.environ | {"RAY_raylet_start_wait_time_s": "240"}  # on a busy machine
    done = subprocess.run([sys.executable, "-m", "feim", *order], cwd=ROOT, env=patient, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_one_percent_of_a_corpus_is_broken(crema_d, tmp_path):
    clips = prepare_corpus("crema-d", crema_d, tmp_path / "out", HERE)
    assert len(clips) == 99
    assert BROKEN not in {clip.id for clip in clips}
    assert sum(clip.image is not None for clip in clips) == 3
    rows = dict(line.split("\t")[::3] for line in (tmp_path / "out" / LEFT_OUT).read_text().splitlines()[1:])
    assert rows.pop(BROKEN).startswith(f"{BROKEN}.wav is not a sound")
    assert len(rows) == 96
    assert all(reason.startswith("kept without a picture: there is no file") for reason in rows.values())
