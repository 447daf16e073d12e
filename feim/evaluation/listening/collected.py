"""A test made of sounds or films that are there already: a folder for each system, in which the same names hold the same texts."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from feim.evaluation.listening.design import FILMS, Control, Item, ListeningTest
from feim.evaluation.listening.folder import BadTest, new_folder, write_test
from feim.evaluation.listening.questions import TITLES, attention, questions
from feim.signal.emotion import EMOTIONS

SOUNDS = (".wav", ".flac", ".ogg", ".mp3")


def collect_test(systems: Sequence[str | Path], folder: str | Path, kind: str = "mos") -> ListeningTest:
    """Write a test of SYSTEM/NAME.mp4, or of sounds; SYSTEM is what the results call it, and the first is what others are compared with.

    The first name is for practice, and judged nowhere. Names that end in their emotions, as in 3-happy.mp4, are asked about those as well.
    Raises: BadTest, saying which file is missing, and FileExistsError.
    """
    new_folder(folder)
    found = {Path(system).resolve().name: _files(Path(system)) for system in systems}
    if len(found) < len(systems):
        raise BadTest(f"systems need folders of different names; got {', '.join(map(str, systems))}")
    names = sorted(set().union(*found.values()))
    missing = [f"{system}/{name}" for system, files in found.items() for name in names if name not in files]
    if missing:
        raise BadTest(f"every system needs every name; there is no {missing[0]}" + f" and {len(missing) - 1} more" * (len(missing) > 1))
    if len(names) < 2:
        raise BadTest(f"{len(names)} names in {', '.join(found)} are too few; one is for practice, so give 2 or more")
    of_films = {file.suffix.lower() in FILMS for files in found.values() for file in files.values()}
    if len(of_films) > 1:
        raise BadTest("there are films and sounds; make a test of each")
    (films,) = of_films
    emotions = {name: _emotion(name) for name in names}
    if not all(emotions.values()):
        emotions = dict.fromkeys(names, "")
    asked = questions(films, kind, emotion=all(emotions.values()), picture=False)
    practice, *rated = names
    shown = list(found.values())[: 2 if kind == "ab" else 1]
    with TemporaryDirectory() as scratch:
        test = ListeningTest(
            title=TITLES[films, kind],
            kind=kind,
            questions=asked,
            systems=tuple(found),
            items=tuple(Item(name, {system: files[name] for system, files in found.items()}, emotions[name]) for name in rated),
            training=(Control("practice", [files[practice] for files in shown], emotions[practice]),),
            checks=(attention(films, kind, asked, Path(scratch)),),
        )
        return write_test(folder, test)


def _files(system: Path) -> dict[str, Path]:
    """Name → file, of the sounds and films in a folder."""
    if not system.is_dir():
        raise BadTest(f"there is no folder {system}; name one for each system")
    files = [file for file in sorted(system.iterdir()) if file.suffix.lower() in (*FILMS, *SOUNDS)]
    named = {file.stem: file for file in files}
    if len(named) < len(files):
        raise BadTest(f"two files in {system} have the same name but for the ending; keep one of them")
    return named


def _emotion(name: str) -> str:
    """The emotion that a name ends in, or ""."""
    return next((label for label in EMOTIONS if name.lower().endswith(label)), "")
