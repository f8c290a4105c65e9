"""What a plan would send, known before anything is sent: the bytes of each call, and the time that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import encrypted_sizes_vary
from wiretax.channels.request.sizes import LOOPBACK, RequestSizes, request_sizes
from wiretax.channels.workload import Server, Workload
from wiretax.load.client.message_limit import USUAL_MESSAGES
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.forecast import planned_messages, planned_seconds, trial_messages


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call of a workload.

    Attributes:
        workload: the workload.
        sizes: its layers; None with HTTP/2, which compresses heads by what was sent before.
        varies: whether the sizes are those of one call, because the library escapes encrypted data.
    """

    workload: Workload
    sizes: RequestSizes | None
    varies: bool

    @classmethod
    def of(cls, workload: Workload, endpoint: Endpoint) -> PlannedCall:
        """The call of a workload to an endpoint."""
        varies = workload.payload.encrypted and encrypted_sizes_vary(workload.transport.client)
        sizes = request_sizes(workload, endpoint) if workload.transport.http == "1.1" else None
        return cls(workload, sizes, varies)

    def layers(self) -> dict[str, float]:
        """Bytes per event by layer, from the data outwards; empty if they are not known."""
        if self.sizes is None:
            return {}
        sizes, events = self.sizes, self.workload.call.batch_size
        layers = {
            "payload": sizes.payload,
            "encryption": sizes.encryption,
            "envelope": sizes.body - sizes.payload - sizes.encryption,
            "headers": sizes.headers,
            "auth query": sizes.auth_query,
            "request line": sizes.request_line,
        }
        return {layer: size / events for layer, size in layers.items()}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan would send.

    Attributes:
        plan: the plan; for two servers, with each workload twice.
        calls: one of each workload, in the plan's order.
        urls: the servers, without secrets; empty for the built-in mock.
        limit: how many messages may be sent; None for no limit.
        trial_messages: sent before each start, in a call of each workload.
        planned_messages: sent by the whole plan if no call takes longer than a slice allows for; more if calls are
            faster.
        seconds: the least duration of all slices or, of a search, the most.
    """

    plan: Plan
    calls: tuple[PlannedCall, ...]
    urls: tuple[str, ...]
    limit: int | None
    trial_messages: int
    planned_messages: int
    seconds: float

    @property
    def limit_bytes(self) -> float | None:
        """The most HTTP bytes that fit in the limit; None if that or the limit is not known."""
        if self.limit is None or any(call.sizes is None for call in self.calls):
            return None
        per_message = (
            call.sizes.sent / call.workload.call.messages for call in self.calls if call.sizes is not None
        )
        return self.limit * max(per_message)


def outlook(plan: Plan, endpoint: Endpoint | None, against: Endpoint | None, max_messages: int | None) -> Outlook:
    """What a plan would send.

    Args:
        plan: the plan.
        endpoint: where it would be sent; None for the built-in mock.
        against: a second server that would get the same; None for none.
        max_messages: the limit of messages; None for the default.
    """
    servers: Mapping[Server, Endpoint | None] = {"endpoint": endpoint, "against": against}
    given = [each for each in servers.values() if each is not None]
    whole = plan if against is None else plan.against()
    limit = max_messages
    if limit is None and any(not each.is_loopback for each in given):
        limit = USUAL_MESSAGES
    return Outlook(
        plan=whole,
        calls=tuple(PlannedCall.of(each, servers[each.server] or LOOPBACK) for each in whole.workloads),
        urls=tuple(each.public_url for each in given),
        limit=limit,
        trial_messages=trial_messages(whole),
        planned_messages=planned_messages(whole),
        seconds=planned_seconds(whole) if plan.capacity is None else plan.capacity.time_s,
    )
