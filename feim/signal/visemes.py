"""Phones → what the mouth does: a target for every symbol that text becomes, blended as neighbouring phones blend in a real mouth.

Coarticulation by dominance (Cohen & Massaro 1993): every phone pulls jaw, lip rounding, lip spreading and lip edges towards its target,
with a strength of its own for each of them, which fades before it begins and after it ends; where the mouth is, is the mean of all
targets, weighted by those strengths. So a /k/ takes the lips of its vowel, and a rounded vowel rounds the consonants before it.
Dominance alone never shuts the lips, so two rules of JALI (Edwards et al. 2016) come last: p, b and m shut them, f and v bring the lower
lip to the teeth, however short they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feim.signal.action_units import LIP_GAP, lip_gap
from feim.signal.audio import FRAME_RATE as PHONE_RATE
from feim.signal.face_motion import BOTH, FRAME_RATE, INDEX, SHAPES, pose
from feim.signal.text import PUNCTUATION, SYMBOLS

STEPS = PHONE_RATE // FRAME_RATE  # frames of 10 ms in a video frame

# What dominates together, because the same muscles are behind it: the jaw, rounding, spreading, and the edges of the lips.
GROUPS = (
    ("jawOpen", "mouthClose"),
    ("mouthPucker", "mouthFunnel"),
    ("mouthStretch",),
    ("mouthUpperUp", "mouthLowerDown", "mouthPress", "mouthRollLower", "mouthShrugUpper"),
)
MOUTH = tuple(name for group in GROUPS for name in group)  # 10: all that speech moves, both sides alike

# Seconds in which a phone's pull on each group falls to 1/e, before and after it. Lips round well ahead (Cohen & Massaro's θ; Bell-Berti
# & Harris 1982 measured 0.1–0.3 s), the heavy jaw comes later than the lips' edges.
AHEAD = np.array([0.04, 0.09, 0.06, 0.03])
AFTER = np.array([0.035, 0.06, 0.05, 0.03])
PAUSE = 0.1  # s: shorter gaps between words are no rest for the mouth
REACH = 1.0  # s: further away, no phone pulls


@dataclass(frozen=True)
class Viseme:
    """Where a phone wants the mouth, and how much it insists.

    Attributes:
        shapes: {name: amount}, sides left out.
        pull: strength on each of GROUPS; a vowel's is 1.
    """

    shapes: dict[str, float]
    pull: tuple[float, float, float, float]


def _vowel(jaw: float, pucker: float = 0.0, funnel: float = 0.0, stretch: float = 0.0, lips: float = 0.12) -> Viseme:
    shapes = {"jawOpen": jaw, "mouthPucker": pucker, "mouthFunnel": funnel, "mouthStretch": stretch, "mouthUpperUp": lips / 2}
    return Viseme(shapes | {"mouthLowerDown": lips}, (1.0, 1.0, 1.0, 0.6))


SHUT, TOUCH = 0.35, 0.55  # mouthPress of p, b, m; mouthRollLower of f, v
_BILABIAL = Viseme({"jawOpen": 0.06, "mouthPress": SHUT}, (1.0, 0.15, 0.15, 1.0))
_LABIODENTAL = Viseme({"jawOpen": 0.06, "mouthRollLower": TOUCH, "mouthUpperUp": 0.3, "mouthShrugUpper": 0.1}, (1.5, 0.3, 0.3, 1.5))
_REST = Viseme({}, (0.5, 0.5, 0.5, 0.5))

# Letters that look alike, and how. Jaw 0.3 parts the lips by about 1 cm, as an open vowel does in conversation.
VISEMES = {
    "pbmɓʘʙ": _BILABIAL,
    "fvɱⱱʋ": _LABIODENTAL,
    "ɸβ": Viseme({"jawOpen": 0.06, "mouthPucker": 0.15, "mouthPress": 0.05}, (1.0, 0.6, 0.3, 1.0)),
    "θðǀ": Viseme({"jawOpen": 0.11, "mouthLowerDown": 0.25, "mouthUpperUp": 0.1}, (0.8, 0.3, 0.2, 0.8)),
    "szʦǃ": Viseme({"jawOpen": 0.05, "mouthStretch": 0.12, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15}, (2.0, 0.3, 0.6, 0.9)),
    "ʃʒʧʂʐ": Viseme({"jawOpen": 0.05, "mouthFunnel": 0.35, "mouthPucker": 0.25, "mouthLowerDown": 0.15}, (2.0, 1.5, 1.0, 0.9)),
    "ɕʑ": Viseme({"jawOpen": 0.05, "mouthFunnel": 0.15, "mouthStretch": 0.1, "mouthLowerDown": 0.25}, (2.0, 0.8, 0.6, 0.9)),
    "tdnɗɖʈɳǁǂ": Viseme({"jawOpen": 0.1, "mouthLowerDown": 0.15, "mouthUpperUp": 0.05}, (0.7, 0.1, 0.1, 0.4)),
    "lrɾɫɬɮɭɺɽʎ": Viseme({"jawOpen": 0.14, "mouthLowerDown": 0.15, "mouthUpperUp": 0.05}, (0.5, 0.1, 0.1, 0.4)),
    "kɡgxɣŋcɟqɢʛɠʄʟχʁʀɴɲʡʢħʕ": Viseme({"jawOpen": 0.14, "mouthLowerDown": 0.08}, (0.4, 0.05, 0.05, 0.1)),
    "hɦɧʔʜ": Viseme({"jawOpen": 0.15}, (0.05, 0.02, 0.02, 0.02)),  # the vowel's own mouth
    "jçʝɰ": Viseme({"jawOpen": 0.09, "mouthStretch": 0.2, "mouthLowerDown": 0.1}, (0.6, 0.4, 0.6, 0.4)),
    "wʍɥ": Viseme({"jawOpen": 0.04, "mouthPucker": 0.75, "mouthFunnel": 0.08}, (1.5, 2.5, 1.5, 0.6)),
    "ɹɻ": Viseme({"jawOpen": 0.1, "mouthPucker": 0.25, "mouthFunnel": 0.2, "mouthLowerDown": 0.1}, (0.8, 1.0, 0.8, 0.5)),
    "iĩɪɩᵻɨ": _vowel(0.12, stretch=0.3),
    "yʏ": _vowel(0.09, pucker=0.6, funnel=0.15, lips=0.05),
    "eẽɘ": _vowel(0.17, stretch=0.25),
    "øɵœɶ": _vowel(0.18, pucker=0.4, funnel=0.25),
    "ɛ": _vowel(0.23, stretch=0.18),
    "æ": _vowel(0.29, stretch=0.2, lips=0.2),
    "aãɐɑʌ": _vowel(0.31, lips=0.15),
    "ɒɔɞ": _vowel(0.25, pucker=0.2, funnel=0.3),
    "oõɤ": _vowel(0.17, pucker=0.45, funnel=0.3),
    "uũʊʉɯ": _vowel(0.07, pucker=0.65, funnel=0.15, lips=0.05),
    "əɜ": _vowel(0.17, lips=0.1),
    "ɚɝ": _vowel(0.15, pucker=0.2, funnel=0.2, lips=0.1),
}
_BY_LETTER = {letter: viseme for letters, viseme in VISEMES.items() for letter in letters}
_SHUTTING, _TOUCHING = set("pbmɓʘʙ"), set("fvɱⱱʋ")
_STRESS = {"ˈ": 1.2, "ˌ": 1.1}  # the jaw opens further in stressed vowels (Summers 1987)
_COLOURED = {"ʲ": {"mouthStretch": 0.15}, "ʷ": {"mouthPucker": 0.5}}  # what a mark adds to the letter before it
_VOWELS = set("aæɑɐɒʌəɚɜɝɛeɪɩᵻiɨoɔʊuøœyʏɯɤɘɞɵɶʉãẽĩõũ")

BEFORE_CONTACT, AFTER_CONTACT = 0.055, 0.06  # s: lips close and open in about this (Löfqvist & Gracco 1997)


@dataclass(frozen=True)
class _Segment:
    """A stretch of sound with one target: start and end in seconds."""

    letter: str
    target: np.ndarray  # (47,)
    pull: tuple[float, float, float, float]
    start: float
    end: float


def visemes(symbols: Sequence[str], durations: Sequence[int], level: np.ndarray | None = None) -> np.ndarray:
    """What the mouth does while this is said.

    Args:
        symbols: of feim.signal.text, N of them, marks and blanks included.
        durations: (N,) frames of 10 ms.
        level: (T,) dB of the sound at the same rate, as `speech_level` gives it: louder syllables open the mouth somewhat further.

    Returns: (⌈T / 4⌉, 47) float32; frame f shows the middle of its 40 ms.
    Raises: ValueError unless there are as many durations as symbols; KeyError for a symbol that is not in feim.signal.text.
    """
    if len(symbols) != len(durations):
        raise ValueError(f"{len(symbols)} symbols with {len(durations)} durations; give each symbol its own")
    if unknown := set(symbols) - set(SYMBOLS):
        raise KeyError(f"no viseme for {', '.join(sorted(unknown))}; use the symbols of feim.signal.text")
    total = int(np.sum(durations))
    frames = -(-total // STEPS)
    times = (np.arange(frames) + 0.5) / FRAME_RATE
    segments = _segments(symbols, durations)
    shapes = _blend(segments, times) * _effort(level, frames)[:, None]
    shapes = _touch(shapes, _contact([s for s in segments if s.letter in _TOUCHING], times))
    return _shut(shapes, _contact([s for s in segments if s.letter in _SHUTTING], times)).astype(np.float32)


def mouth_of(shapes: np.ndarray) -> np.ndarray:
    """What of a face's shapes is speech: (…, 47) → (…, 10) in the order of MOUTH."""
    return shapes @ _READ


