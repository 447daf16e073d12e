"""A test made from a studio: the same lines by FEIM, by its no-emotion case, and by a third that shows where the scale lies."""

from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from feim.data.synthetic.voices import design_speakers, speak
from feim.evaluation.listening.design import Control, Item, ListeningTest
from feim.evaluation.listening.folder import new_folder, write_test
from feim.evaluation.listening.questions import TITLES, attention, questions
from feim.evaluation.material import LABELLED, TEACHERS, first_reading
from feim.models import CHECKPOINTS
from feim.signal.emotion import EMOTIONS
from feim.signal.video import write_video

if TYPE_CHECKING:
    from feim.studio import Studio

FACES = CHECKPOINTS.parent / "faces"
BASE, TEACHER = "Face-TTS (γ = 0)", "teacher"
CALM, STILL = "FEIM, γ = 0", "the photo, still"
LINES = (  # plain enough for any feeling
    "The letter on the table is for you.",
    "They are coming back tomorrow morning.",
    "I think somebody is at the door.",
    "The old car is standing in front of the house.",
    "You have been here for almost three hours.",
    "My sister told me about it on the phone.",
    "There is something in the box under the stairs.",
    "We will know more when the train arrives.",
)
PRACTICE = "The shop at the corner opens at seven."
Perform = Callable[[str, Path | None, str], np.ndarray | Path]  # text, face, emotion → a sound (samples,), or a film's path


def make_test(
    studio: "Studio",
    folder: str | Path,
    kind: str = "mos",
    sentences: int = 6,
    intensity: float = 1.0,
    films: bool = False,
    say: Callable[[str], None] = print,
) -> ListeningTest:
    """Speak or film and write a test: for "mos" FEIM at γ = `intensity`, at γ = 0, and a teacher or a still photo; for "ab" the first two.

    Args:
        sentences: 4 to 8 lines; the faces take turns, and so do the six emotions.
        films: of talking faces. All of a line say the same sound, which was spoken at γ = `intensity`.
        say: where progress goes.
    Raises: ValueError for a number out of range, InvalidIntensity, FileExistsError.
    """
    if not 4 <= sentences <= len(LINES):
        raise ValueError(f"{sentences} sentences cannot be used; choose 4 to {len(LINES)}")
    new_folder(folder)  # before minutes of work
    faces, pair = _faces(), kind == "ab"
    with TemporaryDirectory() as scratch:
        systems = _films(studio, intensity, Path(scratch)) if films else _voices(studio, intensity)
        base, ours, _ = systems
        if pair:
            systems = {name: systems[name] for name in (base, ours)}
        items = []
        for index, text in enumerate(LINES[:sentences]):
            face, emotion = faces[index % len(faces)], EMOTIONS[1 + index % (len(EMOTIONS) - 1)]
            say(f"{index + 1} of {sentences}: {emotion}, {text}")
            files = {name: perform(text, face, emotion) for name, perform in systems.items()}
            items.append(Item(str(index + 1), files, emotion, "" if films else face or ""))
        picture = items[0].picture
        practice = [systems[name](PRACTICE, faces[0], "happy") for name in ((base, ours) if pair else (ours,))]
        asked = questions(films, kind, emotion=True, picture=bool(picture))
        test = ListeningTest(
            title=TITLES[films, kind],
            kind=kind,
            questions=asked,
            systems=tuple(systems),
            items=tuple(items),
            training=(Control("practice", practice, "happy", picture),),
            checks=(attention(films, kind, asked, Path(scratch), picture),),
        )
        return write_test(folder, test)


def _voices(studio: "Studio", intensity: float) -> dict[str, Perform]:
    def spoken(gamma: float) -> Perform:
        return lambda text, face, emotion: studio.speak(text, face, emotion, gamma).waveform

    return {
        BASE: spoken(0),
        f"FEIM-TTS, γ = {intensity:g}": spoken(intensity),
        TEACHER: lambda text, face, emotion: _teach(text, _gender(face), emotion),
    }


def _films(studio: "Studio", intensity: float, scratch: Path) -> dict[str, Perform]:
    def path() -> Path:
        return scratch / f"{token_hex(6)}.mp4"

    def filmed(gamma: float) -> Perform:
        def perform(text: str, face: Path | None, emotion: str) -> Path:
            return studio.animate(face, studio.speak(text, face, emotion, intensity), emotion, gamma).save(path())

        return perform

    def still(text: str, face: Path | None, emotion: str) -> Path:
        talking = studio.animate(face, studio.speak(text, face, emotion, intensity), emotion, 0)
        return write_video(path(), repeat(talking.still, len(talking.frames)), talking.waveform)

    return {CALM: filmed(0), f"FEIM, γ = {intensity:g}": filmed(intensity), STILL: still}


def _faces() -> list[Path | None]:
    """The averaged example portraits, a woman and a man in turn; the default voice if there are none."""
    women, men = (sorted(FACES.glob(f"average-{who}-*.jpg")) for who in ("woman", "man"))
    return [face for pair in zip(women, men, strict=False) for face in pair] or [None]


def _gender(face: Path | None) -> str:
    return "male" if face and "-man-" in face.name else "female"


def _teach(text: str, gender: str, emotion: str) -> np.ndarray:
    """The first of the teachers of a gender who can read the text, with what γ = 1 means of the emotion: (samples,)."""
    read = first_reading(text, [speaker for speaker in design_speakers(TEACHERS) if speaker.gender == gender])
    if read is None:
        raise ValueError(f"no teacher can read {text!r}; leave the sentence out")
    speaker, reading = read
    return speak(reading, speaker, emotion, LABELLED)[0]
