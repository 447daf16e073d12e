"""Cutting an aligned recording into phrases: what fits its words is kept, long stretches are split where the speaker pauses."""

from dataclasses import dataclass
from itertools import groupby, pairwise

from feim.data.forced_alignment import AlignedWord
from feim.data.phone_times import TimedPhone
from feim.signal.text import PUNCTUATION

SHORTEST, LONGEST = 1.3, 9.8  # seconds of a phrase, without its margins
COMFORTABLE = 8.0  # seconds: longer phrases are split
PAUSE = 0.15  # seconds: a silence that a listener hears as a pause
LONG_PAUSE = 0.5  # seconds: a sentence's end; always split
MARGIN = 0.1  # seconds of silence kept at each end

# Measured on 251 LibriSpeech readers: with their own texts 98 % of stretches score above −48, with other texts all below −60;
# true pauses score −5 to −50, speech that the text leaves out −80 to −140.
WORST_PHRASE = -50.0  # mean score of a stretch between two pauses
WORST_UNCERTAIN_PHRASE = -42.0  # the same, where the text itself is doubtful
WORST_WORDS = -75.0  # mean score of three neighbouring words
WORST_PAUSE = -80.0  # a "silence" below this holds sounds that the text does not have
LONGEST_PHONE = 0.6  # seconds


@dataclass(frozen=True)
class Phrase:
    """A stretch of a recording with its text.

    Attributes:
        text: as in the source, with a comma or full stop at each pause when the source has no punctuation.
        start, end: seconds in the recording, silence margins included.
        phones: times in seconds from the phrase's start.
        score: mean of its words' scores.
    """

    text: str
    start: float
    end: float
    phones: tuple[TimedPhone, ...]
    score: float


@dataclass(frozen=True)
class Unfit:
    """A stretch that was left out, and why."""

    text: str
    start: float
    end: float
    reason: str


def phrases(tokens: list[str], aligned: list[AlignedWord], worst: float = WORST_PHRASE) -> tuple[list[Phrase], list[Unfit]]:
    """Split a recording into phrases of SHORTEST to LONGEST seconds whose words fit the sound.

    Args:
        tokens: the text's words, with their punctuation, if any; AlignedWord.index counts them.
        aligned: the words and pauses found in the recording, in order.
        worst: the lowest mean score that a stretch between two pauses may have.
    """
    kept, unfit = [], []
    aligned = _join_pauses(aligned)
    for problem, run in groupby(_stretches(aligned), key=lambda stretch: _problem(stretch, aligned, worst)):
        run = list(run)
        if problem:
            unfit += [Unfit(_words(tokens, stretch), stretch[0].start, stretch[-1].end, problem) for stretch in run]
            continue
        for words in _split([word for stretch in run for word in stretch]):
            seconds = words[-1].end - words[0].start
            if SHORTEST <= seconds <= LONGEST:
                kept.append(_phrase(tokens, words, aligned))
            else:
                reason = f"{seconds:.1f} s without a pause" if seconds > LONGEST else f"only {seconds:.1f} s long"
                unfit.append(Unfit(_words(tokens, words), words[0].start, words[-1].end, reason))
    return kept, unfit


def _join_pauses(aligned: list[AlignedWord]) -> list[AlignedWord]:
    """Neighbouring silences become one, with the score of the longer: single frames at the recording's ends score badly."""
    joined: list[AlignedWord] = []
    for word in aligned:
        last = joined[-1] if joined else None
        if last and word.index is None and last.index is None:
            longer = max(last, word, key=lambda pause: pause.end - pause.start)
            joined[-1] = AlignedWord(None, last.start, word.end, longer.score, last.phones + word.phones)
        else:
            joined.append(word)
    return joined


def _stretches(aligned: list[AlignedWord]) -> list[list[AlignedWord]]:
    """The words between two pauses."""
    stretches: list[list[AlignedWord]] = [[]]
    end = 0.0
    for word in aligned:
        if word.index is None:
            continue
        if word.start - end >= PAUSE and stretches[-1]:
            stretches.append([])
        stretches[-1].append(word)
        end = word.end
    return [stretch for stretch in stretches if stretch]


def _problem(words: list[AlignedWord], aligned: list[AlignedWord], worst: float) -> str:
    """Why a stretch does not fit its words; empty if it does."""
    around = [
        a
        for a in aligned
        if a.index is None and a.end - a.start >= PAUSE and words[0].start - 0.02 <= a.end and a.start <= words[-1].end + 0.02
    ]
    if _score(words) < worst:
        return f"score {_score(words):.0f}"
    if min(_score(words[max(0, i - 1) : i + 2]) for i in range(len(words))) < WORST_WORDS:
        return "some words do not fit"
    if any(pause.score < WORST_PAUSE for pause in around):
        return "sounds that the text does not have"
    if max(phone.end - phone.start for word in words for phone in word.phones) > LONGEST_PHONE:
        return "a phone is too long"
    return ""


def _score(words: list[AlignedWord]) -> float:
    return sum(w.score * (w.end - w.start) for w in words) / sum(w.end - w.start for w in words)


def _split(words: list[AlignedWord]) -> list[list[AlignedWord]]:
    """Split at the longest pause while it is a sentence's end or the phrase is uncomfortably long."""
    pauses = [b.start - a.end for a, b in pairwise(words)]
    long = words[-1].end - words[0].start > COMFORTABLE
    cuts = [i for i, pause in enumerate(pauses, 1) if pause >= (PAUSE if long else LONG_PAUSE)]
    if not cuts:
        return [words]
    whole = [i for i in cuts if min(words[i - 1].end - words[0].start, words[-1].end - words[i].start) >= SHORTEST]
    cut = max(whole or cuts, key=lambda i: pauses[i - 1])
    return _split(words[:cut]) + _split(words[cut:])


def _phrase(tokens: list[str], words: list[AlignedWord], aligned: list[AlignedWord]) -> Phrase:
    before = max((a.end for a in aligned if a.index is not None and a.end <= words[0].start), default=0.0)
    after = min((a.start for a in aligned if a.index is not None and a.start >= words[-1].end), default=aligned[-1].end)
    start = max(words[0].start - MARGIN, (before + words[0].start) / 2)
    end = min(words[-1].end + MARGIN, (words[-1].end + after) / 2 if after < aligned[-1].end else after)
    inside = [phone for a in aligned if start < a.end and a.start < end for phone in a.phones]
    phones = tuple(
        TimedPhone(p.name, max(p.start, start) - start, min(p.end, end) - start) for p in inside if p.start < end and p.end > start
    )
    return Phrase(_words(tokens, words, pause_after=after - words[-1].end), start, end, phones, _score(words))


def _words(tokens: list[str], words: list[AlignedWord], pause_after: float = 0.0) -> str:
    """The stretch's text; pauses become commas, and the end a full stop or comma, if the source is without punctuation."""
    spoken = [tokens[word.index] for word in words]
    if not any(mark in token for token in tokens for mark in PUNCTUATION):
        pauses = [b.start - a.end for a, b in pairwise(words)]
        spoken = [word + ("," if pause >= PAUSE else "") for word, pause in zip(spoken, pauses, strict=False)] + spoken[-1:]
        spoken[-1] += "." if pause_after >= LONG_PAUSE or words[-1].index == len(tokens) - 1 else ","
    return " ".join(spoken)
