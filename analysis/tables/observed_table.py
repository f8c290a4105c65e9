"""A run of an observed publisher on the terminal: the cost of its calls, and the library that they match."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from math import isclose
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.table import Table

from analysis.measures.counts import with_all_columns
from analysis.measures.layers import HEAD, REQUEST, RESPONSE
from analysis.tables.delivery_table import print_deliveries
from analysis.text.labels import Row, describe
from analysis.text.numbers import count, fixed
from analysis.text.terminal_table import heading, print_whole
from wiretax.channels.profiles.batching import WithoutBatches
from wiretax.channels.remedies import remedy
from wiretax.channels.workload import columns_of
from wiretax.escaping import EscapingConsole
from wiretax.runs.outcome import REJECTIONS
from wiretax.runs.reader import Run
from wiretax.terminal import print_indented

KIND = [*(name for name in columns_of("call", "transport", "server") if name != "client"), "encrypted"]
SENT = [*REQUEST, "unfinished_sent_bytes"]
BYTES = [*SENT, *RESPONSE, "payload_total_bytes", "unfinished_received_bytes"]
COUNTS = ["requests", "unfinished_requests", "events", "failures"]
MOST_SHAPES = 3
# A publisher that sent more than this share of a limit may have met it.
NEAR = 0.5
# Payloads per event that differ by less are of the same events.
SAME_PAYLOAD = 0.01
# Exit codes from here on are those of commands that a signal ended.
SIGNALLED = 128
# Statuses whose cause is in the publisher's requests, for which remedies of a plan don't apply.
OF_WHAT_WAS_SENT = (400, 413, 429)
NOT_FOUND = 404
PUBLISHER = "the publisher"
HABITS = {"close": "opens a connection for each call", "keep-alive": "keeps its connections"}
COLUMNS = (
    "requests",
    "events",
    "head\nB/call",
    "body\nB/call",
    "sent\nB/event",
    "received\nB/event",
    "overhead\nx",
)


def print_observed(run: Run, console: EscapingConsole) -> None:
    """Print a run of ``wiretax observe``: kinds of call, connections, profile, failures, byte counts."""
    say = partial(console.print, soft_wrap=not console.is_terminal)
    command = shlex.join(run.meta["plan"]["command"]).replace("'***'", "***")
    where = "mock that costs nothing" if run.meta["mock"] is not None else "(upstream)"
    # The publisher's own output may lack a final line break.
    say()
    say(f"[bold]observe[/bold]  {escape(run.meta['endpoint'])}  {where}")
    say(f"[dim]{escape(command)}[/dim]")
    say()
    table = render_kinds(by_kind(run.slices))
    _add_other_calls(table, run.meta["observed"])
    print_whole(console, table)
    say()
    for saving in savings(run.slices):
        say(f"[green]saving[/green]  {escape(saving)}")
    for line in _lines(run.meta, len(run.failures)):
        say(line)
    if given := run.meta["observed"].get("variables"):  # missing in runs of older versions
        print_indented(console, "set for the command: ", ", ".join(given), indent=2, style="dim")
    for failure in run.failures.to_dict("records"):
        status = f" {failure['status']}" if failure["status"] else ""
        # If events were published, the server is right, and what is not found there is another path.
        not_found = failure["status"] == NOT_FOUND and run.slices["events"].any()
        advice = "" if not_found else _advice(failure)
        message = str(failure["message"]).rstrip("." if advice else "")
        what = f"{failure['count']} x {failure['kind']}{status}: {message}{advice}"
        say(f"[red]failed[/red]  {escape(what)}")
    if len(run.delivery):
        print_deliveries(run, console, say)
    for warning in run.meta["warnings"]:
        say(f"[yellow]warning[/yellow]  {escape(warning)}")
    for reason in run.meta["invalid_because"]:
        say(f"[red]invalid[/red]  {escape(reason)}")
    say(_byte_counts(run.meta["reconcile"]))
    say(f"saved in {escape(str(run.folder))}" if run.is_saved else "[red]not saved[/red]")


def by_kind(slices: pd.DataFrame) -> pd.DataFrame:
    """The cost of calls of one kind, whatever their payload.

    Args:
        slices: ``slices.parquet`` of an observed run.

    Returns:
        A row per kind (``KIND``), in order of first appearance:
        ``requests``, ``events``, ``failures``, ``head_per_call``, ``body_per_call``, ``sent_per_event``,
        ``received_per_event`` (bytes), ``overhead_factor`` (sent over payload, a ratio). A value is NaN if its
        divisor is zero.
    """
    frame = with_all_columns(slices).groupby(KIND, sort=False)[[*COUNTS, *BYTES]].sum()
    answered = frame["requests"].where(frame["requests"] > 0)
    events = frame["events"].where(frame["events"] > 0)
    sent = frame[SENT].sum(axis=1)
    received = frame[RESPONSE].sum(axis=1) + frame["unfinished_received_bytes"]
    payload = frame["payload_total_bytes"].where((frame["payload_total_bytes"] > 0) & (frame["events"] > 0))
    return pd.DataFrame(
        {
            "requests": frame["requests"] + frame["unfinished_requests"],
            "events": frame["events"],
            "failures": frame["failures"],
            "head_per_call": frame[HEAD].sum(axis=1) / answered,
            "body_per_call": frame["body_bytes"] / answered,
            "sent_per_event": sent / events,
            "received_per_event": received / events,
            "overhead_factor": sent / payload,
        }
    ).reset_index()


def render_kinds(kinds: pd.DataFrame) -> Table:
    """The table of ``by_kind``; it fits 80 characters."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("sent as", no_wrap=True, vertical="bottom")
    for title in COLUMNS:
        table.add_column(heading(title), justify="right", no_wrap=True)
    for row in kinds.to_dict("records"):
        table.add_row(
            escape(describe(row)),
            f"{row['requests']:,}",
            f"{row['events']:,}",
            fixed(row["head_per_call"], 0),
            fixed(row["body_per_call"], 0),
            fixed(row["sent_per_event"], 1),
            fixed(row["received_per_event"], 1),
            fixed(row["overhead_factor"], 2),
        )
    return table


