"""The sentences and tables of a run in notebooks and reports, worded like those on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from rich.text import Text

from analysis.advice.advice_text import choice
from analysis.advice.advise import Advice, Candidate, Demand, advise
from analysis.advice.call_cost import UNKNOWN, call_cost_of
from analysis.findings.brief import brief
from analysis.findings.cautions import cautions
from analysis.findings.claim import Claim
from analysis.findings.claims import claims
from analysis.findings.monthly_traffic import monthly_traffic, traffic_size
from analysis.findings.percentile_notes import OPEN_LOOP, closed_loop, notes
from analysis.measures.clients import compare_clients
from analysis.measures.connections import with_use
from analysis.measures.latency import TIMES
from analysis.measures.summary import summarise
from analysis.measures.throughput import why_no_gain
from analysis.models.cost_model import fit_bytes
from analysis.tables.columns import CLIENT_COLUMNS, Column
from analysis.tables.run_table import summary_columns
from analysis.tables.time_sheet import time_model as time_model  # pages show it as one of their parts
from analysis.text.labels import describe, transport
from analysis.text.numbers import MISSING, fixed, percent, scaled
from analysis.text.setup_text import cpu_in_words, server_in_words
from analysis.text.sheet import Cell, Lines, Sheet
from wiretax.channels.endpoint import SERVICE
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.runs.mode import OBSERVED, mode_in
from wiretax.runs.reader import Run

MACHINE = {
    "python": "Python",
    "locust": "Locust",
    "gevent": "gevent",
    "kernel": "kernel",
    "cpu_model": "processor",
    "cores": "cores",
}


def in_brief(run: Run) -> Lines:
    """The run's main findings in three sentences."""
    return Lines(brief(run.slices, run.meta))


def claimed(run: Run) -> Sheet:
    """The published claims, with the run's verdict on each."""
    return sheet_of(claims(run.slices))


def sheet_of(found: Sequence[Claim]) -> Sheet:
    """A row per claim."""
    rows = [
        (
            each.claim,
            Cell(each.verdict, mark=f"verdict {each.verdict.replace(' ', '-')}"),
            Cell(_with(each.measured, each.interval), small=each.note),
            each.workload,
        )
        for each in found
    ]
    return Sheet(("Claim", "Verdict", "Measured [95 % CI]", "Workload"), rows, words=4)


def costs(run: Run) -> Sheet:
    """A row per workload: bytes per event, savings and rates."""
    summary = summarise(run.slices, run.latencies)
    columns = summary_columns(summary)
    rows = [
        (f"{row['payload_bytes']:,} B", str(row["client"]), describe(row), *(each.cell(row) for each in columns))
        for row in summary.to_dict("records")
    ]
    headers = ("Payload", "Client", "Sent as", *_titles(columns))
    return Sheet(headers, rows, words=3, notes=[*_of_times(summary, run.meta)])


def _of_times(summary: pd.DataFrame, meta: dict[str, Any]) -> Iterator[str]:
    """How to read a table's times; nothing if it has none."""
    if not summary["samples"].any():
        return
    # An observed publisher sends at its own pace.
    if (summary["payload_kind"] != OBSERVED).any() and "users" in meta.get("plan", {}):
        yield f"{closed_loop(meta['plan']['users'], mode_in(meta) == 'free')}; {OPEN_LOOP}"
    yield from notes(summary, TIMES)


def libraries(run: Run) -> Sheet:
    """A row per client library with its trigger and its batch; no rows if there is only one client."""
    pairs = compare_clients(summarise(run.slices))
    pairs = pairs if pairs["client"].nunique() > 1 else pairs.iloc[:0]
    rows = [
        (
            ", ".join([row["client"], *transport(row)]),
            f"{row['payload_bytes']:,} B",
            *(each.cell(row) for each in CLIENT_COLUMNS),
        )
        for row in pairs.to_dict("records")
    ]
    headers = (
        "Client",
        "Payload",
        "Head of a trigger, B",
        "Head of a batch, B",
        "Sent per event, trigger, B",
        "Sent per event, batch, B",
        "Saving %",
        "Cable per event, trigger, B",
        "Cable per event, batch, B",
        "Gain x [95 % CI]",
    )
    return Sheet(headers, rows)


def bytes_model(run: Run) -> Sheet:
    """H, E and k by call and payload, and the bytes that they leave unexplained."""
    rows = [
        (
            ", ".join([_api(row), row["client"], *transport(row)]),
            f"{row['payload_bytes']:,} B",
            _bytes(row["call_bytes"]),
            _bytes(row["envelope_bytes"]),
            fixed(row["escape_factor"], 4),
            _bytes(row["event_bytes"]),
            _bytes(row["residual"]),
            row["digits"],
            row["batch_sizes"],
        )
        for row in with_use(fit_bytes(run.slices), run.slices)
        .sort_values(["client", "api", "channels", "payload_bytes"])
        .to_dict("records")
    ]
    headers = (
        "Call",
        "Payload",
        "H, B per call",
        "E, B per event",
        "k",
        "E + k p, B per event",
        "Residual, B per call",
        "Digits of Content-Length",
        "Batch sizes n",
    )
    return Sheet(headers, rows)


