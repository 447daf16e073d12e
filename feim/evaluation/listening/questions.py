"""What the tests made here ask about voices and talking faces, and the sound or film that shows who attends."""

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from feim.data.synthetic.engines import available_engines
from feim.evaluation.listening.design import AGREEMENT, Control, Question
from feim.signal.audio import SAMPLE_RATE
from feim.signal.video import FPS, write_video

TITLES = {  # (of films, kind)
    (False, "mos"): "How do these voices sound?",
    (False, "ab"): "Which voice speaks with more feeling?",
    (True, "mos"): "How do these talking faces look?",
    (True, "ab"): "Which talking face is better?",
}
_RATING = ("Very poor", "Poor", "Fair", "Good", "Excellent")
_PAPER = "(Avaneesh et al., Tables 5 and 6, from base to base + SE + EM + BSRGAN: other faces, voices and raters)"
_QUESTIONS = {
    (False, "mos"): (
        Question("naturalness", "How natural does the voice sound?"),
        Question("match", "How well does the voice fit the face?"),
        Question(
            "expressiveness",
            "How well does the voice express that the speaker is {emotion}?",
            published="FEIM-TTS 3.31 (arXiv 2409.16203: other sentences, voices and raters)",
        ),
    ),
    (False, "ab"): (
        Question("naturalness", "Which voice sounds more natural?"),
        Question("expressiveness", "Which voice better expresses that the speaker is {emotion}?"),
    ),
    # The first five are those of Avaneesh et al., "Improved Speech Synchronized Talking Face Generation from an Image and an Emotion
    # Condition", in their words: Table 5, whose mean is their aggregate, and Table 6. They do not ask about lips and emotion.
    (True, "mos"): (
        Question("motion", "How would you rate the motion representation in the video?", _RATING, "2.54 to 3.40"),
        Question("noise", "How would you rate the video noise level in the video?", _RATING, "3.13 to 3.88"),
        Question("quality", "Overall how would you rate the quality of the video?", _RATING, f"2.56 to 3.25 {_PAPER}"),
        Question("realistic", "Do you agree? The video was realistic.", AGREEMENT, "18 to 79 % agree", overall=False),
        Question("pleasing", "Do you agree? It was visually pleasing.", AGREEMENT, f"13 to 62 % agree {_PAPER}", overall=False),
        Question("lips", "How well do the lips fit the speech?", _RATING, overall=False),
        Question("expressiveness", "How well does the face show that the speaker is {emotion}?", _RATING, overall=False),
    ),
    (True, "ab"): (
        Question("motion", "Which face moves more naturally?"),
        Question("lips", "Which face's lips fit the speech better?"),
        Question("expressiveness", "Which face better shows that the speaker is {emotion}?"),
    ),
}
CARD = 512  # pixels


def questions(films: bool, kind: str, emotion: bool, picture: bool) -> tuple[Question, ...]:
    """What to ask about films or sounds, where every one has an emotion, or a picture of the speaker beside it."""
    asked = _QUESTIONS[films, kind]
    return tuple(q for q in asked if (emotion or "{emotion}" not in q.ask) and (picture or q.name != "match"))


def attention(films: bool, kind: str, asked: tuple[Question, ...], scratch: Path, picture: str | Path = "") -> Control:
    """Somebody says which answer to choose; in a film the words can be read as well, which is made in `scratch`."""
    wanted, answer = (3, "B") if kind == "ab" else (2, "number two")
    words = f"Attention, please. This is not a sample. For every question, choose {answer}."
    sound = available_engines()[0].speak(words).wave  # a teacher's own voice: the clearest there is
    check = _card(words, sound, scratch) if films else sound
    return Control("attention", [check] * (2 if kind == "ab" else 1), "neutral", picture, {question.name: wanted for question in asked})


def _card(words: str, sound: np.ndarray, scratch: Path) -> Path:
    """A film of the words, while they are said."""
    card = Image.new("RGB", (CARD, CARD), "#101b24")
    lines = "\n".join(textwrap.fill(sentence, 24) for sentence in words.replace(". ", ".\n").splitlines())
    ImageDraw.Draw(card).multiline_text(
        (CARD // 2, CARD // 2), lines, "#e8ecee", ImageFont.load_default(CARD // 14), anchor="mm", align="center", spacing=CARD // 40
    )
    count = -(-len(sound) * FPS // SAMPLE_RATE)
    return write_video(scratch / "attention.mp4", [np.asarray(card)] * count, sound)
