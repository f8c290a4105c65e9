"""What a plan is going to send, before it sends anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.sweep.conductor import LEAST_ROUND_TRIPS
from wiretax.units.duration import format_duration
from wiretax.wire.connections.target import Target
from wiretax.wire.publishers.request_source import RequestSource


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan takes.

    Attributes:
        trial_messages: sent before the run; a call of each workload.
        round_messages: of a round, each user with the twenty calls that a slice lasts at least and the one that is
            under way when it ends.
        messages: of the trial, the warm-up and all rounds.
        call_s: the assumed duration of a call; faster calls send more messages.
        seconds: what all slices last at least.
        message_bytes: HTTP's bytes of the workload that takes most of them for a message.
    """

    trial_messages: int
    round_messages: int
    messages: int
    call_s: float
    seconds: float
    message_bytes: float


def forecast(plan: Plan, targets: Sequence[Target]) -> Forecast:
    """What a plan takes whose workloads go to these targets, or to a mock that is not among them."""
    trial = trial_messages(plan)
    a_round = trial * plan.users * (LEAST_ROUND_TRIPS + 1)
    endpoints = {target.server: target.endpoint for target in targets}
    return Forecast(
        trial_messages=trial,
        round_messages=a_round,
        messages=trial + a_round * (plan.rounds + 1),
        call_s=plan.slice_s / LEAST_ROUND_TRIPS,
        seconds=plan.slice_s * len(plan.workloads) * (plan.rounds + 1),
        message_bytes=max(
            _message_bytes(each, endpoints[each.server], plan.seed)
            for each in plan.workloads
            if each.server in endpoints
        ),
    )


def trial_messages(plan: Plan) -> int:
    """Messages that are sent before a run: a call of each workload."""
    return sum(workload.call.messages for workload in plan.workloads)


def rounds_within(plan: Plan, targets: Sequence[Target], limit: int) -> int:
    """How many rounds fit in a limit of messages, beside the trial and the warm-up; 0 if not even those do."""
    expected = forecast(plan, targets)
    return max(0, (limit - expected.trial_messages) // expected.round_messages - 1)


def users_within(plan: Plan, targets: Sequence[Target], limit: int) -> int:
    """How many users may send a plan's rounds within a limit of messages; 0 if not even one may."""
    expected = forecast(replace(plan, users=1), targets)
    return max(0, (limit - expected.trial_messages) // (expected.round_messages * (plan.rounds + 1)))


def refuse_users_beyond(plan: Plan, targets: Sequence[Target], limit: int) -> None:
    """See that a plan with the users that somebody asked for fits in a limit of messages, if fewer would.

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
    """What is going to be sent to other machines, in a sentence or two."""
    expected = forecast(plan, targets)
    urls = [target.endpoint.public_url for target in targets if not target.endpoint.is_loopback]
    where = f"{' and '.join(urls)}, not on this machine"
    megabytes = limit * expected.message_bytes / 1e6
    text = (
        f"plan {plan.name} sends at most {limit:,} messages (--max-messages), {megabytes:,.1f} MB of HTTP, in "
        f"{expected.seconds:.0f} s or more, to {where}; each message counts against the app's quota"
    )
    if expected.messages <= limit:
        return text
    return (
        f"{text}. The whole plan takes about {expected.messages:,} where a call takes "
        f"{format_duration(expected.call_s)}, and more where it is faster, so it will stop early: raise "
        "--max-messages, or see the plan remote, which sends little"
    )


def _message_bytes(workload: Workload, endpoint: Endpoint, seed: int) -> float:
    source = RequestSource.of(workload, endpoint, seed)
    body = source.next_body()
    return (len(source.head.render(body, 0)) + len(body)) / workload.call.messages
