"""The sentences and tables of a run in notebooks and reports, worded like those on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from rich.text import Text

from analysis.advice.advice_text import choice
from analysis.advice.advise import Advice, Demand, advise
from analysis.advice.call_cost import UNKNOWN, call_cost_of
from analysis.findings.brief import brief
from analysis.findings.cautions import cautions
from analysis.findings.claim import Claim
from analysis.findings.claims import claims
from analysis.findings.monthly_traffic import arithmetic, monthly_traffic, traffic_size
from analysis.findings.percentile_notes import OPEN_LOOP, closed_loop, notes
from analysis.measures.clients import compare_clients
from analysis.measures.connections import with_use
from analysis.measures.latency import TIMES
from analysis.measures.summary import summarise
from analysis.measures.throughput import why_no_gain
from analysis.models.cost_model import fit_bytes
from analysis.tables.columns import CLIENT_COLUMNS
from analysis.tables.run_table import summary_columns
from analysis.tables.time_sheet import time_model as time_model  # pages show it as one of their parts
from analysis.text.labels import Row, describe, transport
from analysis.text.numbers import MISSING, fixed, percent, scaled
from analysis.text.setup_text import cpu_in_words, server_in_words
from analysis.text.sheet import Cell, Lines, Numbers, Sheet, Words
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
    """A row per claim, with the fields of ``Claim``."""
    columns = (
        Words("Claim", lambda row: row["claim"]),
        Words("Verdict", lambda row: Cell(row["verdict"], mark=f"verdict {row['verdict'].replace(' ', '-')}")),
        Words(
            "Measured [95 % CI]",
            lambda row: Cell(_with(row["measured"], row["interval"]), small=row["note"]),
        ),
        Words("Workload", lambda row: row["workload"]),
    )
    return Sheet(pd.DataFrame([asdict(each) for each in found]), columns)


def costs(run: Run) -> Sheet:
    """A row per workload, as ``summarise`` has them: bytes per event, savings and rates."""
    summary = summarise(run.slices, run.latencies)
    named = (
        Words("Payload", _payload),
        Words("Client", lambda row: str(row["client"])),
        Words("Sent as", describe),
    )
    return Sheet(summary, (*named, *summary_columns(summary)), [*_of_times(summary, run.meta)])


def _of_times(summary: pd.DataFrame, meta: dict[str, Any]) -> Iterator[str]:
    """How to read a table's times; nothing if it has none."""
    if not summary["samples"].any():
        return
    # An observed publisher sends at its own pace.
    if (summary["payload_kind"] != OBSERVED).any() and "users" in meta.get("plan", {}):
        yield f"{closed_loop(meta['plan']['users'], mode_in(meta) == 'free')}; {OPEN_LOOP}"
    yield from notes(summary, TIMES)


def libraries(run: Run) -> Sheet:
    """A row per client library with its trigger and its batch, as ``compare_clients`` has them; no rows if there
    is only one client."""
    pairs = compare_clients(summarise(run.slices))
    pairs = pairs if pairs["client"].nunique() > 1 else pairs.iloc[:0]
    titles = (
        "Head of a trigger, B",
        "Head of a batch, B",
        "Sent per event, trigger, B",
        "Sent per event, batch, B",
        "Saving %",
        "Cable per event, trigger, B",
        "Cable per event, batch, B",
        "Gain x [95 % CI]",
    )
    numbers = (Numbers(title, each.cell) for title, each in zip(titles, CLIENT_COLUMNS, strict=True))
    return Sheet(pairs, (Words("Client", _client), Numbers("Payload", _payload), *numbers))


def bytes_model(run: Run) -> Sheet:
    """H, E and k by call and payload, as ``fit_bytes`` has them, and the bytes that they leave unexplained."""
    fitted = with_use(fit_bytes(run.slices), run.slices)
    columns = (
        Words("Call", lambda row: ", ".join([_api(row), row["client"], *transport(row)])),
        Numbers("Payload", _payload),
        Numbers("H, B per call", lambda row: _bytes(row["call_bytes"])),
        Numbers("E, B per event", lambda row: _bytes(row["envelope_bytes"])),
        Numbers("k", lambda row: fixed(row["escape_factor"], 4)),
        Numbers("E + k p, B per event", lambda row: _bytes(row["event_bytes"])),
        Numbers("Residual, B per call", lambda row: _bytes(row["residual"])),
        Numbers("Digits of Content-Length", lambda row: row["digits"]),
        Numbers("Batch sizes n", lambda row: row["batch_sizes"]),
    )
    return Sheet(fitted.sort_values(["client", "api", "channels", "payload_bytes"]), columns)


