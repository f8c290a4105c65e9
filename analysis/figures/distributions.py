"""Call latency as a spectrum of percentiles, from the fastest call to the last percentile that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import ANY_RUN, NOTHING, distinct_workloads, shown_family, title_of_family
from analysis.figures.plotted import Plotted
from analysis.figures.spectra import Line, draw_spectra, how_to_read, spectra
from analysis.figures.style import call_strokes, canvas, styled
from analysis.findings.percentile_notes import OPEN_LOOP
from analysis.measures.latency import histogram_of, percentiles, with_censored
from analysis.measures.throughput import has_comparable_rates
from analysis.text.labels import Row, call
from analysis.text.numbers import count, duration, three_digits
from wiretax.runs.mode import OBSERVED

NAME = "latency-distributions"
MOST_LINES = 7
# The title states the highest of these that is known of all lines: how many calls take up to that time, or more if
# it is a lower bound.
TOLD = {"p99": 0.99, "p90": 0.9, "p50": 0.5}
UP_TO = {
    "p99": "99 % of calls take up to",
    "p90": "90 % of calls take up to",
    "p50": "Half of the calls take up to",
}
MORE = {
    "p99": "1 % of calls take more than",
    "p90": "10 % of calls take more than",
    "p50": "Half of the calls take more than",
}


def latency_distributions(
    latency: pd.DataFrame, slices: pd.DataFrame, users: int | None = None
) -> Drawing | Absent:
    """Percentiles of latency on a scale of nines, with a line per kind of call of the representative family.

    Args:
        latency: ``latency.parquet``.
        slices: ``slices.parquet``.
        users: the number of concurrent users; by default the number in the slices.
    """
    family = shown_family(slices)
    latency = with_censored(latency)
    if family.empty or latency.empty:
        return Absent(NAME, NOTHING if family.empty else "the run has no latencies", ANY_RUN)
    known = distinct_workloads(family)
    known = known[known["workload"].isin(latency["workload"])]
    if known.empty:
        return Absent(NAME, "the run has no latencies", ANY_RUN)
    everything = known
    if len(known) > MOST_LINES:
        # Leave out calls to many channels, then keep both ends and evenly spaced sizes between them.
        known = known[known["channels"] == 1] if (known["channels"] == 1).sum() > 1 else known
        places = np.linspace(0, len(known) - 1, min(MOST_LINES, len(known))).round().astype(int)
        known = known.iloc[np.unique(places)]
    rows = known.to_dict("records")
    looks = call_strokes([call(row) for row in rows], [call(row) for row in everything.to_dict("records")])
    found = spectra(
        [
            Line(call(row), histogram_of(latency[latency["workload"] == row["workload"]]), look)
            for row, look in zip(rows, looks, strict=True)
        ]
    )
    if not found:
        return Absent(NAME, "no workload of this run has the 20 calls that a median needs", ANY_RUN)
    observed = (family["payload_kind"] == OBSERVED).all()
    users = users or int(family.groupby(["round", "workload"])["users"].sum().max())
    is_saturated = has_comparable_rates(slices) and not observed
    how = (
        "measured at the proxy"
        if observed
        else f"{'saturated' if is_saturated else 'closed loop'}, {count(users, 'user')}"
    )
    plotted = Plotted()
    title = f"{_title(latency, rows)} ({how})"
    with styled(NAME):
        figure, [axes] = canvas(9.2, 4.4, title)
        draw_spectra(axes, found, plotted)
        axes.set_xlabel("percentile of calls")
        axes.set_ylabel(f"latency, ms ({how})")
    words = (
        f"Latency of a call (ms) by percentile, {rows[0]['payload_bytes']:,} B per event, "
        f"{title_of_family(rows[0])}. {how_to_read('calls')}"
    )
    if any(spectrum["is_lower_bound"].any() for _, spectrum in found):
        words += (
            " The time of a call without an acknowledgement is a lower bound: above a hollow arrow, the true line "
            "is at least as high."
        )
    if is_saturated:
        words += (
            " Under saturation, latency reflects the length of the queue, not how fast an idle endpoint answers."
        )
    if not observed:
        words += f" {OPEN_LOOP[0].upper()}{OPEN_LOOP[1:]}."
    return Drawing(NAME, words, figure, plotted.frame())


def _title(latency: pd.DataFrame, rows: Sequence[Row]) -> str:
    """How long calls take at the highest percentile that is known of the first line and of the slowest other."""
    times = percentiles(latency, TOLD)
    times = times.loc[[row["workload"] for row in rows if row["workload"] in times.index]]
    calls = {row["workload"]: call(row) for row in rows}
    name = next((name for name in TOLD if times[f"{name}_s"].notna().all()), "p50")
    times = times[times[f"{name}_s"].notna()]
    seconds = times[f"{name}_s"]
    told = [str(times.index[0])]
    if len(times) > 1:
        told.append(str(seconds.iloc[1:].idxmax()))
    words = ", ".join(f"{_time(seconds[each])} {_by(calls[each])}" for each in told)
    return f"{(MORE if times.loc[told, f'{name}_s_is_lower_bound'].any() else UP_TO)[name]} {words}"


def _by(words: str) -> str:
    """``by trigger``, ``in a batch of 10``, ``to 10 channels``."""
    if words.startswith("to "):
        return words
    return f"in a {words}" if words.startswith("batch") else f"by {words}"


def _time(seconds: float) -> str:
    return f"{three_digits(seconds * 1e3)} ms" if seconds < 0.1 else duration(seconds)
