"""Listening tests from folder to tables: order, blindness, answers that stay, and figures that can be worked out by hand."""

import json
import multiprocessing
import os
import signal
import sqlite3
import threading
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from feim.evaluation.listening.answers import (
    DATABASE,
    AlreadyAnswered,
    Answers,
    RefusedAnswer,
    UnknownRater,
    UnusableAnswers,
)
from feim.evaluation.listening.design import AGREEMENT, Control, Item, ListeningTest, Question, plan, stimuli
from feim.evaluation.listening.folder import TEST, BadTest, read_test, write_test
from feim.evaluation.listening.results import difference, preference, read_results, score
from feim.signal.ffmpeg import tags
from feim.signal.subtitles import Cue
from feim.signal.video import read_video, write_video

SYSTEMS = ("plain baseline", "shiny | new", "teacher")
QUESTIONS = (Question("naturalness", "How natural?"), Question("emotion", "How {emotion}?", AGREEMENT, published="3.31 (the paper)"))


def tone(pitch: float) -> np.ndarray:
    return 0.2 * np.sin(2 * np.pi * pitch * np.arange(1600) / 16_000).astype(np.float32)


def design(kind: str = "mos", items: int = 6, systems: tuple[str, ...] = SYSTEMS, questions=QUESTIONS) -> ListeningTest:
    """A test whose every sound is another tone."""
    if kind == "ab":
        questions = tuple(replace(question, labels=()) for question in questions)
    made = tuple(
        Item(f"text {i}", {system: tone(100 + 50 * i + 7 * s) for s, system in enumerate(systems)}, ("happy", "sad")[i % 2])
        for i in range(items)
    )
    heard = [tone(90)] * (2 if kind == "ab" else 1)
    training, checks = (Control("practice", heard, "happy"),), (Control("attention", heard, "sad", wanted={"naturalness": 2}),)
    return ListeningTest("Voices", kind, questions, systems, made, training, checks)


@pytest.fixture
def mos(tmp_path) -> ListeningTest:
    return write_test(tmp_path / "mos", design())


@pytest.fixture
def ab(tmp_path) -> ListeningTest:
    return write_test(tmp_path / "ab", design("ab", systems=SYSTEMS[:2]))


def answer_all(answers: Answers, opinion, until: int | None = None, check: int = 2):
    """One more rater, who answers opinion(stimulus, rater's number) to every question, and `check` to the attention check."""
    rater = answers.enrol()
    for place, stimulus in enumerate(plan(answers.test, rater.code, rater.number)[:until]):
        value = opinion(stimulus, rater.number) if stimulus.role == "rated" else check
        answers.record(rater, place, {question.name: value for question in answers.test.questions})
    return rater


# The folder


def test_a_test_comes_back_as_it_was_written(mos):
    again = read_test(mos.folder)
    assert again == mos
    assert again.fingerprint() == mos.fingerprint()
    assert (again.title, again.kind, again.systems, again.questions) == ("Voices", "mos", SYSTEMS, QUESTIONS)


def test_files_do_not_tell_what_they_are(tmp_path):
    with soundfile.SoundFile(tmp_path / "teacher-sad.flac", "w", 22_050, 1) as file:
        file.comment = "made by teacher"
        file.write(tone(200))
    portrait = Image.new("RGB", (900, 600), "tan")
    portrait.save(tmp_path / "portrait.jpg", comment=b"made by teacher")
    items = (Item("secret text", {"teacher": tmp_path / "teacher-sad.flac"}, picture=tmp_path / "portrait.jpg"),)
    test = write_test(tmp_path / "test", ListeningTest("T", "mos", (Question("q", "?"),), ("teacher",), items))
    (sound,) = test.folder.glob("*.wav")
    (picture,) = test.folder.glob("*.jpg")
    for file in (sound, picture):
        assert b"teacher" not in file.name.encode() + file.read_bytes()
    assert soundfile.info(sound).samplerate == 22_050
    assert Image.open(picture).size == (480, 320)


