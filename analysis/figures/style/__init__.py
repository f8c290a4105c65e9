"""One style for all figures: colours with one meaning each, lines that are told apart without colour, labels.

``palette`` has the colours, each with a value for light and for dark pages; ``strokes`` the looks of lines;
``canvas`` a new figure and its axes; ``labels`` text beside points.
"""

from __future__ import annotations

from analysis.figures.style.canvas import canvas, figure_with, log_axis, styled, wrapped
from analysis.figures.style.labels import Label, apart, label_beside, spread
from analysis.figures.style.palette import (
    BLUE,
    DARK,
    DASHED,
    GRID,
    INK,
    LAYER_COLOURS,
    LIKE,
    MUTED,
    PAPER,
    SHADE,
    VARIABLES,
    VERMILION,
    text_on,
)
from analysis.figures.style.strokes import STROKES, Stroke, call_strokes, shades, stroke

__all__ = [
    "BLUE",
    "DARK",
    "DASHED",
    "GRID",
    "INK",
    "LAYER_COLOURS",
    "LIKE",
    "MUTED",
    "PAPER",
    "SHADE",
    "STROKES",
    "VARIABLES",
    "VERMILION",
    "Label",
    "Stroke",
    "apart",
    "call_strokes",
    "canvas",
    "figure_with",
    "label_beside",
    "log_axis",
    "shades",
    "spread",
    "stroke",
    "styled",
    "text_on",
    "wrapped",
]
