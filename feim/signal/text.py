"""Text in: what a person typed → plain words → sentences → espeak-ng's IPA → the symbols that models read.

One code point is one symbol: IPA letters, stress and length marks, and the punctuation that makes pauses,
with a blank before, between and after them (Glow-TTS), in one table for all languages.
"""

import re
import unicodedata
from functools import cache

import espeakng_loader
from num2words import num2words
from phonemizer.backend import EspeakBackend
from phonemizer.backend.espeak.wrapper import EspeakWrapper

LANGUAGES = {"en": "en-us", "pl": "pl"}  # that a voice speaks, as people ask for them → as espeak-ng calls them
BLANK = "_"
PUNCTUATION = ",.!?;:—"
LETTERS = "abcdefghijklmnopqrstuvwxyzæçðøħŋœǀǁǂǃɐɑɒɓɔɕɖɗɘəɚɛɜɝɞɟɠɡɢɣɤɥɦɧɨɩɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕʘʙʛʜʝʟʡʢʦʧβθχᵻⱱãẽĩõũ"
MARKS = "ˈˌːˑˤʰʲʷ̩̪̯̃̊̆̈͡ˠⁿ"
SYMBOLS = tuple(dict.fromkeys(BLANK + " " + PUNCTUATION + LETTERS + MARKS))
_INDEX = {symbol: index for index, symbol in enumerate(SYMBOLS)}

MAX_TEXT = 20_000  # characters
MAX_SENTENCE = 220  # characters: about 15 s of speech
MAX_DIGITS = 15  # of a number that is read as one; longer ones are read digit by digit

_ABBREVIATIONS = {
    "mr.": "mister", "mrs.": "missus", "ms.": "miz", "dr.": "doctor", "prof.": "professor", "st.": "saint", "jr.": "junior",
    "sr.": "senior", "vs.": "versus", "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "approx.": "approximately",
    "dept.": "department", "gov.": "governor", "gen.": "general", "capt.": "captain", "col.": "colonel", "lt.": "lieutenant",
    "rev.": "reverend",
}  # fmt: skip
# (?ai: …) ignores the case of ASCII letters alone: elsewhere Python also takes ı and İ for an i.
_ABBREVIATION = re.compile(rf"(?<!\w)(?ai:({'|'.join(map(re.escape, _ABBREVIATIONS))}))")
_INITIALS = re.compile(r"(?<![\w.])((?:[A-Za-z]\.)+[A-Za-z])\.")
# A stop that also ends its sentence: any abbreviation's at the end of the text, these ones' before a capital letter.
_ENDING = re.compile(
    rf"{_ABBREVIATION.pattern}(?=\s*$)|(?<![\w.])(?:[a-z]\.){{2,}}(?=\s*$)|(?<!\w)(?:etc|a\.m|p\.m)\.(?=\s+(?-i:[A-Z]))", re.IGNORECASE
)
_NUMBERED = {"no": "number", "fig": "figure", "vol": "volume"}  # words of their own unless a number follows
_SIGNS = {
    "&": " and ",
    "%": " percent ",
    "+": " plus ",
    "=": " equals ",
    "@": " at ",
    "#": " number ",
    "°": " degrees ",
    "/": " ",
    "*": " ",
}
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
}
_FRACTIONS = {"½": "a half", "¼": "a quarter", "¾": "three quarters", "⅓": "a third", "⅔": "two thirds"}
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONEY = re.compile(rf"([$€£])\s?({_NUMBER})(?:\s?(hundred|thousand|million|billion|trillion)\b)?")


class NothingToSay(ValueError):
    """No part of the text can be spoken."""


class TextTooLong(ValueError):
    """The text is longer than MAX_TEXT."""


