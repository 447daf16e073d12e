"""Subtitles: nothing said is lost, every cue can be read, and both formats are as their specifications have them."""

import random
import re
from itertools import pairwise

import pytest

from feim.signal.spoken_words import Word
from feim.signal.subtitles import Cue, cues, to_srt, to_vtt, write_subtitles


def said(text: str, seconds: float = 0.3, pause: float = 0.0, stop: float = 0.5) -> list[Word]:
    """The text's words at a steady rate, a pause after each, another after every sentence."""
    words, now = [], 0.2
    for token in text.split():
        words.append(Word(token.strip(".,!?"), now, now + seconds))
        now += seconds + pause + (stop if token[-1] in ".!?" else 0)
    return words


def shown(found: list[Cue]) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in found)


def spoken_text(seed: int) -> str:
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghij", k=chance.randint(1, 12))) for _ in range(chance.randint(1, 120))]
    return " ".join(word + chance.choices(["", ",", ".", "?"], [8, 1, 1, 0.5])[0] for word in words)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_becomes_cues_that_can_be_read(seed):
    text = spoken_text(seed)
    words = said(text, seconds=0.1 + seed / 40, pause=(seed % 3) / 10)
    seconds = words[-1].end + 0.5
    found = cues(text, words, seconds)
    assert shown(found) == text
    for cue in found:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert max(map(len, lines)) <= 42
        assert cue.start < cue.end <= seconds
        assert cue.end - cue.start <= 7.2
    assert all(a.end < b.start for a, b in pairwise(found))
    assert [cue.start for cue in found] == [word.start for word in words if word.start in {cue.start for cue in found}]


def test_sentences_are_kept_apart_where_there_is_time():
    text = "The quick brown fox jumps over the dog. It was not amused by that at all. Nobody was."
    found = cues(text, said(text), 20)
    assert [cue.text.replace("\n", " ") for cue in found] == re.findall(r"[^.]+\.", text.replace(". ", "."))


def test_a_long_sentence_is_cut_at_its_comma():
    text = "When the sun had finally gone down behind the hills of home, everybody went inside to have their supper in the kitchen."
    first, *rest = cues(text, said(text), 20)
    assert first.text.replace("\n", " ").endswith("of home,")
    assert shown(rest).startswith("everybody")


def test_short_exclamations_share_a_cue_instead_of_flickering():
    text = "No! Yes! Oh! Well then."
    found = cues(text, said(text, stop=0.05), 10)
    assert len(found) <= 2
    assert min(cue.end - cue.start for cue in found) > 0.9


def test_a_cue_stays_until_it_is_read_if_nothing_follows():
    text = "Unquestionably."
    [cue] = cues(text, [Word("Unquestionably", 1.0, 1.2)], 9.0)
    assert (cue.start, cue.end) == (1.0, 2.0)
    [cue] = cues(text, [Word("Unquestionably", 1.0, 1.2)], 1.5)
    assert cue.end == 1.5  # the film ends


def test_lines_break_in_the_middle_or_after_a_comma():
    [cue] = cues("a" * 20 + " " + "b" * 20 + " " + "c" * 20, [Word("x", 0, 3)], 9)
    assert [len(line) for line in cue.text.split("\n")] in ([20, 41], [41, 20])
    [cue] = cues("In the beginning, there was nothing but water and light", [Word("x", 0, 3)], 9)
    assert cue.text.startswith("In the beginning,\n")


def test_words_that_were_run_together_share_their_time():
    words = [Word("out", 0.0, 1.0), Word("of the", 1.0, 2.0), Word("well known", 4.0, 6.0)]
    found = cues("Out — of the. Well-known!", words, 8.0)
    assert [(cue.text, cue.start) for cue in found] == [("Out — of the.", 0.0), ("Well-known!", 4.0)]
    assert found[1].end == pytest.approx(6.0)


def test_times_are_kept_as_well_as_letters_can_when_words_are_in_ipa():
    words = [Word("wʌn", 0.0, 1.0), Word("tuː", 5.0, 6.0)]
    first, second = cues("One. Two.", words, 8.0)
    assert (first.text, second.text) == ("One.", "Two.")
    assert first.end <= 1.5
    assert second.start == pytest.approx(5.0, abs=0.6)


def test_a_word_longer_than_a_line_is_cut():
    text = "see " + "x" * 100
    found = cues(text, [Word("see", 0.0, 1.0), Word("x" * 100, 1.0, 8.0)], 9.0)
    assert max(len(line) for cue in found for line in cue.text.split("\n")) <= 42
    assert shown(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(("text", "words"), [("", []), ("words", []), ("", [Word("word", 0, 1)]), ("  \n ", [Word("word", 0, 1)])])
def test_nothing_said_or_written_needs_no_cue(text, words):
    assert cues(text, words, 3.0) == []


CUES = [Cue(0.0, 1.5, "Tom & Jerry\n<3"), Cue(59.9996, 3723.042, "two")]


def test_vtt_is_as_the_standard_has_it():
    assert to_vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nTom &amp; Jerry\n&lt;3\n\n00:01:00.000 --> 01:02:03.042\ntwo\n"
    )  # fmt: skip


def test_srt_is_as_players_have_it():
    assert to_srt(CUES) == "1\n00:00:00,000 --> 00:00:01,500\nTom & Jerry\n<3\n\n2\n00:01:00,000 --> 01:02:03,042\ntwo\n"


def test_the_suffix_chooses_the_format(tmp_path):
    assert write_subtitles(tmp_path / "x.vtt", CUES).read_text(encoding="utf-8") == to_vtt(CUES)
    assert write_subtitles(tmp_path / "x.srt", CUES).read_text(encoding="utf-8") == to_srt(CUES)
    with pytest.raises(OSError, match=r"ends in \.vtt or \.srt"):
        write_subtitles(tmp_path / "x.txt", CUES)
