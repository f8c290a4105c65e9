"""The keys of a workload whose events arrive in a queue: how they multiply, and what speaks against them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Protocol, TypeVar

from wiretax.channels.workload import Process, Workload
from wiretax.units.duration import parse_duration
from wiretax.units.rate import parse_rate

# A slice holds 200 arrivals at least, so fewer a second would take longer than anybody waits.
LEAST_RATE = 10.0
MOST_LINGER_S = 10.0
MOST_RTT_S = 60.0
NEED_RATE = ("linger", "arrivals", "publishers", "rtt")

DEFAULT: Process = "poisson"

T = TypeVar("T")


class QueueKeys(Protocol):
    """What a table may say of a queue; None where it does not."""

    @property
    def rate(self) -> str | list[str] | None: ...
    @property
    def linger(self) -> str | list[str] | None: ...
    @property
    def arrivals(self) -> Process | list[Process] | None: ...
    @property
    def publishers(self) -> int | list[int] | None: ...
    @property
    def rtt(self) -> str | list[str] | None: ...


def queued(workload: Workload, keys: QueueKeys, users: int, given: bool) -> Iterator[Workload]:
    """A workload with each way its events may arrive; the workload itself where nothing is said of a queue.

    Args:
        workload: what a call is.
        keys: what its table says.
        users: of the plan; a publisher is one.
        given: whether an endpoint was given, whose round trip is what it is.

    Raises:
        ValueError: with the key, what was given and what was expected.
    """
    if keys.rate is None:
        for name in NEED_RATE:
            if getattr(keys, name) is not None:
                raise ValueError(f'{name} goes with rate = "500/s" or the like; without a rate there is no queue')
        yield workload
        return
    api, transport = workload.call.api, workload.transport
    if api == "multi_trigger" or transport.by_library:
        what = f"api = {api!r}" if api == "multi_trigger" else f"client = {transport.client!r}"
        raise ValueError(f'rate goes with api = "trigger" or "batch" of a client\'s profile, not with {what}')
    if keys.linger is not None and workload.call.api == "trigger":
        raise ValueError('linger goes with api = "batch": a trigger waits for no second event')
    if keys.rtt is not None and given:
        raise ValueError("rtt goes with the embedded mock: an endpoint that is given has its own")
    for rate, linger, arrivals, publishers, rtt in product(
        _listed(keys.rate),
        _listed("0ms" if keys.linger is None else keys.linger),
        keys.arrivals if isinstance(keys.arrivals, list) else [keys.arrivals or DEFAULT],
        _listed(users if keys.publishers is None else keys.publishers),
        keys.rtt if isinstance(keys.rtt, list) else [keys.rtt],
    ):
        if not 1 <= publishers <= users:
            raise ValueError(
                f"publishers = {publishers}, expected 1 to {users}, the plan's users: each has a connection"
            )
        yield workload.replace(
            rate=_rate(rate),
            linger_s=_seconds("linger", linger, MOST_LINGER_S),
            arrivals=arrivals,
            publishers=publishers,
            rtt_s=None if rtt is None else _seconds("rtt", rtt, MOST_RTT_S),
        )


def _listed(value: T | list[T]) -> list[T]:
    return value if isinstance(value, list) else [value]


def _rate(text: str) -> float:
    try:
        rate = parse_rate(text)
    except ValueError as error:
        raise ValueError(f"rate: {error}") from None
    if rate < LEAST_RATE:
        raise ValueError(f"rate = {text!r}, expected 10/s or more: a slice has to hold 200 events")
    return rate


def _seconds(key: str, text: str, most: float) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if seconds > most:
        raise ValueError(f"{key} = {text!r}, expected 0s to {most:g}s")
    return seconds
