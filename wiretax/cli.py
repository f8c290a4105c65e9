"""The ``wiretax`` command. Thin: it reads options, calls the piece that does the work, and picks the exit code."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer

from wiretax import __version__
from wiretax.channels.endpoint import DEMO, PLAIN, Credentials, EndpointError
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import ProfileError
from wiretax.commands.advise import advise
from wiretax.commands.doctor import doctor
from wiretax.commands.feed import feed
from wiretax.commands.gate import gate
from wiretax.commands.report import report
from wiretax.commands.run import run
from wiretax.commands.ui import ui
from wiretax.mock.certificate import KeyType, MockTls
from wiretax.mock.faults import KINDS, Fault, FaultList
from wiretax.terminal import Exit, err, fail, out

URL_OPTIONS = ("--endpoint", "--against", "--redis")
SECRET_URL = re.compile(r"\w+://[^/@\s]*:[^/@\s]*@")

app = typer.Typer(
    name="wiretax",
    help="What one event really costs on the wire of the Pusher Channels HTTP API, and what batching gives back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        out.print(f"wiretax {__version__}")
        raise typer.Exit(Exit.OK)


@app.command()
def mock(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    app_id: Annotated[str, typer.Option(help="The app's id.")] = DEMO.app_id,
    key: Annotated[str, typer.Option(help="The app's key.")] = DEMO.key,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="WIRETAX_MOCK_SECRET", show_default=False, help="The app's secret, if not the demo's."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Events a batch.")] = Limits().batch_size,
    data_bytes: Annotated[int, typer.Option(min=1, help="Bytes of one event's data.")] = Limits().data_bytes,
    channels: Annotated[int, typer.Option(min=1, help="Channels a trigger.")] = Limits().channels,
    rtt: Annotated[str, typer.Option(help="Round-trip time added to each answer, like 40ms.")] = "0s",
    per_request: Annotated[str, typer.Option(help="A server's time for a call, like 200us.")] = "0s",
    per_event: Annotated[str, typer.Option(help="A server's time for each event in it.")] = "0s",
    servers: Annotated[int, typer.Option(min=1, help="Calls served at once.")] = 1,
    idle_timeout: Annotated[str, typer.Option(help="Close connections that are silent for so long.")] = "60s",
    keep_alive: Annotated[
        bool, typer.Option(help="Leave connections open after an answer; without it each call costs one.")
    ] = True,
    tls: Annotated[bool, typer.Option("--tls", help="Speak HTTPS, with a certificate made for it.")] = False,
    certificate: Annotated[KeyType, typer.Option(help="The certificate's kind of key.")] = "rsa",
    ca: Annotated[
        Path | None,
        typer.Option(help="Where to write the certificate of its authority; a temporary file if not said."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="What to get wrong, for which share of the requests: KIND[:SHARE[:TIME]], several with commas or "
            f"repeated, like slow:0.1:200ms,stall:0.01. KIND: {', '.join(KINDS)}."
        ),
    ] = None,
    fault_seed: Annotated[int, typer.Option(help="What decides which requests --fault hits.")] = 1,
    fault_after: Annotated[int, typer.Option(min=0, help="Requests served well before the first fault.")] = 0,
    with_parent: Annotated[bool, typer.Option(hidden=True, help="Stop when standard input closes.")] = False,
) -> None:
    """Run the endpoint alone: checks what the service checks, answers as it does, counts every byte."""
    from wiretax.mock.cost import CostModel
    from wiretax.mock.server import MockOptions, run_mock
    from wiretax.units.duration import parse_duration

    try:
        cost = CostModel(parse_duration(rtt), parse_duration(per_request), parse_duration(per_event), servers)
        patience = parse_duration(idle_timeout)
        faults = FaultList(_faults(fault or []), fault_seed, fault_after)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    if not patience:
        fail(f"--idle-timeout {idle_timeout}: expected more than nothing, like 60s", Exit.USAGE)
    if not PLAIN.fullmatch(app_id) or not PLAIN.fullmatch(key):
        fail("--app-id and --key take letters, digits, - and _ (they stand in a URL as they are)", Exit.USAGE)
    credentials = Credentials(app_id, key, secret or DEMO.secret)
    limits = Limits(batch_size=batch_size, data_bytes=data_bytes, channels=channels)
    speaks = _mock_tls(certificate, ca) if tls else None
    options = MockOptions(host, port, credentials, limits, cost, patience, speaks, faults, keep_alive)

    def ready(host: str, port: int) -> None:
        print(f"wiretax mock listening on {options.scheme}://{host}:{port}", flush=True)
        if with_parent:
            return
        if speaks is not None:
            print(f"certificate of its authority: {speaks.authority}", flush=True)
        if not secret:
            print(f"PUSHER_URL={options.scheme}://{key}:{DEMO.secret}@{host}:{port}/apps/{app_id}", flush=True)

    try:
        run_mock(options, ready, with_parent)
    except OSError as error:
        resolved = error.errno and not isinstance(error, socket.gaierror)
        why = os.strerror(error.errno or 0) if resolved else error.strerror or str(error)
        fail(f"can't listen on {host}:{port}: {why}; choose another --host or --port", Exit.USAGE)


@app.command(context_settings={"allow_interspersed_args": False})
def observe(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- CMD", help="The publisher, in any language.")
    ] = None,
    upstream: Annotated[
        str | None, typer.Option(help="Forward to a real server: http(s)://KEY:SECRET@HOST[:PORT]/apps/ID")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="A file of authorities (PEM) to verify an https upstream with.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Take any certificate of an https upstream; said in the run.")
    ] = False,
    results: Annotated[Path, typer.Option(help="The folder runs are kept in.")] = Path("results"),
    yes: Annotated[bool, typer.Option("--yes", help="Forward to a server that is not on this machine.")] = False,
) -> None:
    """Run a publisher in any language and show what its requests cost.

    CMD is told where to publish by PUSHER_URL, and by PUSHER_HOST, PUSHER_PORT, PUSHER_SCHEME, PUSHER_APP_ID,
    PUSHER_KEY and PUSHER_SECRET. Its exit code is passed on where it fails.
    """
    from analysis.tables.observed_table import print_observed
    from wiretax.mock.process import MockError
    from wiretax.observe.publisher import PublisherError
    from wiretax.observe.session import observe as observe_publisher
    from wiretax.observe.upstream import UpstreamError
    from wiretax.runs.reader import read_run
    from wiretax.runs.writer import (
        ResultsError,
        abandon_run_folder,
        claim_run_folder,
        run_name,
        write_run,
    )
    from wiretax.wire.connections.servers import server_of
    from wiretax.wire.connections.target import TrustError

    if not command:
        fail("no command to observe; write it after two dashes: wiretax observe -- python publish.py", Exit.USAGE)
    folder = None
    try:
        target = server_of("--upstream", upstream, ca, insecure, yes)
        folder = claim_run_folder(results, run_name("observe"))
        seen = observe_publisher(command, target)
        if seen.publications:
            write_run(folder, seen.record())
    except (EndpointError, TrustError, PublisherError, ResultsError) as error:
        fail(str(error), Exit.USAGE)
    except (MockError, UpstreamError) as error:
        fail(str(error), Exit.INVALID)
    finally:
        if folder is not None:
            abandon_run_folder(folder)  # which leaves one that holds a run
    saved = read_run(folder) if seen.publications else None
    if saved is not None:
        print_observed(saved, out)
    if seen.ending.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if saved is None:
        err.print(f"wiretax: {seen.nothing_published}", soft_wrap=True, markup=False)
    if seen.ending.code:
        err.print(f"wiretax: {seen.ending}", soft_wrap=True, markup=False)
        raise typer.Exit(seen.ending.code)
    if saved is None or not saved.meta["valid"]:
        raise typer.Exit(Exit.INVALID)


app.command()(run)
app.command()(advise)
app.command()(feed)
app.command()(gate)
app.command()(report)
app.command()(doctor)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, options_metavar="[LOCUST OPTIONS]"
)(ui)


def _faults(texts: list[str]) -> tuple[Fault, ...]:
    from wiretax.load.plan.faults import FaultError, hold_to_all_requests, parse_fault

    try:
        faults = tuple(parse_fault(each) for text in texts for each in text.split(","))
        hold_to_all_requests(faults)
    except FaultError as error:
        raise FaultError(f"--fault: {error}") from None
    return faults


def _mock_tls(key_type: KeyType, ca: Path | None) -> MockTls:
    if ca is None:
        return MockTls(key_type, Path(mkdtemp(prefix="wiretax-")) / "ca.pem")
    if not ca.parent.is_dir() or ca.is_dir():
        fail(f"--ca {ca}: expected a file in a folder that exists", Exit.USAGE)
    return MockTls(key_type, ca)


def _has_stray_secret(arguments: list[str]) -> bool:
    """Whether an argument that is not understood would be repeated to the user, and into logs, with its secret."""
    if arguments[:1] == ["observe"]:
        return False  # what it runs may be given any
    pairs = zip(["", *arguments], arguments, strict=False)
    return any(SECRET_URL.match(each) for before, each in pairs if before not in URL_OPTIONS)


def main() -> None:
    """The entry point: an unexpected error is one line and exit code 1, its traceback with WIRETAX_DEBUG=1."""
    if _has_stray_secret(sys.argv[1:]):
        said = "a URL with a secret stands where none belongs; give it with --endpoint or PUSHER_URL"
        err.print(f"wiretax: {said}", soft_wrap=True)
        sys.exit(Exit.USAGE)
    try:
        app()
    except ProfileError as error:
        err.print(f"wiretax: {error}", soft_wrap=True, markup=False)
        sys.exit(Exit.USAGE)
    except Exception as error:
        if os.environ.get("WIRETAX_DEBUG"):
            raise
        err.print(
            f"wiretax: internal error: {type(error).__name__}: {error} (WIRETAX_DEBUG=1 shows where)",
            markup=False,
        )
        sys.exit(Exit.INTERNAL)
