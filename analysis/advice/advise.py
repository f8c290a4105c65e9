"""From an arrival rate and a latency budget to a batch size: what each choice sends, and how long it makes wait.

The latency of an event runs from its arrival at the publisher to the answer of the call that carried it: its wait
for the batch to leave, the round trip, and the work of publisher and server, T(n) = a + b n. Waiting for a
connection is not in it: connections are reckoned so that one is nearly always free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10

import numpy as np

from analysis.advice.batching_theory import FILLED, Floats, batch_arrivals, time_to_fill
from analysis.advice.call_cost import UNKNOWN, CallCost
from analysis.advice.connections_seen import ASSUMED, Connections
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload

# Busier connections and processes make calls queue.
BUSY = 0.8
# No timer to be relied on is shorter.
LEAST_LINGER_S = 0.001
# Sizes that send so little more than the least count as equal: the shortest latency decides between them.
NEAR = 0.01
SHOWN = (1, 2, 5, 10)
# What TCP sends on a new or idle connection before an answer: ten segments of Ethernet's (RFC 6928).
FIRST_FLIGHT_BYTES = 10 * 1460
# What goes with a first request inside TLS: the end of the handshake and the records' frames.
TLS_BYTES = 200


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked for.

    Attributes:
        workload: one event by trigger: its payload, client, use of connections and of TLS.
        endpoint: where to; its host, and the app's id and key, stand in each head.
        rate: events per second, above 0.
        rtt_s: seconds to the endpoint and back.
        budget_s: the longest an event may take from its arrival to the answer of its call, seconds.
        limit: events per batch the endpoint takes.
        connections: what the endpoint does to connections, and who says so.
    """

    workload: Workload
    endpoint: Endpoint
    rate: float
    rtt_s: float
    budget_s: float
    limit: int
    connections: Connections = ASSUMED

    @property
    def opens(self) -> bool:
        """Whether each call opens a connection, since the client or the server closes the one before."""
        return self.workload.transport.connection == "close" or self.connections.closes

    @property
    def round_trips(self) -> int:
        """Round trips a small call takes: one, and where each opens a connection TCP's handshake and TLS 1.3's."""
        return 2 + self.workload.transport.tls if self.opens else 1

    def call_s(self, cost: CallCost, events: float) -> float:
        """Seconds from a call's departure to its answer.

        A new connection sends ``FIRST_FLIGHT_BYTES`` before it waits for an answer, then twice that, and so on. If
        each call opens a connection, a large call takes these round trips, too.
        """
        return self.trips(events) * self.rtt_s + cost.call_s + cost.event_s * events

    def trips(self, events: float) -> int:
        """Round trips of a call with this many events."""
        if not self.opens:
            return 1
        head, first, more = _batch_line(self.workload, self.endpoint)
        body = first + more * (events - 1)
        sent = head + len(str(round(body))) + body + (TLS_BYTES if self.workload.transport.tls else 0)
        return self.round_trips + _flights(sent) - 1


@dataclass(frozen=True, slots=True)
class Option:
    """One way to publish.

    Attributes:
        batch_size: events a full batch holds; 1 is the trigger.
        linger_s: seconds after its first event at which a batch leaves at the latest; 0 for the trigger.
        filled: the share of calls that leave full.
        events_per_call: on average.
        calls_per_s: calls per second.
        bytes_per_s: HTTP's bytes sent a second.
        largest_bytes: HTTP's bytes of a full call.
        mean_s: an event's latency on average, seconds.
        worst_s: the longest, that of the first event of a batch that fills just before the linger ends.
        connections: at 80 % busy.
        processes: how many publishers' (or servers') time the work takes; 0 where it is unknown.
        fits: whether the longest latency is within the budget.
    """

    batch_size: int
    linger_s: float
    filled: float
    events_per_call: float
    calls_per_s: float
    bytes_per_s: float
    largest_bytes: int
    mean_s: float
    worst_s: float
    connections: int
    processes: float
    fits: bool

    @property
    def processes_needed(self) -> int:
        """Publishers that carry the work at 80 % busy."""
        return max(1, ceil(self.processes / BUSY))


@dataclass(frozen=True, slots=True)
class Advice:
    """The choice, and what it was chosen from.

    Attributes:
        demand: what was asked for.
        work: what a call and an event cost.
        options: all batch sizes from the trigger to the limit.
        advised: the choice; None where not even a trigger fits the budget.
    """

    demand: Demand
    cost: CallCost
    options: tuple[Option, ...]
    advised: Option | None

    @property
    def trigger(self) -> Option:
        return self.options[0]

    @property
    def shown(self) -> tuple[Option, ...]:
        """The few to compare: trigger, 2, 5, 10, the limit and the choice."""
        sizes = {*SHOWN, self.demand.limit, self.advised.batch_size if self.advised else 1}
        return tuple(option for option in self.options if option.batch_size in sizes)

    def saving(self, option: Option) -> float:
        """The share of the trigger's bytes that is not sent; negative where more are."""
        return 1 - option.bytes_per_s / self.trigger.bytes_per_s


