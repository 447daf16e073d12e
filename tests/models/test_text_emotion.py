"""Text to emotion: tokens, pieces, what each word adds, and the shipped weights on plain sentences."""

import numpy as np
import pytest
import torch

from feim.models import checkpoint
from feim.models.text_emotion import MOST_TOKENS, TextEmotion, collate, pieces, tokens
from feim.signal.emotion import EMOTIONS


@pytest.fixture(scope="module")
def network() -> TextEmotion:
    torch.manual_seed(0)
    network = TextEmotion(TextEmotion.Config(64))
    torch.nn.init.normal_(network.weights.weight)
    torch.nn.init.normal_(network.bias)
    return network


def test_tokens_know_where_they_are():
    read = tokens("Don’t go... OK?!")
    assert [token.text for token in read] == ["Don't", "go", "...", "OK", "?!"]
    assert [token.is_word for token in read] == [True, True, False, True, False]
    assert (read[1].start, read[1].end) == (6, 8)
    assert tokens("") == tokens(" \n") == []
    assert len(tokens("no " * 9999)) == MOST_TOKENS


def test_pieces_are_words_pairs_and_letters():
    found = [piece for piece, _ in pieces(tokens("So NICE"))]
    assert {"wso", "wnice", "b<s> so", "bso nice", "c<so", "c<so>", "cnice>", "CAPITALS"} <= set(found)
    assert all(index in (0, 1) for _, index in pieces(tokens("So NICE")))


def test_other_letters_are_not_read():
    assert pieces(tokens("Привет мир 你好")) == []
    assert tokens("Łódź")[0].is_latin
    assert not tokens("мир")[0].is_latin


def test_what_words_add_is_the_score(network):
    read = tokens("I am so very happy!")
    probabilities, added = network.judge(read)
    assert added.shape == (len(read), len(EMOTIONS))
    logits = network(**collate([network.buckets(read)[0]]))[0].detach()
    assert np.allclose(added.sum(0) + network.bias.detach().numpy(), logits.numpy(), atol=1e-5)
    assert np.allclose(probabilities, logits.softmax(0).numpy(), atol=1e-6)


def test_nothing_read_leaves_the_usual(network):
    probabilities, added = network.judge([])
    assert added.shape == (0, len(EMOTIONS))
    assert np.allclose(probabilities, network.bias.detach().softmax(0).numpy())


def test_texts_in_one_batch_do_not_mix(network):
    texts = [network.buckets(tokens(text))[0] for text in ("Stop it!", "What a lovely day", "no")]
    together = network(**collate(texts))
    for text, row in zip(texts, together, strict=True):
        assert torch.allclose(network(**collate([text]))[0], row, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "emotion"),
    [("I'm so happy, this is great!", "happy"), ("What? Really?", "surprised"), ("Get out of here, you idiot!", "angry"),
     ("My grandmother died.", "sad"), ("The train leaves at noon.", "neutral")],
)  # fmt: skip
def test_the_shipped_weights_read_plain_sentences(text, emotion):
    probabilities, _ = checkpoint.load(TextEmotion, "text-emotion").judge(tokens(text))
    assert EMOTIONS[int(probabilities.argmax())] == emotion
