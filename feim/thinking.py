"""Think before drawing: a text → what it feels like, how strongly, which muscles show it and which words carry it, with every reason told.

A chain of rules around one small classifier (feim.models.text_emotion) reads the text; each link writes down what it saw and what it
made of it. A language model may think in its place (feim.language_model) where somebody has named one; its answer has the same form, and
where it is of no use the chain's is taken.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from feim.models.text_emotion import MOST_TOKENS, TextEmotion, Token, plain, tokens
from feim.signal.action_units import ACTION_UNITS, EXPRESSIONS, strength
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY, NEUTRAL, parse_label
from feim.signal.feeling_words import FUNCTION_WORDS, NAMES, STRONGER, TURNING, WEAKER
from feim.signal.muscles import GRADES, UNITS, Muscle, describe

CHAIN, LANGUAGE_MODEL = "chain", "language model"

REACH = 3  # words after a turning word that it turns
NAMED = 2.5  # logits that a word which names a feeling adds: a classifier that learnt from a comedy hears such words seldom
_OPPOSED = ({"happy"}, {"sad", "angry", "fearful", "disgusted"})

LEAST_TOLD = 0.15  # logits from which a word counts as a reason
UNSURE = 0.4  # probability under which nothing should be drawn strongly
SECOND = 0.2  # probability from which a second, opposed feeling joins the first
JOINS = 0.6  # share of its muscles' levels that it joins with
WORDS_AN_EMPHASIS = 6  # one word in so many is stressed, one at least
LONGEST_SHOWN = 60  # characters of the text in the first step


@dataclass(frozen=True)
class Reasoning:
    """What was thought about a text before a face is drawn.

    Attributes:
        text: as it was given.
        steps: the reasons in order, each a sentence for people.
        emotion: one of EMOTIONS; intensity: FEIM's γ in [0, 30].
        muscles: which action units, how far, and when.
        words: of the text, in order; emphasis: which of them are stressed, as indices.
        probabilities: {emotion: how likely the classifier finds it}: an estimate.
        source: "chain" or "language model"; notes: what the person should know.
    """

    text: str
    steps: tuple[str, ...]
    emotion: str
    intensity: float
    muscles: tuple[Muscle, ...]
    words: tuple[str, ...]
    emphasis: tuple[int, ...]
    probabilities: dict[str, float]
    source: str = CHAIN
    notes: tuple[str, ...] = ()

    @property
    def action_units(self) -> dict[int, float]:
        """{number: how far it goes, 0 to 1}."""
        return {muscle.unit: muscle.level for muscle in self.muscles}

    @property
    def stressed(self) -> tuple[str, ...]:
        """The emphasised words themselves."""
        return tuple(self.words[index] for index in self.emphasis)

    @property
    def description(self) -> str:
        """The muscles in words, as FACS says them."""
        return describe(self.muscles)

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "text": self.text,
            "steps": list(self.steps),
            "emotion": self.emotion,
            "intensity": self.intensity,
            "muscles": [
                {"unit": m.unit, "name": ACTION_UNITS[m.unit].name, "level": round(m.level, 3), "grade": m.grade, "moment": m.moment}
                for m in self.muscles
            ],
            "words": list(self.words),
            "emphasis": list(self.emphasis),
            "probabilities": {label: round(value, 4) for label, value in self.probabilities.items()},
            "source": self.source,
            "notes": list(self.notes),
        }


class Unhelpful(ValueError):
    """A language model's answer cannot be used; the message says why in a few words."""


