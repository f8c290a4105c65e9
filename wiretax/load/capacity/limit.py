"""What was saturated in a probe that did not hold."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from wiretax.load.capacity.outcome import Outcome
from wiretax.runs.files.probes import Limit

# Connections that have a call under way for this share of the time are all in use.
ALL_BUSY = 0.9
# A call that takes up to this many times as long as without load is not slower because of the server's load.
AS_FAST = 1.5


def unloaded_call_s(outcomes: Iterable[Outcome]) -> float:
    """How long a call takes (s) without load: as in the probe with the fastest calls; infinite if all failed."""
    return min((each.call_s for each in outcomes if each.call_s), default=inf)


def limit_of(outcome: Outcome, call_s: float) -> Limit:
    """What was saturated first; empty if the rate held.

    The server is blamed last: only for what the generator sent in time, over connections that were free, or that
    were in use because calls took longer than they do without load.

    Args:
        outcome: the probe's.
        call_s: how long a call takes without load (s).
    """
    if outcome.held:
        return ""
    if outcome.by_generator:
        return "generator"
    if outcome.busy >= ALL_BUSY and outcome.call_s <= AS_FAST * call_s < inf:
        return "connections"
    return "server"
