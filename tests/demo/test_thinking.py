"""Thoughts as HTML: everything is there as text, nothing of it is trusted."""

from html.parser import HTMLParser

from feim.demo.thinking import thinking_html
from feim.signal.emotion import EMOTIONS
from feim.signal.muscles import Muscle
from feim.thinking import Reasoning

EVIL = "<script>alert(1)</script>"


def thought(**changes) -> Reasoning:
    given = {
        "text": EVIL, "steps": ("I read 2 words.", EVIL), "emotion": "happy", "intensity": 2.0, "muscles": (Muscle(12, 0.5, "late"),),
        "words": ("so", EVIL), "emphasis": (0,), "probabilities": dict.fromkeys(EMOTIONS, 1 / 7), "notes": (EVIL,),
    }  # fmt: skip
    return Reasoning(**given | changes)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_is_whole_and_escaped():
    for one in (thought(), thought(muscles=(), words=(), emphasis=(), notes=(), source="language model")):
        parser = Tags()
        parser.feed(thinking_html(one))
        assert parser.open == []
        assert "script" not in parser.seen
        assert EVIL not in thinking_html(one)


def test_everything_is_there_as_text():
    page = thinking_html(thought())
    parts = ("<ol", "estimate", "12 lip corner puller", "C, marked", "late", "<strong>so</strong>", "0.14")
    for part in (*parts, "scope='row'", "aria-hidden='true'"):
        assert part in page
    for label in EMOTIONS:
        assert label in page
    assert "All muscles rest" in thinking_html(thought(muscles=()))
    assert "language model" in thinking_html(thought(source="language model"))
