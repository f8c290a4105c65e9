"""The figures of the tab and the live page, as plain data."""

from __future__ import annotations

from typing import Any

from wiretax.load.accounting.live.figures import FIELDS, HEADINGS, LAYERS, Live
from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.web.reports import ReportMaker
from wiretax.load.web.shown import finished_test, run_row, running_test

# Older ones are in the results folder.
MOST_RUNS = 30
NO_FAILURES: dict[str, Any] = {"total": 0, "different": 0, "rows": []}
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


def live_figures(
    session: LocustSession, reports: ReportMaker, key: str, since: int, name: str = ""
) -> dict[str, Any] | None:
    """All figures of the live page.

    Args:
        session: runs the tests.
        reports: knows which runs have a report.
        key: the history whose points the page has.
        since: how many of its points the page has.
        name: the finished run to show; empty for the test that is running, or ran last.

    Returns:
        None if this process saved no run of that name, or keeps its figures no longer. Else:
        ``test``: what is shown; None before the first test. ``now``: whether a test is running. ``runs``: those
        that were saved.
        ``headings`` of the workloads' cells, ``layers`` of their bars, ``fields``: names of a sample's figures.
        ``workloads``, ``queues``, ``deliveries`` and ``failures``: sums so far. ``why_no_gain``: a sentence; empty
        in a sweep.
        ``history``: the points that the page lacks. ``point_s``: the time that a point covers. ``key`` and
        ``samples``: to send with the next request.
    """
    live: Live | None
    test: dict[str, Any] | None
    if name:
        saved = next((each for each in session.saved if each.folder.name == name and each.live is not None), None)
        if saved is None:
            return None
        live, test = saved.live, finished_test(saved)
    else:
        live, test = session.live, running_test(session)
    return {
        "test": test,
        "headings": HEADINGS,
        "layers": LAYERS,
        "fields": FIELDS,
        **_measured(live, since if live is not None and key == live.key else 0),
        "now": session.is_running,
        "runs": [run_row(each, reports) for each in session.saved[:MOST_RUNS]],
    }


def _measured(live: Live | None, since: int) -> dict[str, Any]:
    if live is None:
        nothing: dict[str, Any] = {each: [] for each in ("workloads", "queues", "deliveries", "history")}
        return nothing | {"why_no_gain": "", "failures": NO_FAILURES, "point_s": 0.0, "key": "", "samples": 0}
    failures = live.failures
    return {
        "workloads": live.workloads,
        "why_no_gain": live.why_no_gain,
        "queues": live.queues(),
        "deliveries": live.deliveries(),
        "failures": {"total": failures.total, "different": failures.different, "rows": failures.rows()},
        # A named tuple is no array of JSON to orjson.
        "history": [tuple(each) for each in live.history(since)],
        "point_s": live.point_s,
        "key": live.key,
        "samples": live.points,
    }


def _rounded(value: float | None, digits: int) -> float | str:
    if value is None:
        return "-"
    return round(value, digits) if digits else round(value)
