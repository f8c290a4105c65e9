"""``wiretax feed``: fills a Redis stream at a rate, for a publisher to drain."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from wiretax.terminal import Exit, err, fail, out

if TYPE_CHECKING:
    from wiretax.queue.redis.feeder import Fed

TIMEOUT_S = 5.0
# An open loop that ends so late, or by such a share of its time, did not keep up.
LATE_S = 0.1
LATE_SHARE = 0.05


class FeedError(ValueError):
    """An option that can't be used: one line that says what was given, what was expected and what to do."""


def feed(
    rate: Annotated[str, typer.Option(help="Events to add, like 500/s or 30000/min.")],
    redis: Annotated[
        str,
        typer.Option(envvar="WIRETAX_REDIS", show_envvar=True, help="redis(s)://USER:PASSWORD@HOST:PORT/DATABASE"),
    ] = "redis://127.0.0.1:6379/0",
    stream: Annotated[str, typer.Option(help="The stream's key.")] = "wiretax",
    payload: Annotated[int, typer.Option(help="UTF-8 bytes of one event's data.")] = 200,
    kind: Annotated[str, typer.Option(help="The shape of the data.")] = "chat",
    arrivals: Annotated[str, typer.Option(help="How events are spread: constant, poisson or burst.")] = "poisson",
    duration: Annotated[str | None, typer.Option(help="How long, like 10s.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="How many events.")] = None,
    seed: Annotated[int, typer.Option(help="What times and data are drawn from.")] = 1,
) -> None:
    """Fill a Redis stream at a rate, and say what rate was reached."""
    try:
        import redis as library
    except ImportError:
        fail("wiretax feed needs the redis library: pip install 'wiretax[redis]'", Exit.USAGE)
    from wiretax.channels.bodies.events import CHANNEL, EVENT_NAME, Event
    from wiretax.channels.bodies.payloads import KINDS, least_bytes, payloads
    from wiretax.channels.limits import Limits
    from wiretax.channels.workload import Process
    from wiretax.queue.redis.address import RedisAddress, RedisAddressError, why
    from wiretax.queue.redis.feeder import Feeder
    from wiretax.queue.sources.schedule import intended_times
    from wiretax.toml_errors import near
    from wiretax.units.rate import parse_rate

    try:
        try:
            events_per_s = parse_rate(rate)
        except ValueError as error:
            raise FeedError(f"--rate: {error}") from None
        duration_s = _duration(duration)
        if duration_s is None and count is None:
            raise FeedError("say how much: --duration 10s, or --count 5000, or both")
        for option, given, known in (("--kind", kind, tuple(KINDS)), ("--arrivals", arrivals, get_args(Process))):
            if given not in known:
                raise FeedError(f"{option} {given}: expected one of {', '.join(known)}{near(given, known)}")
        least, most = least_bytes(kind), Limits().data_bytes
        if not least <= payload <= most:
            raise FeedError(f"--payload {payload}: expected {least} (the smallest {kind!r} document) to {most}")
        address = RedisAddress.parse(redis)
    except (FeedError, RedisAddressError) as error:
        fail(str(error), Exit.USAGE)
    process: Process = arrivals  # type: ignore[assignment]  # one of them, as was checked
    events = cycle([Event(EVENT_NAME, (CHANNEL,), text) for text in payloads(kind, payload, seed)])
    times = intended_times(process, events_per_s, f"{seed}/feed")
    feeder = Feeder(address.client(TIMEOUT_S), stream, events, times)
    out.print(f"feed  {address.public_url}, stream {stream}", soft_wrap=True, markup=False)
    try:
        feeder.run(count, duration_s)
    except KeyboardInterrupt:
        feeder.fed.interrupted = True
    except library.RedisError as error:
        if feeder.fed.events:
            _print_fed(feeder.fed, events_per_s, arrivals)
        fail(f"{address.public_url}: {why(error)}", Exit.INVALID)
    _print_fed(feeder.fed, events_per_s, arrivals)
    if feeder.fed.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)


def _duration(text: str | None) -> float | None:
    from wiretax.units.duration import parse_duration

    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise FeedError(f"--duration: {error}") from None
    if not seconds:
        raise FeedError(f"--duration {text}: expected more than nothing, like 10s")
    return seconds


def _print_fed(fed: Fed, asked: float, arrivals: str) -> None:
    reached = f"{fed.rate:,.0f}/s"
    out.print(
        f"{fed.events:,} events in {fed.duration_s:.1f} s: {reached}, of {asked:,.0f}/s asked for ({arrivals})",
        markup=False,
    )
    if fed.late_s > max(LATE_S, LATE_SHARE * fed.duration_s):
        err.print(
            f"wiretax: fell behind the rate that was asked for; this machine and this Redis make {reached}",
            soft_wrap=True,
            markup=False,
        )
