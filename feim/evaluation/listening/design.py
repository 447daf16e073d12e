"""A listening test: what is asked about which sounds or films, and the order each rater gets them in. It is a folder with a test.json.

    {"title": "…", "kind": "mos",                              # or "ab": two of them, which one?
     "systems": ["Face-TTS (γ = 0)", "FEIM-TTS, γ = 1"],       # the first is what the others are compared with
     "questions": [{"name": "emotion", "ask": "How well does the voice express that the speaker is {emotion}?",
                    "labels": ["Bad", "Poor", "Fair", "Good", "Excellent"]}],        # 1 to 5; without labels these
     "items": [{"name": "1", "emotion": "happy", "picture": "face.jpg",              # emotion and picture where they are asked about
                "files": {"Face-TTS (γ = 0)": "3f.wav", "FEIM-TTS, γ = 1": "a0.wav"}}],    # or films: "3f.mp4"
     "training": [{"name": "practice", "files": ["77.wav"]}],                        # comes first, never counts; two files for "ab"
     "checks": [{"name": "attention", "files": ["c2.wav"], "wanted": {"emotion": 2}}]}

Everybody hears or sees every one once. They come in rounds: each round has every item once, its systems in turn as in a Latin square, so
that no text comes twice in a round, raters who stop early have met all systems about equally often, and the next rater begins one
system further on. Within a round the order is the rater's own, drawn from their code.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np

KINDS = ("mos", "ab")
QUALITY = ("Bad", "Poor", "Fair", "Good", "Excellent")  # ITU-T P.800, absolute category rating
AGREEMENT = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
PREFERENCE = ("A", "No difference", "B")
FILMS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg")
Sound = str | Path | np.ndarray  # or a film's path


@dataclass(frozen=True)
class Question:
    """What is asked about every sound or film.

    Attributes:
        name: heads the column of results; ask: as raters read it, {emotion} stands for the item's.
        labels: of the answers 1 to 5, QUALITY if none; published: a figure to print below ours, with its source.
        overall: whether its answers go into the systems' overall scores.
    """

    name: str
    ask: str
    labels: tuple[str, ...] = ()
    published: str = ""
    overall: bool = True


@dataclass(frozen=True)
class Item:
    """One text said by every system. files: system → sound or film; emotion: that was asked for; picture: of the speaker, if any."""

    name: str
    files: Mapping[str, Sound]
    emotion: str = ""
    picture: str | Path = ""


@dataclass(frozen=True)
class Control:
    """What no system is judged by: for practice, or to see who attends. wanted: question → the answer that the sound or film asks for."""

    name: str
    files: Sequence[Sound]
    emotion: str = ""
    picture: str | Path = ""
    wanted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ListeningTest:
    """The whole test; `folder` is where its files are, systems[0] what the others are compared with."""

    title: str
    kind: str
    questions: tuple[Question, ...]
    systems: tuple[str, ...]
    items: tuple[Item, ...]
    training: tuple[Control, ...] = ()
    checks: tuple[Control, ...] = ()
    folder: Path = Path()

    @property
    def versions(self) -> list[tuple[str, ...]]:
        """What is judged of each item: single systems, or pairs of them."""
        return list(combinations(self.systems, 2 if self.kind == "ab" else 1))

    @property
    def of_films(self) -> bool:
        """Whether raters watch."""
        return any(is_film(file) for item in self.items for file in item.files.values())

    def fingerprint(self) -> str:
        """Changes with whatever the meaning of an answer depends on: questions, systems, items, and the files themselves."""
        asked = [(question.name, question.ask, question.labels) for question in self.questions]
        digest = hashlib.sha256(json.dumps([self.kind, asked, self.systems]).encode())
        for stimulus in stimuli(self).values():
            digest.update(f"{stimulus.key}{stimulus.emotion}{sorted(stimulus.wanted.items())}".encode())
            for file in stimulus.files:
                digest.update(hashlib.sha256((self.folder / file).read_bytes()).digest())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Stimulus:
    """What is rated at once: one sound or film, or two.

    Attributes:
        key: its name in the database; role: "training", "check" or "rated".
        item, systems: what it is a version of; no systems for controls.
        files: one, or two in the order of `systems`; swapped: the second comes first, as A.
    """

    key: str
    role: str
    item: str
    systems: tuple[str, ...]
    files: tuple[str, ...]
    emotion: str = ""
    picture: str = ""
    wanted: Mapping[str, int] = field(default_factory=dict)
    swapped: bool = False


def is_film(file: Sound) -> bool:
    """Whether it is watched, as its name says."""
    return not isinstance(file, np.ndarray) and Path(file).suffix.lower() in FILMS


def scale(test: ListeningTest, question: Question) -> tuple[str, ...]:
    """The labels of the answers 1, 2, … to a question."""
    return PREFERENCE if test.kind == "ab" else question.labels or QUALITY


def stimuli(test: ListeningTest) -> dict[str, Stimulus]:
    """Every stimulus of the test by its key: training, checks, then item by item."""
    found = [_control(control, role) for role, controls in (("training", test.training), ("check", test.checks)) for control in controls]
    found += [_version(item, systems) for item in test.items for systems in test.versions]
    return {stimulus.key: stimulus for stimulus in found}


def _control(control: Control, role: str) -> Stimulus:
    key = json.dumps([role, control.name], ensure_ascii=False)
    files = tuple(str(file) for file in control.files)
    return Stimulus(key, role, control.name, (), files, control.emotion, str(control.picture), control.wanted)


def _version(item: Item, systems: tuple[str, ...], swapped: bool = False) -> Stimulus:
    key = json.dumps(["rated", item.name, *systems], ensure_ascii=False)
    files = tuple(str(item.files[system]) for system in systems)
    return Stimulus(key, "rated", item.name, systems, files, item.emotion, str(item.picture), swapped=swapped)


def plan(test: ListeningTest, code: str, number: int) -> list[Stimulus]:
    """What the rater with this code, the `number`th from 0, gets one after the other; always the same."""
    random = Random(code)
    versions, rated = test.versions, []
    for turn in range(len(versions)):
        block = []
        for index, item in enumerate(test.items):
            place = (index + turn + number) % len(versions)
            swapped = test.kind == "ab" and (index + place + number) % 2 == 1  # half of each pair, and the other half for the next rater
            block.append(_version(item, versions[place], swapped))
        random.shuffle(block)
        if rated and len(block) > 1 and block[0].item == rated[-1].item:
            block.append(block.pop(0))
        rated += block
    for control in test.checks:  # somewhere in the middle half
        rated.insert(random.randint(len(rated) // 4, -(-3 * len(rated) // 4)), _control(control, "check"))
    return [_control(control, "training") for control in test.training] + rated
