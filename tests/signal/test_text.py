"""What people type, and what is said: a table of readings, sentences, symbols, and texts with nothing to say."""

import string

import pytest

from feim.signal.text import (
    BLANK,
    LETTERS,
    MAX_SENTENCE,
    MAX_TEXT,
    SYMBOLS,
    NothingToSay,
    TextTooLong,
    encode,
    normalise,
    phonemise,
    sentences,
    unreadable,
    with_blanks,
)

READINGS = {
    "numbers": [
        ("5", "five"),
        ("1,000", "one thousand"),
        ("3.14", "three point one four"),
        (".5", "point five"),
        ("-7 or −8", "minus seven or minus eight"),
        ("007", "zero zero seven"),
        ("99999999999999999999", " ".join(["nine"] * 20)),
        ("50%", "fifty percent"),
        ("20 °C", "twenty degrees C"),
        ("5kg of 3D", "five kg of three D"),
        ("in the 80s", "in the eightys"),
        ("2½ cups", "two and a half cups"),
        ("¾ full", "three quarters full"),
        ("1️⃣", "one"),
    ],
    "money": [
        ("$1", "one dollar"),
        ("€1,000", "one thousand euros"),
        ("£1.", "one pound."),
        ("$1.50", "one dollar and fifty cents"),
        ("$0.50", "fifty cents"),
        ("£0.01", "one penny"),
        ("€2.5", "two point five euros"),
        ("$3.2 million", "three point two million dollars"),
        ("$1999", "one thousand nine hundred and ninety-nine dollars"),
        ("$1234567890123456", "one two three four five six seven eight nine zero one two three four five six dollars"),
        ("$1234567890123456.50", "one two three four five six seven eight nine zero one two three four five six point five zero dollars"),
        ("£1,234,567.89", "one million two hundred and thirty-four thousand five hundred and sixty-seven pounds and eighty-nine pence"),
    ],
    "years": [
        ("1999", "nineteen ninety-nine"),
        ("In 1905, we", "In nineteen oh-five, we"),
        ("since 1750.", "since seventeen fifty."),
        ("2024", "twenty twenty-four"),
        ("2005", "two thousand and five"),
        ("1999.5", "one thousand nine hundred and ninety-nine point five"),
        ("10,000", "ten thousand"),
    ],
    "times": [
        ("10:30", "ten thirty"),
        ("9:05", "nine oh five"),
        ("at 10:00.", "at ten o'clock."),
        ("9:05pm", "nine oh five p.m"),
        ("10 a.m. today", "ten a.m today"),
        ("At 5 p.m. We left", "At five p.m. We left"),
    ],
    "ordinals": [
        ("1st", "first"),
        ("2nd and 3rd", "second and third"),
        ("the 21st of May", "the twenty-first of May"),
        ("1,000th", "one thousandth"),
        ("112th", "one hundred and twelfth"),
    ],
    "abbreviations": [
        ("Dr. Smith", "doctor Smith"),
        ("MR. and Mrs. Jones", "mister and missus Jones"),
        ("St. Paul on Main St. in town", "saint Paul on Main street in town"),
        ("No.", "No."),
        ("I said no. Then", "I said no. Then"),
        ("No. 5", "number five"),
        ("fig. 2, not a fig.", "figure two, not a fig."),
        ("pears, etc.", "pears, et cetera."),
        ("pears, etc. Then", "pears, et cetera. Then"),
        ("e.g. this, i.e. that", "for example this, that is that"),
        ("in the U.S. it", "in the U.S it"),
        ("in the U.S.", "in the U.S."),
        ("arms race", "arms race"),
        ("ı.e. this, İ.E. that", "ı.e. this, İ.E. that"),
        ("fıg. 3, vol. 4", "fıg. three, volume four"),
    ],
    "signs": [
        ("AT&T", "AT and T"),
        ("#1 @ home", "number one at home"),
        ("2 + 2 = 4", "two plus two equals four"),
        ("and/or", "and or"),
        ("snake_case", "snake case"),
        ("(hello) [world]", "hello world"),
        ("“Don’t!”", "Don't!"),
        ("wait – no", "wait— no"),
        ("well-known", "well-known"),
        ("Hello...", "Hello."),
        ("what?!", "what?"),
        ("...hello", "hello"),
    ],
    "unreadable": [
        ("  a \t b\n\nc  ", "a b c"),
        ("a\x00b\x07c\x1b", "a b c"),
        ("exam\u00adple\u200b, \ufeffhere", "example, here"),
        ("I ❤️ you 👩‍👩‍👧 now", "I you now"),
        ("Привет hello 你好", "hello"),
        ("résumé naïve", "résumé naïve"),
        ("ﬁne ｗｉｄｅ", "fine wide"),
    ],
}


