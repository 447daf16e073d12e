"""What goes between a page and the studio: values that were typed, and what the studio says is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from feim.signal.emotion_arc import parse_arc


@contextmanager
def explained() -> Iterator[None]:
    """What the studio says is wrong, as a message on the page."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise gr.Error(escape(str(error), quote=False), duration=None, print_exception=False) from error


def number(typed: float | str | None, name: str, default: float) -> float:
    """What was typed into a number box; nothing typed is the default. Raises ValueError."""
    try:
        return float(default if typed in (None, "") else typed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} {typed!r} is not a number; use one such as {default}") from error


def whole(typed: float | str | None, name: str) -> int:
    """The same for a number without a fraction, 0 where nothing was typed. Raises ValueError."""
    value = number(typed, name, 0)
    if not value.is_integer():
        raise ValueError(f"{name} {typed!r} is not a whole number; use 0, 1, 2 …")
    return int(value)


def file_name(emotion: str) -> str:
    """What a result is called on a visitor's disk: what is felt, as feim.signal.emotion_arc writes it, without signs."""
    return "-".join(["feim", *parse_arc(emotion).labels])


def pace(seconds: float, spent: float) -> str:
    """How fast something of so many seconds was made, in words."""
    return f"{seconds / spent:.0f}× faster than real time" if seconds >= 2 * spent else f"{seconds / spent:.1f}× real time"


def remarks(notes: tuple[str, ...]) -> str:
    """The studio's notes as HTML."""
    return "".join(f"<p class='remark'>{escape(note)}</p>" for note in notes)
