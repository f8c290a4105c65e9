"""How long events from a queue take: a spectrum per call, from the intended arrival to the response."""

from __future__ import annotations

import pandas as pd

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.plotted import Plotted
from analysis.figures.queue_frontier import ALIKE, TRADEOFF
from analysis.figures.spectra import Line, Spectra, draw_spectra, how_to_read, reach_of, spectra
from analysis.figures.style import call_strokes, canvas, styled
from analysis.measures.latency import LatencyDistribution, samples_needed
from analysis.measures.queues import queue_frontier
from analysis.text.labels import arrival_rate, call, queue_call
from analysis.text.numbers import duration, plain
from wiretax.runs.reader import Run

NAME = "queue-latency"
MOST_LINES = 5
MOST_PANELS = 2


def queue_latency(run: Run) -> Drawing | Absent:
    """Percentiles of an event's latency, a panel per round trip, a line per call at one rate; thin lines show how
    much of it is waiting for the call.

    The rate is the one at which most calls keep up; of several the highest.

    Args:
        run: a saved run.
    """
    table = queue_frontier(run)
    table = table[table["total_samples"] >= samples_needed(0.5)] if len(table) else table
    if table.empty:
        return Absent(NAME, "no workload of this run takes 20 events from a queue at a set rate", TRADEOFF)
    alike = [group for _, group in table.groupby([*ALIKE, "publishers", "rate"], dropna=False)]
    table = max(alike, key=lambda group: ((~group["is_overloaded"]).sum(), group["rate"].iloc[0]))
    panels = [_fewer(group) for _, group in table.groupby("rtt_s", dropna=False)][:MOST_PANELS]
    known = list(dict.fromkeys(call(row) for row in table.to_dict("records")))
    found = [_spectra(run, panel, known) for panel in panels]
    reaches = [reach_of(each) for each in found]
    reach = min(low for low, _ in reaches), max(high for _, high in reaches)
    first = table.iloc[0].to_dict()
    title = f"At {arrival_rate(first)}{_finding(panels[0])}"
    plotted = Plotted()
    with styled(NAME):
        figure, all_axes = canvas(2.6 + 4.4 * len(panels), 4.6, title, len(panels), sharey=True)
        for axes, panel, lines in zip(all_axes, panels, found, strict=True):
            rtt_ms = float(panel["rtt_s"].iloc[0]) * 1e3
            draw_spectra(axes, lines, plotted, reach, rtt_ms=rtt_ms)
            if rtt_ms > 0:
                axes.set_title(f"round trip {plain(rtt_ms)} ms")
            axes.set_xlabel("percentile of events")
        all_axes[0].set_ylabel("from intended arrival to response, ms")
    caption = (
        "Latency of an event (ms, from its intended arrival to the response of its call) by percentile, "
        f"{first['payload_bytes']:,} B per event, open loop. Thin lines are the part before the call begins: the "
        f"queue and the linger. {how_to_read('events')}"
    )
    if any(points["is_lower_bound"].any() for each in found for _, points in each):
        caption += " From a hollow arrow on, times are lower bounds."
    return Drawing(NAME, caption, figure, plotted.frame())


def _fewer(table: pd.DataFrame) -> pd.DataFrame:
    """At most ``MOST_LINES`` rows, in their order: first the trigger, then batches on the frontier."""
    first = table.assign(_order=(table["api"] != "trigger") * 2 - table["frontier"].astype(int))
    return first.sort_values("_order", kind="stable").head(MOST_LINES).sort_index().drop(columns="_order")


def _spectra(run: Run, panel: pd.DataFrame, known: list[str]) -> Spectra:
    rows = panel.to_dict("records")
    looks = call_strokes([call(row) for row in rows], known)
    totals, waiting = run.wait_times.sums("total"), run.wait_times.sums("waiting")
    lines = []
    for row, look in zip(rows, looks, strict=True):
        name, workload = queue_call(row), row["workload"]
        for sums, is_faint in ((totals, False), (waiting, True)):
            if workload in sums:
                latencies = LatencyDistribution(*sums[workload])
                lines.append(Line(name, latencies, look, is_faint, is_bound=row["is_overloaded"]))
    return spectra(lines)


def _finding(panel: pd.DataFrame) -> str:
    """What the first panel shows of its fastest and its slowest call."""
    rtt_s = float(panel["rtt_s"].iloc[0])
    over = f" over {plain(rtt_s * 1e3)} ms" if rtt_s > 0 else ""
    for name, share in (("p99", "99 % of events"), ("p50", "half of the events")):
        known = panel[panel[f"total_{name}_s"].notna()]
        if known.empty:
            continue
        rows = known.sort_values(f"total_{name}_s", kind="stable").to_dict("records")
        ends = rows if len(rows) == 1 else [rows[0], rows[-1]]
        told = [
            f"{'more than ' if row[f'total_{name}_s_is_lower_bound'] else ''}{duration(row[f'total_{name}_s'])} "
            f"{'by trigger' if row['api'] == 'trigger' else f'in a {queue_call(row)}'}"
            for row in ends
        ]
        return f"{over}, {share} take {' and '.join(told)}"
    return f"{over}, too few events were published for a median"
