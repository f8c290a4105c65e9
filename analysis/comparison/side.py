"""One of the two runs that are compared: its workloads, its figures, and the header lines of its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from analysis.gates.baseline.accepted import Origin, origin_of
from analysis.gates.baseline.gates import Gates
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.evaluation.result import Case
from analysis.gates.file.checks import Check, ValidityRules
from analysis.gates.measured.metrics import METRICS
from analysis.measures.counts import counts_of, totals
from analysis.measures.layers import WORKLOAD
from analysis.measures.observed_kinds import by_kind, kinds_of
from analysis.measures.summary import ordered
from wiretax.channels.request.head_lines import HeadLine
from wiretax.runs.reader import Run

PER_EVENT = {
    "request_line": "http.request.request_line.size.per_event",
    "auth_query": "http.request.auth_query.size.per_event",
    "headers": "http.request.headers.size.per_event",
    "payload": "http.request.payload.size.per_event",
    "encryption": "http.request.encryption.size.per_event",
    "envelope": "http.request.envelope.size.per_event",
}
SENT, CALLS, RESPONSE = "http.request.size.per_event", "requests.per_event", "http.response.size"
EXACT = (*PER_EVENT.values(), SENT, CALLS, RESPONSE, "delivery.size.per_delivery")
TIMES = (
    *("gain", "messages_per_second", "latency.p50", "latency.p99"),
    *("latency.total.p50", "latency.total.p99", "delivery.delay.p50", "delivery.delay.p99"),
    *("capacity.events_per_second", "cable.size.per_event"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """A run.

    Attributes:
        name: of its folder.
        meta: its ``run.json``.
        origin: where its values come from.
        workloads: the columns of each workload, or kind of call of an observed publisher, by name.
        cases: the figures, by workload and metric; those that the run lacks are missing.
        lines: the header lines of each workload's calls; workloads without known lines are missing.
        twice: by workload, events whose data is encoded as JSON twice, and the bytes that this adds to their data;
            workloads without such events are missing.
        published: the acknowledged events of each workload.
        invalid_because: why the run can't be relied on; empty for a valid run.
    """

    name: str
    meta: Mapping[str, Any]
    origin: Origin
    workloads: Mapping[str, Mapping[str, Any]]
    cases: Mapping[tuple[str, str], Case]
    lines: Mapping[str, tuple[HeadLine, ...]]
    twice: Mapping[str, tuple[int, int]]
    published: Mapping[str, int]
    invalid_because: tuple[str, ...]

    def exact(self, workload: str, metric: str) -> Fraction | None:
        """A figure that is the same in every run; None if the run lacks it or it is not exact."""
        case = self.cases.get((workload, metric))
        return None if case is None or case.exact is None else Fraction(case.exact)

    def part(self, workload: str, part: str) -> Fraction | None:
        """The bytes of a part of the request: of the head per call, of the body per event."""
        size = self.exact(workload, PER_EVENT[part])
        if part in ("payload", "encryption", "envelope"):
            return size
        calls = self.exact(workload, CALLS)
        return None if size is None or not calls else size / calls

    def events(self, workload: str) -> int:
        """The acknowledged events of a workload; 1 if it has none, to divide by."""
        return self.published.get(workload) or 1

    @property
    def commit(self) -> str:
        """The commit that was measured, in short; empty if it is unknown."""
        return str((self.meta.get("source") or {}).get("commit") or "")[:10]


def side_of(run: Run) -> Side:
    """A run as one side of a comparison."""
    names = kinds_of(run)
    run = by_kind(run, names)
    slices = run.slices
    # As tables order them, and those with a rate behind the others.
    shown = ordered(totals(counts_of(slices))[WORKLOAD]) if len(slices) else pd.DataFrame()
    rows = [*shown.to_dict("records"), *run.queued.drop_duplicates("workload").to_dict("records")]
    checks = tuple(Check(name, METRICS[name]) for name in (*EXACT, *TIMES))
    result = evaluate(run, Gates("compare", ValidityRules(max_failure_ratio=1.0), checks, {}))
    lines: dict[str, tuple[HeadLine, ...]] = {}
    for group in run.meta.get("heads") or []:
        for name in group["workloads"]:
            lines.setdefault(names.get(name, name), tuple(HeadLine(*line) for line in group["lines"]))
    twice: dict[str, tuple[int, int]] = {}
    for name, found in ((run.meta.get("observed") or {}).get("encoded_twice") or {}).items():
        events, added = twice.get(names.get(name, name), (0, 0))
        twice[names.get(name, name)] = events + found["events"], added + found["bytes"]
    return Side(
        name=run.folder.name,
        meta=run.meta,
        origin=origin_of(run.meta),
        workloads={str(row["workload"]): {str(key): value for key, value in row.items()} for row in rows},
        cases={(case.workload, case.metric): case for case in result.cases if case.workload is not None},
        lines=lines,
        twice=twice,
        published=_events(slices),
        invalid_because=result.invalid_because,
    )


def _events(slices: pd.DataFrame) -> dict[str, int]:
    if slices.empty:
        return {}
    return {str(name): int(events) for name, events in slices.groupby("workload")["events"].sum().items()}
