"""When a run's figures, or those of a workload, are invalid."""

from __future__ import annotations

from analysis.gates.baseline.subject import Subject
from analysis.gates.file.checks import ValidityRules
from analysis.gates.measured.addresses import Views
from analysis.gates.measured.metrics import Metric
from analysis.gates.measured.run_counts import Measured
from wiretax.runs.reader import Run


def why_run_is_invalid(run: Run, views: Views) -> tuple[str, ...]:
    """Why a run's figures are invalid; empty if they are valid."""
    meta = run.meta
    reasons = [*run.damage, *meta.get("invalid_because", ())]
    reconcile = meta.get("reconcile", {})
    if not reconcile.get("agrees"):
        differences = reconcile.get("differences") or ["run.json does not record in what"]
        reasons += [f"the witnesses disagree: {each}" for each in differences]
    all_counts = (
        each.counts(name) for each in (views.at(None), views.queues, views.searches) for name in each.workloads
    )
    if not any(counts["events"] for counts in all_counts):
        reasons.append("no samples: no event was acknowledged in any whole slice")
    if not meta.get("valid") and not reasons:
        reasons.append("run.json does not mark the run as valid")
    return tuple(dict.fromkeys(reasons))


def why_invalid(subject: Subject, metric: Metric, measured: Measured, rules: ValidityRules) -> str | None:
    """Why a metric's figures of these workloads are invalid; None if they are valid."""
    for name in subject.names:
        counts = measured.counts(name)
        if not counts["events"]:
            return f"no samples: no event of {name} was acknowledged"
        if metric.queue is not None and (short := measured.why_not_offered(name)):
            return short
        if counts["requests"] < rules.min_requests:
            return f"{counts['requests']:,} requests of {name}, expected at least {rules.min_requests:,}"
        exchanges = counts["requests"] + counts["unfinished_requests"]
        if counts["failures"] > rules.max_failure_ratio * exchanges and not metric.counts_failures:
            return (
                f"{counts['failures']:,} of {exchanges:,} exchanges of {name} failed, "
                f"expected a share of at most {rules.max_failure_ratio:g}"
            )
    return None
