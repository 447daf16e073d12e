"""`python -m feim think`, as people meet it."""

import json

from feim.__main__ import main
from tests.test_command_line import feim, one_line


def test_think():
    done = feim("think", "--text", "I am so happy, you did it!", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(one_line(done.stdout))
    assert told["emotion"] == "happy"
    assert told["source"] == "chain"
    assert {muscle["unit"] for muscle in told["muscles"]} == {6, 12, 25}
    assert sum(told["probabilities"].values()) > 0.99
    assert told["words"][told["emphasis"][0]]


def test_reasons_are_printed_in_order(capsys):
    assert main(["think", "--text", "Get OUT, you liar!", "--emotion", "angry"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("1. I read 4 words")
    assert "An estimate of the chain: angry" in printed


def test_an_endpoint_that_is_down_is_a_note(capsys, monkeypatch):
    monkeypatch.setenv("FEIM_LLM_URL", "http://127.0.0.1:9/v1")
    assert main(["think", "--text", "I am so happy today!", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["emotion"] == "happy"
    assert told["notes"] == ["the language model was of no use (it cannot be reached); the built-in chain thought instead"]


def test_no_words_are_a_note(capsys):
    assert main(["think", "--text", "", "--json"]) == 0
    assert "no words" in json.loads(capsys.readouterr().out)["notes"][0]


def test_bad_emotions_are_refused(capsys):
    assert main(["think", "--text", "Hello", "--emotion", "purple"]) == 2
    assert "unknown emotion 'purple'" in capsys.readouterr().err
