"""From an arrival rate and a latency budget to a batch size: the bytes and the latency of each choice.

The latency of an event runs from its arrival at the publisher to the response of the call that carried it: its
wait for the batch to leave, the round trip, and the work of publisher and server, T(n) = a + b n. It includes no
wait for a connection: there are enough connections that one is nearly always free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10

import numpy as np

from analysis.advice.batching_theory import FILLED, Floats, batch_arrivals, time_to_fill
from analysis.advice.call_cost import UNKNOWN, CallCost
from analysis.advice.connections_seen import ASSUMED, ConnectionBehaviour
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload

# Busier connections and processes make calls queue.
BUSY = 0.8
# Shorter timers are unreliable.
LEAST_LINGER_S = 0.001
# Sizes within this share of the fewest bytes count as equal; the shortest latency decides between them.
NEAR = 0.01
SHOWN = (1, 2, 5, 10)
# TCP sends this much on a new or idle connection before a response arrives: ten segments of Ethernet's (RFC 6928).
FIRST_FLIGHT_BYTES = 10 * 1460
# Sent with a first request inside TLS: the end of the handshake and the records' frames.
TLS_BYTES = 200


@dataclass(frozen=True, slots=True)
class Demand:
    """The load and the budget that advice is wanted for.

    Attributes:
        workload: one event by trigger: its payload, client, use of connections and of TLS.
        endpoint: where events go; its host, and the app's id and key, are part of each head.
        rate: events per second, above 0.
        rtt_s: seconds to the endpoint and back.
        budget_s: the longest an event may take from its arrival to the response of its call, seconds.
        limit: events per batch that the endpoint accepts and the client library sends.
        connections: whether the endpoint closes connections, and the source of that.
        library: why the client library sends smaller batches than the endpoint accepts; empty if it doesn't.
    """

    workload: Workload
    endpoint: Endpoint
    rate: float
    rtt_s: float
    budget_s: float
    limit: int
    connections: ConnectionBehaviour = ASSUMED
    library: str = ""

    @property
    def opens(self) -> bool:
        """Whether each call opens a connection, since the client or the server closes the one before."""
        return self.workload.transport.connection == "close" or self.connections.closes

    @property
    def round_trips(self) -> int:
        """Round trips of a small call: one, plus TCP's and TLS 1.3's handshakes if each opens a connection."""
        return 2 + self.workload.transport.tls if self.opens else 1

    def call_s(self, cost: CallCost, events: float) -> float:
        """Seconds from a call's departure to its response.

        A new connection sends ``FIRST_FLIGHT_BYTES`` before it waits for a response, then twice that, and so on. A
        large call takes these additional round trips if each call opens a connection.
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
class Candidate:
    """A batch size and linger that could be used.

    Attributes:
        batch_size: events of a full batch; 1 is the trigger.
        linger_s: the longest time a batch waits after its first event, seconds; 0 for the trigger.
        filled: the share of calls that leave full.
        events_per_call: on average.
        calls_per_s: calls per second.
        bytes_per_s: HTTP bytes sent per second.
        largest_bytes: HTTP bytes of a full call.
        mean_s: the mean latency of an event, seconds.
        worst_s: the longest, that of the first event of a batch that fills just before the linger ends.
        connections: at 80 % busy.
        processes: the work in publisher (or server) processes that are 100 % busy; 0 if it is unknown.
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
        """Publishers needed for the work at 80 % busy each."""
        return max(1, ceil(self.processes / BUSY))


@dataclass(frozen=True, slots=True)
class Advice:
    """The choice and its alternatives.

    Attributes:
        demand: the load and the budget.
        cost: the work per call and per event.
        options: all batch sizes from the trigger to the limit.
        advised: the choice; None if not even a trigger fits the budget.
    """

    demand: Demand
    cost: CallCost
    options: tuple[Candidate, ...]
    advised: Candidate | None

    @property
    def trigger(self) -> Candidate:
        return self.options[0]

    @property
    def shown(self) -> tuple[Candidate, ...]:
        """The few to compare: trigger, 2, 5, 10, the limit and the choice."""
        sizes = {*SHOWN, self.demand.limit, self.advised.batch_size if self.advised else 1}
        return tuple(option for option in self.options if option.batch_size in sizes)

    def saving(self, option: Candidate) -> float:
        """The share of the trigger's bytes that the option saves; negative if it sends more."""
        return 1 - option.bytes_per_s / self.trigger.bytes_per_s


