"""A forecast of the messages, bytes and time of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.sweep.conductor import LEAST_ROUND_TRIPS
from wiretax.queue.slice_queue import least_slice_s, stages_s
from wiretax.units.duration import format_duration
from wiretax.wire.connections.target import Target
from wiretax.wire.publishers.request_source import RequestSource


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected messages, bytes and time of a plan.

    Attributes:
        trial_messages: sent by the preflight of each start, one call of each workload.
        round_messages: per round; each user sends at least twenty calls per slice, and one more is under way
            when it ends.
        messages: of all rounds, and the trial and warm-up of each start.
        call_s: the assumed duration of a call; faster calls send more messages.
        seconds: the minimum duration of all slices.
        message_bytes: HTTP bytes per message of the workload with the most.
    """

    trial_messages: int
    round_messages: int
    messages: int
    call_s: float
    seconds: float
    message_bytes: float


def forecast(plan: Plan, targets: Sequence[Target]) -> Forecast:
    """The forecast of a plan for these targets; workloads for a mock add no bytes."""
    trial = trial_messages(plan)
    endpoints = {target.server: target.endpoint for target in targets}
    return Forecast(
        trial_messages=trial,
        round_messages=round_messages(plan),
        messages=planned_messages(plan),
        call_s=plan.slice_s / LEAST_ROUND_TRIPS,
        seconds=planned_seconds(plan),
        message_bytes=max(
            _message_bytes(each, endpoints[each.server], plan.seed)
            for each in plan.workloads
            if each.server in endpoints
        ),
    )


def trial_messages(plan: Plan) -> int:
    """Messages that are sent before a run: a call of each workload."""
    return sum(workload.call.messages for workload in plan.workloads)


def round_messages(plan: Plan) -> int:
    """Messages per round, if each user sends twenty calls per slice, and one more is under way when it ends."""
    return trial_messages(plan) * plan.users * (LEAST_ROUND_TRIPS + 1)


def planned_messages(plan: Plan) -> int:
    """Messages of all rounds, and of the trial and the warm-up of each start."""
    return trial_messages(plan) * plan.starts + round_messages(plan) * (plan.rounds + plan.starts)


def planned_seconds(plan: Plan) -> float:
    """The minimum duration (s) of all slices."""
    # A warm-up does not pass through the stages of a rate.
    return plan.slice_s * len(plan.workloads) * plan.starts + plan.rounds * sum(
        stages_s(each) or max(plan.slice_s, least_slice_s(each)) for each in plan.workloads
    )


def rounds_within(plan: Plan, targets: Sequence[Target], limit: int) -> int:
    """How many rounds fit in a limit of messages beside preflight and warm-up; 0 if not even those fit."""
    expected = forecast(plan, targets)
    return max(0, (limit - expected.trial_messages * plan.starts) // expected.round_messages - plan.starts)


def users_within(plan: Plan, targets: Sequence[Target], limit: int) -> int:
    """How many users may send a plan's rounds within a limit of messages; 0 if not even one fits."""
    expected = forecast(replace(plan, users=1), targets)
    rounds = plan.rounds + plan.starts
    return max(0, (limit - expected.trial_messages * plan.starts) // (expected.round_messages * rounds))


def refuse_users_beyond(plan: Plan, targets: Sequence[Target], limit: int) -> None:
    """Check that a plan with an explicit number of users fits in a limit of messages, if fewer users would.

    Raises:
        PlanError: it does not.
    """
    most = users_within(plan, targets, limit)
    if 1 <= most < plan.users:
        messages = forecast(plan, targets).messages
        raise PlanError(
            f"{plan.users} users: plan {plan.name} would send about {messages:,} messages, more than "
            f"--max-messages {limit:,}; {most} user{'s' * (most > 1)} would fit"
        )


def announce(plan: Plan, targets: Sequence[Target], limit: int) -> str:
    """One or two sentences on what will be sent to other machines."""
    urls = [target.endpoint.public_url for target in targets if not target.endpoint.is_loopback]
    where = f"{' and '.join(urls)}, not on this machine"
    if plan.once:
        return (
            f"plan {plan.name} sends {trial_messages(plan):,} messages, a call of each workload (--once), to "
            f"{where}; each message counts against the app's quota"
        )
    expected = forecast(plan, targets)
    megabytes = limit * expected.message_bytes / 1e6
    capacity = plan.capacity
    seconds = f"{expected.seconds:.0f} s or more" if capacity is None else f"up to {capacity.time_s:.0f} s"
    text = (
        f"plan {plan.name} sends at most {limit:,} messages (--max-messages), {megabytes:,.1f} MB of HTTP, in "
        f"{seconds}, to {where}; each message counts against the app's quota"
    )
    if capacity is not None:
        return (
            f"{text}. It searches for the highest rate that the server carries, so it overloads the server on "
            "purpose, and stops early at the message limit"
        )
    if expected.messages <= limit:
        return text
    return (
        f"{text}. The whole plan sends about {expected.messages:,} if a call takes "
        f"{format_duration(expected.call_s)}, and more if calls are faster, so it will stop early: raise "
        "--max-messages, or see the plan remote, which sends little"
    )


def _message_bytes(workload: Workload, endpoint: Endpoint, seed: int) -> float:
    source = RequestSource.of(workload, endpoint, seed)
    body = source.next_body()
    return (len(source.head.render(body, 0)) + len(body)) / workload.call.messages
