"""Exact durations: the timed phones of a teacher or an aligner, laid onto the symbols that models read.

Teachers and aligners pronounce with their own phone sets; our symbols come from espeak-ng. A dynamic programme pairs the two
sequences by phonetic likeness (Needleman and Wunsch 1970), and each symbol takes the time of its partner.
"""

from dataclasses import dataclass

import numpy as np

from feim.signal.audio import FRAME_RATE
from feim.signal.text import BLANK, LETTERS, PUNCTUATION

PAUSE = "pau"
ARPABET = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "ay": "aɪ", "b": "b", "ch": "tʃ", "d": "d", "dh": "ð",
    "eh": "ɛ", "er": "ɚ", "axr": "ɚ", "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "hv": "h", "ih": "ɪ", "ix": "ɪ", "iy": "i",
    "jh": "dʒ", "k": "k", "l": "l", "el": "əl", "m": "m", "em": "əm", "n": "n", "en": "ən", "ng": "ŋ", "nx": "n", "ow": "oʊ",
    "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "dx": "ɾ", "th": "θ", "uh": "ʊ", "uw": "u", "ux": "u",
    "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip
SILENCES = {PAUSE, "sil", "+spn+", "+nsn+", "#", "h#", "", "_:", "_"}

_VOWELS = set("aæɑɐɒʌəɚɜɝɛeɪᵻiɨoɔʊuøœyɯ")
_NEAR = [set(group) for group in (
    "ʌəɐɚɜɝ", "ɑɔɒaæ", "ɪiᵻɨəej", "ɛeæɪ", "oɔʊuw", "ɚɹəɜɝ", "tdɾɗ", "sz", "ʃʒ", "θðtd", "fv", "kɡɣx", "pb", "nŋmɲ", "lɫə", "ij", "uwʊ", "hx"
)]  # fmt: skip
_GAP, _PAUSE_GAP = 0.7, 2.5


class PhonesDoNotFit(ValueError):
    """The timed phones say something else than the symbols."""


@dataclass(frozen=True)
class TimedPhone:
    """A phone and its time in seconds; ARPAbet names and IPA are both understood."""

    name: str
    start: float
    end: float


def symbol_durations(phonemes: str, phones: list[TimedPhone], frames: int) -> list[int]:
    """Durations, in frames of 10 ms, of each symbol of `phonemes`; they sum to `frames`.

    Blanks, stress and length marks take no time of their own; pauses go to punctuation, spaces, or the first and last blank.
    Raises: PhonesDoNotFit when the average letter finds no like partner.
    """
    targets = _targets(phonemes)
    sources = _sources(phones)
    starts, cost = _align([symbol for _, symbol in targets], sources)
    if cost / max(1, len(sources)) > 0.45:
        raise PhonesDoNotFit(f"the timed phones do not say {phonemes.replace(BLANK, '')!r}; check the transcript")
    edges = np.full(len(phonemes) + 1, -1.0)
    for (index, _), start in zip(targets, starts, strict=True):
        edges[index] = start * FRAME_RATE
    edges[0], edges[-1] = 0, frames
    known = np.flatnonzero(edges >= 0)
    following = known[np.searchsorted(known, np.arange(len(edges)))]
    edges = np.clip(np.round(edges[following]), 0, frames)  # a symbol without time of its own is empty, at the start of the next
    return np.diff(np.maximum.accumulate(edges)).astype(int).tolist()


def _targets(phonemes: str) -> list[tuple[int, str]]:
    """The symbols that can take time, with their positions: letters, spaces, punctuation, and a pause at each end."""
    inner = [(i, s) for i, s in enumerate(phonemes) if s in LETTERS or s in PUNCTUATION or s == " "]
    return [(0, PAUSE), *inner, (len(phonemes) - 1, PAUSE)]


def _sources(phones: list[TimedPhone]) -> list[TimedPhone]:
    """Phones as single IPA letters, sharing their phone's time equally; neighbouring pauses joined."""
    letters: list[TimedPhone] = []
    for phone in phones:
        name = phone.name.lower().rstrip("012")
        if name in SILENCES:
            if letters and letters[-1].name == PAUSE:
                letters[-1] = TimedPhone(PAUSE, letters[-1].start, phone.end)
            else:
                letters.append(TimedPhone(PAUSE, phone.start, phone.end))
            continue
        ipa = [letter for letter in ARPABET.get(name, phone.name) if letter in LETTERS]
        times = np.linspace(phone.start, phone.end, len(ipa) + 1)
        letters += [TimedPhone(letter, float(a), float(b)) for letter, a, b in zip(ipa, times[:-1], times[1:], strict=True)]
    return letters


def _cost(target: str, source: str) -> float:
    if source == PAUSE:
        return 0.0 if target == PAUSE or target in PUNCTUATION else 0.2 if target == " " else np.inf
    if target not in LETTERS:
        return np.inf
    if target == source:
        return 0.0
    if any(target in group and source in group for group in _NEAR):
        return 0.25
    if target in _VOWELS and source in _VOWELS:
        return 0.5
    return 1.0 if (target in _VOWELS) == (source in _VOWELS) else 1.3


def _align(targets: list[str], sources: list[TimedPhone]) -> tuple[list[float], float]:
    """The start in seconds of every target, and the total cost, by the cheapest monotonic pairing with gaps on both sides."""
    rows, columns = len(targets), len(sources)
    skip_target = [0.0 if t not in LETTERS else _GAP for t in targets]
    skip_source = [_PAUSE_GAP if s.name == PAUSE else _GAP for s in sources]
    best = np.full((rows + 1, columns + 1), np.inf)
    best[:, 0] = np.concatenate([[0], np.cumsum(skip_target)])
    best[0, :] = np.concatenate([[0], np.cumsum(skip_source)])
    step = np.zeros((rows + 1, columns + 1), dtype=np.int8)  # 0 pair, 1 skip the target, 2 skip the source
    step[1:, 0], step[0, 1:] = 1, 2
    costs = {(t, s): _cost(t, s) for t in set(targets) for s in {source.name for source in sources}}
    table = best.tolist()
    for i in range(1, rows + 1):
        above, here = table[i - 1], table[i]
        for j in range(1, columns + 1):
            options = (
                above[j - 1] + costs[targets[i - 1], sources[j - 1].name],
                above[j] + skip_target[i - 1],
                here[j - 1] + skip_source[j - 1],
            )
            step[i, j] = move = options.index(min(options))
            here[j] = options[move]
    partner: list[int | None] = [None] * rows
    i, j = rows, columns
    while i or j:
        if step[i, j] == 0:
            i, j = i - 1, j - 1
            partner[i] = j
        elif step[i, j] == 1:
            i -= 1
        else:
            j -= 1
    return _starts(targets, partner, sources), table[rows][columns]


def _starts(targets: list[str], partner: list[int | None], sources: list[TimedPhone]) -> list[float]:
    """Where each target begins. A letter without a partner takes the second half of its predecessor's time."""
    end = sources[-1].end if sources else 0.0
    starts: list[float | None] = [sources[p].start if p is not None else None for p in partner]
    following = end
    for i in range(len(targets) - 1, -1, -1):  # no partner: empty, just before the next
        if starts[i] is None:
            starts[i] = following
        following = starts[i]
    for i in range(1, len(targets)):
        lonely = partner[i] is None and targets[i] in LETTERS
        if lonely and targets[i - 1] in LETTERS and starts[i] - starts[i - 1] > 0.02:
            starts[i] = (starts[i - 1] + starts[i]) / 2
    return starts