def advise(demand: Demand, cost: CallCost = UNKNOWN) -> Advice:
    """The batch size and linger that send the fewest bytes within the budget.

    Of sizes whose bytes are within 1 % of the fewest the one with the shortest mean latency is chosen. A batch
    that leaves with one event is still a batch call.

    Args:
        demand: what is asked for; its workload must be one the endpoint takes.
        work: seconds of work a call and an event.
    """
    sent = _batch_bytes(demand)
    options = (
        _trigger(demand, cost),
        *(_batch(demand, cost, sent[:size]) for size in range(2, demand.limit + 1)),
    )
    fitting = [option for option in options if option.fits]
    if not fitting:
        return Advice(demand, cost, options, None)
    fewest = min(option.bytes_per_s for option in fitting)
    near = [option for option in fitting if option.bytes_per_s <= fewest * (1 + NEAR)]
    return Advice(demand, cost, options, min(near, key=lambda option: (option.mean_s, option.batch_size)))


def linger(demand: Demand, cost: CallCost, batch_size: int) -> float:
    """The shortest linger in seconds that fills 95 % of batches, or all that the budget leaves after the call.

    It has two digits, and is a whole number of milliseconds, 1 at least even where the budget leaves less.
    """
    room = demand.budget_s - demand.call_s(cost, batch_size)
    wanted = _rounded(time_to_fill(demand.rate, batch_size, FILLED), up=True)
    return max(LEAST_LINGER_S, wanted if wanted <= room else _rounded(room, up=False))


def _rounded(seconds: float, up: bool) -> float:
    if seconds <= 0:
        return 0.0
    step = max(LEAST_LINGER_S, 10.0 ** (floor(log10(seconds)) - 1))
    # A billionth of a step is float's dust, and no reason for a whole one.
    steps = ceil(seconds / step - 1e-9) if up else floor(seconds / step + 1e-9)
    return round(steps * step, 9)


def _trigger(demand: Demand, cost: CallCost) -> Option:
    sent = request_sizes(demand.workload, demand.endpoint).sent
    call_s = demand.call_s(cost, 1)
    return Option(
        batch_size=1,
        linger_s=0.0,
        filled=1.0,
        events_per_call=1.0,
        calls_per_s=demand.rate,
        bytes_per_s=demand.rate * sent,
        largest_bytes=sent,
        mean_s=call_s,
        worst_s=call_s,
        connections=_connections(demand.rate, call_s),
        processes=demand.rate * (cost.call_s + cost.event_s),
        fits=call_s <= demand.budget_s,
    )


def _batch(demand: Demand, cost: CallCost, sent: Floats) -> Option:
    """A batch of as many events as there are sizes in ``sent``."""
    size = len(sent)
    linger_s = linger(demand, cost, size)
    batching = batch_arrivals(demand.rate, linger_s, size)
    mean_size = batching.mean_size
    calls = demand.rate / mean_size
    # An event is likelier in a large batch than in a small one.
    size_of_its_batch = batching.expect(batching.sizes**2) / mean_size
    worst_s = linger_s + demand.call_s(cost, size)
    return Option(
        batch_size=size,
        linger_s=linger_s,
        filled=batching.filled,
        events_per_call=mean_size,
        calls_per_s=calls,
        bytes_per_s=calls * batching.expect(sent),
        largest_bytes=int(sent[-1]),
        mean_s=batching.mean_wait_s + demand.call_s(cost, size_of_its_batch),
        worst_s=worst_s,
        connections=_connections(calls, demand.call_s(cost, mean_size)),
        processes=calls * (cost.call_s + cost.event_s * mean_size),
        # The budget less the call and then plus it again is the budget but for float's dust.
        fits=worst_s <= demand.budget_s + 1e-12,
    )


def _flights(sent: float) -> int:
    """Round trips in which a new connection sends this many bytes and gets the answer."""
    flights, most = 1, FIRST_FLIGHT_BYTES
    while most < sent:
        flights += 1
        most += FIRST_FLIGHT_BYTES * 2 ** (flights - 1)
    return flights


@lru_cache
def _batch_line(workload: Workload, endpoint: Endpoint) -> tuple[int, int, int]:
    """HTTP's bytes of a batch: its head without Content-Length's digits, the body of one event, and what each
    further event adds to that."""
    one, two = (request_sizes(_as_batch(workload, size), endpoint) for size in (1, 2))
    return one.head - len(str(one.body)), one.body, two.body - one.body


def _connections(calls_per_s: float, call_s: float) -> int:
    """Little's law: calls under way are their rate times their time."""
    return max(1, ceil(calls_per_s * call_s / BUSY - 1e-9))


def _batch_bytes(demand: Demand) -> Floats:
    """HTTP's bytes of a batch of 1, 2, ... events up to the limit: a body is linear in events, and a head is as
    many bytes longer as Content-Length has digits."""
    head, first, more = _batch_line(demand.workload, demand.endpoint)
    bodies = first + more * np.arange(demand.limit)
    return np.array([head + len(str(body)) + body for body in bodies.tolist()], dtype=float)


def _as_batch(workload: Workload, size: int) -> Workload:
    return workload.replace(api="batch", batch_size=size)
