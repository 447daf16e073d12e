"""The page of a listening test: consent, practice, one stimulus after the other, and thanks. Raters return with their code.

The browser gets sounds and films as bare data inside the page: no file, no address and no name in it tells which system speaks.
"""

import base64
import io
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import gradio as gr
import soundfile
from num2words import num2words

from feim.demo.page import HERE, HOURGLASS, LOGO
from feim.demo.page import launch as serve
from feim.evaluation.listening.answers import AlreadyAnswered, Answers, Rater, RefusedAnswer, UnknownRater, UnusableAnswers
from feim.evaluation.listening.design import ListeningTest, Question, Stimulus, is_film, plan, scale, stimuli
from feim.evaluation.listening.folder import read_picture, read_sound
from feim.signal.ffmpeg import duration


@dataclass(frozen=True)
class Words:
    """How the page speaks about what is rated: its title and motto; one of them; what raters do to attend, and so take in; whom."""

    title: str
    motto: str
    one: str
    attend: str
    take_in: str
    whom: str


SOUNDS = Words("Listening test", "Your ears decide.", "sound", "listen", "hear", "Who speaks")
FILMS = Words("Viewing test", "Your eyes and ears decide.", "film", "watch", "see", "Whom you see")
PLAY = """<svg viewBox="0 0 24 24" aria-hidden="true"><path class="start" d="M8 5.200v13.600L19 12z"/>
<path class="pause" d="M7 5h3.600v14H7zM13.400 5H17v14h-3.600z"/></svg>"""
TICK = """<svg class="heard" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12.500l4.500 4.500L19 7.500"/></svg>"""
BETWEEN = 6  # seconds to answer one question
UNABLE = "Your answer cannot be kept at the moment. Please tell whoever invited you; what you answered before is safe."


def build_page(test: ListeningTest, answers: Answers) -> gr.Blocks:
    """The page over a test and its answers; any number of raters at once."""

    def begin(_=None) -> dict:
        return _screen_after(test, answers, answers.enrol)

    def go_on(code: str) -> dict:
        return _screen_after(test, answers, lambda: answers.rater(code))

    def answer(sent: dict) -> dict:
        def keep() -> Rater:
            rater = answers.rater(sent["code"])
            with suppress(AlreadyAnswered):  # another window was first; both go on with the next stimulus
                answers.record(rater, sent["place"], sent["values"])
            return rater

        return _screen_after(test, answers, keep)

    words = _words(test)
    header = f"<header>{LOGO}<div><h1>{words.title}</h1><p>{words.motto} There are no wrong answers.</p></div></header>"
    with gr.Blocks(title=words.title, delete_cache=(HOURGLASS, HOURGLASS), analytics_enabled=False) as page:
        gr.HTML(header, elem_id="header")
        gr.HTML(
            _start_screen(test), elem_id="listening", apply_default_css=False, js_on_load=(HERE / "listen.js").read_text(encoding="utf-8"),
            server_functions=[begin, go_on, answer], test=test.fingerprint(),
        )  # fmt: skip
    return page


def launch(page: gr.Blocks, port: int | None = None) -> str:
    """Serve the page from a thread, at GRADIO_SERVER_NAME or this machine alone. Returns its address. Raises: OSError for a taken port."""
    _, address, _ = serve(page, footer_links=(), server_port=port, quiet=True, prevent_thread_lock=True)
    return address


def _screen_after(test: ListeningTest, answers: Answers, step: Callable[[], Rater]) -> dict:
    """Take a step, and show what comes next for its rater: {"html", "code", "place"}, or {"trouble"} in words for raters."""
    try:
        rater = step()
        place = answers.progress(rater)
    except UnknownRater:
        return {"trouble": "Nobody has this code in this test. Look at it again, or begin anew."}
    except (RefusedAnswer, KeyError, TypeError):
        return {"trouble": "Something is missing. Please answer every question, or load the page anew and go on with your code."}
    except UnusableAnswers as error:
        print("feim:", *str(error).split(), file=sys.stderr)
        return {"trouble": UNABLE}
    order = plan(test, rater.code, rater.number)
    html = _trial_screen(test, order, place, rater) if place < len(order) else _last_screen(rater)
    return {"html": html, "code": rater.code if place < len(order) else None, "place": place}


def _words(test: ListeningTest) -> Words:
    return FILMS if test.of_films else SOUNDS


def _start_screen(test: ListeningTest) -> str:
    words, met = _words(test), stimuli(test).values()
    minutes = max(1, round(sum(2 * _seconds(test, stimulus) + BETWEEN * len(test.questions) for stimulus in met) / 60))
    two, each = f"You {words.take_in} two {words.one}s at a time, A and B, and answer", f"After each {words.one} you answer"
    asked = "one question" if len(test.questions) == 1 else f"{num2words(len(test.questions))} questions"
    checked = f" One {words.one} checks that you {words.attend} with care: do what it says." if test.checks else ""
    return f"""<section class="sheet start"><h2>{escape(test.title)}</h2>
<p class="lead">{two if test.kind == "ab" else each} {asked}. There are {len(met)} to {words.take_in}, which takes about {minutes} minutes.
Headphones and a quiet room help.</p>
<div class="consent"><h3>Before you begin</h3><ul>
<li><b>What is kept:</b> your answers and a random code, and nothing else. Your browser remembers the code.</li>
<li><b>{words.whom}:</b> machines or people, in an order drawn for you. You are not told which.</li>
<li><b>You may stop</b> at any time, and go on later with your code. What you answered counts.</li>
<li>Taking part is voluntary.{checked}</li></ul></div>
<p class="trouble" role="alert"></p>
<div class="ways"><button type="button" class="go" data-do="begin">I agree. Begin</button>
<form data-do="go_on"><label for="code">Been here before?</label>
<input id="code" placeholder="Your code" maxlength="12" autocomplete="off" autocapitalize="characters" spellcheck="false">
<button type="submit" class="quiet">Go on</button></form></div></section>"""