def test_a_test_is_never_overwritten(mos):
    with pytest.raises(FileExistsError, match="exists already"):
        write_test(mos.folder, design())


@pytest.fixture
def films(tmp_path) -> ListeningTest:
    """Two systems' films of two texts, one to practise with; the second film of a text is the first in another colour."""

    def film(name: str, red: int) -> Path:
        frames = [np.full((48, 64, 3), (red, 90, 90), np.uint8)] * 5
        return write_video(tmp_path / f"{name}.mp4", frames, tone(red), [Cue(0, 0.2, "Made by teacher.")])

    items = tuple(Item(name, {"a": film(f"a-{name}", 80 + i), "teacher": film(f"teacher-{name}", 200 + i)}) for i, name in enumerate("xy"))
    training = (Control("practice", [film("practice", 150)]),)
    return write_test(tmp_path / "films", ListeningTest("Faces", "mos", (Question("q", "?"),), ("a", "teacher"), items, training))


def test_films_come_back_and_do_not_tell_what_they_are(films):
    assert films.of_films
    assert read_test(films.folder).fingerprint() == films.fingerprint()
    stored = list(films.folder.glob("*.mp4"))
    assert len(stored) == 5
    for path in stored:
        assert not set(tags(path)) & {"comment", "ai_generated", "digital_source_type"}
        for word in (b"teacher", b"AI-generated", b"FEIM", b"Made by", b"Algorithmic"):  # neither name, label nor subtitles
            assert word not in path.name.encode() + path.read_bytes()
    for item, red in zip(films.items, (200, 201), strict=True):
        video = read_video(films.folder / item.files["teacher"])
        frames = list(video.frames())
        assert len(frames) == 5
        assert np.abs(frames[2][40, 10].astype(int) - (red, 90, 90)).max() <= 4
        assert np.abs(video.waveform).max() > 0.1


def test_large_films_are_reduced_and_silent_ones_stay_silent(tmp_path):
    wide = write_video(tmp_path / "wide.mp4", [np.full((96, 2048, 3), 90, np.uint8)])
    test = write_test(tmp_path / "test", ListeningTest("T", "mos", (Question("q", "?"),), ("a",), (Item("x", {"a": wide}),)))
    video = read_video(test.folder / test.items[0].files["a"])
    assert (video.height, video.width) == (48, 1024)
    assert video.waveform is None


