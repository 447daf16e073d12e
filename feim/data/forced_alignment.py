"""Where every word and phone of a known text lies in a recording, and how well each fits what is heard (pocketsphinx).

Words that the recogniser's dictionary lacks are pronounced by espeak-ng. Scores are log likelihoods per frame below the best
of all 5,000 acoustic states in that frame: a word that was really said scores about −30, a word that was not about −100.
"""

import math
import re
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pocketsphinx

from feim.data.phone_times import TimedPhone
from feim.signal.audio import SAMPLE_RATE
from feim.signal.text import phonemise

FRAME = 0.01  # seconds: the recogniser's step
WINDOW_LAG = 0.0078  # seconds: its 25.6 ms window starts at its frame, so what it hears there is later by half the window less half a step
UNSAID = 5  # words that may be missing at the end
PADDING = 0.5  # seconds of near silence put before and after what is aligned
HUSH = 5e-4  # its standard deviation: −66 dBFS
FILLERS = ("<s>", "</s>", "<sil>", "[NOISE]", "[SPEECH]", "[COUGH]")

# espeak-ng's IPA → the recogniser's phones; the longest entry that matches wins, signs without an entry are passed over.
PHONES = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "oɪ": "OY", "tʃ": "CH", "dʒ": "JH", "n̩": "AH N", "l̩": "AH L",
    "ɑ̃": "AA N", "ɔ̃": "AO N", "ɛ̃": "AE N", "aɪə": "AY ER", "ɜː": "ER", "ɛɹ": "EH R", "ɑːɹ": "AA R", "ɔːɹ": "AO R",
    "a": "AE", "æ": "AE", "ɑ": "AA", "ɒ": "AA", "ɐ": "AH", "ʌ": "AH", "ə": "AH", "ɚ": "ER", "ɝ": "ER", "ɜ": "ER", "ɛ": "EH", "e": "EY",
    "ɪ": "IH", "ᵻ": "IH", "i": "IY", "y": "UW", "o": "OW", "ɔ": "AO", "ʊ": "UH", "u": "UW", "ø": "ER", "œ": "ER",
    "b": "B", "d": "D", "f": "F", "ɡ": "G", "h": "HH", "j": "Y", "k": "K", "l": "L", "ɫ": "L", "m": "M", "n": "N", "ŋ": "NG", "ɲ": "N Y",
    "p": "P", "ɹ": "R", "r": "R", "s": "S", "t": "T", "ɾ": "T", "ʔ": "T", "v": "V", "w": "W", "x": "K", "ç": "HH", "z": "Z",
    "ʃ": "SH", "ʒ": "ZH", "θ": "TH", "ð": "DH",
}  # fmt: skip
_ENTRY = re.compile("|".join(sorted(map(re.escape, PHONES), key=len, reverse=True)))


class TextDoesNotFit(ValueError):
    """No path through the sound says these words."""


@dataclass(frozen=True)
class AlignedWord:
    """One word, or one stretch without words, of the recording.

    Attributes:
        index: its place in the text; None for silence and noise.
        start, end: seconds.
        score: mean over its frames, see above; 0 is the best there can be.
        phones: the recogniser's, with their times.
    """

    index: int | None
    start: float
    end: float
    score: float
    phones: tuple[TimedPhone, ...]


