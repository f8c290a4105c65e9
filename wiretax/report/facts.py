"""Passages of a report about the run itself: its name, warnings, workloads, failures and method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape

from analysis.tables.notebook_capacity import capacity
from analysis.tables.notebook_queues import queues
from analysis.tables.notebook_tables import costs
from analysis.tables.starts_table import starts_sheet
from analysis.text.numbers import count
from analysis.text.setup_text import FREE, chosen_by, server_in_words
from analysis.text.sheet import Numbers, Sheet, Words
from wiretax.runs.mode import mode_in
from wiretax.runs.reader import Run

MOST_FAILURES = 10


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of HTML, which Jupyter displays."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def headline(run: Run) -> Passage:
    """One line that identifies the run."""
    plan = run.meta.get("plan") or {}
    rounds = run.meta.get("rounds_measured")
    words = [
        f"<strong>{escape(str(plan.get('name', run.folder.name)))}</strong>",
        _when(run.meta.get("started")),
        escape(server_in_words(run) if run.meta.get("mock") else str(run.meta.get("endpoint", ""))),
        count(plan["users"], "user") if "users" in plan else "",
        "" if rounds is None else count(rounds, "round"),
        f"{left_out} of {count(left_out + len(plan['workloads']), 'workload')} left out {escape(chosen_by(plan))}"
        if (left_out := len(plan.get("left_out") or ()))
        else "",
    ]
    return Passage(f'<p class="lead">{" · ".join(word for word in words if word)}</p>')


def banner(run: Run) -> Passage:
    """Warnings about the run as a whole; empty if there are none."""
    return Passage("".join(_banners(run)))


def _banners(run: Run) -> Iterator[str]:
    plan = run.meta.get("plan") or {}
    if not run.meta.get("valid", True):
        reasons = _sentences(run.meta.get("invalid_because") or []) or "It records no reason."
        yield _banner("This run is invalid.", f"{reasons} Use its figures only to find out what went wrong.")
    if run.damage:
        yield _banner("A part of this run can't be read.", f"{_sentences(run.damage)} The page shows the rest.")
    if run.meta.get("interrupted"):
        done, of = run.meta.get("rounds_measured", "?"), plan.get("rounds", "?")
        # A free run has no rounds.
        held = f"It holds {done} of {of} rounds; their results are" if run.meta.get("mode") != "free" else "It is"
        yield _banner("This run was interrupted.", f"{held} valid.", "notice")
    if run.slices.empty and run.queue.empty and not any("slices" in sentence for sentence in run.damage):
        yield _banner(
            "This run measured nothing.",
            "The page shows only its plan and its environment.",
        )


def _banner(claim: str, more: str, kind: str = "") -> str:
    return f'<p class="{f"banner {kind}".strip()}" role="alert"><strong>{claim}</strong> {more}</p>'


def _sentences(words: Iterable[str]) -> str:
    """Join sentences, each with a full stop, and with a capital unless it begins with an identifier."""
    return " ".join(escape(f"{_capital(each).rstrip('.')}.") for each in words)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:] if words.partition(" ")[0].isalpha() else words


def workloads(run: Run) -> Passage:
    """All workloads of a run in a collapsed section: what each cost, or the planned ones if none was measured."""
    if run.slices.empty and len(run.capacity):
        table = capacity(run)
        return _folded(f"{count(len(table.rows), 'searched workload')}, as measured", table.html())
    if run.slices.empty and len(run.queue):
        table = queues(run)
        return _folded(f"{count(len(table.rows), 'queue')}, as measured", table.html())
    if run.slices.empty:
        names = (run.meta.get("plan") or {}).get("workloads") or []
        return _folded(f"{count(len(names), 'workload')} planned", f"<p>{escape(', '.join(names))}</p>")
    table = costs(run)
    measured = _folded(f"{count(len(table.rows), 'workload')}, as measured", table.html())
    by_start = starts_sheet(run)
    if not by_start.rows:
        return measured
    summary = f"How {count(len(run.meta['starts']), 'start')} of the processes differ"
    return Passage(f"{measured.html}{_folded(summary, by_start.html()).html}")


def _folded(summary: str, content: str) -> Passage:
    return Passage(f"<details><summary>{summary}</summary>{content}</details>")


def failures(run: Run) -> Passage:
    """What failed in the run, the most frequent first."""
    if any(sentence.startswith("failures") for sentence in run.damage):
        return Passage("<p>It is not known whether exchanges failed.</p>")
    if run.failures.empty:
        return Passage("<p>No exchange failed.</p>")
    by_kind = run.failures.groupby(["workload", "kind", "status", "message"], sort=False, as_index=False)
    kinds = by_kind.agg({"count": "sum"}).sort_values("count", ascending=False)
    columns = (
        Words("Workload", lambda row: row["workload"]),
        Words("Failure", lambda row: row["kind"]),
        Words("Status", lambda row: str(row["status"] or "-")),
        Words("Message", lambda row: row["message"]),
        Numbers("Exchanges", lambda row: f"{row['count']:,}"),
    )
    table = Sheet(kinds.head(MOST_FAILURES), columns)
    all_ = count(int(run.failures["count"].sum()), "exchange")
    more = len(kinds) - len(table.rows)
    rest = f"<p>And {count(more, 'kind')} more.</p>" if more else ""
    return Passage(f"<p>{all_} failed, including those of the warm-up.</p>{table.html()}{rest}")


def agreement(run: Run) -> Passage:
    """Whether the witnesses agree."""
    found = run.meta.get("reconcile") or {}
    if not found:
        return Passage("<p>This run has no record of its witnesses' counts.</p>")
    if found.get("agrees"):
        return Passage("<p>They agree to the byte.</p>")
    return Passage(f"<p>They disagree. {_sentences(found.get('differences') or [])}</p>")


def method(run: Run) -> Passage:
    """How a run's rates and latencies were measured, and their limits."""
    return Passage("".join(f"<p><strong>{claim}</strong> {escape(more)}</p>" for claim, more in _method(run)))