def monthly(run: Run) -> Sheet:
    """What batches of ten save at several volumes: events per month, and bytes with one and with ten per call."""
    months = [
        {
            "events_per_month": each.events,
            "alone_bytes": each.events * each.alone,
            "batched_bytes": each.events * each.batched,
            "saved_bytes": each.saved,
        }
        for each in monthly_traffic(run.slices)
    ]
    columns = (
        Numbers("Events per month", lambda row: f"{row['events_per_month']:,}"),
        Numbers("Sent, one per call", lambda row: traffic_size(row["alone_bytes"])),
        Numbers("Sent, ten per call", lambda row: traffic_size(row["batched_bytes"])),
        Numbers("Saved", lambda row: arithmetic(*(row[name] for name in months[0]))),
    )
    return Sheet(pd.DataFrame(months), columns)


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
    """The recommendation and its alternatives: the fields of ``Candidate``, ``saving`` and ``advised``."""
    frame = pd.DataFrame(
        [{**asdict(each), "saving": given.saving(each), "advised": each is given.advised} for each in given.shown]
    )
    columns = (
        Words("Sent as", lambda row: Cell(_option(row), mark=_mark(row))),
        Numbers("Linger, ms", lambda row: scaled(row["linger_s"], 1e3, 0) if row["linger_s"] else MISSING),
        Numbers("Events per call", lambda row: fixed(row["events_per_call"], 1)),
        Numbers("Calls/s", lambda row: f"{row['calls_per_s']:,.4g}"),
        Numbers("Sent, B/s", lambda row: fixed(row["bytes_per_s"], 0)),
        Numbers("Saving", lambda row: MISSING if row["batch_size"] == 1 else percent(row["saving"])),
        Numbers("Mean, ms", lambda row: scaled(row["mean_s"], 1e3, 1)),
        Numbers("Worst, ms", lambda row: scaled(row["worst_s"], 1e3, 1)),
        Numbers("Connections", lambda row: f"{row['connections']:,}"),
    )
    return Sheet(frame, columns)


def _option(row: Row) -> str:
    return "trigger" if row["batch_size"] == 1 else f"batch of {row['batch_size']}"


def _mark(row: Row) -> str:
    return "advised" if row["advised"] else "" if row["fits"] else "too-late"


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
    """The counts of each witness; a count that it did not make is null."""
    reconcile = run.meta.get("reconcile", {})
    names = {"model": "model", "socket": "sockets", "kernel": "kernel (TLS included)", "server": "mock"}
    found = [{"witness": name, **reconcile[key]} for key, name in names.items() if reconcile.get(key)]
    frame = pd.DataFrame(found, columns=["witness", *COUNTED]).astype(dict.fromkeys(COUNTED, "Int64"))
    counts = (Numbers(title, _counted(name)) for name, title in COUNTED.items())
    return Sheet(frame, (Words("Witness", lambda row: row["witness"]), *counts))


COUNTED = {
    "requests": "Requests",
    "events": "Events",
    "request_bytes": "Bytes sent",
    "response_bytes": "Bytes received",
}


def _counted(name: str) -> Callable[[Row], str]:
    return lambda row: "-" if pd.isna(row[name]) else f"{row[name]:,}"


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
    known = [(name, str(value)) for name, value in facts.items() if value is not None]
    frame = pd.DataFrame(known, columns=["fact", "value"])
    return Sheet(frame, (Words("", lambda row: row["fact"]), Words("", lambda row: row["value"])))


def _payload(row: Row) -> str:
    return f"{row['payload_bytes']:,} B"


def _client(row: Row) -> str:
    return ", ".join([row["client"], *transport(row)])


def _api(row: Row) -> str:
    return f"to {row['channels']} channels" if row["api"] == "multi_trigger" else str(row["api"])


def _with(measured: str, caution: str) -> str:
    return measured if caution in ("-", "exact") else f"{measured} {caution}"


def _bytes(value: float) -> str:
    return MISSING if pd.isna(value) else f"{value:,.6g}"
