"""Test sentences stay out of training."""

import pytest

from feim.data.sentences import NoSentences, read_sentences, split_of


def test_one_line_in_twenty_tests_and_one_validates(tmp_path):
    numbers = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    lines = [f"we count {a} and {b} today" for a in numbers for b in numbers[:6]]
    (tmp_path / "text").write_text("\n".join(lines))
    sentences = read_sentences(tmp_path / "text")
    assert [text for text, _ in sentences] == lines
    assert [line for line, (_, split) in enumerate(sentences) if split == "test"] == [7, 27, 47]
    assert [line for line, (_, split) in enumerate(sentences) if split == "valid"] == [13, 33, 53]


def test_filters_do_not_move_the_split(tmp_path):
    lines = ["too short"] * 7 + ["the eighth line is a test", "Żółw pije wodę co rano", "word " * 19, "the last line is for training"]
    (tmp_path / "text").write_text("\n".join(lines))
    assert read_sentences(tmp_path / "text") == [("the eighth line is a test", "test"), ("the last line is for training", "train")]


def test_a_repeated_sentence_is_in_one_split(tmp_path):
    lines = ["the same words come again"] * 8
    (tmp_path / "text").write_text("\n".join(lines))
    assert read_sentences(tmp_path / "text") == [(lines[0], "train")]
    assert split_of(7) == "test"


def test_no_sentences(tmp_path):
    with pytest.raises(NoSentences, match="no sentence file"):
        read_sentences(tmp_path / "text")
    (tmp_path / "text").write_text("short\n")
    with pytest.raises(NoSentences, match="no line"):
        read_sentences(tmp_path / "text")
