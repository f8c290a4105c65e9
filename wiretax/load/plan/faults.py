"""Faults as people write them: KIND[:SHARE[:TIME]] on the command line, one table each in a plan."""

from __future__ import annotations

from collections.abc import Sequence

from wiretax.load.plan.schema import FaultTable
from wiretax.mock.faults import KINDS, WAITS_S, Fault
from wiretax.toml_errors import near
from wiretax.units.duration import parse_duration

LONGEST_WAIT_S = 600
# Shares like 0.1 are not exact; ten of them are still all requests.
ROUNDING = 1e-9


class FaultError(ValueError):
    """An invalid fault: one line that says what was given and what was expected."""


def parse_fault(text: str) -> Fault:
    """A fault like ``stall``, ``rate-limit:0.1`` or ``slow:0.5:200ms``.

    Raises:
        FaultError: if it is invalid.
    """
    kind, *rest = text.strip().split(":")
    if len(rest) > 2:
        raise FaultError(f"{text!r}, expected KIND[:SHARE[:TIME]], like rate-limit:0.1:2s")
    try:
        share = float(rest[0]) if rest else 1.0
    except ValueError:
        raise FaultError(f"{text!r}: share {rest[0]!r}, expected a number over 0 and up to 1") from None
    return _fault(kind, share, rest[1] if len(rest) > 1 else None, "a time")


def fault_of(table: FaultTable) -> Fault:
    """The fault that a table of a plan describes.

    Raises:
        FaultError: if it is invalid.
    """
    times = {
        "delay": (table.delay, ("slow", "delay-delivery")),
        "retry_after": (table.retry_after, ("rate-limit",)),
    }
    for key, (given, kinds) in times.items():
        if given is not None and table.kind in KINDS and table.kind not in kinds:
            named = " or ".join(f'"{kind}"' for kind in kinds)
            raise FaultError(f"{key} goes with kind = {named}, not with {table.kind!r}; leave it out")
    return _fault(table.kind, table.share, table.delay or table.retry_after, "delay or retry_after")


def refuse_excess_shares(faults: Sequence[Fault]) -> None:
    """Check that each request meets one fault at most.

    Raises:
        FaultError: if the shares add up to more than all requests.
    """
    total = sum(fault.share for fault in faults)
    if total > 1 + ROUNDING:
        raise FaultError(f"shares add up to {total:g}, expected 1 at most: a request meets one fault or none")


def _fault(kind: str, share: float, wait: str | None, what: str) -> Fault:
    if kind not in KINDS:
        raise FaultError(f"unknown fault {kind!r}; one of {', '.join(KINDS)}{near(kind, KINDS)}")
    if not 0 < share <= 1:
        raise FaultError(f"{kind}: share {share:g}, expected over 0 and up to 1")
    if kind not in WAITS_S:
        if wait is not None:
            raise FaultError(f"{kind} takes no time; {what} goes with {' and '.join(WAITS_S)}")
        return Fault(kind, share)
    try:
        wait_s = WAITS_S[kind] if wait is None else parse_duration(wait)
    except ValueError as error:
        raise FaultError(f"{kind}: {error}") from None
    if wait_s > LONGEST_WAIT_S:
        raise FaultError(f"{kind}: {wait}, expected {LONGEST_WAIT_S} s at most")
    if kind == "rate-limit" and not wait_s.is_integer():
        raise FaultError(f"{kind}: {wait}, expected whole seconds, as Retry-After has them")
    return Fault(kind, share, wait_s)