def normalise(text: str, language: str = "en-us") -> str:
    """What was typed → words, spaces and the punctuation of PUNCTUATION.

    English numbers, money, times and abbreviations are spelt out; espeak-ng reads other languages' numbers itself.
    Control characters, emoji and letters of scripts that the voice cannot read are left out.
    Raises: NothingToSay, TextTooLong.
    """
    if len(text) > MAX_TEXT:
        raise TextTooLong(f"the text has {len(text):,} characters; speak at most {MAX_TEXT:,} at a time")
    english = language.startswith("en")
    words = unicodedata.normalize("NFKC", _spell_fractions(text) if english else text)
    words = words.translate({ord(a): b for a, b in zip("‘’ʼ“”„«»…–‒", '\'\'\'""""".——', strict=True)})
    words = "".join(c for c in words if unicodedata.category(c) != "Cf")  # soft hyphens, joiners, byte-order marks
    words = "".join(" " if unicodedata.category(c).startswith("C") else c for c in words)
    if english:
        words = _spell_out(words)
    words = words.replace(" - ", " — ")
    words = "".join(c if _is_readable(c) else " " for c in words)
    words = re.sub(r"\.{2,}", ".", words)
    words = re.sub(rf"([{PUNCTUATION}])(?:\s*[{PUNCTUATION}])+", r"\1", words)
    words = re.sub(rf"\s+([{PUNCTUATION}])", r"\1", words)
    words = re.sub(r"\s+", " ", words).strip()
    words = re.sub(rf"^[{PUNCTUATION}\s]+", "", words)
    if not any(c.isalnum() for c in words):
        raise NothingToSay("there is nothing to say in this text; type some words in Latin letters or digits")
    return words


