"""The picture of a sound: waveform, words, phonemes, mel spectrogram and pitch above one another. For the demo and the notebooks."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from feim.signal.audio import FRAME_RATE, N_MELS, SAMPLE_RATE, hertz_to_mel, loudness_envelope
from feim.signal.spoken_words import Word, spoken_phonemes, spoken_words
from feim.speaking import Speech

PANEL, INK, FAINT, GRID, WAVE, PITCH = "#101b24", "#e6ebed", "#9fb0b8", "#1d2c37", "#7fcfc4", "#ff9e80"
# Loudness of the mel bands, quiet to loud; lightness rises evenly, so that the picture also reads in grey.
LOUDNESS = [(0, PANEL), (0.2, "#12384a"), (0.45, "#1d7078"), (0.65, "#6db59c"), (0.82, "#efdca2"), (1, "#fff6e0")]
RANGE = 75.0  # dB shown below the loudest band
COLUMNS = 800  # of the mel picture at most: what a wide screen can show
MOST_BOXES, MOST_LABELS = 400, 40  # phonemes: more boxes are slow to draw, and more labels too narrow to read on a page


def draw(speech: Speech) -> go.Figure:
    """Everything there is to see in a Speech, over one time axis in seconds, on a dark panel that suits light and dark pages."""
    words = spoken_words(speech.text, speech.phonemes, speech.durations)
    phonemes = [phoneme for word in spoken_phonemes(speech.phonemes, speech.durations) for phoneme in word]
    figure = make_subplots(rows=4, shared_xaxes=True, vertical_spacing=0.02, row_heights=[0.2, 0.16, 0.42, 0.22])
    _add_waveform(figure, speech.waveform)
    _add_lane(figure, words, "words", "#24535e", labelled=True)
    _add_lane(figure, phonemes if len(phonemes) <= MOST_BOXES else [], "sounds", "#1b3743", labelled=len(phonemes) <= MOST_LABELS)
    _add_mel(figure, speech.mel)
    _add_pitch(figure, speech.pitch)
    _lay_out(figure, seconds=len(speech.waveform) / SAMPLE_RATE)
    return figure


def _add_waveform(figure: go.Figure, waveform: np.ndarray) -> None:
    envelope = loudness_envelope(waveform, COLUMNS)  # (points, 2)
    times = np.linspace(0, len(waveform) / SAMPLE_RATE, len(envelope))
    outline = np.concatenate([envelope[:, 1], envelope[::-1, 0]])
    figure.add_scatter(
        x=np.concatenate([times, times[::-1]]), y=outline, fill="toself", fillcolor=WAVE, line={"width": 0.5, "color": WAVE},
        mode="lines", hoverinfo="skip", row=1, col=1,
    )  # fmt: skip


def _add_lane(figure: go.Figure, spans: list[Word], lane: str, colour: str, labelled: bool) -> None:
    """Boxes with their label inside; a label that does not fit is left to the pointer."""
    figure.add_bar(
        orientation="h", y=[lane] * len(spans), base=[span.start for span in spans], x=[span.end - span.start for span in spans],
        text=[span.text for span in spans], textposition="inside" if labelled else "none", insidetextanchor="middle", textangle=0,
        customdata=[[span.start, span.end, span.ipa] for span in spans],
        hovertemplate="%{text} /%{customdata[2]}/<br>%{customdata[0]:.2f} – %{customdata[1]:.2f} s<extra></extra>",
        marker={"color": colour, "line": {"color": PANEL, "width": 1.5}, "cornerradius": 4}, textfont={"color": INK},
        row=2, col=1,
    )  # fmt: skip


def _add_mel(figure: go.Figure, mel: np.ndarray) -> None:
    decibels = 20 / np.log(10) * mel  # (128, T) natural log of magnitude → dB
    shades = 255 * (1 + (decibels - decibels.max()) / RANGE).clip(0, 1)
    columns = np.array_split(shades, min(COLUMNS, mel.shape[1]), axis=1)
    picture = np.stack([column.mean(axis=1) for column in columns], axis=1).astype(np.uint8)  # (128, columns)
    width = mel.shape[1] / FRAME_RATE / picture.shape[1]
    figure.add_heatmap(
        z=picture, x0=width / 2, dx=width, zmin=0, zmax=255, colorscale=LOUDNESS, showscale=False, zsmooth="fast", hoverinfo="skip",
        row=3, col=1,
    )  # fmt: skip


def _add_pitch(figure: go.Figure, pitch: np.ndarray) -> None:
    voiced = np.where(pitch > 0, pitch, np.nan)
    figure.add_scatter(
        x=(np.arange(len(pitch)) + 0.5) / FRAME_RATE, y=voiced, mode="lines", line={"color": PITCH, "width": 2.5}, connectgaps=False,
        hovertemplate="%{y:.0f} Hz at %{x:.2f} s<extra></extra>", row=4, col=1,
    )  # fmt: skip


def _band(hertz: float) -> float:
    """The mel band whose centre lies at a frequency."""
    return float(hertz_to_mel(hertz) / hertz_to_mel(SAMPLE_RATE / 2)) * (N_MELS + 1) - 1


def panel(figure: go.Figure, height: int) -> None:
    """What all our pictures have in common: a dark panel of so many pixels, quiet axes, nothing that moves under a finger."""
    font = {"family": "IBM Plex Sans, system-ui, sans-serif", "size": 12, "color": FAINT}
    figure.update_layout(
        height=height, showlegend=False, dragmode=False, font=font, paper_bgcolor=PANEL, plot_bgcolor=PANEL,
        margin={"l": 12, "r": 12, "t": 12, "b": 12}, hoverlabel={"font": {"size": 13}},
    )  # fmt: skip
    figure.update_xaxes(showgrid=False, zeroline=False, fixedrange=True, ticks="")
    figure.update_yaxes(showgrid=False, zeroline=False, fixedrange=True, automargin=True, ticks="")


def _lay_out(figure: go.Figure, seconds: float) -> None:
    panel(figure, height=400)
    figure.update_layout(bargap=0.08, barmode="overlay", uniformtext={"minsize": 9, "mode": "hide"})
    figure.update_xaxes(range=[0, seconds])
    figure.update_xaxes(ticksuffix=" s", nticks=8, automargin=True, row=4, col=1)
    figure.update_yaxes(visible=False, row=1, col=1)
    figure.update_yaxes(categoryorder="array", categoryarray=["sounds", "words"], row=2, col=1)
    kilohertz = (0.5, 1, 2, 4)
    figure.update_yaxes(tickvals=[_band(1000 * k) for k in kilohertz], ticktext=[f"{k:g} kHz" for k in kilohertz], row=3, col=1)
    figure.update_yaxes(ticksuffix=" Hz", nticks=4, rangemode="normal", showgrid=True, gridcolor=GRID, row=4, col=1)
