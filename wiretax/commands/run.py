"""``wiretax run``: a plan swept and printed, and gated if there are gates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from wiretax.commands.options import (
    RESULTS,
    AgainstOption,
    CaOption,
    CertOption,
    EndpointOption,
    InsecureOption,
    JsonOption,
    KeyOption,
    LabelOption,
    OnlyOption,
    PlanArgument,
    ResultsOption,
    RoundsOption,
    SignPrefixOption,
    SkipOption,
    UsersOption,
    YesOption,
)
from wiretax.json_output import reserve_stdout
from wiretax.terminal import Exit, fail, out, progress_console


def run(
    plan: PlanArgument = "quick",
    endpoint: EndpointOption = None,
    against: AgainstOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
    cert: CertOption = None,
    key: KeyOption = None,
    sign_prefix: SignPrefixOption = False,
    gates: Annotated[
        Path | None,
        typer.Option(help="Gate the run by this file of checks. Rounds are added while a check is undecided."),
    ] = None,
    max_rounds: Annotated[
        int | None,
        typer.Option(
            min=1, help="Maximum number of rounds, including added ones. Default: three times the plan's."
        ),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(min=0, help="Number of worker processes, which share the plan's users; 0: this process."),
    ] = 0,
    starts: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of fresh starts of the generator and the built-in mock, which share the plan's rounds. "
            "Intervals then cover starts that were not measured. Default: the plan's.",
        ),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(help="Send your own events instead of generated ones: a JSON Lines file, or - for stdin."),
    ] = None,
    deliver: Annotated[
        bool,
        typer.Option(
            "--deliver",
            help="Count what subscribers receive: one for each of the plan's workloads, unless the plan has some.",
        ),
    ] = False,
    on_error: Annotated[
        Literal["skip", "stop"], typer.Option(help="On an invalid line of --events: skip it or stop.")
    ] = "stop",
    channel: Annotated[
        str | None,
        typer.Option(
            envvar="WIRETAX_CHANNEL",
            help="Channel that events go to. With --spread, or in a multi-channel trigger, {} stands for the "
            "channel's number. Default: the plan's.",
        ),
    ] = None,
    event: Annotated[
        str | None, typer.Option(envvar="WIRETAX_EVENT", help="Name of the events. Default: the plan's.")
    ] = None,
    spread: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="WIRETAX_SPREAD",
            help="Number of channels that events go to, one after another. Default: the plan's.",
        ),
    ] = None,
    label: LabelOption = None,
    only: OnlyOption = None,
    skip: SkipOption = None,
    rounds: RoundsOption = None,
    users: UsersOption = None,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Send each workload once, to try a plan out: prints what is sent and answered."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
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
    as_json: JsonOption = False,
) -> None:
    """Sweep a plan's workloads and print what each event costs. Without --endpoint, the built-in mock is used."""
    write = reserve_stdout() if as_json else None
    if once:
        not_with_once = {
            "--gates": gates,
            "--max-rounds": max_rounds,
            "--processes": processes,
            "--starts": starts,
            "--rounds": rounds,
            "--users": users,
            "--deliver": deliver,
            "--json": as_json,
        }
        if given := [option for option, value in not_with_once.items() if value]:
            fail(f"{given[0]}: --once sends each workload once and measures nothing; leave one out", Exit.USAGE)
    labels = _check_early(plan, endpoint, against, gates, users, label or [])
    from wiretax.load.drivers.loading import load_locust

    load_locust()
    from wiretax.load.client.signals import Signals
    from wiretax.load.drivers.conclude import report, report_as_document
    from wiretax.load.drivers.errors import START_ERRORS, exit_code
    from wiretax.load.drivers.headless import run_headless
    from wiretax.load.drivers.plan_changes import PlanChanges
    from wiretax.load.drivers.sweep_options import SweepOptions
    from wiretax.load.plan.selection import Selection
    from wiretax.load.starts.run import FailedStartError, run_starts
    from wiretax.wire.connections.servers import Access

    access = Access(ca, insecure, sign_prefix, cert, key)
    names = {"channel": channel, "event": event, "spread": spread}
    has_names = any(each is not None for each in names.values())
    selection = Selection(tuple(only or ()), tuple(skip or ()))
    changes = PlanChanges(events, on_error, has_names, processes, starts, None, deliver, rounds, selection, once)
    options = SweepOptions(
        plan,
        endpoint,
        against,
        access,
        gates,
        max_rounds,
        max_messages,
        yes,
        results,
        names,
        labels=labels,
        users=users,
    )
    console = progress_console(quiet)
    with Signals() as signals:
        try:
            request = options.check(changes)
            if once:
                from wiretax.load.drivers.once import run_once

                raise typer.Exit(run_once(request, out, signals))
            if request.plan.starts > 1:
                conclusion = run_starts(request, options, changes, console, signals)
            else:
                conclusion = run_headless(request, console, processes, signals)
        except START_ERRORS as error:
            fail(str(error), exit_code(error))
        except KeyboardInterrupt:
            fail("interrupted; nothing is saved", Exit.INTERRUPTED)
        except FailedStartError as error:
            fail(str(error), error.code)
        if write is None:
            code = report(conclusion, request.gating, out)
        else:
            document, code = report_as_document(conclusion, request.gating)
            write(document)
    if code:
        raise typer.Exit(code)


def _check_early(
    plan: str,
    endpoint: str | None,
    against: str | None,
    gates: Path | None,
    users: int | None,
    label: list[str],
) -> dict[str, str]:
    """Find common mistakes before Locust is loaded, which takes a second. ``SweepOptions`` checks everything.

    Returns:
        The labels that were given.
    """
    from analysis.gates.baseline.gates import load_gates
    from analysis.gates.file.checks import GatesError
    from wiretax.channels.endpoint import Endpoint, EndpointError
    from wiretax.load.plan.plan import PlanError
    from wiretax.load.plan.reading import load_plan
    from wiretax.runs.provenance.labels import LabelError, parse_labels

    try:
        labels = parse_labels(label)
        if against or "://" in plan:
            return labels
        if gates is not None:
            load_gates(gates)
        load_plan(plan, Endpoint.parse(endpoint).scheme == "https" if endpoint else None, users)
    except (EndpointError, GatesError, LabelError, PlanError) as error:
        fail(str(error), Exit.USAGE)
    return labels
