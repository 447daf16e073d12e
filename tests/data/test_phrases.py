"""Recordings are cut at pauses, and what does not fit its words is left out."""

from feim.data.forced_alignment import AlignedWord
from feim.data.phone_times import TimedPhone
from feim.data.phrases import LONG_PAUSE, MARGIN, PAUSE, phrases


def recording(*parts: tuple[str | None, float, float]) -> tuple[list[str], list[AlignedWord]]:
    """(word or None for silence, seconds, score) … → tokens and their alignment, without gaps."""
    tokens, aligned, time = [], [], 0.0
    for word, seconds, score in parts:
        name = "SIL" if word is None else "AA"
        step = seconds if word is None else seconds / 4
        phones = tuple(TimedPhone(name, time + i * step, time + (i + 1) * step) for i in range(round(seconds / step)))
        aligned.append(AlignedWord(None if word is None else len(tokens), time, time + seconds, score, phones))
        tokens += [] if word is None else [word]
        time += seconds
    return tokens, aligned


def test_a_long_pause_ends_a_phrase_and_a_short_one_is_a_comma():
    kept, unfit = phrases(
        *recording(
            (None, 0.4, -10), ("one", 0.8, -30), (None, PAUSE + 0.01, -10), ("two", 0.9, -30),
            (None, LONG_PAUSE + 0.3, -10), ("three", 0.9, -30), ("four", 0.9, -30), (None, 0.5, -10),
        )
    )  # fmt: skip
    assert [phrase.text for phrase in kept] == ["one, two.", "three four."]
    assert unfit == []


def test_silence_around_a_phrase_is_at_most_the_margin():
    [phrase], _ = phrases(*recording((None, 2.0, -10), ("one", 1.0, -30), ("two", 1.0, -30), (None, 3.0, -10)))
    assert abs(phrase.start - (2.0 - MARGIN)) < 1e-9
    assert abs(phrase.end - (4.0 + MARGIN)) < 1e-9
    assert phrase.phones[0] == TimedPhone("SIL", 0.0, phrase.phones[0].end)
    assert abs(phrase.phones[-1].end - (phrase.end - phrase.start)) < 1e-9


def test_long_speech_is_split_at_its_longest_pause():
    words = [(f"word{i}", 0.5, -30) for i in range(24)]
    words.insert(14, (None, 0.3, -10))
    words.insert(8, (None, 0.2, -10))
    kept, _ = phrases(*recording(*words))
    assert [len(phrase.text.split()) for phrase in kept] == [14, 10]


def test_the_source_keeps_its_own_punctuation():
    tokens, aligned = recording(("Printing,", 1.0, -30), (None, 0.3, -10), ("only", 1.0, -30))
    [phrase], _ = phrases(tokens, aligned)
    assert phrase.text == "Printing, only"


def test_wrong_words_and_their_neighbours_up_to_the_next_pause_are_left_out():
    kept, unfit = phrases(
        *recording(("right", 0.9, -30), ("words", 0.9, -30), (None, 0.3, -10), ("these", 0.9, -110), ("were", 0.9, -95), ("not", 0.9, -100))
    )
    assert [phrase.text for phrase in kept] == ["right words,"]
    assert [(stretch.text, stretch.reason) for stretch in unfit] == [("these were not.", "score -102")]


def test_sounds_beyond_the_text_betray_a_partial_transcript():
    kept, unfit = phrases(*recording(("only", 1.0, -30), ("half", 1.0, -30), (None, 6.0, -105)))
    assert kept == []
    assert unfit[0].reason == "sounds that the text does not have"


def test_what_is_too_short_is_listed():
    kept, unfit = phrases(*recording(("hello", 0.6, -30), (None, 1.0, -10)))
    assert kept == []
    assert unfit[0].reason == "only 0.6 s long"