def _add_other_calls(table: Table, seen: dict[str, Any]) -> None:
    """A row for each kind of call that publishes nothing: it has no events, whose cost the last columns show."""
    for each in seen.get("other_calls") or []:  # missing in runs of older versions
        requests = each["requests"]
        head, body = each["request_head_bytes"] / requests, each["request_body_bytes"] / requests
        table.add_row(escape(each["call"]), f"{requests:,}", "-", fixed(head, 0), fixed(body, 0), "-", "-", "-")


def savings(slices: pd.DataFrame) -> Iterator[str]:
    """What batches save beside triggers of the same events, in words, for each client that sent both; of encrypted
    events by themselves.

    Args:
        slices: ``slices.parquet`` of an observed run.
    """
    frame = slices[slices["api"].isin(["trigger", "batch"]) & (slices["events"] > 0)]
    if "encrypted" not in frame:  # as in runs of older versions
        frame = frame.assign(encrypted=False)
    several = {name: frame[name].nunique() > 1 for name in ("client", "encrypted")}
    for (client, encrypted), rows in frame.groupby(["client", "encrypted"], sort=False):
        counts = rows.groupby("api")[["requests", "events", "payload_total_bytes", *SENT]].sum()
        if len(counts) < 2:
            continue
        counts["sent"] = counts[SENT].sum(axis=1)
        each = counts[["sent", "requests", "payload_total_bytes"]].div(counts["events"], axis=0)
        triggered, calls, payload = each.T["trigger"]
        batched, batches, batched_payload = each.T["batch"]
        words = [str(client)] if several["client"] else []
        words += [f"{'' if encrypted else 'un'}encrypted"] if several["encrypted"] else []
        whose = f"{', '.join(words)}: " if words else ""
        if not isclose(payload, batched_payload, rel_tol=SAME_PAYLOAD):
            data = f"{fixed(payload, 1)} B and {fixed(batched_payload, 1)} B"
            yield f"{whose}unknown, as triggers and batches had different events ({data} of data each)"
            continue
        yield (
            f"{whose}{fixed(100 * (1 - batched / triggered), 1)} % of the bytes ({fixed(triggered, 1)} -> "
            f"{fixed(batched, 1)} B per event), {fixed(100 * (1 - batches / calls), 1)} % of the calls"
        )


def _advice(failure: Row) -> str:
    """What to do about an error response whose cause is not in the publisher's requests."""
    if failure["kind"] in REJECTIONS and failure["status"] not in OF_WHAT_WAS_SENT:
        return f"; {remedy(failure['kind'], failure['status'], failure['message'])}"
    return ""


