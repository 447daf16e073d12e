"""The chain of thought: what it makes of plain, strong, negated, contradictory, empty, long and foreign texts, and what it says of it."""

import json

import pytest

from feim.models import checkpoint
from feim.models.text_emotion import TextEmotion, tokens
from feim.signal.action_units import EXPRESSIONS
from feim.signal.emotion import EMOTIONS, UnknownEmotion
from feim.signal.muscles import Muscle
from feim.thinking import CHAIN, LANGUAGE_MODEL, Answer, Unhelpful, chain, feel, stress, think, weigh


@pytest.fixture(scope="module")
def network() -> TextEmotion:
    return checkpoint.load(TextEmotion, "text-emotion")


def test_a_whole_thought(network):
    thought = chain(network, "I am so happy today!!!")
    assert thought.emotion == "happy"
    assert 1 < thought.intensity <= 30
    assert set(thought.action_units) == set(EXPRESSIONS["happy"])
    assert all(0 < level <= 1 for level in thought.action_units.values())
    assert thought.stressed == ("happy",)
    assert thought.words[thought.emphasis[0]] == "happy"
    assert sum(thought.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert list(thought.probabilities) == list(EMOTIONS)
    assert (thought.source, thought.notes) == (CHAIN, ())
    read, sounds, strongly, face, stressed = thought.steps
    assert "5 words" in read
    assert "“happy”" in sounds
    assert "exclamation" in strongly
    assert "lip corner puller (12" in face
    assert "“happy”" in stressed
    json.dumps(thought.as_dict())


def test_without_a_feeling_the_face_rests(network):
    thought = chain(network, "The train leaves at noon.")
    assert (thought.emotion, thought.intensity, thought.muscles) == ("neutral", 0.0, ())
    assert "all muscles rest" in thought.steps[-2]


def test_negation_turns_a_feeling_round(network):
    plain, turned = chain(network, "I am happy about this."), chain(network, "I am not happy about this.")
    assert turned.probabilities["happy"] < 0.5 * plain.probabilities["happy"]
    assert any("turned round" in step for step in turned.steps)
    assert feel(network, tokens("No, happy days"))[2] == []  # a comma ends the negation


def test_contradictions_are_drawn_as_both(network):
    thought = chain(network, "I'm so happy, I hate it")
    assert any("contradicts itself" in step for step in thought.steps)
    assert len(thought.notes) == 1
    assert set(thought.action_units) == set(EXPRESSIONS["happy"]) | set(EXPRESSIONS["angry"])
    assert thought.action_units[12] > thought.action_units[4]


@pytest.mark.parametrize("text", ["", "  \n", "…?!", "12 + 30", "🙂🙂"])
def test_without_words_the_face_rests(network, text):
    thought = chain(network, text, "happy")
    assert (thought.emotion, thought.intensity, thought.muscles, thought.emphasis) == ("neutral", 0.0, (), ())
    assert "no words" in thought.notes[-1]


def test_other_alphabets_are_named(network):
    thought = chain(network, "Привет, мир")
    assert thought.emotion == "neutral"
    assert thought.muscles == ()
    assert "“Привет”" in thought.notes[0]
    assert chain(network, "Привет, мир", "happy").emotion == "happy"


def test_half_characters_are_replaced(network):
    think(network, "so happy \ud800").text.encode()


def test_long_texts_are_read_from_the_beginning(network):
    thought = chain(network, "I am so happy. " * 5000)
    assert thought.emotion == "happy"
    assert "first" in thought.notes[0]
    assert len(thought.steps[0]) < 120


def test_a_wish_is_granted_and_explained(network):
    thought = think(network, "I am so happy today!", "sadness")
    assert thought.emotion == "sad"
    assert set(thought.action_units) == set(EXPRESSIONS["sad"])
    assert "you asked for sad" in thought.steps[1]
    with pytest.raises(UnknownEmotion):
        think(network, "Hello", "purple")


def test_how_strongly():
    def gamma(text, probability=0.9, wished=False):
        return weigh(tokens(text), probability, wished)[0]

    assert gamma("I am happy.") == 1
    assert gamma("I am happy!!!") > gamma("I am happy!") > gamma("I am happy.")
    assert gamma("I am VERY happy.") > gamma("I am very happy.") > gamma("I am happy.") > gamma("I am slightly happy.")
    assert gamma("I am sooo happy.") > gamma("I am happy.")
    assert gamma("I am happy.", probability=0.3) < gamma("I am happy.", probability=0.3, wished=True)
    assert 0 < gamma("!" * 50 + "SO VERY REALLY EXTREMELY ABSOLUTELY soooo happy so so so so so so so") <= 30


def test_stress():
    def stressed(text, told=()):
        read = tokens(text)
        return [read[index].text for index in stress(read, told)]

    assert stressed("Give me the OTHER one.") == ["OTHER"]
    assert stressed("I saw the house.") == ["house"]
    assert stressed("Is it?") == ["it"]
    assert stressed("!!") == []
    assert stressed("STOP THAT NOW") == ["NOW"]


# ---- a language model in its place -------------------------------------------------------------------------------------------


def test_a_language_models_answer_is_taken(network):
    answer = Answer(("They won.",), "happy", 4.0, (Muscle(12, 0.8, "late"),), (0,))
    thought = think(network, "We won", ask=lambda text, words, emotion: answer)
    assert (thought.emotion, thought.intensity, thought.source) == ("happy", 4.0, LANGUAGE_MODEL)
    assert thought.muscles == answer.muscles
    assert thought.stressed == ("We",)
    assert thought.steps[1] == "They won."
    assert "lip corner puller (12D, late)" in thought.steps[2]


def test_an_unhelpful_one_leaves_the_chain_and_one_note(network):
    def ask(text, words, emotion):
        raise Unhelpful("it cannot be reached")

    thought, own = think(network, "I am so happy today!", ask=ask), chain(network, "I am so happy today!")
    assert thought.steps == own.steps
    assert thought.source == CHAIN
    assert thought.notes == ("the language model was of no use (it cannot be reached); the built-in chain thought instead",)


def test_nothing_is_asked_about_no_words(network):
    assert think(network, "…", ask=lambda *_: pytest.fail("asked")).emotion == "neutral"