@pytest.mark.parametrize(("typed", "said"), [pair for table in READINGS.values() for pair in table])
def test_readings(typed, said):
    assert normalise(typed) == said


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "😀", "❤️ 👍🏽", "...", "—!?", "\x00\x07", "你好", "مرحبا", "'", "\u200b"])
def test_nothing_to_say(text):
    with pytest.raises(NothingToSay, match="type some words"):
        normalise(text)


def test_too_long():
    assert normalise("a" * MAX_TEXT)
    with pytest.raises(TextTooLong, match=r"20,001 characters; speak at most 20,000"):
        normalise("a" * (MAX_TEXT + 1))


@pytest.mark.parametrize("typed", ["{}", "${}", "${}.50", "{}th", "{}%", "€{} million"])
def test_numbers_longer_than_python_reads(typed):
    words = normalise(typed.format("9" * 5000)).split()
    assert words[:5000] == ["nine"] * 4999 + [words[4999]]
    assert words[4999] in ("nine", "nineth")


def test_only_speakable_characters_are_left():
    everything = normalise("".join(map(chr, range(1, 0x3000))))
    assert all(c.isalpha() or c in " ',.!?;:—-" or "\u0300" <= c <= "\u036f" for c in everything)


def test_other_languages_keep_their_numbers():
    assert normalise("Mam 5 kotów.", "pl") == "Mam 5 kotów."


def test_unreadable_letters_are_named():
    assert unreadable("Привет, hello 你好 ❤️ 5!") == "Привет你好"
    assert unreadable("résumé £5 — ok 😀") == ""


def test_sentences():
    assert sentences("One two. Three four! Five? Six") == ["One two.", "Three four!", "Five?", "Six"]
    assert sentences("In the U.S it is 3.5 metres.") == ["In the U.S it is 3.5 metres."]


@pytest.mark.parametrize("joint", [" ", ", ", ". ", ""])
def test_five_thousand_characters_are_cut_and_none_is_lost(joint):
    text = joint.join(["there is a small house by the river"] * 150)[:5000]
    words = normalise(text)
    pieces = sentences(words)
    assert len(pieces) > 20
    assert max(map(len, pieces)) <= MAX_SENTENCE
    assert "".join(pieces).replace(" ", "") == words.replace(" ", "")
    if joint:
        assert " ".join(pieces).split() == words.split()  # no word is cut in two


def test_long_sentences_are_cut_at_commas():
    clause = "the quick brown fox jumps over the lazy dog"
    pieces = sentences(", ".join([clause] * 9))
    assert len(pieces) == 3
    assert all(piece.strip(",").endswith(clause) for piece in pieces)


def test_symbols():
    assert len(set(SYMBOLS)) == len(SYMBOLS)
    assert SYMBOLS[0] == BLANK
    assert BLANK not in LETTERS
    assert all(len(symbol) == 1 for symbol in SYMBOLS)
    assert [SYMBOLS[index] for index in encode("".join(SYMBOLS))] == list(SYMBOLS)
    with pytest.raises(KeyError):
        encode("%")


def test_phonemes_with_blanks_between():
    assert phonemise("hi.") == "_h_ˈ_a_ɪ_._"
    assert with_blanks("abc") == "_a_b_c_"


@pytest.mark.parametrize(("sentence", "ipa"), [("It is ten a.m now.", "ɪɾ ɪz tˈɛn ˈeɪ ˈɛm nˈaʊ."), ("Wait, no!", "wˈeɪt, nˈoʊ!")])
def test_pauses_are_heard_at_punctuation_only(sentence, ipa):
    assert phonemise(sentence).replace(BLANK, "") == ipa


def test_phonemes_are_in_the_table():
    for letter in string.ascii_lowercase:
        encode(phonemise(f"The {letter}ox, quickly{letter} {letter}a!"))


def test_another_language():
    polish = phonemise("Żółw pije wodę.", "pl")
    assert encode(polish)
    assert polish != phonemise("Żółw pije wodę.")


def test_a_sentence_without_sound():
    with pytest.raises(NothingToSay, match="nothing to say"):
        phonemise("'")