def _lines(meta: dict[str, Any], failures: int) -> list[str]:
    seen = meta["observed"]
    publishing = sum(each["requests"] for each in seen["recognised"])
    requests = f"{count(meta['reconcile']['model']['events'], 'event')} in {count(publishing, 'request')}"
    # Missing in runs of older versions, as others below.
    withheld: int = seen.get("withheld_requests") or 0
    if withheld:
        requests += f", {withheld:,} of them not forwarded,"
    if seen["other_requests"]:
        requests += f" that publish, {seen['other_requests']:,} that don't{_other_bytes(seen)},"
    lines = [f"{requests} on {count(seen['connections'], 'connection')}"]
    closed_by: dict[str, int] = seen.get("closed_by") or {}
    lines += [f"  {number:,} closed by {escape(who)}" for who, number in closed_by.items()]
    closer = next(iter(closed_by), PUBLISHER)
    # By itself, and not at a response or a signal.
    failed = 0 < seen.get("exit_code", 0) < SIGNALLED and not failures and not withheld
    for each in seen["recognised"][:MOST_SHAPES]:
        who = f"{each['profile']}: " + ", ".join(
            part for part in (each["library"], each["http_client"]) if part != "none"
        )
        who = who.removesuffix(": ")
        of = "" if each["requests"] == publishing else f"{count(each['requests'], 'request')}: "
        if each["differences"]:
            differences = count(len(each["differences"]), "difference")
            lines.append(f"{of}nearest to [bold]{escape(who)}[/bold], with {differences}")
            lines += [f"  {escape(line)}" for line in each["differences"]]
        else:
            lines.append(f"{of}matches [bold]{escape(who)}[/bold]")
        if each["connection"] not in (None, each["profile_connection"]):
            habit = HABITS[each["connection"]]
            if each["connection"] == "close" and closer != PUBLISHER:
                habit = f"a connection for each call, since {escape(closer)} closes it"
            lines.append(f"  {habit}; the profile {HABITS[each['profile_connection']]}")
        lines += _limits(each, failed)
    lines += _encoded_twice(seen)
    lines += [f"  {escape(str(WithoutBatches(**each)))}" for each in seen.get("without_batches") or []]
    if len(seen["recognised"]) > MOST_SHAPES:
        lines.append(f"and {len(seen['recognised']) - MOST_SHAPES} other kinds of head; run.json has them")
    return lines


def _encoded_twice(seen: dict[str, Any]) -> Iterator[str]:
    """That documents are sent as JSON within JSON, which a library does to a string that is encoded already."""
    found = (seen.get("encoded_twice") or {}).values()  # missing in runs of older versions
    events, added = (sum(each[name] for each in found) for name in ("events", "bytes"))
    if events:
        yield (
            f"  data encoded as JSON twice: {fixed(added / events, 1)} B more in each of {count(events, 'event')} "
            "and its escapes; pass the document itself to the library"
        )


def _other_bytes(seen: dict[str, Any]) -> str:
    """The bytes of the requests that publish nothing; empty for runs of older versions, which lack them."""
    calls = seen.get("other_calls") or []
    sent, received = (
        sum(each[f"{side}_head_bytes"] + each[f"{side}_body_bytes"] for each in calls)
        for side in ("request", "response")
    )
    return f" ({sent:,} B sent, {received:,} B received)" if calls else ""


def _limits(recognised: dict[str, Any], failed: bool) -> Iterator[str]:
    """The library's own limits that the publisher came near to; all of them if it failed."""
    limits = recognised.get("limits") or []  # missing in runs of older versions
    told = [each for each in limits if failed or each["seen"] > NEAR * each["most"]]
    if told:
        why = "CMD failed, and every call it made was answered. " if failed else ""
        yield f"  {why}{escape(recognised['library'])} refuses calls beyond its limits without sending them:"
    for each in told:
        seen = f"the most it sent: {each['seen']:,}"
        yield f"    {escape(each['what'])}: {each['most']:,} {escape(each['unit'])} at most; {seen}"


def _byte_counts(reconcile: dict[str, Any]) -> str:
    if not reconcile["agrees"]:
        return "the byte counts disagree"
    names = ["proxy"] + [name for name, key in (("kernel", "kernel"), ("mock", "server")) if reconcile[key]]
    agree = f"{', '.join(names[:-1])} and {names[-1]} agree to the byte: " if len(names) > 1 else "by the proxy: "
    socket = reconcile["socket"]
    return f"{agree}{socket['request_bytes']:,} B sent, {socket['response_bytes']:,} B received"
