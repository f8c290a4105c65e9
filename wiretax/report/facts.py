"""What a report says of the run itself: which it is, whether to believe it, and where it was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from analysis.summary import summarise
from analysis.table import COLUMNS, describe, server_in_words
from wiretax.runs.reader import Run

WITNESSES = {"model": "model", "socket": "sockets", "kernel": "kernel (TCP_INFO)", "server": "mock"}
# An observed publisher has no model: what its sockets sent is what the proxy took.
OBSERVERS = {"model": "proxy", "kernel": "kernel (TCP_INFO)", "server": "mock"}
COUNTS = {"requests": "requests", "events": "events", "request_bytes": "sent, B", "response_bytes": "received, B"}
PLAN = {
    "name": "{}",
    "seed": "seed {}",
    "rounds": "{} rounds",
    "slice_s": "slices of {} s",
    "users": "{} users",
}
MOST_FAILURES = 10


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the page; Jupyter shows it, too."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def headline(run: Run) -> Passage:
    """Which run this is, in a line."""
    plan = run.meta.get("plan") or {}
    words = [
        f"<strong>{escape(str(plan.get('name', run.folder.name)))}</strong>",
        _when(run.meta.get("started")),
        escape(server_in_words(run.meta) if run.meta.get("mock") else str(run.meta.get("endpoint", ""))),
        _count(plan.get("users"), "user"),
        _count(run.meta.get("rounds_measured"), "round"),
    ]
    return Passage(f'<p class="lead">{" · ".join(word for word in words if word)}</p>')


def banner(run: Run) -> Passage:
    """What speaks against the run as a whole; empty where nothing does."""
    return Passage("".join(_banners(run)))


def _banners(run: Run) -> Iterator[str]:
    plan = run.meta.get("plan") or {}
    if not run.meta.get("valid", True):
        reasons = _sentences(run.meta.get("invalid_because") or []) or "The run does not say why."
        yield _banner("This run is invalid.", f"{reasons} Read its figures as a hint of what went wrong.")
    if run.damage:
        yield _banner(
            "A part of this run can't be read.", f"{_sentences(run.damage)} The page shows what the rest holds."
        )
    if run.meta.get("interrupted"):
        done, of = run.meta.get("rounds_measured", "?"), plan.get("rounds", "?")
        yield _banner(
            "This run was interrupted.", f"It holds {done} of {of} rounds; what they measured counts.", "notice"
        )
    if run.slices.empty and not any("slices" in sentence for sentence in run.damage):
        yield _banner(
            "This run measured nothing.",
            "So there is nothing to say of cost; below is what it was to do, and where.",
        )


def _banner(claim: str, more: str, kind: str = "") -> str:
    return f'<p class="{f"banner {kind}".strip()}" role="alert"><strong>{claim}</strong> {more}</p>'


def _sentences(words: Iterable[str]) -> str:
    """Sentences, each with its full stop, and with a capital unless it begins with the name of something."""
    return " ".join(escape(f"{_capital(each).rstrip('.')}.") for each in words)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:] if words.partition(" ")[0].isalpha() else words


def workloads(run: Run) -> Passage:
    """All workloads of a run, folded away: the table ``wiretax run`` prints, or else what was planned."""
    if run.slices.empty:
        names = (run.meta.get("plan") or {}).get("workloads") or []
        return Passage(_folded(f"{_count(len(names), 'workload')} planned", f"<p>{escape(', '.join(names))}</p>"))
    rows = summarise(run.slices, run.latency).to_dict("records")
    heads = ["client", "payload", "sent as", *(column.title for column in COLUMNS)]
    cells = [
        [row["client"], f"{row['payload_bytes']:,} B", describe(row), *(column.cell(row) for column in COLUMNS)]
        for row in rows
    ]
    return Passage(_folded(f"{_count(len(rows), 'workload')}, as measured", _table(heads, cells, 3)))


def warnings(run: Run) -> Passage:
    """What the run said of itself, and what failed in it."""
    said = [f'<p class="warning">{_sentences([each])}</p>' for each in run.meta.get("warnings") or []]
    failed = run.failures.sort_values("count", ascending=False).to_dict("records")
    if any(sentence.startswith("failures") for sentence in run.damage):
        said.append("<p>Whether exchanges failed is not known.</p>")
    elif not failed:
        said.append(f"<p>{'No' if said else 'The run gave none, and no'} exchange failed.</p>")
    if failed:
        total = int(run.failures["count"].sum())
        said.append(f"<p>{total:,} exchange{'' if total == 1 else 's'} failed, the warm-up's included:</p>")
        rows = [
            [row["workload"], row["kind"], row["status"] or "", row["message"], f"{row['count']:,}"]
            for row in failed[:MOST_FAILURES]
        ]
        said.append(_table(["workload", "kind", "status", "message", "count"], rows))
        if len(failed) > MOST_FAILURES:
            said.append(f"<p>and {len(failed) - MOST_FAILURES} more kinds</p>")
    return Passage("".join(said))


def witnesses(run: Run) -> Passage:
    """Who counted what, and whether they agree to the byte."""
    found = run.meta.get("reconcile")
    if not found:
        return Passage("<p>This run does not say what its witnesses counted.</p>")
    names = OBSERVERS if "observed" in run.meta else WITNESSES
    counted = {name: words for name, words in names.items() if found.get(name)}
    kinds = [kind for kind in COUNTS if any(kind in found[name] for name in counted)]
    rows = [
        [words, *(f"{found[name][kind]:,}" if kind in found[name] else "" for kind in kinds)]
        for name, words in counted.items()
    ]
    verdict = (
        "They agree to the byte."
        if found.get("agrees")
        else f"They disagree. {_sentences(found.get('differences', []))}"
    )
    inside = (
        " Inside TLS the kernel sees more: its records and handshakes."
        if any(found.get("tls", {}).values())
        else ""
    )
    return Passage(f"<p>{verdict}{inside}</p>{_table(['counted by', *(COUNTS[kind] for kind in kinds)], rows, 1)}")


def environment(run: Run) -> Passage:
    """Where, when and by what it was measured."""
    meta, plan = run.meta, run.meta.get("plan") or {}
    machine, busy = meta.get("environment") or {}, meta.get("busy") or {}
    facts = {
        "run": run.folder.name,
        "wiretax": meta.get("wiretax"),
        "started": _when(meta.get("started")),
        "finished": _when(meta.get("finished")),
        "plan": ", ".join(words.format(plan[key]) for key, words in PLAN.items() if key in plan),
        "workloads": len(plan.get("workloads", [])) or None,
        "endpoint": meta.get("endpoint"),
        "mock": server_in_words(meta) if meta.get("mock") else None,
        "workers": meta.get("workers"),
        "processor": machine.get("cpu_model"),
        "cores": machine.get("cores"),
        "kernel": machine.get("kernel"),
        "Python": machine.get("python"),
        "Locust": machine.get("locust"),
        "gevent": machine.get("gevent"),
        "busy, in cores": ", ".join(f"{who} {share:.0%}" for who, share in busy.items() if share is not None),
    }
    rows = [f"<tr><th>{name}</th><td>{escape(str(fact))}</td></tr>" for name, fact in facts.items() if fact]
    return Passage(f'<table class="facts"><tbody>{"".join(rows)}</tbody></table>')


def _count(number: object, thing: str) -> str:
    """``1 user``, ``16 users``; empty where it is not known."""
    return "" if number is None else f"{number} {thing}{'' if number == 1 else 's'}"


def _when(stamp: object) -> str:
    try:
        return f"{datetime.fromisoformat(str(stamp)):%-d %B %Y, %H:%M:%S %Z}".strip()
    except ValueError:
        return ""


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def _table(heads: list[str], rows: list[list[Any]], numbers_from: int | None = None) -> str:
    """A table of text; columns from ``numbers_from`` on are figures."""

    def line(tag: str, cells: list[Any]) -> str:
        return "".join(
            f'<{tag} class="number">{escape(str(cell))}</{tag}>'
            if numbers_from is not None and number >= numbers_from
            else f"<{tag}>{escape(str(cell))}</{tag}>"
            for number, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{line('th', list(heads))}</tr></thead><tbody>{body}</tbody></table>"
