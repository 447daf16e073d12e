"""The experiments' figures in one look, drawn in the light palette; the page turns their colours to the dark one's."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from feim.evaluation.experiments.statistics import Mean
from feim.signal.emotion import EMOTIONS

INK, SOFT, EDGE, CARD, ACCENT, WARM = "#22282b", "#5a6367", "#e2dbcf", "#fffdfa", "#0f5f66", "#b4472a"
EMOTION_COLOURS = dict(zip(EMOTIONS, ("#71797d", "#a86e00", "#2a6cb0", "#b8372b", "#7847a8", "#54791c", "#bd3d82"), strict=True))
MARKERS = dict(zip(EMOTIONS, ("circle", "circle", "square", "triangle-up", "diamond", "cross", "star"), strict=True))
# Each colour of the light palette → the dark one's. Both have 3 : 1 at least against their ground, text 4.5 : 1.
DARK = {
    INK: "#e8ecee", SOFT: "#a9b6bd", EDGE: "#2c3942", CARD: "#161f25", ACCENT: "#7fcfc4", WARM: "#ff9e80",
    "#71797d": "#9aa7ae", "#a86e00": "#f0b64c", "#2a6cb0": "#6cb1f5", "#b8372b": "#ff8070", "#7847a8": "#bf9bec", "#54791c": "#a4cf5c",
    "#bd3d82": "#f48cc0", "#f3ede3": "#1c272e", "#bcdad6": "#2a5a60", "#5fa5a5": "#4b9a98", "#0c474d": "#b4ece3",
}  # fmt: skip
SHARES = [[0, "#f3ede3"], [0.25, "#bcdad6"], [0.6, "#5fa5a5"], [1, "#0c474d"]]
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"}


def curves(
    x: Sequence[float], lines: Mapping[str, Sequence[Mean]], colours: Mapping[str, str], across: str, up: str, top: float | None = None
) -> go.Figure:
    """One line for each name, with its 95 % band; the y axis from 0 to `top`, or to what is needed."""
    figure = go.Figure()
    for name, means in lines.items():
        y, half = np.array([m.value for m in means]), np.nan_to_num([m.half for m in means])
        low, high = np.maximum(y - half, 0), y + half if top is None else np.minimum(y + half, top)
        figure.add_scatter(
            x=[*x, *reversed(x)], y=[*high, *low[::-1]], fill="toself", fillcolor=colours[name], opacity=0.08, line={"width": 0},
            mode="lines", legendgroup=name, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=list(x), y=y.tolist(), mode="lines+markers", name=name, legendgroup=name, line={"color": colours[name], "width": 2.5},
            marker={"size": 8, "symbol": MARKERS.get(name, "circle"), "color": colours[name]}, customdata=half.tolist(),
            hovertemplate=f"{name} at %{{x:g}}: %{{y:.2f}} ± %{{customdata:.2f}}<extra></extra>",
        )  # fmt: skip
    lay_out(figure, 420)
    figure.update_layout(legend=LEGEND)
    figure.update_xaxes(title=across)
    figure.update_yaxes(title=up, range=None if top is None else [0, top * 1.02], rangemode="tozero")
    return figure


def heat_map(shares: np.ndarray, rows: Sequence[str], columns: Sequence[str], across: str, down: str) -> go.Figure:
    """(R, C) shares from 0 to 1 as cells with their percent; the first row is on top."""
    figure = go.Figure()
    figure.add_heatmap(
        z=np.round(100 * shares).tolist(),
        x=list(columns),
        y=list(rows),
        zmin=0,
        zmax=100,
        colorscale=SHARES,
        showscale=False,
        texttemplate="%{z:.0f}",
        xgap=3,
        ygap=3,
        hovertemplate=f"{down} %{{y}}, {across} %{{x}}: %{{z:.0f}} %<extra></extra>",
    )
    lay_out(figure, 380)
    figure.update_xaxes(title=across, showgrid=False, tickangle=-40)
    figure.update_yaxes(title=down, showgrid=False, autorange="reversed")
    return figure


def intervals(means: Mapping[str, Mean], unit: str, zero: bool = True) -> go.Figure:
    """One dot with its 95 % interval for each name, the first on top; a line marks zero where differences are shown."""
    names = [_shown(name) for name in means]
    figure = go.Figure()
    figure.add_scatter(
        x=[m.value for m in means.values()],
        y=names,
        mode="markers+text",
        marker={"size": 12, "color": ACCENT},
        error_x={
            "type": "data",
            "array": np.nan_to_num([m.half for m in means.values()]).tolist(),
            "color": ACCENT,
            "thickness": 2,
            "width": 0,
        },
        text=[f"{m.value:.2f}".replace("-", "−") for m in means.values()],
        textposition="top center",
        textfont={"color": INK},
        hovertemplate="%{y}: %{x:.3f} ± %{error_x.array:.3f}<extra></extra>",
    )
    lay_out(figure, 110 + 46 * len(names))
    if zero:
        figure.add_vline(x=0, layer="below", line={"color": WARM, "width": 1.5, "dash": "dot"})
    _name_rows(figure, names, unit)
    return figure


def dumbbells(sides: Mapping[str, Mapping[str, Mean]], unit: str) -> go.Figure:
    """Two systems, name by name: an open dot for the first, a full one for the second, and the way between them."""
    (first, before), (second, after) = sides.items()
    names = [_shown(name) for name in before]
    ends = [[before[name].value, after[name].value] for name in before]
    figure = go.Figure()
    for name, (start, end) in zip(names, ends, strict=True):
        figure.add_scatter(
            x=[start, end], y=[name, name], mode="lines", line={"color": EDGE, "width": 5}, showlegend=False, hoverinfo="skip"
        )
    for label, colour, symbol, side in ((first, SOFT, "circle-open", 0), (second, ACCENT, "circle", 1)):
        figure.add_scatter(
            x=[end[side] for end in ends], y=names, mode="markers", name=label,
            marker={"size": 12, "color": colour, "symbol": symbol, "line": {"width": 2.5, "color": colour}},
            hovertemplate=f"%{{y}}, {label}: %{{x:.2f}} {unit}<extra></extra>",
        )  # fmt: skip
    lay_out(figure, 130 + 46 * len(names))
    figure.update_layout(legend=LEGEND)
    _name_rows(figure, names, unit)
    figure.update_xaxes(rangemode="tozero")
    return figure


def _shown(name: str) -> str:
    """Long names on two lines: a phone is narrow."""
    return name if len(name) < 18 else name.replace(", ", ",<br>", 1)


def _name_rows(figure: go.Figure, names: Sequence[str], unit: str) -> None:
    figure.update_xaxes(title=unit)
    figure.update_yaxes(categoryorder="array", categoryarray=list(names)[::-1], range=[-0.6, len(names) - 0.3])


def lay_out(figure: go.Figure, height: int) -> None:
    """Font, grid and margins of every figure; nothing is zoomed by a finger that scrolls the page."""
    figure.update_layout(
        template=None, height=height, dragmode=False, paper_bgcolor=CARD, plot_bgcolor=CARD, margin={"l": 8, "r": 14, "t": 30, "b": 52},
        font={"family": "IBM Plex Sans, system-ui, sans-serif", "size": 13, "color": INK},
        hoverlabel={"bgcolor": CARD, "bordercolor": EDGE, "font": {"size": 13, "color": INK}},
    )  # fmt: skip
    axis = {"fixedrange": True, "automargin": True, "gridcolor": EDGE, "zerolinecolor": EDGE, "linecolor": EDGE}
    figure.update_xaxes(**axis, title={"font": {"color": SOFT}, "standoff": 10}, tickfont={"color": SOFT})
    figure.update_yaxes(**axis, title={"font": {"color": SOFT}, "standoff": 10}, tickfont={"color": SOFT})
