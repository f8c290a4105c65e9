"""``wiretax doctor``: what this machine can measure, or what stands between it and an endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from wiretax.channels.endpoint import EndpointError
from wiretax.doctor.finding import Finding
from wiretax.terminal import Exit, fail, out

MARKS = {"ok": "[green]ok[/]    ", "note": "[yellow]note[/]  ", "failed": "[red]failed[/]"}
NAME_WIDTH = 14


def doctor(
    endpoint: Annotated[
        str | None,
        typer.Option(envvar="PUSHER_URL", show_envvar=True, help="http(s)://KEY:SECRET@HOST:PORT/apps/ID"),
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="A file of authorities (PEM) to verify an https endpoint with.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Take any certificate of an https endpoint.")
    ] = False,
    batch_limit: Annotated[
        bool, typer.Option("--batch-limit", help="Find the largest batch it takes: publishes real events.")
    ] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait for a connection, and for an answer.")] = "5s",
    yes: Annotated[
        bool, typer.Option("--yes", help="Publish to an endpoint that is not on this machine, unasked.")
    ] = False,
) -> None:
    """Say what this machine can measure, and what not; with an endpoint, what stands between the two.

    Without --endpoint nothing leaves the machine. With it, DNS, TCP, TLS, clock, credentials and keep-alive are
    checked in order, by requests that publish nothing. The exit code is 1 where a run could not work.
    """
    from wiretax.doctor.batches import MOST_EVENTS
    from wiretax.doctor.endpoint import Examination
    from wiretax.doctor.machine import examine_machine
    from wiretax.load.sweep.consent import agree
    from wiretax.units.duration import parse_duration
    from wiretax.wire.connections.servers import server_of
    from wiretax.wire.connections.target import TrustError

    try:
        timeout_s = parse_duration(timeout)
        target = server_of("--endpoint", endpoint, ca, insecure, yes=True)
    except (EndpointError, TrustError) as error:
        fail(str(error), Exit.USAGE)
    except ValueError as error:
        fail(f"--timeout: {error}", Exit.USAGE)
    if not timeout_s:
        fail(f"--timeout {timeout}: expected more than nothing, like 5s", Exit.USAGE)
    if target is None:
        if batch_limit:
            fail("--batch-limit goes with an --endpoint (or PUSHER_URL)", Exit.USAGE)
        _print(examine_machine(), timed=False)
        return
    if batch_limit and not target.endpoint.is_loopback:
        agree(
            f"--batch-limit publishes up to {MOST_EVENTS} small events to {target.endpoint.public_url}, not on "
            "this machine; each counts against the app's quota",
            yes,
        )
    if not _print(Examination(target, timeout_s).findings(batch_limit), timed=True):
        raise typer.Exit(Exit.UNFIT)


def _print(findings: Iterable[Finding], timed: bool) -> bool:
    """A line each as they come; whether none failed."""
    sound = True
    for each in findings:
        sound = sound and each.state != "failed"
        took = f"{each.ms:>7.1f} ms  " if timed else ""
        said = f"{each.found.rstrip('.')}; {each.advice}" if each.advice else each.found
        out.print(f"{MARKS[each.state]}  {each.name:<{NAME_WIDTH}}  {took}{escape(said)}", soft_wrap=True)
    return sound
