"""The bytes of a workload in two runs, part by part, with the cause of each difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from analysis.comparison.causes import Cause, line_changes
from analysis.comparison.side import PER_EVENT, RESPONSE, SENT, Side

LABELS = {
    "request_line": "request line",
    "auth_query": "auth query",
    "headers": "headers",
    "payload": "payload",
    "encryption": "encryption",
    "envelope": "envelope",
    "response": "response",
    "delivery": "delivery",
}
PER_CALL = ("request_line", "auth_query", "headers", "response")
# Sums of lines whose length varies are rounded to three digits in a run's files.
ROUNDING = 0.01


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part of a call or of an event whose size differs.

    Attributes:
        part: a key of ``LABELS``.
        before: bytes in the first run.
        after: bytes in the second one.
        causes: what is known of the reasons.
    """

    part: str
    before: Fraction
    after: Fraction
    causes: tuple[Cause, ...] = ()

    @property
    def per(self) -> str:
        """What the bytes are of."""
        return "call" if self.part in PER_CALL else "delivery" if self.part == "delivery" else "event"

    @property
    def unattributed(self) -> float:
        """Bytes of the difference that no cause explains, if there are causes at all."""
        if not self.causes:
            return 0.0
        rest = float(self.after - self.before) - sum(cause.bytes for cause in self.causes)
        return rest if abs(rest) > ROUNDING else 0.0


@dataclass(frozen=True, slots=True)
class WorkloadBytes:
    """A workload that both runs have.

    Attributes:
        workload: its name.
        before: bytes sent per event in the first run; None if they are not exact.
        after: the same in the second one.
        changes: the parts that differ; empty if none does.
        same_size: header lines that differ, but not in size.
    """

    workload: str
    before: Fraction | None
    after: Fraction | None
    changes: tuple[PartChange, ...]
    same_size: tuple[Cause, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether its bytes are the same in every run, so that they can be compared."""
        return self.before is not None and self.after is not None


def compare_bytes(before: Side, after: Side) -> list[WorkloadBytes]:
    """The workloads that both runs have, in the order of the first one."""
    return [_compared(name, before, after) for name in before.workloads if name in after.workloads]


def _compared(name: str, before: Side, after: Side) -> WorkloadBytes:
    lines = [*line_changes(before.lines[name], after.lines[name])] if _have_lines(name, before, after) else []
    changes = [*_parts(name, before, after, [each for each in lines if each.bytes])]
    return WorkloadBytes(
        name,
        before.exact(name, SENT),
        after.exact(name, SENT),
        tuple(changes),
        tuple(each for each in lines if not each.bytes),
    )


def _have_lines(name: str, before: Side, after: Side) -> bool:
    return name in before.lines and name in after.lines


def _parts(name: str, before: Side, after: Side, lines: list[Cause]) -> Iterator[PartChange]:
    for part in PER_EVENT:
        was, now = before.part(name, part), after.part(name, part)
        if was is None or now is None or was == now:
            continue
        causes = tuple(lines) if part == "headers" else tuple(_encoding(part, name, before, after))
        yield PartChange(part, was, now, causes)
    for part, metric in (("response", RESPONSE), ("delivery", "delivery.size.per_delivery")):
        was, now = before.exact(name, metric), after.exact(name, metric)
        if was is not None and now is not None and was != now:
            yield PartChange(part, was, now)


def _encoding(part: str, name: str, before: Side, after: Side) -> Iterator[Cause]:
    """That data is encoded as JSON twice in one of the runs: that adds to the payload, and its escapes to the
    envelope."""
    (was, was_bytes), (now, now_bytes) = (side.twice.get(name, (0, 0)) for side in (before, after))
    if part not in ("payload", "envelope") or was == now:
        return
    which = "second" if now > was else "first"
    what = f"data is encoded as JSON twice in {max(was, now):,} events of the {which} run"
    if part == "payload":
        yield Cause(what, now_bytes / after.events(name) - was_bytes / before.events(name))
    else:
        yield Cause(f"{what}, and so escaped once more", _difference(part, name, before, after))


def _difference(part: str, name: str, before: Side, after: Side) -> float:
    return float((after.part(name, part) or 0) - (before.part(name, part) or 0))