@pytest.mark.parametrize("damage", [lambda film: b"this is no film", lambda film: film[: len(film) * 2 // 3]])
def test_damaged_films_are_explained(films, tmp_path, damage):
    stored = films.folder / films.items[0].files["a"]
    stored.write_bytes(damage(stored.read_bytes()))
    with pytest.raises(BadTest, match=f"{stored.name} is not a film that can be shown"):
        read_test(films.folder)


def spoil(folder: Path, **changes) -> None:
    saved = json.loads((folder / TEST).read_text())
    (folder / TEST).write_text(json.dumps(saved | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "mushra"}, "unknown kind 'mushra'; use mos or ab"),
        ({"systems": []}, "0 systems are too few"),
        ({"kind": "ab", "systems": ["one"]}, "1 systems are too few; name 2"),
        ({"systems": ["one", "one"]}, "no two the same"),
        ({"systems": 3}, "cannot be read as a listening test"),
        ({"questions": []}, "there are no questions"),
        ({"questions": [{"name": "q", "ask": "?", "labels": ["no", "yes"]}]}, "has 2 labels"),
        ({"questions": [{"name": "q", "ask": "?", "colour": "red"}]}, "colour"),
        ({"questions": [{"name": "q", "ask": "?", "overall": False}]}, "no question counts"),
        ({"items": []}, "there are no items"),
        ({"items": [{"name": "a", "emotion": "sad", "files": {"teacher": "a.wav"}}]}, "one file for each system"),
        ({"training": [{"name": "t", "emotion": "sad", "files": []}]}, "0 files; mos needs 1"),
        ({"training": [{"name": "t", "files": ["x.wav"]}]}, "emotion that not every item has"),
        ({"training": [{"name": "t", "emotion": "sad", "files": ["gone.wav"]}]}, "gone.wav is not a sound"),
        ({"checks": [{"name": "c", "emotion": "sad", "files": ["x.wav"]}]}, "must say which answer it wants"),
        ({"checks": [{"name": "c", "emotion": "sad", "files": ["x.wav"], "wanted": {"naturalness": 6}}]}, "must say which answer"),
    ],
)
def test_bad_tests_are_explained(mos, changes, message):
    spoil(mos.folder, **changes)
    with pytest.raises(BadTest, match=message):
        read_test(mos.folder)


def test_no_test_and_no_json_are_explained(tmp_path):
    with pytest.raises(BadTest, match="--make makes one"):
        read_test(tmp_path)
    (tmp_path / TEST).write_text("{")
    with pytest.raises(BadTest, match="cannot be read"):
        read_test(tmp_path)


# The order


def test_every_rater_hears_every_stimulus_once_in_an_order_of_their_own(mos):
    first, second = plan(mos, "CODE1", 0), plan(mos, "CODE2", 0)
    for order in (first, second):
        assert sorted(stimulus.key for stimulus in order) == sorted(stimuli(mos))
    assert [s.key for s in first] != [s.key for s in second]
    assert first == plan(mos, "CODE1", 0)


def test_training_comes_first_and_the_check_in_the_middle(mos):
    for code in "ABCDEFGH":
        roles = [stimulus.role for stimulus in plan(mos, code, 0)]
        assert roles[0] == "training"
        assert 1 + 18 // 4 <= roles.index("check") <= 1 + 14


def test_systems_are_balanced_at_every_stop_and_over_raters(mos):
    met = Counter()
    for number in range(3):
        rated = [stimulus for stimulus in plan(mos, f"R{number}", number) if stimulus.role == "rated"]
        for turn in range(3):
            block = rated[6 * turn : 6 * turn + 6]
            assert set(Counter(stimulus.systems for stimulus in block).values()) == {2}  # each of 3 systems twice among 6 items
            assert len({stimulus.item for stimulus in block}) == 6
            met.update((turn, stimulus.key) for stimulus in block)
    assert set(met.values()) == {1}  # over 3 raters every version comes once in every round


def test_no_text_twice_in_a_row(mos):
    for number in range(20):
        rated = [stimulus.item for stimulus in plan(mos, f"R{number}", number) if stimulus.role == "rated"]
        assert all(one != other for one, other in zip(rated[:-1], rated[1:], strict=True))


@pytest.mark.parametrize("systems", [SYSTEMS[:2], SYSTEMS])
def test_each_of_a_pair_is_heard_first_equally_often(tmp_path, systems):
    test = write_test(tmp_path / "ab", design("ab", systems=systems))
    swapped, by_key = Counter(), Counter()
    for number in range(2):
        for stimulus in plan(test, f"R{number}", number):
            if stimulus.role == "rated":
                swapped[number, stimulus.systems] += stimulus.swapped
                by_key[stimulus.key] += stimulus.swapped
    assert set(swapped.values()) == {3}  # of 6 items, for every rater and pair
    assert set(by_key.values()) == {1}  # for one of two raters


# The answers


def test_a_rater_returns_and_goes_on(mos):
    answers = Answers(mos)
    rater = answer_all(answers, lambda stimulus, number: 4, until=5)
    again = Answers(read_test(mos.folder))
    found = again.rater(f" {rater.code[:4].lower()}-{rater.code[4:]} ")
    assert (found, again.progress(found)) == (rater, 5)
    again.record(found, 5, {"naturalness": 2, "emotion": 2})
    assert again.progress(found) == 6


def test_codes_differ_and_unknown_ones_are_refused(mos):
    answers = Answers(mos)
    raters = [answers.enrol() for _ in range(5)]
    assert len({rater.code for rater in raters}) == 5
    assert [rater.number for rater in raters] == [0, 1, 2, 3, 4]
    for code in ("", "ABCDEFGH", "' OR 1=1 --", None):
        with pytest.raises(UnknownRater):
            answers.rater(code)


@pytest.mark.parametrize(
    "values",
    [
        {"naturalness": 0, "emotion": 3}, {"naturalness": 6, "emotion": 3}, {"naturalness": 3.0, "emotion": 3},
        {"naturalness": "3", "emotion": 3}, {"naturalness": True, "emotion": 3}, {"naturalness": None, "emotion": 3},
        {"naturalness": 3}, {"naturalness": 3, "emotion": 3, "extra": 3}, {}, None, [3, 3],
    ],
)  # fmt: skip
def test_bad_answers_are_refused_whole(mos, values):
    answers = Answers(mos)
    rater = answers.enrol()
    with pytest.raises(RefusedAnswer):
        answers.record(rater, 0, values)
    assert answers.everything() == (1, [])


def test_the_first_answer_stands_and_none_is_skipped(mos):
    answers = Answers(mos)
    rater = answers.enrol()
    answers.record(rater, 0, {"naturalness": 5, "emotion": 4})
    with pytest.raises(AlreadyAnswered, match="the first answer stands"):
        answers.record(rater, 0, {"naturalness": 1, "emotion": 1})
    for place in (2, -1, 99, "1", None):
        with pytest.raises(RefusedAnswer):
            answers.record(rater, place, {"naturalness": 1, "emotion": 1})
    assert sorted(answer.value for answer in answers.everything()[1]) == [4, 5]


def test_preferences_are_kept_by_system_whichever_was_heard_first(ab):
    answers = Answers(ab)
    rater = answers.enrol()
    order = plan(ab, rater.code, rater.number)
    for place, stimulus in enumerate(order):
        wanted = {"naturalness": 2, "emotion": 2} if stimulus.role != "rated" else {"naturalness": 1, "emotion": 3}
        answers.record(rater, place, wanted)  # always: the first heard sounds more natural
    kept = {(answer.stimulus, answer.question): answer.value for answer in answers.everything()[1]}
    for stimulus in order:
        if stimulus.role == "rated":
            assert kept[stimulus.key, "naturalness"] == (3 if stimulus.swapped else 1)
            assert kept[stimulus.key, "emotion"] == (1 if stimulus.swapped else 3)


def test_many_raters_at_once_lose_nothing(mos):
    answers, troubles = Answers(mos), []

    def rate():
        try:
            answer_all(Answers(mos), lambda stimulus, number: 3)
        except Exception as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=rate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    raters, kept = answers.everything()
    assert (raters, len(kept)) == (4, 4 * 20 * 2)
    assert {answer.rater for answer in kept} == {0, 1, 2, 3}


def test_the_same_answer_from_two_windows_is_kept_once(mos):
    answers = Answers(mos)
    rater, outcomes, both = answers.enrol(), [], threading.Barrier(2)

    def press(value):
        both.wait()
        try:
            answers.record(rater, 0, {"naturalness": value, "emotion": value})
            outcomes.append(value)
        except AlreadyAnswered:
            outcomes.append(None)

    threads = [threading.Thread(target=press, args=(value,)) for value in (1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(None) == 1
    (value,) = [outcome for outcome in outcomes if outcome]
    assert [answer.value for answer in answers.everything()[1]] == [value, value]


def rate_until_killed(folder: Path, told) -> None:
    answers = Answers(read_test(folder))
    while True:
        rater = answers.enrol()
        for place in range(len(plan(answers.test, rater.code, rater.number))):
            answers.record(rater, place, {"naturalness": 3, "emotion": 4})
            told.send((rater.number, place))


def test_killed_while_writing_nothing_that_was_kept_is_lost(mos):
    listening, telling = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=rate_until_killed, args=(mos.folder, telling))
    process.start()
    reported = [listening.recv() for _ in range(25)]
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while listening.poll():
        reported.append(listening.recv())
    answers = Answers(mos)
    _, kept = answers.everything()
    counts = Counter((answer.rater, answer.stimulus) for answer in kept)
    assert set(counts.values()) == {2}  # no half answers
    assert len(reported) <= len(counts) <= len(reported) + 1  # the last may be kept, but not yet told of
    answer_all(answers, lambda stimulus, number: 3)


@pytest.mark.parametrize("damage", [lambda b: b"not a database" * 400, lambda b: b[:4096] + bytes(len(b) - 4096), lambda b: b[:3000]])
def test_a_damaged_database_is_one_clear_line(mos, damage):
    answers = Answers(mos)
    for _ in range(4):
        answer_all(answers, lambda stimulus, number: 3)
    path = mos.folder / DATABASE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnusableAnswers, match="cannot be used"):
        Answers(mos).everything()


def test_a_published_figure_may_be_corrected(mos):
    Answers(mos)
    spoil(mos.folder, questions=[asdict(QUESTIONS[0]), asdict(replace(QUESTIONS[1], published="3.13 (the erratum)"))])
    assert "3.13" in read_results(Answers(read_test(mos.folder))).markdown()


def test_answers_to_other_sounds_are_not_counted(mos):
    Answers(mos)
    sound = next(mos.folder.glob("*.wav"))
    soundfile.write(sound, tone(999), 16_000)
    with pytest.raises(UnusableAnswers, match="other questions or files"):
        Answers(read_test(mos.folder))


def test_a_database_taken_away_is_one_clear_line(mos):
    answers = Answers(mos)
    (mos.folder / DATABASE).unlink()
    with pytest.raises(UnusableAnswers, match="cannot be used"):
        answers.enrol()


def test_only_codes_and_answers_are_kept(mos):
    answer_all(Answers(mos), lambda stimulus, number: 3)
    with sqlite3.connect(mos.folder / DATABASE) as database:
        columns = {
            name: [column[1] for column in database.execute(f"PRAGMA table_info({name})")]
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    assert columns == {"test": ["fingerprint"], "raters": ["number", "code"], "answers": ["rater", "stimulus", "question", "value"]}


# The results

OPINION = {SYSTEMS[0]: 2, SYSTEMS[1]: 3, SYSTEMS[2]: 5}


def by_system(stimulus, number):
    """Rater 0 as in OPINION, rater 1 one lower."""
    return OPINION[stimulus.systems[0]] - number


def test_scores_and_intervals_by_hand(mos):
    answers = Answers(mos)
    for _ in range(2):
        answer_all(answers, by_system)
    results = read_results(answers)
    found = score(results, SYSTEMS[1], "naturalness")
    assert (found.mean, found.answers, found.raters, found.stimuli) == (2.5, 12, 2, 6)
    assert found.half == pytest.approx(12.7062 * 0.5, rel=1e-4)  # raters' means 3 and 2: standard error 0.5, one degree of freedom
    better = difference(results, SYSTEMS[2], SYSTEMS[0])
    assert (better.mean, better.half) == (3, 0)  # always by 3: the raters' levels do not blur it
    assert (results.began, results.answered, results.finished, results.left_out) == (2, 2, 2, 0)


def test_tables_are_the_papers(mos):
    answers = Answers(mos)
    for _ in range(2):
        answer_all(answers, by_system)
    text = read_results(answers).markdown()
    assert "| Model | naturalness | emotion | Aggregate (mean) | % change from base | Difference from base |" in text
    assert "| plain baseline | 1.50 ± 6.35 | 1.50 ± 6.35 | **1.50 ± 6.35** | – | – |" in text
    assert "| teacher | 4.50 ± 6.35 | 4.50 ± 6.35 | **4.50 ± 6.35** | +200.00 % | +3.00 ± 0.00 |" in text
    assert "| shiny / new |" in text  # a name cannot break the table
    assert "| Model | Bad (%) | Poor (%) | Fair (%) | Good (%) | Excellent (%) |" in text
    assert "| Model | Strongly disagree (%) |" in text
    assert "| teacher | 0.0 | 0.0 | 0.0 | 50.0 | 50.0 |" in text
    assert "| Model | happy | sad |" in text
    assert "emotion: 3.31 (the paper)" in text


def test_the_aggregate_is_of_the_questions_that_count_in_it(tmp_path):
    test = design(questions=(*QUESTIONS, Question("lips", "?", overall=False)))
    test = write_test(tmp_path / "test", test)
    answers = Answers(test)
    rater = answers.enrol()
    for place, stimulus in enumerate(plan(test, rater.code, rater.number)):
        best = 2 if stimulus.role == "check" else 5 if stimulus.systems == SYSTEMS[1:2] else 3
        answers.record(rater, place, {"naturalness": best, "emotion": best - 1, "lips": 1})
    results = read_results(answers)
    assert score(results, SYSTEMS[1]).mean == 4.5
    assert score(results, SYSTEMS[1], "lips").mean == 1
    assert difference(results, SYSTEMS[1], SYSTEMS[0]).mean == 2
    assert "The aggregate is of naturalness, emotion." in results.markdown()


def test_unfinished_raters_count_as_far_as_they_answered(mos):
    answers = Answers(mos)
    answer_all(answers, by_system)
    answers.enrol()  # who never answers
    stopped = answer_all(answers, lambda stimulus, number: 1, until=8)
    results = read_results(answers)
    rated = [s for s in plan(mos, stopped.code, stopped.number)[:8] if s.role == "rated"]
    assert len(results.opinions) == 18 + len(rated)
    assert (results.began, results.answered, results.finished) == (3, 2, 1)


def test_who_misses_the_check_is_left_out(mos):
    answers = Answers(mos)
    answer_all(answers, by_system)
    answer_all(answers, lambda stimulus, number: 1, check=5)
    results = read_results(answers)
    assert (results.answered, results.left_out, len(results.opinions)) == (2, 1, 18)
    assert score(results, SYSTEMS[0]).mean == 2
    assert "1 left out for a missed attention check" in results.markdown()


def test_no_answers_give_empty_tables(mos):
    results = read_results(Answers(mos))
    assert "| teacher | – | – | **–** | – | – |" in results.markdown()
    json.dumps(results.as_dict(), allow_nan=False)


def test_results_as_json(mos):
    answers = Answers(mos)
    for _ in range(2):
        answer_all(answers, by_system)
    found = json.loads(json.dumps(read_results(answers).as_dict(), allow_nan=False))
    assert found["raters"] == {"began": 2, "answered": 2, "finished": 2, "left_out": 0}
    teacher = found["results"]["teacher"]
    assert teacher["aggregate"]["mean"] == 4.5
    assert teacher["change_percent"] == 200
    assert teacher["distribution"]["emotion"] == [0, 0, 0, 50, 50]
    assert teacher["emotions"]["sad"]["naturalness"]["answers"] == 6


def test_preferences_by_hand(ab):
    """Rater 0 always prefers the second system, rater 1 never hears a difference."""
    answers = Answers(ab)

    def second(stimulus, number):
        return 2 if number else (1 if stimulus.swapped else 3)

    for _ in range(2):
        answer_all(answers, second)
    results = read_results(answers)
    found = preference(results, SYSTEMS[:2], "naturalness")
    assert (found.mean, found.answers) == (0.25, 12)
    assert found.half == pytest.approx(12.7062 * 0.25, rel=1e-4)
    text = results.markdown()
    assert "| plain baseline | shiny / new | 0.0 | 50.0 | 50.0 | 25.0 ± 317.7 | 12 |" in text
    (row, _) = results.as_dict()["results"]
    assert row["systems"] == list(SYSTEMS[:2])
    assert row["percent"] == [0, 50, 50]
