"""The picture of what is seen and heard in a film: how strongly, over time; which emotion, over time; and which as a whole."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from feim.demo.curve import MARKS
from feim.demo.pictures import FAINT, GRID, INK, PITCH, WAVE, panel
from feim.models.emotion_space import AXES
from feim.seeing import Seen
from feim.signal.action_units import strength
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import FRAME_RATE

# Okabe and Ito's, which colour-blind people tell apart; all can be seen on the panel, and each has its name beside it.
COLOURS = {
    "neutral": FAINT, "happy": "#f0e442", "sad": "#56b4e9", "angry": "#d55e00", "fearful": "#cc79a7", "disgusted": "#009e73",
    "surprised": "#e69f00",
}  # fmt: skip
SEEN, HEARD = WAVE, PITCH
HEIGHT, SHARES, GAP = 760, [0.23, 0.38, 0.39], 0.075
LANE = 1.4  # lanes: how high an emotion stands at its strongest, before the lane above it
NAMED = 0.01  # a probability from which on its bar has a number


def draw_film(seen: Seen) -> go.Figure:
    """From top to bottom: intensity, the places along the six axes of the space of emotions, the probabilities of all seven."""
    figure = make_subplots(rows=3, vertical_spacing=GAP, row_heights=SHARES)
    _add_intensity(figure, seen)
    _add_lanes(figure, seen)
    _add_probabilities(figure, seen)
    _lay_out(figure, seen)
    return figure


def _add_intensity(figure: go.Figure, seen: Seen) -> None:
    _add_line(figure, seen.intensity, "seen", line={"color": SEEN, "width": 3}, fill="tozeroy", fillcolor=_pale(SEEN, 0.2))
    if seen.heard and seen.heard.intensity is not None:
        _add_line(figure, seen.heard.intensity, "heard", line={"color": HEARD, "width": 2, "dash": "dash"})


def _add_line(figure: go.Figure, values: np.ndarray, name: str, **look) -> None:
    times, values = _line(values)
    figure.add_scatter(
        x=times, y=values, name=name, mode="lines", hovertemplate=f"{name}: %{{y:.0%}} of the strongest at %{{x:.1f}} s<extra></extra>",
        row=1, col=1, **look,
    )  # fmt: skip


def _add_lanes(figure: go.Figure, seen: Seen) -> None:
    """A lane for each emotion, the first on top: its ground, and how far along its axis the face is."""
    for lane, (label, along) in enumerate(zip(AXES, seen.places.clip(0, 1).T, strict=True)):
        ground, colour = len(AXES) - 1 - lane, COLOURS[label]
        times, along = _line(along)
        figure.add_scatter(
            x=times[[0, -1]], y=[ground, ground], mode="lines", line={"color": GRID, "width": 1}, hoverinfo="skip", row=2, col=1
        )
        figure.add_scatter(
            x=times, y=ground + LANE * along, name=label, customdata=along, mode="lines", line={"color": colour, "width": 1.5},
            fill="tonexty", fillcolor=_pale(colour, 0.35), row=2, col=1,
            hovertemplate=f"{label}: %{{customdata:.0%}} of its strongest at %{{x:.1f}} s<extra></extra>",
        )  # fmt: skip


def _add_probabilities(figure: go.Figure, seen: Seen) -> None:
    for name, found, opacity in (("seen", seen, 1), ("heard", seen.heard, 0.25)):
        if found:
            values = [found.emotions[label] for label in EMOTIONS]
            inks = [COLOURS[label] for label in EMOTIONS]
            figure.add_bar(
                orientation="h", y=list(EMOTIONS), x=values, name=name, text=[f"{v:.0%}" if v >= NAMED else "" for v in values],
                textposition="outside", constraintext="none", textfont={"color": INK, "size": 11}, cliponaxis=False, row=3, col=1,
                marker={"color": [_pale(ink, opacity) for ink in inks], "line": {"color": inks, "width": 1}, "cornerradius": 3},
                hovertemplate=f"%{{y}}, {name}: %{{x:.0%}}<extra></extra>",
            )  # fmt: skip


def _line(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F,), 25 a second → seconds, and the same from end to end; one value is two, which make a line."""
    return np.linspace(0, len(values) / FRAME_RATE, max(2, len(values))), np.resize(values, max(2, len(values)))


def _pale(colour: str, opacity: float) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgba({red},{green},{blue},{opacity})"


def _lay_out(figure: go.Figure, seen: Seen) -> None:
    panel(figure, HEIGHT)
    figure.update_yaxes(ticklabelstandoff=8)
    figure.update_layout(margin={"t": 40}, barmode="group", bargap=0.3, bargroupgap=0.1)
    for row in (1, 2):
        figure.update_xaxes(range=[0, seen.seconds], row=row, col=1)
    figure.update_xaxes(showticklabels=False, row=1, col=1)
    figure.update_xaxes(ticksuffix=" s", nticks=7, row=2, col=1)
    figure.update_xaxes(range=[0, 1.12], visible=False, row=3, col=1)
    figure.update_yaxes(
        range=[0, 1.04], tickvals=[strength(gamma) for gamma in MARKS], ticktext=list(MARKS.values()), showgrid=True, gridcolor=GRID,
        row=1, col=1,
    )  # fmt: skip
    figure.update_yaxes(
        range=[-0.1, len(AXES) - 1 + LANE], tickvals=[len(AXES) - 1 - lane + 0.25 for lane in range(len(AXES))],
        ticktext=[_inked(label, COLOURS[label]) for label in AXES], row=2, col=1,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", row=3, col=1)
    voice = seen.heard is not None
    lines = [_inked("━ seen", SEEN)] + ([_inked("╍ heard", HEARD)] if voice and seen.heard.intensity is not None else [])
    bars = ["■ seen", "□ heard"] if voice else ["■ seen"]
    for row, heading, names in ((1, "How strongly", lines), (2, "Which emotion is seen", []), (3, "On the whole", bars)):
        top = figure.layout["yaxis" if row == 1 else f"yaxis{row}"].domain[1]
        figure.add_annotation(
            text="   ".join([f"<b>{_inked(heading, INK)}</b>", *names]), x=0, y=top, xref="paper", yref="paper", xanchor="left",
            yanchor="bottom", yshift=6, showarrow=False, font={"size": 13},
        )  # fmt: skip


def _inked(words: str, colour: str) -> str:
    return f"<span style='color:{colour}'>{words}</span>"
