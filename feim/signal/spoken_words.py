"""When each word of synthesised speech is heard: symbols and their durations → phonemes → words as they were written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feim.signal.audio import FRAME_RATE
from feim.signal.text import BLANK, LETTERS, PUNCTUATION

WIDEST_GROUP = 4  # written words that espeak-ng may run together, as in "out of the"


@dataclass(frozen=True)
class Word:
    """A stretch of the sound: a word, several that were run together, or a phoneme. start and end in seconds; `ipa` is what was said."""

    text: str
    start: float
    end: float
    ipa: str = ""


def spoken_words(text: str, phonemes: Sequence[str], durations: Sequence[int]) -> list[Word]:
    """The words as they are written, where they sound; IPA where writing and sound cannot be matched.

    Args: text, phonemes, durations: as a Speech has them; durations in frames of 10 ms.
    """
    groups = spoken_phonemes(phonemes, durations)
    ipa = ["".join(phoneme.ipa for phoneme in group) for group in groups]
    written = re.findall(rf"[^\s\-{PUNCTUATION}]+", text)
    matched = match_words(ipa, written)
    return [Word(label, group[0].start, group[-1].end, sound) for label, group, sound in zip(matched, groups, ipa, strict=True)]


def spoken_phonemes(phonemes: Sequence[str], durations: Sequence[int]) -> list[list[Word]]:
    """The symbols as words of phonemes: marks and blanks count with the letter they belong to, the rest is pause."""
    ends = (np.cumsum(durations) / FRAME_RATE).tolist()
    words: list[list[Word]] = [[]]
    prefix, prefix_start = "", None  # a stress mark waits for its vowel
    for symbol, start, end in zip(phonemes, [0.0, *ends][: len(ends)], ends, strict=True):
        last = words[-1][-1] if words[-1] else None
        if symbol in LETTERS:
            ipa = prefix + symbol
            words[-1].append(Word(ipa, start if prefix_start is None else prefix_start, end, ipa))
            prefix, prefix_start = "", None
        elif symbol in "ˈˌ":
            prefix, prefix_start = symbol, start
        elif prefix_start is not None and symbol == BLANK:
            continue
        elif last and (symbol == BLANK or not _is_pause(symbol)):
            ipa = last.ipa + symbol.replace(BLANK, "")
            words[-1][-1] = Word(ipa, last.start, end, ipa)
        elif words[-1]:
            words.append([])
    return [word for word in words if word]


def _is_pause(symbol: str) -> bool:
    return symbol == " " or symbol in PUNCTUATION


def match_words(ipa: list[str], written: list[str]) -> list[str]:
    """Give every spoken group its written words, in order, so that letters and sounds differ least in number.

    espeak-ng runs small words together ("of the" → "əvðə"), so a group may take up to WIDEST_GROUP words.
    """
    if not len(ipa) <= len(written) <= WIDEST_GROUP * len(ipa):
        return ipa
    letters = np.cumsum([0, *(len(word) for word in written)])  # of the first w words
    best = np.full(len(letters), np.inf)  # cost of the groups so far, when they hold the first w words
    best[0] = 0
    taken = np.zeros((len(ipa), len(letters)), dtype=np.int8)  # words of the last group then
    for g, group in enumerate(ipa):
        sounds = sum(symbol in LETTERS for symbol in group)
        costs = np.full((WIDEST_GROUP, len(letters)), np.inf)
        for n in range(1, min(WIDEST_GROUP, len(written)) + 1):  # each group takes a word at least
            costs[n - 1, n:] = best[:-n] + abs(letters[n:] - letters[:-n] - sounds)
        taken[g] = costs.argmin(axis=0) + 1
        best = costs.min(axis=0)
    labels, w = [], len(written)
    for g in range(len(ipa) - 1, -1, -1):
        first = w - int(taken[g, w])
        labels.append(" ".join(written[first:w]))
        w = first
    return labels[::-1]