def _trial_screen(test: ListeningTest, order: list[Stimulus], place: int, rater: Rater) -> str:
    stimulus, words = order[place], _words(test)
    pair = len(stimulus.files) == 2
    files = stimulus.files[::-1] if stimulus.swapped else stimulus.files
    players = "".join(_player(test.folder / file, name) for file, name in zip(files, "AB" if pair else (f"the {words.one}",), strict=True))
    practice = (
        "<p class='practice'><b>Practice.</b> This one does not count. Note your code: with it you can go on later.</p>"
        if stimulus.role == "training"
        else ""
    )
    face = f"<img src='{_picture(test.folder / stimulus.picture)}' alt='Portrait of the speaker'>" if stimulus.picture else ""
    keys = f"<kbd>{'</kbd> <kbd>'.join('AB')}</kbd> play" if pair else "<kbd>Space</kbd> plays"
    numbers = range(1, len(scale(test, test.questions[0])) + 1)
    keys += f" · <kbd>{numbers[0]}</kbd>–<kbd>{numbers[-1]}</kbd> answer · <kbd>Enter</kbd> goes on"
    whole = "Play both to the end" if pair else f"{words.attend.capitalize()} to the end"
    first = f"<span>{whole}. </span>You may play {'them' if pair else 'it'} again."
    look = "sheet trial of-films" if test.of_films else "sheet trial"
    return f"""<section class="{look}"><div class="where"><progress max="{len(order)}" value="{place}" aria-hidden="true"></progress>
<h2 tabindex="-1">{place + 1}<small> of {len(order)}</small></h2><p>Your code <b class="code">{_spaced(rater.code)}</b></p></div>
{practice}<div class="stage">{face}<div class="players">{players}<p class="first">{first}</p></div></div>
<form data-do="answer">{"".join(_asked(test, question, stimulus, index) for index, question in enumerate(test.questions))}
<p class="trouble" role="alert"></p>
<div class="ways"><button type="submit" class="go">Next</button><p class="keys">{keys}</p></div></form></section>"""


def _player(path: Path, name: str) -> str:
    label = f"<b>{name}</b>" if len(name) == 1 else ""
    return f"""<div class="player"><button type="button" class="play" data-name="{name}" aria-label="Play {name}">{PLAY}</button>{label}
<div class="bar"><i></i></div>{TICK}{_medium(path)}</div>"""


def _medium(path: Path) -> str:
    """What plays it, without a source yet: listen.js makes one of the bytes."""
    if is_film(path):
        return f"""<video preload="auto" playsinline disablepictureinpicture data-type="video/mp4" data-bytes="{_film(path)}"></video>"""
    return f"""<audio preload="auto" data-type="audio/wav" data-bytes="{_sound(path)}"></audio>"""


def _asked(test: ListeningTest, question: Question, stimulus: Stimulus, index: int) -> str:
    ask = escape(question.ask).replace("{emotion}", f"<em>{escape(stimulus.emotion)}</em>")
    choices = ""
    for value, label in enumerate(scale(test, question), start=1):
        number = f"<b>{value}</b>" if test.kind == "mos" else ""
        choices += f"<label><input type='radio' name='{index}' value='{value}'>{number}<span>{escape(label)}</span></label>"
    return f"<fieldset data-question='{escape(question.name)}' disabled><legend>{ask}</legend><div class='scale'>{choices}</div></fieldset>"


def _last_screen(rater: Rater) -> str:
    return f"""<section class="sheet last">{TICK}
<h2 tabindex="-1">Thank you</h2><p class="lead">All your answers are kept. You can close this page.</p>
<p>Your code was <b class="code">{_spaced(rater.code)}</b></p></section>"""


def _spaced(code: str) -> str:
    return f"{code[: len(code) // 2]} {code[len(code) // 2 :]}"


def _seconds(test: ListeningTest, stimulus: Stimulus) -> float:
    return sum(duration(test.folder / file) or 0 for file in stimulus.files)


@cache
def _sound(path: Path) -> str:
    """A sound as plain wav, which holds samples and nothing more, in base64."""
    plain = io.BytesIO()
    soundfile.write(plain, *read_sound(path), format="WAV", subtype="PCM_16")
    return base64.b64encode(plain.getvalue()).decode()


@cache
def _film(path: Path) -> str:
    """A film as it lies in the test's folder, in base64."""
    return base64.b64encode(path.read_bytes()).decode()


@cache
def _picture(path: Path) -> str:
    plain = io.BytesIO()
    read_picture(path).save(plain, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(plain.getvalue()).decode()
