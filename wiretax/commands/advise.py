"""``wiretax advise``: checks its options and prints the advice. Nothing is sent."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.channels.endpoint import PLAIN_SERVICE, SERVICE, Endpoint, EndpointError
from wiretax.channels.limits import Limits
from wiretax.commands.options import (
    RESULTS,
    JsonOption,
    PayloadKindOption,
    PayloadOption,
    ResultsOption,
    check_choice,
    positive_duration,
    read_option,
)
from wiretax.json_output import reserve_stdout
from wiretax.terminal import Exit, OptionError, fail, out, warn_at_most

if TYPE_CHECKING:
    from wiretax.channels.workload import Workload

# Every batch size up to the limit is computed.
MOST_LIMIT = 1000
HABITS = ("keep-alive", "close")


def advise(
    rate: Annotated[
        str, typer.Option(help="Rate of events to publish, like 500/s, 30000/min, 2000/h or 1000000/day.")
    ],
    payload: PayloadOption,
    rtt: Annotated[str, typer.Option(help="Round-trip time to the endpoint, like 40ms.")],
    budget: Annotated[
        str,
        typer.Option(help="Latency budget: longest time from an event's arrival to the response, like 100ms."),
    ],
    client: Annotated[str, typer.Option(help="Client library that publishes.")] = "reference",
    kind: PayloadKindOption = "chat",
    limit: Annotated[
        int, typer.Option(help="Maximum events per batch that the endpoint accepts.")
    ] = Limits().batch_size,
    tls: Annotated[
        bool | None, typer.Option("--tls/--no-tls", help="Use https or http. Default: as in --endpoint.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            envvar="PUSHER_URL",
            show_envvar=True,
            help="The server to publish to: its host name is part of each request. Nothing is sent to it. "
            "Default: Pusher's service over https.",
        ),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(
            help="What the server does after a call: keep-alive or close. Default: as measured in a run against "
            "it, else keep-alive.",
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="Run to take the call time from. Default: the newest suitable run.")
    ] = None,
    results: ResultsOption = RESULTS,
    as_json: JsonOption = False,
) -> None:
    """Recommend a batch size and a linger for a rate, a payload, a round-trip time and a latency budget."""
    from wiretax.units.duration import parse_duration
    from wiretax.units.rate import parse_rate

    write = reserve_stdout() if as_json else None
    try:
        events_per_s = read_option("--rate", rate, parse_rate)
        rtt_s = read_option("--rtt", rtt, parse_duration)
        budget_s = positive_duration("--budget", budget, "100ms")
        target = _target(endpoint, tls)
        workload = _workload(payload, kind, client, limit, target.scheme == "https")
        limit, library = _own_limit(workload, limit)
        if connection not in (None, *HABITS):
            raise OptionError(f"--connection {connection}: expected {' or '.join(HABITS)}")
    except (OptionError, EndpointError) as error:
        fail(str(error), Exit.USAGE)
    # With pandas, which takes longer to load than the options to be checked.
    from analysis.advice.advice_text import print_advice
    from analysis.advice.advise import Demand
    from analysis.advice.advise import advise as advise_on
    from analysis.advice.call_cost import find_call_cost
    from analysis.advice.connections_seen import ASSUMED, ConnectionBehaviour, find_seen
    from analysis.advice.measured_capacity import find_measured_capacity
    from analysis.advice.measured_queue import find_measured_queue
    from analysis.advice.saved_runs import SavedRuns
    from wiretax.commands.chosen_run import warn_of_unfinished
    from wiretax.runs.reader import RunNotFoundError, run_folders

    if run is None:
        newest = max((each.name for each in run_folders(results)), default="")
        warn_of_unfinished(results, newest, "advice is from finished runs")
    try:
        runs = SavedRuns(results, run, warn_at_most(3))
        cost = find_call_cost(runs, workload)
        told = (
            None
            if connection is None
            else ConnectionBehaviour(connection == "close", f"--connection {connection}")
        )
        seen = told or find_seen(runs, target) or ASSUMED
        demand = Demand(workload, target, events_per_s, rtt_s, budget_s, limit, seen, library)
        queue = find_measured_queue(runs, demand)
        advice = advise_on(demand, cost)
        capacity = find_measured_capacity(runs, advice)
    except RunNotFoundError as error:
        fail(str(error), Exit.USAGE)
    measured = [] if queue is None else [queue.sentence(budget_s)]
    measured += [] if capacity is None else capacity.sentences(events_per_s)
    if write is None:
        print_advice(advice, out, measured)
    else:
        from analysis.documents.advice import advice_document

        write(advice_document(advice, measured))


def _target(url: str | None, tls: bool | None) -> Endpoint:
    if not url:
        return PLAIN_SERVICE if tls is False else SERVICE
    given = Endpoint.parse(url)
    if tls is not None and tls != (given.scheme == "https"):
        raise OptionError(
            f"{'--tls' if tls else '--no-tls'}: the endpoint is {given.scheme}://; leave the option out, or use "
            "another --endpoint (or PUSHER_URL)"
        )
    return given


def _workload(payload: int, kind: str, client: str, limit: int, tls: bool) -> Workload:
    """The trigger of one event, whose data the endpoint accepts."""
    from wiretax.channels.bodies.payloads import KINDS
    from wiretax.channels.profiles import load_profile, profile_names
    from wiretax.channels.validation import object_to, object_to_library
    from wiretax.channels.workload import Workload

    check_choice("--client", client, profile_names())
    check_choice("--kind", kind, KINDS)
    if not 1 <= limit <= MOST_LIMIT:
        raise OptionError(f"--limit {limit}: expected 1 to {MOST_LIMIT}; Pusher's shared clusters take 10")
    workload = Workload.of(
        payload_bytes=payload,
        payload_kind=kind,
        client=client,
        connection=load_profile(client).connection,
        tls=tls,
    )
    objection = object_to(workload, Limits())
    if objection is not None:
        raise OptionError(f"--payload {payload}{objection.removeprefix(f'payload_bytes = {payload}')}")
    objection = object_to_library(workload)
    if objection is not None:
        raise OptionError(f"--payload: {objection}")
    return workload


def _own_limit(workload: Workload, limit: int) -> tuple[int, str]:
    """Events per batch that the client library sends, up to the endpoint's limit, and why they are fewer."""
    from wiretax.channels.validation import refused_by_library

    def refusal(size: int) -> str | None:
        return refused_by_library(workload.replace(api="batch", batch_size=size))

    most = bisect_left(range(2, limit + 1), True, key=lambda size: refusal(size) is not None) + 1
    return most, (refusal(limit) or "") if most < limit else ""
