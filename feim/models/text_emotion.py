"""Text → emotion: a linear model over hashed pieces of words, small enough to read and to say which words spoke for its answer.

Every word, pair of neighbours and stretch of three to five letters falls into one of a few thousand buckets (feature hashing, Weinberger
et al. 2009; letters as in fastText, Joulin et al. 2017), so no vocabulary, and none of the sentences it learnt from, is kept. A bucket
holds one weight for each of the seven emotions; a text's score is their sum over √n pieces. Because it is a sum, each word's share in it
is known exactly.
"""

import re
import unicodedata
import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from feim.signal.emotion import EMOTIONS

STRETCHES = (3, 4, 5)  # letters
MOST_TOKENS = 400  # that are read of a text, from its beginning: a paragraph or two
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|[!?]+|\.{2,}|[.,;:—-]|\d+")
_QUOTES = str.maketrans("‘’ʼ", "'''")


@dataclass(frozen=True)
class Token:
    """A word or mark of the text: as it is written, and from where to where in the text as `plain` gives it."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()

    @property
    def is_latin(self) -> bool:
        """Whether it is a word of the only letters that were learnt from."""
        return self.is_word and all("LATIN" in unicodedata.name(c, "") for c in self.text if c.isalpha())


def plain(text: str) -> str:
    """The text in one spelling: compatibility forms and curly apostrophes are replaced."""
    return unicodedata.normalize("NFKC", text).translate(_QUOTES)


def tokens(text: str) -> list[Token]:
    """Words, runs of marks and numbers, in order, MOST_TOKENS at most."""
    found = []
    for match in _TOKEN.finditer(plain(text)):
        found.append(Token(match[0], match.start(), match.end()))
        if len(found) == MOST_TOKENS:
            break
    return found


def pieces(read: list[Token]) -> list[tuple[str, int]]:
    """What the model sees of the tokens: (piece, index of the token that it is of). Words in other scripts are not seen."""
    seen = [(index, token.text.lower()) for index, token in enumerate(read) if not token.is_word or token.is_latin]
    found: list[tuple[str, int]] = []
    before = "<s>"
    for index, word in seen:
        found += [(f"w{word}", index), (f"b{before} {word}", index)]
        before = word
        if read[index].is_word:
            framed = f"<{word}>"
            found += [(f"c{framed[i : i + n]}", index) for n in STRETCHES for i in range(len(framed) - n + 1)]
            if len(word) > 1 and read[index].text.isupper():
                found.append(("CAPITALS", index))
    return found


class TextEmotion(nn.Module):
    """Texts → logits of the seven emotions, in the order of EMOTIONS."""

    @dataclass(frozen=True)
    class Config:
        buckets: int = 4096

    def __init__(self, config: "TextEmotion.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        self.weights = nn.EmbeddingBag(c.buckets, len(EMOTIONS), mode="sum")
        self.bias = nn.Parameter(torch.zeros(len(EMOTIONS)))
        nn.init.zeros_(self.weights.weight)

    def forward(self, buckets: Tensor, starts: Tensor, shares: Tensor) -> Tensor:
        """All texts' buckets (P,), where each text's begin (B,), and how much each counts (P,) → (B, 7) logits."""
        return self.weights(buckets, starts, per_sample_weights=shares) + self.bias

    def buckets(self, read: list[Token]) -> tuple[np.ndarray, np.ndarray]:
        """(P,) the buckets that a text's pieces fall into, (P,) the tokens that they are of."""
        found = pieces(read)
        hashed = [zlib.crc32(piece.encode()) % self.config.buckets for piece, _ in found]
        return np.array(hashed, dtype=np.int64), np.array([index for _, index in found], dtype=np.int64)

    @torch.no_grad()
    def judge(self, read: list[Token]) -> tuple[np.ndarray, np.ndarray]:
        """A text's probabilities (7,), and what each of its N tokens adds to the logits (N, 7). Without pieces all adds nothing."""
        hashed, of = self.buckets(read)
        added = np.zeros((len(read), len(EMOTIONS)), np.float32)
        if len(hashed):
            each = self.weights.weight[torch.from_numpy(hashed)].float().cpu().numpy() / np.sqrt(len(hashed))  # (P, 7)
            np.add.at(added, of, each)
        logits = torch.from_numpy(added.sum(0)) + self.bias.float().cpu()
        return logits.softmax(0).numpy(), added


def collate(texts: list[np.ndarray]) -> dict[str, Tensor]:
    """Buckets of several texts → what `forward` takes: every text counts 1/√n for each of its n pieces."""
    lengths = [len(text) for text in texts]
    starts = np.cumsum([0, *lengths[:-1]])
    shares = np.concatenate([np.full(n, n**-0.5, np.float32) for n in lengths]) if lengths else np.zeros(0, np.float32)
    return {"buckets": torch.from_numpy(np.concatenate(texts)), "starts": torch.from_numpy(starts), "shares": torch.from_numpy(shares)}
