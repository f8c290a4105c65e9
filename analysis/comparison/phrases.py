"""A comparison in words: what the terminal and Markdown share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from analysis.comparison.bytes_compared import LABELS, PartChange, WorkloadBytes
from analysis.comparison.causes import Cause
from analysis.comparison.compare import Comparison
from analysis.comparison.side import Side
from analysis.comparison.times_compared import TimesPair
from analysis.gates.evaluation.phrases import measured
from analysis.text.numbers import count, fixed, listed, signed_bytes, trimmed

# Workloads, and runs' messages, that are named one by one.
MOST_NAMED = 6
# Figures that are taken within one run, or that users ask for first.
ALWAYS = ("gain", "capacity.events_per_second")


def title(side: Side) -> str:
    """A run, with its commit and labels: ``2026-11-27T22-30-00-quick (commit 1a2b3c, branch main)``."""
    source = side.meta.get("source") or {}
    known = [f"commit {side.commit}"] if side.commit else []
    known += [f"branch {source['branch']}"] if source.get("branch") else []
    known += [f"{key}={value}" for key, value in (side.meta.get("labels") or {}).items()]
    return f"{side.name} ({', '.join(known)})" if known else side.name


def change(before: Fraction, after: Fraction) -> str:
    """``456 -> 480 (+24)``."""
    return f"{exactly(before)} -> {exactly(after)} ({signed_bytes(float(after - before))})"


def exactly(value: Fraction) -> str:
    """A number of bytes with up to three digits after the point."""
    return trimmed(float(value), 3)


def total(row: WorkloadBytes) -> str:
    """What an event costs in both runs: ``558.4 -> 590.4 (+32, +5.7 %)``."""
    if row.before is None or row.after is None:
        return "not exact"
    if row.before == row.after:
        return exactly(row.before)
    share = f", {signed_bytes(round(float(row.after / row.before - 1) * 100, 1))} %" if row.before else ""
    return f"{change(row.before, row.after)[:-1]}{share})"


def part(row: PartChange) -> str:
    """``headers 456 -> 480 (+24) B per call``."""
    return f"{LABELS[row.part]} {change(row.before, row.after)} B per {row.per}"


def causes(row: PartChange) -> Iterator[str]:
    """``traceparent added: +57 B``, and what no cause explains."""
    yield from (cause(each) for each in row.causes)
    if row.unattributed:
        yield f"unexplained: {signed_bytes(row.unattributed)} B"


def cause(each: Cause) -> str:
    """One cause."""
    return f"{each.what}: {signed_bytes(each.bytes)} B"


def unchanged(comparison: Comparison) -> str:
    """The workloads whose bytes are the same; empty if all differ."""
    names = [each.workload for each in comparison.bytes if each.is_exact and not each.changes]
    if not names:
        return ""
    return f"the same bytes in both runs: {named(names)}"


def named(names: Sequence[str]) -> str:
    """``trigger, batch of 5 and batch of 10``; of many names the first ones, and how many more there are."""
    more = len(names) - MOST_NAMED
    return listed([*names[:MOST_NAMED], f"{more} more"] if more > 0 else names)


def verdict(comparison: Comparison) -> str:
    """The comparison in a sentence."""
    both, changed = len(comparison.bytes), len(comparison.changed)
    if not both:
        return "the runs have no workload in common"
    same = "bytes differ in" if changed else "no byte differs in"
    words = f"{same} {changed} of {count(both, 'workload')}" if changed else f"{same} {count(both, 'workload')}"
    alone = [
        f"{count(len(names), 'workload')} only in the {which} run"
        for names, which in ((comparison.only_before, "first"), (comparison.only_after, "second"))
        if names
    ]
    return "; ".join([words, *alone])


def pairs_shown(comparison: Comparison) -> list[TimesPair]:
    """The figures of which the intervals show a difference, and the gains; the others are only counted."""
    return [each for each in comparison.times if each.shown == "differ" or each.metric in ALWAYS]


def other_pairs(comparison: Comparison) -> str:
    """How many figures are not shown; empty if all are."""
    others = len(comparison.times) - len(pairs_shown(comparison))
    return f"{count(others, 'other figure')}: no difference shown (--json has all)" if others else ""


def pair(row: TimesPair) -> tuple[str, str, str, str]:
    """Both values with their intervals, their ratio, and whether they show a difference."""
    ratio = "-" if row.ratio is None else f"{fixed(row.ratio, 3)}x"
    return measured(row.before), measured(row.after), ratio, row.shown
