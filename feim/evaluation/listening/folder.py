"""A listening test's folder: written from sounds and films that studios and teachers made, read with every file looked at."""

import json
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex

import numpy as np
import soundfile
from PIL import Image, UnidentifiedImageError

from feim.evaluation.listening.design import KINDS, Control, Item, ListeningTest, Question, Sound, is_film, scale, stimuli
from feim.signal.audio import SAMPLE_RATE
from feim.signal.ffmpeg import complaint, running
from feim.signal.video import UnreadableVideo, read_video

TEST = "test.json"
PICTURE = 480  # pixels at most
FILM = 1024  # pixels of a film's longer side at most
# Encoded anew, so that every browser plays it and nothing but pictures and sound is left. At a CRF of 14 nobody sees that.
_FITTING = f"scale='min({FILM},iw)':'min({FILM},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"
PLAIN_FILM = (
    *("-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"),
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "14", "-threads", "2", "-pix_fmt", "yuv420p"),
    *("-vf", f"scale='max(2,round(iw*sar))':ih,{_FITTING},setsar=1", "-flags:v", "+bitexact"),
    *("-c:a", "aac", "-b:a", "160k", "-ac", "2", "-flags:a", "+bitexact", "-movflags", "+faststart"),
)


class BadTest(ValueError):
    """The folder holds no listening test, or one that cannot be given to raters."""


def write_test(folder: str | Path, test: ListeningTest) -> ListeningTest:
    """Make the folder: sounds become plain wav, films plain mp4 and pictures plain jpg, without names or metadata that tell what they are.

    Sounds are paths or (samples,) float32 at 16 kHz, films and pictures paths. test.json is written last.
    Raises: BadTest, and OSError if the folder holds a test already or cannot be written.
    """
    folder = new_folder(folder)
    pictures = {
        source: _store_picture(folder, source) for source in {i.picture for i in (*test.items, *test.training, *test.checks)} - {""}
    }

    def store(kept: Item | Control) -> dict:
        if isinstance(kept, Item):
            files = {system: _store(folder, sound) for system, sound in kept.files.items()}
        else:
            files = [_store(folder, sound) for sound in kept.files]
        saved = {"name": kept.name, "emotion": kept.emotion, "picture": pictures.get(kept.picture, ""), "files": files}
        return saved | ({"wanted": dict(kept.wanted)} if isinstance(kept, Control) and kept.wanted else {})

    saved = {
        "title": test.title,
        "kind": test.kind,
        "systems": test.systems,
        "questions": [asdict(question) for question in test.questions],
    }
    saved |= {part: [store(kept) for kept in getattr(test, part)] for part in ("items", "training", "checks")}
    unfinished = folder / f"{TEST}.unfinished"
    unfinished.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    made = _read(unfinished)
    unfinished.replace(folder / TEST)
    return made


