"""Spoken words with their times → subtitles that can be read while they are shown, as WebVTT or SubRip.

Limits are those of the BBC's and Netflix's guides for adult readers: 42 characters a line, two lines, about 17 characters a second, 1 to
7 seconds.
"""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from feim.signal.spoken_words import Word

LINE = 42  # characters; a cue has two lines at most
SHORTEST, LONGEST = 1.0, 7.0  # seconds that a cue is shown
READING = 17.0  # characters a second
GAP = 0.08  # seconds between cues, two pictures: without it the change is not noticed
PAUSE = 0.5  # seconds of silence that cues should not run across
SENTENCE_ENDS, PHRASE_ENDS = ".!?…", ",;:—–"
SLACK = 1e-6  # letters: places that rounding moved across a word's end


@dataclass(frozen=True)
class Cue:
    """What is shown at a time: one line or two, with "\\n" between them; start and end in seconds."""

    start: float
    end: float
    text: str


def cues(text: str, words: Sequence[Word], seconds: float) -> list[Cue]:
    """Cut a text into subtitles at sentences, phrases and pauses.

    Args:
        text: as it should be read, with punctuation.
        words: the same words in order, with or without punctuation; several may be in one, as in "of the". Where they are written
            otherwise, as in IPA, letters tell how far they are.
        seconds: the length of the sound, beyond which nothing is shown.
    """
    parts = _parts(_timed_tokens(text, words))
    shown = []
    for number, part in enumerate(parts):
        said, start = _text(part), part[0].start
        wanted = max(part[-1].end, start + _needed(said))
        if number + 1 < len(parts):
            following = parts[number + 1][0].start
            end = min(wanted, max(following - GAP, (start + following) / 2))
        else:
            end = min(wanted, seconds)
        if start < end:
            shown.append(Cue(start, end, _in_lines(said)))
    return shown


def to_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT, for browsers."""
    blocks = [f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{html.escape(cue.text, quote=False)}\n" for cue in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def to_srt(cues: Sequence[Cue]) -> str:
    """SubRip, for players and editors."""
    blocks = [f"{n}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n" for n, cue in enumerate(cues, start=1)]
    return "\n".join(blocks)


def write_subtitles(path: str | Path, cues: Sequence[Cue]) -> Path:
    """Write .vtt or .srt, as the suffix says. Raises: OSError."""
    path = Path(path)
    formats = {".vtt": to_vtt, ".srt": to_srt}
    if path.suffix.lower() not in formats:
        raise OSError(f"cannot write subtitles to {path}: use a name that ends in .vtt or .srt")
    path.write_text(formats[path.suffix.lower()](cues), encoding="utf-8")
    return path


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}{point}{milliseconds % 1000:03d}"


def _timed_tokens(text: str, words: Sequence[Word]) -> list[Word]:
    """The text between blanks, each token with its time. A mark on its own belongs to the token before it."""
    tokens: list[str] = []
    for token in text.split():
        if tokens and not _letters(token) and len(tokens[-1]) + len(token) < LINE:
            tokens[-1] += f" {token}"
        else:
            tokens += re.findall(f".{{1,{LINE}}}", token)  # none is longer than a line
    if not tokens or not words:
        return []
    said = np.cumsum([0, *(max(1, _letters(word.text)) for word in words)])  # letters before each word
    read = np.cumsum([0, *(max(1, _letters(token)) for token in tokens)])  # and before each token
    places = read * (said[-1] / read[-1])

    def time(place: float, word: int) -> float:
        """Seconds at a place among the letters that lies in a word or at its ends."""
        share = (place - said[word]) / (said[word + 1] - said[word])
        return float(words[word].start + share * (words[word].end - words[word].start))

    begins = np.searchsorted(said, places[:-1] + SLACK, side="right") - 1
    ends = np.searchsorted(said, places[1:] - SLACK, side="left") - 1
    return [
        Word(token, time(places[n], begin), time(places[n + 1], end))
        for n, (token, begin, end) in enumerate(zip(tokens, begins, ends, strict=True))
    ]


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _parts(tokens: list[Word]) -> list[list[Word]]:
    """The tokens cut into cues so that the sum of what each of them costs a reader is least."""
    best = [0.0, *[math.inf] * len(tokens)]  # of the first n tokens
    cut = [0] * (len(tokens) + 1)  # where the last of their cues begins
    for n in range(1, len(tokens) + 1):
        for first in range(n - 1, -1, -1):
            part = tokens[first:n]
            if len(part) > 1 and (_in_lines(_text(part)) is None or part[-1].end - part[0].start > LONGEST):
                break  # and so does all that is longer
            cost = best[first] + _cost(part, tokens[n] if n < len(tokens) else None)
            if cost < best[n]:
                best[n], cut[n] = cost, first
    parts, n = [], len(tokens)
    while n:
        parts.append(tokens[cut[n] : n])
        n = cut[n]
    return parts[::-1]


def _cost(part: list[Word], following: Word | None) -> float:
    """What a cue costs a reader. The weights are chosen by eye, for whole sentences if they fit, else whole phrases."""
    across = sum((b.start - a.end > PAUSE) + 1.2 * (_ending(a) in SENTENCE_ENDS) for a, b in pairwise(part))
    if following is None:
        return 1 + across
    broken = 0.0 if _ending(part[-1]) in SENTENCE_ENDS else 0.5 if _ending(part[-1]) in PHRASE_ENDS else 1.5
    hurried = max(0.0, 1 - (following.start - part[0].start) / _needed(_text(part)))
    return 1 + broken + across + 3 * hurried


def _ending(token: Word) -> str:
    """The last character, quotes and brackets apart."""
    return token.text.rstrip("\"'”’»)")[-1:] or token.text[-1]


def _needed(text: str) -> float:
    """Seconds to read it."""
    return min(LONGEST, max(SHORTEST, len(text) / READING))


def _text(part: list[Word]) -> str:
    return " ".join(token.text for token in part)


def _in_lines(text: str) -> str | None:
    """One line if it fits, else two of about one length; None when it fits neither."""
    if len(text) <= LINE:
        return text
    breaks = [place for place, character in enumerate(text) if character == " " and max(place, len(text) - place - 1) <= LINE]
    if not breaks:
        return None
    best = min(breaks, key=lambda place: abs(2 * place - len(text)) - (24 if text[place - 1] in PHRASE_ENDS else 0))
    return f"{text[:best]}\n{text[best + 1 :]}"
