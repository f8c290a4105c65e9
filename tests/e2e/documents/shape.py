"""Compares printed output with the output that a document shows, figures aside."""

from __future__ import annotations

import re

FIGURE = re.compile(
    r"\[\S+, \S+\]|\[\?\]|\b[0-9a-f]{10}\b|(?<![A-Za-z\d])[-+]?\d[\d,.]*(?:T[\d-]+)?|(?<= )-(?= |$)"
)
# What depends on the machine and the moment: a make within make, cautions, warnings, and where a run is saved.
OF_THE_MOMENT = re.compile(r"^(make\[\d+\]: |-: too few|caution|warning|saved in|Saved in|  tip|doubt) ?")


def shape(text: str, ignored: str = "") -> list[str]:
    """The lines of an output, with ``#`` for each figure and one space between words.

    Args:
        ignored: a pattern of lines, as they are printed, that may be in one output only.
    """
    lines = (line for line in text.splitlines() if line.strip())
    kept = (line for line in lines if not OF_THE_MOMENT.match(line) and not (ignored and re.search(ignored, line)))
    return [" ".join(FIGURE.sub("#", line).split()) for line in kept]