def new_folder(folder: str | Path) -> Path:
    """Make sure that a test can be written there. Raises: OSError."""
    folder = Path(folder)
    if (folder / TEST).exists():
        raise FileExistsError(f"{folder / TEST} exists already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _store(folder: Path, sound: Sound) -> str:
    return _store_film(folder, Path(sound)) if is_film(sound) else _store_sound(folder, sound)


def _store_film(folder: Path, source: Path) -> str:
    name = f"{token_hex(6)}.mp4"
    check_film(source)
    with running("-v", "error", "-i", f"file:{source}", *PLAIN_FILM, f"file:{folder / name}") as (process, complaints):
        if process.wait():
            said = complaint(complaints).strip().splitlines() or ["ffmpeg was stopped"]
            raise BadTest(f"{source} cannot be copied to {folder}: {said[-1]}")
    return name


def _store_sound(folder: Path, sound: Sound) -> str:
    name = f"{token_hex(6)}.wav"
    if isinstance(sound, np.ndarray):
        soundfile.write(folder / name, sound, SAMPLE_RATE, subtype="PCM_16")
    else:
        soundfile.write(folder / name, *read_sound(Path(sound)), subtype="PCM_16")
    return name


def _store_picture(folder: Path, source: str | Path) -> str:
    name = f"{token_hex(6)}.jpg"
    read_picture(Path(source)).save(folder / name, quality=90)
    return name


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    """(samples,) or (samples, channels) int16, as every system's sound is played, and the rate in Hz. Raises: BadTest."""
    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadTest(f"{path} is not a sound that can be played here; use wav, flac, ogg or mp3") from error
    if not len(samples):
        raise BadTest(f"{path} holds no sound; make it again")
    return samples, rate


def check_film(path: Path) -> None:
    """Look whether it can be watched to its end. Raises: BadTest."""
    try:
        _ = read_video(path).waveform  # reads the file to its end, which shows if it is cut off; silence may be meant
    except UnreadableVideo as error:
        raise BadTest(f"{path} is not a film that can be shown: {error}") from error


def read_picture(path: Path) -> Image.Image:
    """The pixels alone, RGB, at most 480 wide or high. Raises: BadTest."""
    try:
        picture = Image.open(path).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise BadTest(f"{path} is not a picture that can be shown; use jpg or png") from error
    picture.thumbnail((PICTURE, PICTURE))
    return Image.fromarray(np.asarray(picture))  # without metadata


def read_test(folder: str | Path) -> ListeningTest:
    """The test in a folder, with every file looked at. Raises: BadTest, saying what to mend."""
    path = Path(folder) / TEST
    if not path.is_file():
        raise BadTest(f"there is no listening test in {folder}; python -m feim listen {folder} --make makes one")
    return _read(path)


def _read(path: Path) -> ListeningTest:
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        test = ListeningTest(
            title=str(saved["title"]),
            kind=saved["kind"],
            systems=tuple(saved["systems"]),
            questions=tuple(Question(**asked | {"labels": tuple(asked.get("labels", ()))}) for asked in saved["questions"]),
            items=tuple(Item(**item) for item in saved["items"]),
            training=tuple(Control(**control) for control in saved.get("training", ())),
            checks=tuple(Control(**control) for control in saved.get("checks", ())),
            folder=path.parent,
        )
        _examine(test)
    except BadTest as error:
        raise BadTest(f"{path}: {error}") from error
    except KeyError as error:
        raise BadTest(f"{path}: {error} is missing") from error
    except (TypeError, AttributeError, ValueError) as error:  # a value of another kind, or no JSON
        raise BadTest(f"{path} cannot be read as a listening test: {error}") from error
    return test


def _examine(test: ListeningTest) -> None:
    if test.kind not in KINDS:
        raise BadTest(f"unknown kind {test.kind!r}; use {' or '.join(KINDS)}")
    if not test.versions:
        raise BadTest(f"{len(test.systems)} systems are too few; name {2 if test.kind == 'ab' else 1} or more")
    for what, names in (
        ("systems", test.systems),
        ("questions", [question.name for question in test.questions]),
        ("items", [item.name for item in test.items]),
        ("training", [control.name for control in test.training]),
        ("checks", [control.name for control in test.checks]),
    ):
        if what in ("questions", "items") and not names:
            raise BadTest(f"there are no {what}")
        if len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
            raise BadTest(f"{what} need a name each, and no two the same; got {', '.join(map(repr, names))}")
    for question in test.questions:
        if question.labels and (test.kind == "ab" or len(question.labels) != 5):
            raise BadTest(f"question {question.name!r} has {len(question.labels)} labels; a Likert scale has five, a choice of two none")
        if "{emotion}" in question.ask and not all(part.emotion for part in (*test.items, *test.training, *test.checks)):
            raise BadTest(f"question {question.name!r} speaks of an emotion that not every item has")
    if not any(question.overall for question in test.questions):
        raise BadTest("no question counts in the overall score; let one do so")
    for item in test.items:
        if set(item.files) != set(test.systems):
            raise BadTest(f"item {item.name!r} needs one file for each system; got {', '.join(map(repr, item.files)) or 'none'}")
    for control in (*test.training, *test.checks):
        if len(control.files) != len(test.versions[0]):
            raise BadTest(f"{control.name!r} has {len(control.files)} files; {test.kind} needs {len(test.versions[0])}")
    possible = {question.name: range(1, len(scale(test, question)) + 1) for question in test.questions}
    for control in test.checks:
        if not control.wanted or not all(answer in possible.get(name, ()) for name, answer in control.wanted.items()):
            raise BadTest(
                f"check {control.name!r} must say which answer it wants to which question, as in {{{test.questions[0].name!r}: 2}}"
            )
    for stimulus in stimuli(test).values():
        for file in stimulus.files:
            (check_film if is_film(file) else read_sound)(test.folder / file)
        if stimulus.picture:
            read_picture(test.folder / stimulus.picture)
