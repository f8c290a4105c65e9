"""The figures of the tab and the live page, as plain data."""

from __future__ import annotations

from typing import Any

from wiretax.load.accounting.live import HEADINGS, LAYERS, Live
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.web.reports import ReportMaker

MOST_RUNS = 10
DIGITS = {
    "events_per_second": 0,
    "sent_per_event": 1,
    "received_per_event": 1,
    "head_per_request": 0,
    "overhead_factor": 2,
}


def tab_rows(live: Live | None) -> list[dict[str, Any]]:
    """The rows of Locust's table, one per workload: rounded numbers, a dash for each that is unknown."""
    return [
        {
            "name": each["event"],
            "sent_as": each["sent_as"],
            **{key: _rounded(each[key], digits) for key, digits in DIGITS.items()},
            "saving": "-" if each["saving"] is None else _rounded(each["saving"] * 100, 1),
            "failures": each["failures"],
        }
        for each in (live.workloads if live is not None else [])
    ]


def live_figures(session: LocustSession, reports: ReportMaker, key: str, since: int) -> dict[str, Any]:
    """All figures of the live page.

    Args:
        session: runs the tests.
        reports: knows which runs have a report.
        key: the test whose samples the page has.
        since: how many of its samples the page has.

    Returns:
        ``test`` (the current or last one; None before the first), ``headings`` (of the workloads' cells),
        ``layers`` (of their bars), ``workloads``, ``why_no_gain`` (a sentence; empty in a sweep), ``history``
        (samples that the page lacks), ``queues`` (those that have samples), ``deliveries`` (of workloads with
        subscribers), the ``key`` and ``samples`` to send with the next request, and ``runs``.
    """
    live = session.live
    found: dict[str, Any] = {
        "test": _test(session),
        "headings": HEADINGS,
        "layers": LAYERS,
        "workloads": [],
        "why_no_gain": "",
        "queues": [],
        "deliveries": [],
        "history": [],
        "key": "",
        "samples": 0,
    }
    if live is not None:
        found["workloads"], found["why_no_gain"] = live.workloads, live.why_no_gain
        found["queues"] = [*live.queues.workloads.values()]
        found["deliveries"] = live.deliveries.rows()
        found["key"], found["samples"] = live.key, live.samples
        found["history"] = live.history(since if key == live.key else 0)
    found["runs"] = [
        {
            "name": each.folder.name,
            "valid": each.valid,
            "notes": each.reasons,
            "report": reports.status(each.folder.name).state,
        }
        for each in session.saved[:MOST_RUNS]
    ]
    return found


def _test(session: LocustSession) -> dict[str, Any] | None:
    ready, run = session.ready, session.run
    if ready is None or run is None:
        return None
    progress = run.progress if session.is_running else None
    return {
        "running": session.is_running,
        "state": session.state,
        "plan": ready.plan.name if ready.plan else None,
        "endpoint": ready.endpoint,
        "on_mock": ready.own_mock,
        "users": session.users,
        "skipped": [str(each) for each in run.skipped],
        "progress": None if progress is None else [progress.words, round(progress.done, 4)],
    }


def _rounded(value: float | None, digits: int) -> float | str:
    if value is None:
        return "-"
    return round(value, digits) if digits else round(value)
