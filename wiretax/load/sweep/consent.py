"""Consent before anything is sent to another machine."""

from __future__ import annotations

import sys

from wiretax.load.client.message_limit import USUAL_MESSAGES, MessageLimit
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.forecast import announce, refuse_users_beyond, rounds_within, trial_messages
from wiretax.terminal import OptionError, err
from wiretax.wire.connections.target import Target


def message_limit_for(
    plan: Plan,
    first: Target | None,
    second: Target | None,
    max_messages: int | None,
    yes: bool,
    users_given: bool = False,
    agreed: bool = False,
) -> MessageLimit | None:
    """How many messages a run may send, after consent to send them to another machine; None for no limit.

    Args:
        plan: the plan to send.
        first: the endpoint; None for a mock.
        second: a second server that gets the same; None for none.
        max_messages: the given limit; None for the default.
        yes: whether consent was given as an option.
        users_given: whether the plan's number of users was given as an option.
        agreed: whether consent was given earlier, so that nothing is announced.

    Raises:
        OptionError: the limit is too low for the plan, or consent was not given.
        PlanError: this number of users would send more than the limit to another machine, and fewer would not.
    """
    targets = [target for target in (first, second) if target is not None]
    remote = any(not target.endpoint.is_loopback for target in targets)
    if max_messages is None and not remote:
        return None
    limit = USUAL_MESSAGES if max_messages is None else max_messages
    whole = plan if second is None else plan.against()
    largest = max(workload.call.messages for workload in whole.workloads)
    trial = trial_messages(whole)
    if plan.once:
        if limit < trial:
            raise OptionError(
                f"--max-messages {limit}: expected {trial} or more: a call of each workload of plan "
                f"{plan.name} sends that many"
            )
    elif limit < (trial + largest) * plan.starts:
        before = "the run" if plan.starts == 1 else f"each of {plan.starts} starts"
        raise OptionError(
            f"--max-messages {limit}: expected {(trial + largest) * plan.starts} or more: plan {plan.name} sends "
            f"{trial} before {before}, a call of each workload, and then up to {largest} in a call"
        )
    if remote and not agreed:
        if users_given:
            refuse_users_beyond(whole, targets, limit)
        agree(announce(whole, targets, limit), yes)
    return MessageLimit(limit)


def most_rounds_within(
    plan: Plan, first: Target | None, second: Target | None, most_rounds: int, message_limit: MessageLimit | None
) -> int:
    """The most rounds that gates may extend a run to: as many as the message limit allows, at least the plan's.

    Args:
        plan: the plan to send.
        first, second: the servers, as for ``message_limit_for``.
        most_rounds: the plan's rounds and the added ones, without the message limit.
        message_limit: the limit; None for none.
    """
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
    """Ask for consent on a terminal; elsewhere ``yes`` has to give it.

    Raises:
        OptionError: consent was not given.
    """
    if yes:
        err.print(what, soft_wrap=True, markup=False)
    elif sys.stdin.isatty() and sys.stderr.isatty():
        import typer  # as in ``terminal.fail``

        err.print(what, soft_wrap=True, markup=False)
        try:
            agreed = typer.confirm("Send it?", err=True)
        except typer.Abort:
            agreed = False
        if not agreed:
            raise OptionError("nothing was sent")
    else:
        raise OptionError(f"{what}; add --yes if you mean it")
