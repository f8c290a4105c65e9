"""``wiretax run``: a plan swept and printed, and judged where gates are given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wiretax.channels.endpoint import EndpointError
from wiretax.load.sweep.consent import message_limit_for, most_rounds_within
from wiretax.terminal import Exit, err, fail, out, said_at_most

if TYPE_CHECKING:
    from wiretax.load.accounting.gating import Gating
    from wiretax.load.drivers.headless import MoreRounds

# Of the plan's, where --max-rounds is not said.
MOST_ROUNDS = 3
# Lines that are named where they are skipped.
MOST_SKIPPED = 5


def run(
    plan: Annotated[str, typer.Argument(help="A plan's name, or the path of a TOML file.")] = "quick",
    endpoint: Annotated[
        str | None,
        typer.Option(envvar="PUSHER_URL", show_envvar=True, help="http(s)://KEY:SECRET@HOST:PORT/apps/ID"),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            envvar="WIRETAX_AGAINST",
            show_envvar=True,
            help="A second server: http(s)://KEY:SECRET@HOST:PORT/apps/ID. It is sent the same in turn, and "
            "compared with the endpoint round by round.",
        ),
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="A file of authorities (PEM) to verify an https endpoint with.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Take any certificate of an https endpoint; said in the run.")
    ] = False,
    gates: Annotated[
        Path | None,
        typer.Option(help="Gating the run by this file: rounds are added while a check is undecided."),
    ] = None,
    max_rounds: Annotated[
        int | None,
        typer.Option(min=1, help="Rounds at most, added ones included; three times the plan's if not said."),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(min=0, help="Send from so many processes, which share the plan's users; 0: from this one."),
    ] = 0,
    events: Annotated[
        str | None,
        typer.Option(help="Send your own events in place of drawn ones: a file of JSON Lines, or - for stdin."),
    ] = None,
    on_error: Annotated[
        Literal["skip", "stop"], typer.Option(help="What becomes of a line that is no event.")
    ] = "stop",
    results: Annotated[Path, typer.Option(help="The folder runs are kept in.")] = Path("results"),
    max_messages: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Never send more: a batch counts once an event, many channels once a channel. 10,000 if not said "
            "to an endpoint that is not on this machine, else no limit.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send to an endpoint that is not on this machine, unasked.")
    ] = False,
) -> None:
    """Sweep a plan's workloads and print what each event costs. Without --endpoint it starts a mock of its own."""
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
        fail("that is no plan but a URL; give it with --endpoint, or as PUSHER_URL", Exit.USAGE)
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
            chosen = replaying(chosen, read_replay(events, chosen.limits, on_error, said_at_most(MOST_SKIPPED)))
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