class Aligner:
    """Pocketsphinx with its own American English model, which comes inside the package."""

    def __init__(self):
        # every acoustic state is scored in every frame, so that the scores of different words compare
        self.words = pocketsphinx.Decoder(lm=None, loglevel="FATAL", compallsen=True)
        # a dictionary of phones: the package's own phone alignment fails on one recording in six
        self.phones = pocketsphinx.Decoder(lm=None, loglevel="FATAL", dict=None)
        for phone in sorted({phone for phones in PHONES.values() for phone in phones.split()}):
            self.phones.add_word(phone, phone)

    def align(self, samples: np.ndarray, words: list[str]) -> list[AlignedWord]:
        """(samples,) at 16 kHz and the words said in it → words and pauses in order.

        A recording may stop a few words before its text does; those words are missing from the answer.
        Raises: TextDoesNotFit.
        """
        words = [word.lower() for word in words]
        for word in dict.fromkeys(words):
            if self.words.lookup_word(word) is None:
                self.words.add_word(word, " ".join(pronounce(word)))
        hush = np.random.default_rng(0).normal(0, HUSH, round(PADDING * SAMPLE_RATE))  # a tightly cut clip needs room for its last phone
        sound = (np.clip(np.concatenate([hush, samples, hush]), -1, 1) * 32767).astype("<i2").tobytes()
        for said in range(len(words), max(0, len(words) - UNSAID), -1):
            with suppress(_Unfinished):
                return [_unpadded(word, len(samples) / SAMPLE_RATE) for word in self._align(sound, words[:said])]
        raise TextDoesNotFit("the text goes on after the recording has ended")

    def _align(self, sound: bytes, words: list[str]) -> list[AlignedWord]:
        segments = _listen(self.words, sound, words)
        pronunciations = [self.words.lookup_word(segment.name).split() for segment in segments if segment.name not in FILLERS]
        phones = _listen(self.phones, sound, [phone for pronunciation in pronunciations for phone in pronunciation])
        return _with_phones(segments, pronunciations, [phone.start for phone in phones if phone.name not in FILLERS])


class _Unfinished(TextDoesNotFit):
    """The best path through the sound stops before the last word."""


@dataclass(frozen=True)
class _Segment:
    name: str
    start: float
    end: float
    score: float


def _listen(decoder: pocketsphinx.Decoder, sound: bytes, words: list[str]) -> list[_Segment]:
    try:
        decoder.set_align_text(" ".join(words))
        decoder.start_stream()  # forgets the noise of the recordings before
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
    except RuntimeError as error:
        raise TextDoesNotFit(f"the recording cannot be aligned ({error})") from error
    if decoder.hyp() is None:
        raise TextDoesNotFit("the recording does not say this text")
    segments = [_segment(segment) for segment in decoder.seg()]
    found = [re.sub(r"\(\d+\)$", "", segment.name) for segment in segments if segment.name not in FILLERS]
    if found != words:
        raise _Unfinished(f"only {len(found)} of {len(words)} words were found in the recording")
    return segments


def _segment(segment) -> _Segment:
    frames = segment.end_frame - segment.start_frame + 1
    # the package gives a likelihood, as 1.0001 ** (1024 · score); what is too small for a float counts as the smallest
    score = math.log(max(segment.ascore, 5e-324)) / math.log(1.0001) / 1024 / frames
    return _Segment(segment.word, segment.start_frame * FRAME + WINDOW_LAG, (segment.end_frame + 1) * FRAME + WINDOW_LAG, score)


def _with_phones(segments: list[_Segment], pronunciations: list[list[str]], starts: list[float]) -> list[AlignedWord]:
    """Words and pauses are where the first pass found them; the second pass only divides each word among its phones."""
    aligned, index = [], 0
    for segment in segments:
        if segment.name in FILLERS:
            phones = (TimedPhone("SIL", segment.start, segment.end),)
            aligned.append(AlignedWord(None, segment.start, segment.end, segment.score, phones))
            continue
        names, starts_here, starts = pronunciations[index], starts[1 : len(pronunciations[index])], starts[len(pronunciations[index]) :]
        edges = [segment.start, *(min(max(start, segment.start), segment.end) for start in starts_here), segment.end]
        phones = tuple(TimedPhone(name, a, b) for name, a, b in zip(names, edges, edges[1:], strict=False))
        aligned.append(AlignedWord(index, segment.start, segment.end, segment.score, phones))
        index += 1
    return aligned


def _unpadded(word: AlignedWord, seconds: float) -> AlignedWord:
    def time(padded: float) -> float:
        return min(max(padded - PADDING, 0.0), seconds)

    phones = tuple(TimedPhone(phone.name, time(phone.start), time(phone.end)) for phone in word.phones)
    return AlignedWord(word.index, time(word.start), time(word.end), word.score, phones)


def pronounce(word: str) -> list[str]:
    """A word no dictionary has → the recogniser's phones: "avonlea" → AE V AH N L IY. Raises TextDoesNotFit."""
    ipa = re.sub("[_ˈˌ]", "", phonemise(word))
    phones = " ".join(PHONES[match] for match in _ENTRY.findall(ipa)).split()
    if not phones:
        raise TextDoesNotFit(f"no English phones for {word!r}")
    return phones