Ask = Callable[[str, tuple[str, ...], str | None], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What a language model thought, already checked: as in Reasoning."""

    reasons: tuple[str, ...]
    emotion: str
    intensity: float
    muscles: tuple[Muscle, ...]
    emphasis: tuple[int, ...]


def think(network: TextEmotion, text: str, emotion: str | None = None, ask: Ask | None = None) -> Reasoning:
    """Think a text through.

    Args:
        emotion: what somebody wishes it to be said with; None lets the text decide.
        ask: asks a language model (text, words, emotion); None for the chain alone.

    Raises: UnknownEmotion. A text without words gives a face at rest and a note; a language model that fails gives a note.
    """
    wished = None if emotion is None else parse_label(emotion)
    text = text.encode("utf-8", "replace").decode()  # half characters, which no terminal and no file takes
    own = chain(network, text, wished)
    if ask is None or not own.words:
        return own
    try:
        answer = ask(text, own.words, wished)
    except Unhelpful as error:
        return replace(own, notes=(*own.notes, f"the language model was of no use ({error}); the built-in chain thought instead"))
    steps = (
        _read_step(own.words, text), *answer.reasons,
        f"So the face shows {_feeling(answer.emotion, answer.intensity)}: {_muscle_step(answer.muscles)}.",
        _emphasis_step([own.words[index] for index in answer.emphasis]),
    )  # fmt: skip
    return replace(
        own, steps=steps, emotion=answer.emotion, intensity=answer.intensity, muscles=answer.muscles, emphasis=answer.emphasis,
        source=LANGUAGE_MODEL,
    )  # fmt: skip


def chain(network: TextEmotion, text: str, wished: str | None = None) -> Reasoning:
    """The built-in links, one after another: read, feel, weigh, pick muscles, stress words."""
    read = tokens(text)
    at = [index for index, token in enumerate(read) if token.is_word]
    words = tuple(read[index].text for index in at)
    notes = _notes(text, read)
    if not words:
        notes = (*notes, "there are no words to think about; the face stays at rest")
        return Reasoning(text, ("There are no words in this text.",), "neutral", 0.0, (), (), (), _certain("neutral"), notes=notes)
    steps = [_read_step(words, text)]
    probabilities, added, turned = feel(network, read)
    likeliest = EMOTIONS[int(np.argmax(probabilities))]
    if not any(read[index].is_latin for index in at):  # marks alone say too little
        likeliest, probabilities = "neutral", np.array(list(_certain("neutral").values()))
    label = wished or likeliest
    told = [index for index in _telling(added, read, label) if index not in turned]
    steps.append(_feeling_step(wished, label, likeliest, probabilities, [read[i].text for i in told]))
    if turned:
        steps.append(f"{_quoted(read[i].text for i in turned)} is turned round by a negation, so it counts against its own feeling.")
    gamma, why = weigh(read, float(probabilities[EMOTIONS.index(label)]), wished is not None)
    if label == "neutral":
        gamma, second = 0.0, None
    else:
        steps.append(f"How strongly: γ = {gamma:g}, because {why}.")
        second = None if wished else _second_feeling(label, probabilities)
    moment = _moment(label, told, len(read))
    muscles = _muscles(label, gamma, moment, second)
    if second:
        share = f"{probabilities[EMOTIONS.index(second)]:.2f}"
        steps.append(f"The text contradicts itself: it also sounds {second} ({share}), so some of that feeling's muscles join in.")
        notes = (*notes, f"two feelings in one text: {label} is drawn, with some of {second}")
    steps.append(f"The face shows {_feeling(label, gamma)}: {_muscle_step(muscles)}.")
    emphasis = stress(read, told)
    steps.append(_emphasis_step([read[i].text for i in emphasis]))
    return Reasoning(
        text, tuple(steps), label, gamma, muscles, words, tuple(at.index(i) for i in emphasis),
        dict(zip(EMOTIONS, map(float, probabilities), strict=True)), notes=notes,
    )  # fmt: skip


def feel(network: TextEmotion, read: Sequence[Token]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The classifier's opinion, words that name a feeling, and negations.

    Returns: (7,) probabilities; (N, 7) what each token adds to the logits; which tokens a negation turns round.
    """
    read = list(read)
    _, added = network.judge(read)
    bias = network.bias.detach().float().cpu().numpy()
    turned = []
    for index, token in enumerate(read):
        label = NAMES.get(token.text.lower())
        if label is None:
            continue
        named = np.zeros(len(EMOTIONS), np.float32)
        named[EMOTIONS.index(label)] = NAMED
        if _is_turned(read, index):
            turned.append(index)
            added[index] = -0.5 * (added[index] + named)
        else:
            added[index] += named
    logits = bias + added.sum(0)
    odds = np.exp(logits - logits.max())
    return odds / odds.sum(), added, turned


def weigh(read: Sequence[Token], probability: float, wished: bool) -> tuple[float, str]:
    """FEIM's γ for how strongly a text puts its feeling, and why, in words. 1 is as people show it who are asked to."""
    gamma, why = 1.0, []
    words = [token.text for token in read if token.is_word]
    cries = sum(token.text.count("!") for token in read)
    if cries:
        gamma *= 1 + 0.5 * min(cries, 4)
        why.append(f"{cries} exclamation mark{'s' if cries > 1 else ''}")
    loud = [word for word in words if len(word) > 1 and word.isupper()]
    if loud and len(loud) < len(words):
        gamma *= 1.5
        why.append(f"capitals ({_quoted(loud[:3])})")
    elif loud and len(words) > 1:
        gamma *= 2
        why.append("all of it is in capitals")
    for index, token in enumerate(read):
        factor = STRONGER.get(token.text.lower(), WEAKER.get(token.text.lower()))
        if factor and index + 1 < len(read):
            gamma *= factor
            why.append(f"“{token.text}” makes it {'stronger' if factor > 1 else 'weaker'}")
    if drawn := [word for word in words if re.search(r"(\w)\1\1", word)]:
        gamma *= 1.4
        why.append(f"{_quoted(drawn[:2])} is drawn out")
    if not wished and probability < UNSURE:
        gamma *= 0.6
        why.append("the feeling is not sure")
    return round(float(min(max(gamma, 0.2), MAX_INTENSITY)), 2), ", ".join(why[:5]) or "nothing makes it stronger or weaker"


def stress(read: Sequence[Token], told: Sequence[int]) -> list[int]:
    """Which tokens are stressed: capitals, then words that told the feeling, then the last content word (English's nuclear stress)."""
    words = [index for index, token in enumerate(read) if token.is_word]
    if not words:
        return []
    content = [index for index in words if read[index].text.lower() not in FUNCTION_WORDS]
    loud = [index for index in words if len(read[index].text) > 1 and read[index].text.isupper()]
    if len(loud) == len(words):
        loud = []
    best = [*loud, *(index for index in told if index in content), *(content[-1:] or words[-1:])]
    most = max(1, round(len(words) / WORDS_AN_EMPHASIS), len(loud[:4]))
    return sorted(list(dict.fromkeys(best))[:most])


def _is_turned(read: Sequence[Token], index: int) -> bool:
    """Whether one of the REACH words before it, in the same clause, says no."""
    for token in reversed(read[max(0, index - REACH) : index]):
        word = token.text.lower()
        if not token.is_word:
            return False
        if word in TURNING or word.endswith("n't"):
            return True
    return False


def _telling(added: np.ndarray, read: Sequence[Token], label: str, most: int = 3) -> list[int]:
    """The tokens that spoke most for a label, against the mean of all seven, best first."""
    for_it = added[:, EMOTIONS.index(label)] - added.mean(1)
    order = [int(i) for i in np.argsort(-for_it) if for_it[i] > LEAST_TOLD and (read[i].is_word or read[i].text[0] in "!?")]
    return order[:most]


def _second_feeling(label: str, probabilities: np.ndarray) -> str | None:
    """An opposed feeling that is nearly as likely."""
    other = next((b for a, b in (_OPPOSED, _OPPOSED[::-1]) if label in a), set())
    rivals = [(float(probabilities[EMOTIONS.index(one)]), one) for one in other]
    probability, rival = max(rivals, default=(0.0, ""))
    return rival if probability >= SECOND else None


def _moment(label: str, told: Sequence[int], count: int) -> str:
    """When the feeling shows: where the text tells it; surprise is over soonest (Ekman & Friesen 1975)."""
    places = [index / max(1, count - 1) for index in told]
    if count >= 8 and places and min(places) > 0.6:
        return "late"
    if label == "surprised" or (count >= 8 and places and max(places) < 0.4):
        return "early"
    return "throughout"


def _muscles(label: str, gamma: float, moment: str, second: str | None) -> tuple[Muscle, ...]:
    """EMFACS's units as far as γ takes them, and with them the most of a second feeling's."""
    share = float(strength(gamma))
    levels = {unit: level * share for unit, level in EXPRESSIONS[label].items()}
    for unit, level in EXPRESSIONS[second].items() if second else ():
        levels[unit] = max(levels.get(unit, 0.0), level * share * JOINS)
    return tuple(Muscle(unit, min(1.0, level), moment) for unit, level in sorted(levels.items()) if unit in UNITS and level > 0)


def _notes(text: str, read: Sequence[Token]) -> tuple[str, ...]:
    notes = []
    unread = [token for token in read if token.is_word and not token.is_latin]
    if unread:
        notes.append(f"words in letters that this model cannot read were passed over: {_quoted(token.text for token in unread[:3])}")
    if len(read) == MOST_TOKENS and plain(text)[read[-1].end :].strip():
        notes.append(f"the text is long; its first {MOST_TOKENS} words and marks were thought about")
    return tuple(notes)


def _certain(label: str) -> dict[str, float]:
    return {one: float(one == label) for one in EMOTIONS}


def _read_step(words: Sequence[str], text: str) -> str:
    shown = " ".join(text.split())
    shown = shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN].rstrip() + " …"
    return f"I read {len(words)} word{'s' if len(words) > 1 else ''}: “{shown}”"