def unreadable(text: str) -> str:
    """The letters of `text` that no voice here can read (other scripts), for a note to the person who typed them."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalpha() and not _is_readable(c))


def _is_readable(c: str) -> bool:
    if c.isalpha():
        return "LATIN" in unicodedata.name(c, "")
    return (c.isascii() and c.isdigit()) or c in PUNCTUATION or c in " '-" or "\u0300" <= c <= "\u036f"  # accents


def _spell_fractions(text: str) -> str:
    text = re.sub(rf"(?<=\d)\s?(?=[{''.join(_FRACTIONS)}])", " and ", text)
    return re.sub("|".join(_FRACTIONS), lambda m: _FRACTIONS[m[0]], text)


def _spell_out(text: str) -> str:
    text = _spell_abbreviations(text)
    text = _MONEY.sub(lambda m: _money(m[1], m[2], m[3]), text)
    text = re.sub(r"\b(\d{1,2}):(\d{2})(?!\d)", lambda m: f"{_cardinal(m[1])} {_minutes(m[2])}", text)
    text = re.sub(r"\b(\d+(?:,\d{3})*)(?:st|nd|rd|th)\b", lambda m: _ordinal(m[1]), text)
    text = re.sub(r"(?<![\d.,])(1[1-9]\d\d|20[1-9]\d)(?!\d|[.,]\d)", lambda m: num2words(int(m[1]), to="year"), text)
    text = re.sub(r"(?<![\w.)])[-−](?=\d)", " minus ", text)
    text = re.sub(r"(?<![\w.])\.(?=\d)", " point ", text)
    text = re.sub(r"(?<=\d)(?=[^\W\d_])(?!s\b)", " ", text)  # "5kg", but "80s"
    text = re.sub(_NUMBER, lambda m: " " + _cardinal(m[0]), text)
    return re.sub("|".join(map(re.escape, _SIGNS)), lambda m: _SIGNS[m[0]], text)


def _spell_abbreviations(text: str) -> str:
    text = re.sub(r"(?<=\d)\s?([ap])m\b", r" \1.m", text, flags=re.IGNORECASE)
    text = _ENDING.sub(r"\g<0>.", text)
    text = re.sub(r"(?<!\w)st\.(?!\s+(?-i:[A-Z]))", "street", text, flags=re.IGNORECASE)
    text = _ABBREVIATION.sub(lambda m: _ABBREVIATIONS[m[1].lower()], text)
    text = _INITIALS.sub(r"\1", text)
    return re.sub(r"(?<!\w)(?ai:(no|fig|vol))\.(?=\s*\d)", lambda m: _NUMBERED[m[1].lower()], text)


def _cardinal(digits: str) -> str:
    digits = digits.replace(",", "")
    whole, _, decimals = digits.partition(".")
    if len(digits) > MAX_DIGITS or (len(whole) > 1 and whole[0] == "0"):  # a code or a telephone number
        return " ".join(num2words(int(d)) if d.isdigit() else "point" for d in digits)
    spoken = num2words(int(whole)).replace(",", "")
    return " ".join([spoken, "point", *(num2words(int(d)) for d in decimals)]) if decimals else spoken


def _ordinal(digits: str) -> str:
    digits = digits.replace(",", "")
    return num2words(int(digits), to="ordinal").replace(",", "") if len(digits) <= MAX_DIGITS else f"{_cardinal(digits)}th"


def _money(sign: str, amount: str, scale: str | None) -> str:
    one, many, hundredth, hundredths = _CURRENCIES[sign]
    whole, _, decimals = amount.replace(",", "").partition(".")
    if scale or len(decimals) not in (0, 2) or len(whole) > MAX_DIGITS:
        return f"{_cardinal(amount)} {scale or ''} {many}"
    parts = []
    if int(whole) or not int(decimals or 0):
        parts.append(f"{_cardinal(whole)} {one if int(whole) == 1 else many}")
    if int(decimals or 0):
        parts.append(f"{num2words(int(decimals))} {hundredth if int(decimals) == 1 else hundredths}")
    return " and ".join(parts)


def _minutes(digits: str) -> str:
    if digits == "00":
        return "o'clock"
    return f"oh {num2words(int(digits))}" if digits[0] == "0" else num2words(int(digits))


def sentences(words: str) -> list[str]:
    """Normalised text → pieces of at most MAX_SENTENCE characters, cut at sentence ends, else at commas, else between words."""
    pieces = []
    for sentence in re.findall(r".+?[.!?](?=\s|$)|.+$", words):  # not at the stops of "U.S." and "3.5"
        while len(sentence) > MAX_SENTENCE:
            cut = max(sentence.rfind(mark, 0, MAX_SENTENCE) for mark in ",;:—")
            cut = cut if cut > MAX_SENTENCE // 4 else sentence.rfind(" ", 0, MAX_SENTENCE)
            cut = cut if cut > 0 else MAX_SENTENCE - 1
            pieces.append(sentence[: cut + 1])
            sentence = sentence[cut + 1 :]
        pieces.append(sentence)
    return [piece.strip() for piece in pieces if any(c.isalnum() for c in piece)]


@cache
def _espeak(language: str) -> EspeakBackend:
    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    return EspeakBackend(
        language, preserve_punctuation=True, with_stress=True, language_switch="remove-flags", punctuation_marks=PUNCTUATION
    )


def phonemise(sentence: str, language: str = "en-us") -> str:
    """One normalised sentence → its symbols as a string, blanks included: "hi." → "_h_ˈ_a_ɪ_._".

    Raises: NothingToSay.
    """
    [ipa] = _espeak(language).phonemize([sentence], strip=True)
    ipa = unicodedata.normalize("NFC", ipa).replace("-", " ").replace("g", "ɡ")
    ipa = re.sub(r"\.(?=\S)", " ", ipa)  # the stops of "U.S." make no pause
    symbols = [symbol for symbol in ipa if symbol in _INDEX and symbol != BLANK]
    if not any(symbol in LETTERS for symbol in symbols):
        raise NothingToSay(f"there is nothing to say in {sentence!r}; type some words")
    return with_blanks("".join(symbols))


def with_blanks(symbols: str) -> str:
    """ "abc" → "_a_b_c_"."""
    return BLANK + "".join(symbol + BLANK for symbol in symbols)


def encode(phonemes: str) -> list[int]:
    """Symbols → their indices in SYMBOLS. Raises KeyError for a symbol that is not there."""
    return [_INDEX[symbol] for symbol in phonemes]
