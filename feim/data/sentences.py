"""English sentences to speak, and the one rule that keeps test sentences out of training."""

import re
from pathlib import Path

SHORTEST, LONGEST = 4, 18  # words: about 1 to 7 seconds of speech
_SPEAKABLE = re.compile(r"[A-Za-z0-9 ,.;:!?'\"()&$%-]+")


class NoSentences(ValueError):
    """The file is missing, or none of its lines is a sentence that can be spoken."""


def split_of(line: int) -> str:
    """Which split the file's line (counted from 0, before any filter) belongs to: 1 in 20 tests, 1 in 20 validates."""
    return {7: "test", 13: "valid"}.get(line % 20, "train")


def read_sentences(path: str | Path) -> list[tuple[str, str]]:
    """Read one sentence a line.

    Returns: (text, split) of every line of 4 to 18 words in plain ASCII letters, digits and punctuation, in the file's order.
        A sentence that occurs on several lines is kept once, with the split of its first line, so no text is in two splits.
    Raises: NoSentences.
    """
    path = Path(path)
    if not path.is_file():
        raise NoSentences(f"there is no sentence file at {path}; give a text file with one English sentence a line")
    splits = {}
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines()):
        text = " ".join(text.split())
        if SHORTEST <= len(text.split()) <= LONGEST and _SPEAKABLE.fullmatch(text):
            splits.setdefault(text, split_of(line))
    if not splits:
        raise NoSentences(f"{path} has no line of {SHORTEST} to {LONGEST} words in plain English; give one sentence a line")
    return list(splits.items())
