"""What a plan is going to send, before it sends anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.conductor import LEAST_ROUND_TRIPS
from scenarios.duration import format_duration
from scenarios.plan import Plan
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload
from wiretax.wire.publisher import Source
from wiretax.wire.trust import Target


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan takes.

    Attributes:
        trial_messages: sent to see who is there; one call for each kind of connection.
        messages: of all slices, each of the twenty calls a user that it lasts at least.
        call_s: how long a call takes where it is not more; more are sent where calls are faster.
        seconds: what all slices last at least.
        message_bytes: HTTP's bytes of the workload that takes most of them for a message.
    """

    trial_messages: int
    messages: int
    call_s: float
    seconds: float
    message_bytes: float


def forecast(plan: Plan, targets: Sequence[Target]) -> Forecast:
    """What a plan takes that holds the workloads of these, and of a mock where one of two is not among them."""
    ways = {workload.way: workload for workload in plan.workloads}.values()
    a_call_each = sum(workload.messages_per_request for workload in plan.workloads)
    trial = sum(workload.messages_per_request for workload in ways)
    endpoints = {target.server: target.endpoint for target in targets}
    return Forecast(
        trial_messages=trial,
        messages=trial + a_call_each * plan.users * LEAST_ROUND_TRIPS * (plan.rounds + 1),
        call_s=plan.slice_s / LEAST_ROUND_TRIPS,
        seconds=plan.slice_s * len(plan.workloads) * (plan.rounds + 1),
        message_bytes=max(
            _message_bytes(each, endpoints[each.server], plan.seed)
            for each in plan.workloads
            if each.server in endpoints
        ),
    )


def announce(plan: Plan, targets: Sequence[Target], limit: int) -> str:
    """What is going to be sent to other machines, in a sentence or two."""
    expected = forecast(plan, targets)
    urls = [target.endpoint.public_url for target in targets if not target.endpoint.is_loopback]
    where = f"{' and '.join(urls)}, not on this machine"
    megabytes = limit * expected.message_bytes / 1e6
    said = (
        f"plan {plan.name} sends at most {limit:,} messages (--max-messages), {megabytes:,.1f} MB of HTTP, in "
        f"{expected.seconds:.0f} s or more, to {where}; each message counts against the app's quota"
    )
    if expected.messages <= limit:
        return said
    return (
        f"{said}. The whole plan takes about {expected.messages:,} where a call takes "
        f"{format_duration(expected.call_s)}, and more where it is faster, so it will stop early: raise "
        "--max-messages, or see the plan remote, which sends little"
    )


def _message_bytes(workload: Workload, endpoint: Endpoint, seed: int) -> float:
    source = Source.of(workload, endpoint, seed)
    body = source.next_body()
    return (len(source.head.render(body, 0)) + len(body)) / workload.messages_per_request
