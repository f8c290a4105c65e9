"""Colours of all figures and of wiretax's pages: one meaning each, readable on light and dark paper.

- Kinds of call (trigger, batch of 10) are vivid: ``CALLS``.
- Layers are three muted families that no kind of call has: teal for the body, gold for the head, slate for what is
  below HTTP: ``LAYER_COLOURS``.
- Quantities (payload sizes, rates) are shades of grey, the darkest for the most: ``SHADES``.

Each colour differs from the paper by a contrast of at least 3:1 on light and on dark pages.
"""

from __future__ import annotations

from matplotlib.colors import to_rgb

# Colours of the drawing, which its SVG replaces with variables that have a second value for dark pages. Each has
# only one use, and none is a default of matplotlib, which omits defaults.
INK, MUTED, GRID, PAPER = "#1b1f24", "#59616b", "#dde1e6", "#fefefe"
BLUE, VERMILION, GREEN, VIOLET = "#0069b4", "#cc4400", "#2b7d1e", "#9a5bd9"
PINK, SKY, MAROON = "#c2256f", "#0f93c7", "#7a2e1c"
CALLS = {BLUE: "#3f97e6", VERMILION: "#ff8552", GREEN: "#74c365", VIOLET: "#c9abf8"}
CALLS |= {PINK: "#f27fb2", SKY: "#7fd6f7", MAROON: "#d9a08f"}
# From the smallest quantity to the largest.
SHADES = {"#8b929b": "#6d757f", "#6b737d": "#939ba5", "#454c55": "#bcc3cb", "#1c2025": "#e7e9ec"}
SHADE = [*SHADES][-1]

LAYER_COLOURS = {
    "payload": "#00736b",
    "encryption": "#0f4a45",
    "envelope": "#45a196",
    "request_line": "#bd8600",
    "auth_query": "#946800",
    "headers": "#664600",
    "framing": "#3f4752",
    "tls": "#66707c",
    "tcp_ip": "#8a949f",
}
# Layers of the response have the colours of the request's.
LIKE = {
    "unfinished": "framing",
    "response_head": "headers",
    "response_body": "envelope",
    "response_framing": "framing",
    "response_unfinished": "framing",
    "response_tls": "tls",
    "response_tcp_ip": "tcp_ip",
}
DARK_LAYERS = {
    "payload": "#35b5a9",
    "encryption": "#93e0c4",
    "envelope": "#1f7a70",
    "request_line": "#8a6b12",
    "auth_query": "#c99a1b",
    "headers": "#ecc867",
    "framing": "#d0d6dd",
    "tls": "#98a2ae",
    "tcp_ip": "#69737f",
}
# A line of reference, such as a limit or a claim.
DASHED = (0, (4, 3))

# Text on a coloured bar: light or dark, on a light page and on a dark one.
LIGHT_TEXT, DARK_TEXT = "#fdfdfd", "#0d0f12"
ON_BAR = {
    (LIGHT_TEXT, LIGHT_TEXT): "#fcfcfd",
    (LIGHT_TEXT, DARK_TEXT): "#fbfcfd",
    (DARK_TEXT, LIGHT_TEXT): "#0e0f12",
    (DARK_TEXT, DARK_TEXT): "#0d1012",
}

# The value of each colour on a dark page.
_ON_DARK = {INK: "#e8eaed", MUTED: "#a9b1bb", GRID: "#363c44", PAPER: "#15181c", **CALLS, **SHADES}
_ON_DARK |= {colour: DARK_LAYERS[layer] for layer, colour in LAYER_COLOURS.items()}
_ON_DARK |= {colour: pair[1] for pair, colour in ON_BAR.items()}
# The variable of each colour, and the variables' values on a dark page.
VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"}
VARIABLES |= {colour: layer.replace("_", "-") for layer, colour in LAYER_COLOURS.items()}
for _kind, _colours in (("call", CALLS), ("shade", SHADES), ("on-bar", ON_BAR.values())):
    VARIABLES |= {colour: f"{_kind}-{number}" for number, colour in enumerate(_colours)}
DARK = {name: _ON_DARK[colour] for colour, name in VARIABLES.items()}


def text_on(color: str) -> str:
    """The text colour for a bar of ``color``, a layer's: readable on it on light and on dark pages."""
    return ON_BAR[_readable_on(color), _readable_on(_ON_DARK[color])]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG defines it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable_on(color: str) -> str:
    return max(LIGHT_TEXT, DARK_TEXT, key=lambda text: contrast(text, color))


def _luminance(color: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
