"""Whether a baseline can be compared with a run, and what other than the client may explain a difference."""

from __future__ import annotations

from analysis.gates.baseline.accepted import Accepted, Origin
from analysis.gates.baseline.subject import Subject
from analysis.gates.evaluation.phrases import figure, limit, unit_of
from analysis.gates.evaluation.result import Case
from analysis.gates.file.checks import Check
from analysis.gates.measured.addresses import Views
from wiretax.channels.request.address import STANDARD


def other_origin(
    before: Accepted, check: Check, case: Case, here: Origin, views: Views, subject: Subject
) -> str | None:
    """Why the baseline can't be compared with the run; None if it can."""
    if case.kind == "stochastic":
        if before.conditions != here.conditions:
            return f"accepted elsewhere: {before.conditions}; here: {here.conditions}"
        return None
    workloads = views.of(check.metric).workloads
    profile = here.profile([workloads[name]["client"] for name in subject.names])
    if before.profile and profile and before.profile != profile:
        now, was = figure(case.measured, unit_of(case)), limit(before.value, unit_of(case))
        return (
            f"{now}, accepted {was} of another profile, {before.profile}; this is {profile}; "
            "look at it, then wiretax gate --accept"
        )
    return None


def other_address(before: Accepted, check: Check, views: Views, subject: Subject) -> str | None:
    """Why sizes that can't be stated for another address can't be compared; None if they can."""
    if not check.metric.names_endpoint or before.address is None:
        return None
    stated_for = views.stated_for(subject.names)
    if stated_for in (None, STANDARD) or stated_for == before.address:
        return None
    return f"accepted for another endpoint: {before.address}; here: {stated_for}; HTTP/2's sizes depend on them"


def possible_reason(before: Accepted, check: Check, views: Views, subject: Subject, here: Origin) -> str:
    """What other than the client may explain a difference from the baseline; empty if nothing is known."""
    if check.metric.names_endpoint and before.address is None:
        return (
            ": the baseline lacks the lengths of Host, app id and key, which may be the difference; look at it, "
            "then wiretax gate --accept"
        )
    if check.metric.names_endpoint and None in views.sent_to(subject.names):
        return ": this run lacks the lengths of Host, app id and key, so it is compared as sent; measure again"
    if check.metric.is_answer:
        # Older baselines record only the host.
        was, now = (before.host, here.host) if before.server is None else (before.server, here.server)
        if was != now:
            return f": accepted from {was}, this is {now}, which answers in its own way; keep a baseline for each"
    return ""


def accepted_words(before: Accepted, case: Case, here: Origin) -> str:
    """The accepted value, and the version that measured it if that is a different one."""
    words = f" (accepted {limit(before.value, unit_of(case))}"
    if before.wiretax != here.wiretax:
        words += f" with wiretax {before.wiretax}, this is {here.wiretax}"
    return words + ")"
