"""A listening test made from a studio: the same lines by FEIM-TTS, by its no-emotion case, and by the teachers that it learned from."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from feim.data.synthetic.engines import available_engines
from feim.data.synthetic.voices import design_speakers, speak
from feim.evaluation.listening.design import Control, Item, ListeningTest, Question
from feim.evaluation.listening.folder import new_folder, write_test
from feim.evaluation.material import LABELLED, TEACHERS, first_reading
from feim.models import CHECKPOINTS
from feim.signal.emotion import EMOTIONS

if TYPE_CHECKING:
    from feim.studio import Studio

FACES = CHECKPOINTS.parent / "faces"
BASE, TEACHER = "Face-TTS (γ = 0)", "teacher"
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
OPINIONS = (
    Question("naturalness", "How natural does the voice sound?"),
    Question("match", "How well does the voice fit the face?"),
    Question(
        "expressiveness",
        "How well does the voice express that the speaker is {emotion}?",
        published="FEIM-TTS 3.31 (arXiv 2409.16203: other sentences, voices and raters)",
    ),
)
PREFERENCES = (
    Question("naturalness", "Which voice sounds more natural?"),
    Question("expressiveness", "Which voice better expresses that the speaker is {emotion}?"),
)


def make_test(
    studio: "Studio", folder: str | Path, kind: str = "mos", sentences: int = 6, intensity: float = 1.0, say: Callable[[str], None] = print
) -> ListeningTest:
    """Speak and write a test: for "mos" FEIM-TTS at γ = `intensity`, γ = 0 and a teacher; for "ab" the first two.

    Args:
        sentences: 4 to 8 lines; the faces take turns, and so do the six emotions.
        say: where progress goes.
    Raises: ValueError for a number out of range, InvalidIntensity, FileExistsError.
    """
    if not 4 <= sentences <= len(LINES):
        raise ValueError(f"{sentences} sentences cannot be used; choose 4 to {len(LINES)}")
    new_folder(folder)  # before minutes of work
    faces = _faces()
    ours = f"FEIM-TTS, γ = {intensity:g}"
    pair = kind == "ab"
    items = []
    for index, text in enumerate(LINES[:sentences]):
        face, emotion = faces[index % len(faces)], EMOTIONS[1 + index % (len(EMOTIONS) - 1)]
        say(f"{index + 1} of {sentences}: {emotion}, {text}")
        files = {BASE: studio.speak(text, face, emotion, 0).waveform, ours: studio.speak(text, face, emotion, intensity).waveform}
        if not pair:
            files[TEACHER] = _teach(text, _gender(face), emotion)
        items.append(Item(str(index + 1), files, emotion, face or ""))
    questions = tuple(q for q in (PREFERENCES if pair else OPINIONS) if faces[0] or q.name != "match")
    face = faces[0]
    practice = [studio.speak(PRACTICE, face, "happy", gamma).waveform for gamma in ((0, intensity) if pair else (intensity,))]
    asked = "Attention, please. This is not a sample. " + (
        "For every question, choose B." if pair else "For every question, choose two: poor."
    )
    check = available_engines()[0].speak(asked).wave  # a teacher's own voice: the clearest there is
    test = ListeningTest(
        title="Which voice speaks with more feeling?" if pair else "How do these voices sound?",
        kind=kind,
        questions=questions,
        systems=tuple(items[0].files),
        items=tuple(items),
        training=(Control("practice", practice, "happy", face or ""),),
        checks=(Control("attention", [check] * len(practice), "neutral", face or "", {q.name: 3 if pair else 2 for q in questions}),),
    )
    return write_test(folder, test)


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
