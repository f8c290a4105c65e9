"""``wiretax feed``: fills a Redis stream with events at a set rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from wiretax.channels.workload import CHANNEL, EVENT_NAME
from wiretax.commands.options import PayloadKindOption, PayloadOption, check_choice, positive_duration, read_option
from wiretax.shipped import install_command
from wiretax.terminal import Exit, OptionError, fail, out, warn

if TYPE_CHECKING:
    from wiretax.queue.redis.feeder import Fed

TIMEOUT_S = 5.0
# The feeder fell behind if it ends later than this, in seconds and as a share of its time.
LATE_S = 0.1
LATE_SHARE = 0.05


def feed(
    rate: Annotated[str, typer.Option(help="Rate of events to add, like 500/s or 30000/min.")],
    redis: Annotated[
        str,
        typer.Option(envvar="WIRETAX_REDIS", show_envvar=True, help="redis(s)://USER:PASSWORD@HOST:PORT/DATABASE"),
    ] = "redis://127.0.0.1:6379/0",
    stream: Annotated[str, typer.Option(help="Key of the stream.")] = "wiretax",
    payload: PayloadOption = 200,
    kind: PayloadKindOption = "chat",
    arrivals: Annotated[str, typer.Option(help="Arrival process: constant, poisson or burst.")] = "poisson",
    duration: Annotated[str | None, typer.Option(help="Stop after this time, like 10s.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after this number of events.")] = None,
    channel: Annotated[
        str, typer.Option(help="Channel of the events. With --spread, {} stands for the channel's number.")
    ] = CHANNEL,
    event: Annotated[str, typer.Option(help="Name of the events.")] = EVENT_NAME,
    spread: Annotated[int, typer.Option(help="Number of channels that events go to, one after another.")] = 1,
    seed: Annotated[int, typer.Option(help="Random seed of arrival times and data.")] = 1,
) -> None:
    """Fill a Redis stream with events at a set rate, and report the rate reached."""
    try:
        import redis as library
    except ImportError:
        fail(f"wiretax feed needs the redis library: {install_command('redis')}", Exit.USAGE)
    from wiretax.channels.bodies.events import generated_events
    from wiretax.channels.bodies.payloads import KINDS, least_bytes, payloads
    from wiretax.channels.limits import Limits
    from wiretax.channels.validation import object_to, object_to_names
    from wiretax.channels.workload import Process, Workload
    from wiretax.queue.redis.address import RedisAddress, RedisAddressError, why
    from wiretax.queue.redis.feeder import Feeder
    from wiretax.queue.sources.schedule import intended_times
    from wiretax.units.rate import parse_rate

    try:
        events_per_s = read_option("--rate", rate, parse_rate)
        duration_s = None if duration is None else positive_duration("--duration", duration, "10s")
        if duration_s is None and count is None:
            raise OptionError("expected --duration, --count or both, like --duration 10s")
        check_choice("--kind", kind, KINDS)
        check_choice("--arrivals", arrivals, get_args(Process))
        least, most = least_bytes(kind), Limits().data_bytes
        if not least <= payload <= most:
            raise OptionError(f"--payload {payload}: expected {least} (the smallest {kind!r} document) to {most}")
        names = {"channel_name": channel, "event_name": event, "spread": spread}
        workload = Workload.of(payload_bytes=payload, payload_kind=kind, **names)
        objection = object_to_names(workload) or object_to(workload, Limits())
        if objection is not None:
            raise OptionError(f"--{objection.replace(' = ', ' ', 1)}")
        address = RedisAddress.parse(redis)
    except (OptionError, RedisAddressError) as error:
        fail(str(error), Exit.USAGE)
    process: Process = arrivals  # type: ignore[assignment]  # checked above
    events = generated_events(workload, payloads(kind, payload, seed))
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


def _print_fed(fed: Fed, rate: float, arrivals: str) -> None:
    reached = f"{fed.rate:,.0f}/s"
    out.print(
        f"{fed.events:,} events in {fed.duration_s:.1f} s: {reached}, of {rate:,.0f}/s requested ({arrivals})",
        markup=False,
    )
    if fed.late_s > max(LATE_S, LATE_SHARE * fed.duration_s):
        warn(f"fell behind the requested rate; this machine and this Redis reach {reached}")