def _method(run: Run) -> Iterator[tuple[str, str]]:
    server, mode = server_in_words(run), mode_in(run.meta)
    if len(run.slices) and mode == "sweep":
        yield (
            "Rates are compared round by round.",
            "Each round gives every workload a short slice, in a new order, all users at once. A gain is the "
            "median of the ratio of two rates in the same round, with its 95 % confidence interval across rounds: "
            "what slows the machine for a minute slows both.",
        )
        yield (
            "Throughput and latency are measured at saturation (closed loop).",
            "Each user sends its next call once the last one is answered, so a latency includes the wait for "
            "other users' calls; an idle endpoint answers faster. For the latency of a service's users, measure "
            "an open loop: a workload with a rate, as in plan tradeoff.",
        )
    elif len(run.slices) and mode == "free":
        yield (
            "Latency is measured in a closed loop.",
            "Each user sends its next call once the last one is answered. All classes send side by side, so their "
            "rates are not compared.",
        )
    if len(run.queue):
        yield (
            "Queues are measured in an open loop.",
            "Events arrive at a set rate, whatever the server does, and an event's latency runs from the moment "
            "it was meant to arrive to the answer of its call.",
        )
    if len(run.capacity):
        yield (
            "Capacities are searched, workload by workload in turn.",
            "Each probe is a slice at one rate, which meets the target or not; later probes lie near the edge "
            "between both. The capacity is the median of its probability distribution after all probes, and the "
            "true one lies in its interval with 95 % probability. If the generator was the limit, it is a lower "
            "bound.",
        )
    free = ""
    if server == FREE:
        free = "A mock that costs nothing shows what client and server save here; a real server may be slower. "
    yield (
        "What this page can't say:",
        "what a service on the far side of a network takes in time, which depends on the distance and on the "
        f"service. {free}A profile sends a library's bytes, not at that library's speed.",
    )


def _when(stamp: object) -> str:
    try:
        return f"{datetime.fromisoformat(str(stamp)):%-d %B %Y, %H:%M:%S %Z}".strip()
    except ValueError:
        return ""
