"""What the live page says of a test beside its figures: what it sends, where, since when, and what it came to."""

from __future__ import annotations

from datetime import datetime
from time import time
from typing import Any

from wiretax.load.drivers.locustfiles.locust_session import LocustSession
from wiretax.load.drivers.outcomes import Saved
from wiretax.load.web.reports import ReportMaker
from wiretax.runs.mode import FREE_RUN
from wiretax.terminal import Exit

# What an exit code means for a run that no gates judged.
MEANINGS = {
    Exit.OK: "valid",
    Exit.CHECK_FAILED: "events were left unpublished",
    Exit.INVALID: "invalid",
    Exit.INTERRUPTED: "stopped early",
}
# With gates.
JUDGED = {
    Exit.OK: "gates passed",
    Exit.CHECK_FAILED: "gates failed",
    Exit.INCONCLUSIVE: "gates inconclusive",
    Exit.INVALID: "invalid",
}
GOOD, BAD, NEITHER = "good", "bad", "neither"


def running_test(session: LocustSession) -> dict[str, Any] | None:
    """The test that is running, or ran last; None before the first.

    Returns:
        ``running``, ``state`` (Locust's word), ``plan`` (None in a free run), ``endpoint`` (without a secret),
        ``on_mock``, ``faults`` (that the mock injects, as the option reads them), ``users`` (of a test that ended,
        the most there were), ``classes`` (users by class), ``workers`` (None without), ``started_s`` (seconds
        since the epoch), ``lasted_s``, ``skipped`` (sentences), ``progress`` (words and a share; None without an
        end), ``round`` (its number, as in the files) and ``rounds``, and ``run`` (the name of the folder).
    """
    ready, run = session.ready, session.run
    if ready is None or run is None:
        return None
    progress = run.progress if session.is_running else None
    # A test that ended is the newest that was saved.
    ended = next((each for each in session.saved if each.folder == ready.folder), None)
    lasted_s = time() - session.started_s if session.is_running or ended is None else _lasted_s(ended)
    return {
        "running": session.is_running,
        "state": session.state,
        "plan": ready.plan.name if ready.plan else None,
        "endpoint": ready.endpoint,
        "on_mock": ready.own_mock,
        "faults": [str(each) for each in ready.plan.faults.faults] if ready.plan and ready.own_mock else [],
        "users": session.users if ended is None else _users(ended.meta["plan"]),
        "classes": session.users_by_class if ready.plan is None else {},
        "workers": session.workers,
        "started_s": session.started_s,
        "lasted_s": round(lasted_s, 1),
        "skipped": [str(each) for each in run.skipped],
        "progress": None if progress is None else [progress.words, round(progress.done, 4)],
        "round": None if progress is None else progress.round,
        "rounds": 0 if progress is None else progress.rounds,
        "run": ready.folder.name,
    }


def finished_test(saved: Saved) -> dict[str, Any]:
    """A run that was saved, like ``running_test``."""
    return {
        "running": False,
        "state": "stopped",
        **_of_meta(saved),
        "faults": [],
        "classes": {},
        "workers": None,
        "skipped": [],
        "progress": None,
        "round": None,
        "rounds": 0,
        "run": saved.folder.name,
    }


def run_row(saved: Saved, reports: ReportMaker) -> dict[str, Any]:
    """A line of the list of runs.

    Returns:
        ``name``, ``folder`` (its path), ``valid``, ``verdict`` (in words), ``tone`` (whether that is good, bad or
        neither), ``code`` (the exit code), ``checks`` (what gates came to), ``notes`` (sentences), ``report`` (its
        state), ``has_figures`` (whether the page can show them), and what it was.
    """
    name, verdict = saved.folder.name, _verdict(saved)
    return {
        "name": name,
        "folder": str(saved.folder),
        "valid": saved.valid,
        "verdict": verdict,
        "tone": GOOD
        if saved.code == Exit.OK
        else BAD
        if saved.code in (Exit.CHECK_FAILED, Exit.INVALID)
        else NEITHER,
        "code": saved.code,
        "checks": saved.checks,
        "notes": saved.reasons,
        "report": reports.status(name).state,
        "has_figures": saved.live is not None,
        **_of_meta(saved),
    }


def _verdict(saved: Saved) -> str:
    if saved.code == Exit.INTERRUPTED and not saved.valid:
        return "stopped early, invalid"
    known = JUDGED if saved.checks else MEANINGS
    return known.get(Exit(saved.code), f"exit code {saved.code}")


def _of_meta(saved: Saved) -> dict[str, Any]:
    meta = saved.meta
    plan = meta["plan"]["name"]
    return {
        "plan": None if plan == FREE_RUN else plan,
        "endpoint": meta["endpoint"],
        "on_mock": meta["mock"] is not None,
        "users": _users(meta["plan"]),
        "started_s": datetime.fromisoformat(meta["started"]).timestamp(),
        "lasted_s": round(_lasted_s(saved), 1),
    }


def _users(plan: dict[str, Any]) -> int:
    """The most users that there were at a time. A free run counts those of each workload in ``users``, and all of
    them in its stages."""
    return max([int(each["users"]) for each in plan.get("stages") or ()], default=int(plan["users"]))


def _lasted_s(saved: Saved) -> float:
    started, finished = (datetime.fromisoformat(saved.meta[key]) for key in ("started", "finished"))
    return (finished - started).total_seconds()