def monthly(run: Run) -> Sheet:
    """What batches of ten save at several volumes."""
    rows = [
        (
            f"{each.events:,}",
            traffic_size(each.events * each.alone),
            traffic_size(each.events * each.batched),
            each.arithmetic,
        )
        for each in monthly_traffic(run.slices)
    ]
    return Sheet(("Events per month", "Sent, one per call", "Sent, ten per call", "Saved"), rows, words=0)


def advice(run: Run, rate: float, payload_bytes: int, rtt_s: float, budget_s: float, **more: Any) -> Advice:
    """The batch size and linger to use at a rate, based on the call times of this run.

    Args:
        run: the run whose call times are used.
        rate: events per second.
        payload_bytes: payload bytes of one event.
        rtt_s: the round trip to the endpoint (s).
        budget_s: the longest time (s) from an event's arrival to the response of its call.
        more: other columns of the workload, like ``client`` and ``payload_kind``.
    """
    workload = Workload.of(payload_bytes=payload_bytes, tls=True, **more)
    demand = Demand(workload, SERVICE, rate, rtt_s, budget_s, Limits().batch_size)
    return advise(demand, call_cost_of(run, workload) or UNKNOWN)


def chosen(given: Advice) -> Lines:
    """The recommendation in sentences."""
    return Lines([Text.from_markup(line).plain for line in choice(given)])


def options(given: Advice) -> Sheet:
    """The recommendation and its alternatives."""
    rows = [
        (
            Cell("trigger" if each.batch_size == 1 else f"batch of {each.batch_size}", mark=_mark(given, each)),
            scaled(each.linger_s, 1e3, 0) if each.linger_s else MISSING,
            fixed(each.events_per_call, 1),
            f"{each.calls_per_s:,.4g}",
            fixed(each.bytes_per_s, 0),
            MISSING if each.batch_size == 1 else percent(given.saving(each)),
            scaled(each.mean_s, 1e3, 1),
            scaled(each.worst_s, 1e3, 1),
            f"{each.connections:,}",
        )
        for each in given.shown
    ]
    headers = (
        "Sent as",
        "Linger, ms",
        "Events per call",
        "Calls/s",
        "Sent, B/s",
        "Saving",
        "Mean, ms",
        "Worst, ms",
        "Connections",
    )
    return Sheet(headers, rows)


def _mark(given: Advice, option: Candidate) -> str:
    return "advised" if option is given.advised else "" if option.fits else "too-late"


def warnings(run: Run) -> Lines:
    """Reasons why the run is invalid, its warnings, and cautions about its figures."""
    found = [f"{str(caution)[0].upper()}{str(caution)[1:]}." for caution in cautions(run.slices, run.meta)]
    invalid = [f"Invalid: {reason}." for reason in run.meta.get("invalid_because", [])]
    own = [f"{warning[0].upper()}{warning[1:]}." for warning in run.meta.get("warnings", [])]
    why = [each for each in [why_no_gain(run.slices)] if each]
    return Lines(
        [*invalid, *why, *own, *found], "None: the run is valid, and its ratios hold within their intervals."
    )


def witnesses(run: Run) -> Sheet:
    """The counts of each witness."""
    reconcile = run.meta.get("reconcile", {})
    names = {"model": "model", "socket": "sockets", "kernel": "kernel (TLS included)", "server": "mock"}
    rows = [
        (name, *(f"{reconcile[key][each]:,}" if each in reconcile[key] else "-" for each in COUNTED))
        for key, name in names.items()
        if reconcile.get(key)
    ]
    return Sheet(("Witness", "Requests", "Events", "Bytes sent", "Bytes received"), rows)


COUNTED = ("requests", "events", "request_bytes", "response_bytes")


def environment(run: Run) -> Sheet:
    """Where and how the run was measured."""
    meta, plan = run.meta, run.meta.get("plan", {})
    machine = meta.get("environment", {})
    facts = {
        "run": run.folder.name,
        "started": meta.get("started"),
        "plan": plan.get("name"),
        "rounds": meta.get("rounds_measured"),
        "slice": f"{plan['slice_s'] * 1e3:g} ms" if "slice_s" in plan else None,
        "users": plan.get("users"),
        "endpoint": meta.get("endpoint"),
        "mock": None if meta.get("mock") is None else server_in_words(run),
        "CPU": cpu_in_words(meta.get("busy") or {}) or None,
        "wiretax": meta.get("wiretax"),
        **{name: machine.get(key) for key, name in MACHINE.items()},
    }
    return Sheet(("", ""), [(name, str(value)) for name, value in facts.items() if value is not None], words=2)


def _titles(columns: tuple[Column, ...]) -> list[str]:
    return [column.title.replace("\n", " ") for column in columns]


def _api(row: dict[Any, Any]) -> str:
    return f"to {row['channels']} channels" if row["api"] == "multi_trigger" else str(row["api"])


def _with(measured: str, caution: str) -> str:
    return measured if caution in ("-", "exact") else f"{measured} {caution}"


def _bytes(value: float) -> str:
    return MISSING if pd.isna(value) else f"{value:,.6g}"
