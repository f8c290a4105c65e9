"""Asking before anything is sent to another machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from wiretax.terminal import Exit, err, fail

if TYPE_CHECKING:
    from wiretax.load.client.message_limit import MessageLimit
    from wiretax.load.plan.plan import Plan
    from wiretax.wire.connections.target import Target


def message_limit_for(
    plan: Plan,
    first: Target | None,
    second: Target | None,
    max_messages: int | None,
    yes: bool,
    users_given: bool = False,
) -> MessageLimit | None:
    """How much a run may send, once that is agreed to; None for as much as it can.

    Args:
        plan: what is to be sent.
        first: where; None for a mock of its own.
        second: what is sent the same; None for none.
        max_messages: the limit that was given; None for none on this machine, and a usual one off it.
        yes: whether it was agreed to beforehand.
        users_given: whether somebody asked for the plan's number of users.

    Raises:
        PlanError: where so many users would send more than the limit to another machine, and fewer would not.
    """
    from wiretax.load.client.message_limit import USUAL_MESSAGES, MessageLimit
    from wiretax.load.sweep.forecast import announce, refuse_users_beyond, trial_messages

    targets = [target for target in (first, second) if target is not None]
    remote = any(not target.endpoint.is_loopback for target in targets)
    if max_messages is None and not remote:
        return None
    limit = USUAL_MESSAGES if max_messages is None else max_messages
    whole = plan if second is None else plan.against()
    largest = max(workload.call.messages for workload in whole.workloads)
    trial = trial_messages(whole)
    if limit < trial + largest:
        fail(
            f"--max-messages {limit}: expected {trial + largest} or more: plan {plan.name} sends {trial} before "
            f"the run, a call of each workload, and then up to {largest} in a call",
            Exit.USAGE,
        )
    if remote:
        if users_given:
            refuse_users_beyond(whole, targets, limit)
        agree(announce(whole, targets, limit), yes)
    return MessageLimit(limit)


def most_rounds_within(
    plan: Plan, first: Target | None, second: Target | None, most_rounds: int, message_limit: MessageLimit | None
) -> int:
    """How many rounds a judge may ask for: those that fit in the limit of messages, and the plan's at least.

    Args:
        plan: what is to be sent.
        first, second: where, as for ``message_limit_for``.
        most_rounds: the plan's and the added ones, without a limit.
        budget: the limit; None for none.
    """
    from wiretax.load.sweep.forecast import rounds_within

    targets = [target for target in (first, second) if target is not None]
    if message_limit is None or not targets:
        return most_rounds
    fitting = rounds_within(plan if second is None else plan.against(), targets, message_limit.limit)
    if fitting >= most_rounds:
        return most_rounds
    most = max(fitting, plan.rounds)
    err.print(
        f"rounds are added up to {most} instead of {most_rounds}: more do not fit in --max-messages "
        f"{message_limit.limit:,}",
        soft_wrap=True,
        markup=False,
    )
    return most


def agree(what: str, yes: bool) -> None:
    """Go on if it is meant: asked on a terminal, refused elsewhere unless agreed to beforehand."""
    if yes:
        err.print(what, soft_wrap=True, markup=False)
    elif sys.stdin.isatty() and sys.stderr.isatty():
        err.print(what, soft_wrap=True, markup=False)
        try:
            agreed = typer.confirm("Send it?", err=True)
        except typer.Abort:
            agreed = False
        if not agreed:
            fail("nothing was sent", Exit.USAGE)
    else:
        fail(f"{what}; add --yes if you mean it", Exit.USAGE)
