"""``wiretax run``: a plan swept and printed, and gated if there are gates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wiretax.channels.endpoint import EndpointError
from wiretax.commands.options import (
    RESULTS,
    SERVER_URL,
    CaOption,
    EndpointOption,
    InsecureOption,
    ResultsOption,
    YesOption,
)
from wiretax.load.sweep.consent import message_limit_for, most_rounds_within
from wiretax.terminal import Exit, err, fail, out, warn_at_most

if TYPE_CHECKING:
    from wiretax.load.accounting.gating import Gating
    from wiretax.load.drivers.headless import MoreRounds

# Times the plan's rounds: the default of --max-rounds.
MOST_ROUNDS = 3
# Skipped lines of --events that are named.
MOST_SKIPPED = 5


def run(
    plan: Annotated[str, typer.Argument(help="A plan's name, or a TOML file.")] = "quick",
    endpoint: EndpointOption = None,
    against: Annotated[
        str | None,
        typer.Option(
            envvar="WIRETAX_AGAINST",
            show_envvar=True,
            help=f"A second server: {SERVER_URL}. Both servers get the same requests in turn and are compared "
            "round by round.",
        ),
    ] = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
    gates: Annotated[
        Path | None,
        typer.Option(help="Gate the run by this file. Rounds are added while a check is undecided."),
    ] = None,
    max_rounds: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum number of rounds, with added ones. Default: three times the plan's."),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(min=0, help="Number of worker processes, which share the plan's users; 0: this process."),
    ] = 0,
    events: Annotated[
        str | None,
        typer.Option(help="Send your own events instead of generated ones: a JSON Lines file, or - for stdin."),
    ] = None,
    on_error: Annotated[
        Literal["skip", "stop"], typer.Option(help="On an invalid line of --events: skip it or stop.")
    ] = "stop",
    results: ResultsOption = RESULTS,
    max_messages: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of messages to send. A batch counts one per event, a multi-channel trigger one "
            "per channel. Default: 10,000 for remote endpoints, unlimited for local ones.",
        ),
    ] = None,
    yes: YesOption = False,
) -> None:
    """Sweep a plan's workloads and print what each event costs. Without --endpoint, the built-in mock is used."""
    # Locust patches the standard library, so it comes before anything that opens a socket.
    import locust  # noqa: F401

    from analysis.gates.file.checks import GatesError
    from analysis.tables.run_table import print_run
    from wiretax.load.accounting.gating import Gating
    from wiretax.load.client.preflight import EndpointRefusedError
    from wiretax.load.drivers.headless import sweep
    from wiretax.load.plan.plan import PlanError
    from wiretax.load.plan.reading import load_plan
    from wiretax.load.plan.replay import read_replay, replaying
    from wiretax.load.sweep.executor import ExecutorError
    from wiretax.mock.process import MockError
    from wiretax.queue.sources.chunks import EventsError
    from wiretax.queue.sources.lines import LineError
    from wiretax.runs.reader import read_run
    from wiretax.runs.writer import ResultsError
    from wiretax.wire.connections.servers import servers_of
    from wiretax.wire.connections.target import TrustError

    if "://" in plan:
        # Not repeated: it may hold a secret.
        fail("expected a plan name or file, got a URL; pass it with --endpoint or PUSHER_URL", Exit.USAGE)
    try:
        judge = None if gates is None else Gating(gates)
        first, second = servers_of(endpoint, against, ca, insecure)
        given = first or second
        chosen = load_plan(plan, None if given is None else given.tls)
        if events is not None:
            if processes:
                fail(
                    "--events goes without --processes: one process replays a file in order; leave one out",
                    Exit.USAGE,
                )
            chosen = replaying(chosen, read_replay(events, chosen.limits, on_error, warn_at_most(MOST_SKIPPED)))
        if processes:
            chosen = chosen.for_workers()
        if processes > chosen.users:
            fail(
                f"--processes {processes}: the plan has {chosen.users} users, and each needs at least one; "
                "name fewer processes, or raise users in the plan",
                Exit.USAGE,
            )
        more = _more_rounds(judge, chosen.rounds, max_rounds)
        message_limit = message_limit_for(chosen, first, second, max_messages, yes)
        if more is not None:
            most = most_rounds_within(chosen, first, second, more.most_rounds, message_limit)
            more = replace(more, most_rounds=most)
        folder = sweep(chosen, first, second, results, err, more, message_limit, processes)
    except (EventsError, GatesError, LineError, PlanError, ResultsError, EndpointError, TrustError) as error:
        fail(str(error), Exit.USAGE)
    except (ExecutorError, EndpointRefusedError, MockError) as error:
        fail(str(error), Exit.INVALID)
    saved = read_run(folder)
    print_run(saved, out)
    if saved.meta["interrupted"]:
        raise typer.Exit(Exit.INTERRUPTED)
    if judge is not None:
        out.print()
        raise typer.Exit(judge.conclude(saved, out))
    if not saved.meta["valid"]:
        raise typer.Exit(Exit.INVALID)


def _more_rounds(judge: Gating | None, rounds: int, most_rounds: int | None) -> MoreRounds | None:
    """Rounds that may be added to a plan's for what a judge leaves undecided."""
    from wiretax.load.drivers.headless import MoreRounds

    if judge is None:
        if most_rounds is not None:
            fail("--max-rounds goes with --gates: without checks there is nothing to decide", Exit.USAGE)
        return None
    most = MOST_ROUNDS * rounds if most_rounds is None else most_rounds
    if most < rounds:
        fail(f"--max-rounds {most}: expected the plan's {rounds} or more", Exit.USAGE)
    return MoreRounds(judge.undecided, most)