def face_of(mouth: np.ndarray) -> np.ndarray:
    """Speech alone on a face: (F, 10), as a network may guess it → (F, 47) float32. Lips that are nearly pressed together are shut."""
    shapes = mouth.clip(0, 1) @ _SHOW
    return _closed(shapes, _pressed(shapes) * lip_gap(shapes).clip(0)).astype(np.float32)


_SHOW = np.stack([pose(**{name: 1}) for name in MOUTH])  # (10, 47)
_READ = (_SHOW / _SHOW.sum(1, keepdims=True)).T  # (47, 10)


def speech_level(mel: np.ndarray) -> np.ndarray:
    """How loud each frame is: log-mel (128, T) → (T,) dB."""
    return 10 * np.log10(np.exp(2 * mel.astype(np.float64)).mean(0))


def with_expression(speech: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """Speech and an emotion on one face: (F, 47) and (47,) or (F, 47) → (F, 47) float32.

    Around speech the emotion leaves jaw and lip muscles to it, while a smile or a drooping mouth stays and widens or lowers every
    viseme. Rounding and smiling weaken each other. Whatever the emotion, lips that speech shuts are shut.
    """
    speaking = _speaking(speech)[:, None]
    felt = np.broadcast_to(expression, speech.shape) * (1 - speaking * _YIELDS)
    shut = _pressed(speech)
    touching = (_side(speech, "mouthRollLower") / (0.8 * TOUCH)).clip(0, 1)
    rounded = (_side(speech, "mouthPucker") + _side(speech, "mouthFunnel")).clip(0, 1)
    smiling = _side(felt, "mouthSmile")
    felt = felt * (1 - np.maximum(shut, touching)[:, None] * _OPENS) * (1 - 0.5 * rounded[:, None] * _WIDENS)
    speech = speech * (1 - 0.3 * smiling[:, None] * _ROUNDS)
    together = (felt + speech).clip(0, 1)
    return _closed(together, shut * (lip_gap(together) - lip_gap(speech).clip(0)).clip(0)).astype(np.float32)


_YIELDS = pose(jawOpen=0.65, mouthPress=0.8, mouthRollLower=0.9, mouthRollUpper=0.8, mouthShrugLower=0.7, mouthShrugUpper=0.7,
               mouthUpperUp=0.3, mouthLowerDown=0.3, mouthStretch=0.3)  # fmt: skip
_OPENS = pose(jawOpen=1, mouthLowerDown=1, mouthUpperUp=0.6, mouthShrugUpper=1)
_WIDENS = pose(mouthSmile=1, mouthStretch=1, mouthDimple=1)
_ROUNDS = pose(mouthPucker=1, mouthFunnel=1)


def _segments(symbols: Sequence[str], durations: Sequence[int]) -> list[_Segment]:
    """Letters and pauses with their times: marks and blanks lengthen the letter before them."""
    edges = np.concatenate([[0], np.cumsum(durations)]) / PHONE_RATE
    found: list[_Segment] = []
    stress = 1.0
    for symbol, start, end in zip(symbols, edges[:-1], edges[1:], strict=True):
        if symbol in _BY_LETTER:
            viseme = _BY_LETTER[symbol]
            target = pose(**viseme.shapes)
            if symbol in _VOWELS:
                target[INDEX["jawOpen"]] *= stress
                stress = 1.0
            found.append(_Segment(symbol, target, viseme.pull, start, end))
        elif symbol in _STRESS:
            stress = _STRESS[symbol]
        elif symbol == " " or symbol in PUNCTUATION or not found:
            found.append(_Segment(" ", pose(), _REST.pull, start, end))
        else:
            last = found.pop()
            target = np.maximum(last.target, pose(**_COLOURED.get(symbol, {})))
            found.append(_Segment(last.letter, target, last.pull, last.start, end))
    return [s for s in found if s.end - s.start >= (PAUSE if s.letter == " " else 1e-9)]


def _blend(segments: list[_Segment], times: np.ndarray) -> np.ndarray:
    """The mean of all targets under their dominance: (F, 47). Ten seconds at a time, so that memory does not grow with length squared."""
    pieces = [times[first : first + 10 * FRAME_RATE] for first in range(0, len(times), 10 * FRAME_RATE)]
    near = [[s for s in segments if s.end > piece[0] - REACH and s.start < piece[-1] + REACH] for piece in pieces]
    return np.concatenate([np.zeros((0, len(SHAPES))), *map(_blend_piece, near, pieces)])


def _blend_piece(segments: list[_Segment], times: np.ndarray) -> np.ndarray:
    shapes = np.zeros((len(times), len(SHAPES)))
    if not segments:
        return shapes
    start, end = (np.array([getattr(s, name) for s in segments])[:, None] for name in ("start", "end"))  # (S, 1)
    before, after = (start - times).clip(0), (times - end).clip(0)  # (S, F) seconds to the segment
    targets = np.stack([s.target for s in segments])  # (S, 47)
    for group, names in enumerate(GROUPS):
        pull = np.array([s.pull[group] for s in segments])[:, None]
        # D = α exp(−θ |τ|), equation 1 with c = 1, and τ counted from the segment's edges, so that long vowels are held
        dominance = pull * np.exp(-before / AHEAD[group] - after / AFTER[group])  # (S, F)
        columns = np.flatnonzero(pose(**dict.fromkeys(names, 1.0)))
        shapes[:, columns] = (dominance / dominance.sum(0).clip(1e-12)).T @ targets[:, columns]  # equation 2
    return shapes


def _effort(level: np.ndarray | None, frames: int) -> np.ndarray:
    """(F,) from 0.75 to 1.2: 2 % more movement for every dB above the usual level of what is said."""
    if level is None:
        return np.ones(frames)
    steps = np.pad(level, (0, max(0, frames * STEPS - len(level))), mode="edge")[: frames * STEPS].reshape(frames, STEPS).max(1)
    spoken = steps[steps > steps.max(initial=-np.inf) - 30]
    if not len(spoken):
        return np.ones(frames)
    smooth = np.convolve(np.pad(steps, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    return (1 + 0.02 * (smooth - np.median(spoken))).clip(0.75, 1.2)


def _contact(segments: list[_Segment], times: np.ndarray) -> np.ndarray:
    """(F,) from 0 to 1: how far the lips are on their way to, in, or away from the contact of these phones.

    The frame nearest to a contact shows it whole: the shortest is shorter than a frame.
    """
    contact = np.zeros(len(times))
    for segment in segments:
        away = (segment.start - times).clip(0) / BEFORE_CONTACT + (times - segment.end).clip(0) / AFTER_CONTACT
        contact = np.maximum(contact, 0.5 + 0.5 * np.cos(np.pi * away.clip(0, 1)))
        contact[np.abs(times - (segment.start + segment.end) / 2).argmin()] = 1
    return contact


def _touch(shapes: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Lower lip to upper teeth by `contact` (F,); rounding and spreading stay."""
    target = pose(**_LABIODENTAL.shapes)
    columns = np.flatnonzero(_OPENS + target > 0)
    shapes = shapes.copy()
    shapes[:, columns] += contact[:, None] * (target - shapes)[:, columns]
    return shapes


def _shut(shapes: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Lips together by `contact` (F,): pressed, and closed over the jaw by just what is open."""
    shapes = shapes.copy()
    for name in ("mouthPress_L", "mouthPress_R"):
        shapes[:, INDEX[name]] = np.maximum(shapes[:, INDEX[name]], contact * SHUT)
    opening = _OPENS.copy()
    opening[INDEX["jawOpen"]] = 0.5  # the jaw stays half open between open vowels; the lips close over it
    shapes = shapes * (1 - contact[:, None] * opening)
    return _closed(shapes, contact * lip_gap(shapes).clip(0))


def _closed(shapes: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """(F, 47) with the lips nearer to each other by `gap` (F,) cm, wherever the jaw is."""
    return shapes + gap[:, None] / -LIP_GAP["mouthClose"] * pose(mouthClose=1)


def _speaking(speech: np.ndarray) -> np.ndarray:
    """(F,) from 0 to 1: whether the mouth speaks, from a fifth of a second before it does to as long after."""
    active = (np.abs(mouth_of(speech)).sum(1) / 0.3).clip(0, 1)
    reach = FRAME_RATE // 5
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(active, reach), 2 * reach + 1).max(1)
    return np.convolve(np.pad(wide, 2, mode="edge"), np.full(5, 0.2), mode="valid")


def _pressed(speech: np.ndarray) -> np.ndarray:
    """(F,) from 0 to 1: how sure it is that speech wants the lips shut."""
    return (_side(speech, "mouthPress") / (0.8 * SHUT)).clip(0, 1)


def _side(shapes: np.ndarray, name: str) -> np.ndarray:
    """(F,) of a shape, the mean of both sides if it has sides."""
    return shapes @ pose(**{name: 0.5 if name in BOTH else 1.0})
