"""``wiretax mock``: the endpoint alone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.channels.endpoint import DEMO, PLAIN, Credentials, Endpoint, host_and_port, is_prefix
from wiretax.channels.limits import Limits
from wiretax.commands.options import positive_duration, read_option
from wiretax.escaping import disarmed, visible
from wiretax.mock.certificate import KeyType, MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import KINDS, FaultList
from wiretax.runs.held import temporary_folder
from wiretax.terminal import Exit, OptionError, fail
from wiretax.units.duration import parse_duration

if TYPE_CHECKING:
    from wiretax.mock.options import MockOptions


def mock(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8080,
    app_id: Annotated[str, typer.Option(help="App id.")] = DEMO.app_id,
    key: Annotated[str, typer.Option(help="App key.")] = DEMO.key,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="WIRETAX_MOCK_SECRET", show_default=False, help="App secret. Default: the demo app's."
        ),
    ] = None,
    prefix: Annotated[str, typer.Option(help="What precedes /apps in every path, like /ws.")] = "",
    sign_prefix: Annotated[
        bool, typer.Option("--sign-prefix", help="Expect signatures that cover the prefix.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Maximum events per batch.")] = Limits().batch_size,
    data_bytes: Annotated[
        int, typer.Option(min=1, help="Maximum bytes of one event's data.")
    ] = Limits().data_bytes,
    channels: Annotated[int, typer.Option(min=1, help="Maximum channels per trigger.")] = Limits().channels,
    body_bytes: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum bytes of a request's body. Default: a full batch fits."),
    ] = None,
    rtt: Annotated[str, typer.Option(help="Network round-trip time added to each response, like 40ms.")] = "0s",
    per_request: Annotated[str, typer.Option(help="Server time per call, like 200us.")] = "0s",
    per_event: Annotated[str, typer.Option(help="Server time per event in a call, like 20us.")] = "0s",
    servers: Annotated[int, typer.Option(min=1, help="Number of calls served at the same time.")] = 1,
    idle_timeout: Annotated[
        str,
        typer.Option(help="Close connections that are idle for this long, and refuse requests that take longer."),
    ] = "60s",
    keep_alive: Annotated[
        bool, typer.Option(help="Keep connections open, or close each one after its first response.")
    ] = True,
    tls: Annotated[bool, typer.Option("--tls", help="Serve HTTPS with a new self-signed authority.")] = False,
    certificate: Annotated[KeyType, typer.Option(help="Key type of the certificate.")] = "rsa",
    ca: Annotated[
        Path | None,
        typer.Option(
            help="File to write the authority's certificate to. Default: a file that is removed when "
            "the mock stops."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="Faults to inject: KIND[:SHARE[:TIME]], separated by commas or repeated, like "
            f"slow:0.1:200ms,stall:0.01. KIND: {', '.join(KINDS)}."
        ),
    ] = None,
    fault_seed: Annotated[int, typer.Option(help="Random seed that selects the requests --fault hits.")] = 1,
    fault_after: Annotated[int, typer.Option(min=0, help="Number of requests before the first fault.")] = 0,
) -> None:
    """Run the mock endpoint: it validates requests as Pusher does, answers them, and counts every byte."""
    from wiretax.mock.options import MockOptions

    with ExitStack() as until_stopped:
        try:
            options = MockOptions(
                host,
                port,
                _credentials(app_id, key, secret or DEMO.secret),
                Limits(batch_size=batch_size, data_bytes=data_bytes, channels=channels),
                CostModel(
                    rtt=read_option("--rtt", rtt, parse_duration),
                    per_request=read_option("--per-request", per_request, parse_duration),
                    per_event=read_option("--per-event", per_event, parse_duration),
                    servers=servers,
                ),
                positive_duration("--idle-timeout", idle_timeout, "60s"),
                MockTls(certificate, until_stopped.enter_context(_authority(ca))) if tls else None,
                _faults(fault or [], fault_seed, fault_after),
                keep_alive,
                _prefix(prefix),
                sign_prefix,
                body_bytes,
            )
        except OptionError as error:
            fail(str(error), Exit.USAGE)
        _serve(options, shows_secret=not secret)


def _serve(options: MockOptions, shows_secret: bool) -> None:
    from wiretax.mock.server import run_mock

    def announce(host: str, port: int) -> None:
        print(options.listening(host, port), flush=True)
        if options.tls is not None:
            print(f"certificate authority: {disarmed(visible(str(options.tls.authority)))}", flush=True)
        if shows_secret:
            endpoint = Endpoint(options.scheme, host, port, options.app, options.prefix or "")
            print(f"PUSHER_URL={endpoint.secret_url}", flush=True)

    try:
        run_mock(options, announce)
    except UnicodeError:
        fail(f"can't listen on {options.host}: no name that can be looked up; choose another --host", Exit.USAGE)
    except OSError as error:
        has_text = error.errno and not isinstance(error, socket.gaierror)
        why = os.strerror(error.errno or 0) if has_text else error.strerror or str(error)
        where = host_and_port(options.host, options.port)
        fail(f"can't listen on {where}: {why}; choose another --host or --port", Exit.USAGE)


def _credentials(app_id: str, key: str, secret: str) -> Credentials:
    if not PLAIN.fullmatch(app_id) or not PLAIN.fullmatch(key):
        raise OptionError("--app-id and --key: expected letters, digits, - and _, which need no escaping in a URL")
    return Credentials(app_id, key, secret)


def _prefix(given: str) -> str:
    prefix = given.rstrip("/")
    if not is_prefix(prefix):
        raise OptionError(f"--prefix {given}: expected a path like /ws, with nothing that needs escaping")
    return prefix


@contextmanager
def _authority(ca: Path | None) -> Iterator[Path]:
    """The file for the authority's certificate: the one that was named, or one that is removed at the end."""
    if ca is None:
        with temporary_folder("wiretax-authority-") as folder:
            yield folder / "ca.pem"
    elif ca.parent.is_dir() and (ca.is_file() or not ca.exists()):
        yield ca
    else:
        raise OptionError(f"--ca {ca}: expected a file in an existing folder")


def _faults(texts: list[str], seed: int, after: int) -> FaultList:
    from wiretax.load.plan.faults import FaultError, parse_fault, refuse_excess_shares

    try:
        faults = tuple(parse_fault(each) for text in texts for each in text.split(","))
        refuse_excess_shares(faults)
    except FaultError as error:
        raise OptionError(f"--fault: {error}") from None
    return FaultList(faults, seed, after)