def advise(demand: Demand, cost: CallCost = UNKNOWN) -> Advice:
    """The batch size and linger that send the fewest bytes within the budget.

    Of the sizes whose bytes are within 1 % of the fewest, the one with the shortest mean latency wins. A batch
    that leaves with one event is still a batch call.

    Args:
        demand: its workload must be one that the endpoint accepts.
        cost: seconds of work per call and per event.
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
    """The shortest linger in seconds that fills 95 % of batches, or the time left by the budget after the call.

    It is rounded to two digits and whole milliseconds, and is 1 ms even if the budget leaves less.
    """
    room = demand.budget_s - demand.call_s(cost, batch_size)
    wanted = _rounded(time_to_fill(demand.rate, batch_size, FILLED), up=True)
    return max(LEAST_LINGER_S, wanted if wanted <= room else _rounded(room, up=False))


def _rounded(seconds: float, up: bool) -> float:
    if seconds <= 0:
        return 0.0
    step = max(LEAST_LINGER_S, 10.0 ** (floor(log10(seconds)) - 1))
    # A rounding error of a billionth of a step must not add a whole one.
    steps = ceil(seconds / step - 1e-9) if up else floor(seconds / step + 1e-9)
    return round(steps * step, 9)


def _trigger(demand: Demand, cost: CallCost) -> Candidate:
    sent = request_sizes(demand.workload, demand.endpoint).sent
    call_s = demand.call_s(cost, 1)
    return Candidate(
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


def _batch(demand: Demand, cost: CallCost, sent: Floats) -> Candidate:
    """A batch of ``len(sent)`` events; ``sent``: bytes of batches of 1, 2, ... events."""
    size = len(sent)
    linger_s = linger(demand, cost, size)
    batching = batch_arrivals(demand.rate, linger_s, size)
    mean_size = batching.mean_size
    calls = demand.rate / mean_size
    # More events are in large batches than in small ones.
    size_of_its_batch = batching.expect(batching.sizes**2) / mean_size
    worst_s = linger_s + demand.call_s(cost, size)
    return Candidate(
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
        # Subtracting the call from the budget and adding it again leaves a rounding error.
        fits=worst_s <= demand.budget_s + 1e-12,
    )


def _flights(sent: float) -> int:
    """Round trips in which a new connection sends this many bytes and gets the response."""
    flights, most = 1, FIRST_FLIGHT_BYTES
    while most < sent:
        flights += 1
        most += FIRST_FLIGHT_BYTES * 2 ** (flights - 1)
    return flights


@lru_cache
def _batch_line(workload: Workload, endpoint: Endpoint) -> tuple[int, int, int]:
    """HTTP bytes of a batch: its head without Content-Length's digits, the body of one event, and what each
    further event adds to that."""
    one, two = (request_sizes(_as_batch(workload, size), endpoint) for size in (1, 2))
    return one.head - len(str(one.body)), one.body, two.body - one.body


def _connections(calls_per_s: float, call_s: float) -> int:
    """Little's law: calls under way are their rate times their time."""
    return max(1, ceil(calls_per_s * call_s / BUSY - 1e-9))


def _batch_bytes(demand: Demand) -> Floats:
    """HTTP bytes of a batch of 1, 2, ... events up to the limit: a body is linear in events, and a head grows
    with the digits of Content-Length."""
    head, first, more = _batch_line(demand.workload, demand.endpoint)
    bodies = first + more * np.arange(demand.limit)
    return np.array([head + len(str(body)) + body for body in bodies.tolist()], dtype=float)


def _as_batch(workload: Workload, size: int) -> Workload:
    return workload.replace(api="batch", batch_size=size)