def _feeling_step(wished: str | None, label: str, likeliest: str, probabilities: np.ndarray, told: list[str]) -> str:
    sounds = f"It sounds {likeliest} (probability {probabilities[EMOTIONS.index(likeliest)]:.2f})"
    because = f", most of all because of {_quoted(told)}" if told else ", though no single word says so"
    if wished and wished != likeliest:
        return f"{sounds}; you asked for {label}, so {label} it is."
    if wished:
        return f"You asked for {label}. {sounds}, too{because}."
    return f"{sounds}{because}."


def _feeling(label: str, gamma: float) -> str:
    if label == EMOTIONS[NEUTRAL] or not gamma:
        return "no emotion"
    letter = min(GRADES, key=lambda one: abs(GRADES[one][1] - float(strength(gamma))))
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label} face, {GRADES[letter][0]} ({letter})"


def _muscle_step(muscles: Sequence[Muscle]) -> str:
    named = [f"{ACTION_UNITS[m.unit].name} ({m.unit}{m.grade}, {m.moment})" for m in muscles]
    return ", ".join(named) if named else "all muscles rest"


def _emphasis_step(stressed: Sequence[str]) -> str:
    return f"The face shows more at {_quoted(stressed)}." if stressed else "No word is stressed."


def _quoted(words) -> str:
    return ", ".join(f"“{word}”" for word in words)
