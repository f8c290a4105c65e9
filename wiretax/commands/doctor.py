"""``wiretax doctor``: checks this machine, or the connection to an endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from wiretax.channels.endpoint import EndpointError
from wiretax.commands.options import (
    CaOption,
    CertOption,
    EndpointOption,
    JsonOption,
    KeyOption,
    SignPrefixOption,
    YesOption,
    positive_duration,
)
from wiretax.doctor.finding import Finding
from wiretax.escaping import visible
from wiretax.json_output import Write, reserve_stdout
from wiretax.terminal import Exit, OptionError, fail, out

MARKS = {"ok": "[green]ok[/]    ", "note": "[yellow]note[/]  ", "failed": "[red]failed[/]"}
NAME_WIDTH = 14
# Where names begin, and the narrowest column that text is wrapped to.
INDENT, LEAST_WIDTH = 8, 30


def doctor(
    endpoint: EndpointOption = None,
    ca: CaOption = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Disable TLS verification.")] = False,
    cert: CertOption = None,
    key: KeyOption = None,
    sign_prefix: SignPrefixOption = False,
    limits: Annotated[
        bool,
        typer.Option(
            "--limits",
            "--batch-limit",
            help="Find the largest batch, event and request the server accepts; publishes real events.",
        ),
    ] = False,
    timeout: Annotated[
        str, typer.Option(help="Time limit of each step: name lookup, connection, handshake, response.")
    ] = "5s",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check this machine and, with --endpoint, the connection to the server.

    Without --endpoint, nothing is sent. With it, DNS, TCP, TLS, clock, credentials, keep-alive and a subscription
    are checked in this order, by requests that publish nothing. The exit code is 1 if a run would fail.
    """
    from wiretax.doctor.endpoint import Examination
    from wiretax.doctor.limit_search.limits import MOST_EVENTS
    from wiretax.doctor.machine import examine_machine
    from wiretax.wire.connections.servers import Access, server_of
    from wiretax.wire.connections.target import TrustError
    from wiretax.wire.reach.proxy import ProxySettingError

    write = reserve_stdout() if as_json else None
    try:
        timeout_s = positive_duration("--timeout", timeout, "5s")
        target = server_of("--endpoint", endpoint, Access(ca, insecure, sign_prefix, cert, key), yes=True)
    except (EndpointError, OptionError, ProxySettingError, TrustError) as error:
        fail(str(error), Exit.USAGE)
    if target is None:
        if limits:
            fail("--limits needs an --endpoint (or PUSHER_URL)", Exit.USAGE)
        _report(examine_machine(), None, write)
        return
    if limits and not target.endpoint.is_loopback:
        from wiretax.load.sweep.consent import agree  # loads what drives load, too

        try:
            agree(
                f"--limits publishes up to {MOST_EVENTS:,} real events, usually fewer than 100, to "
                f"{target.endpoint.public_url}, a remote server; each counts against the app's quota",
                yes,
            )
        except OptionError as error:
            fail(str(error), Exit.USAGE)
    if not _report(Examination(target, timeout_s).findings(limits), target.endpoint.public_url, write):
        raise typer.Exit(Exit.UNFIT)


def _report(findings: Iterable[Finding], endpoint: str | None, write: Write | None) -> bool:
    """Print findings, or write them as a document. Returns whether no check failed."""
    if write is None:
        return _print(findings, timed=endpoint is not None)
    from analysis.documents.checks import checks_document

    document = checks_document(findings, endpoint, Exit.UNFIT)
    write(document)
    passed: bool = document["ok"]
    return passed


def _print(findings: Iterable[Finding], timed: bool) -> bool:
    """Print each finding as soon as it is there. Returns whether no check failed."""
    passed = True
    for each in findings:
        passed = passed and each.state != "failed"
        time = f"{each.ms:>7.1f} ms  " if timed else ""
        begin = f"{MARKS[each.state]}  {each.name:<{NAME_WIDTH}}  {time}"
        if out.is_terminal:
            _print_wrapped(begin, each)
        else:
            # One line each in a file, which can be searched.
            text = f"{each.found.rstrip('.')}; {each.advice}" if each.advice else each.found
            out.print(f"{begin}{escape(text)}", soft_wrap=True)
    return passed


def _print_wrapped(begin: str, finding: Finding) -> None:
    """Print what was found beside its name, and what to do about it below, on lines that fit the terminal."""
    column = Text.from_markup(begin).cell_len
    for line in _lines(finding.found, out.width - column):
        out.print(f"{begin}{escape(line)}", soft_wrap=True)
        begin = " " * column
    for line in _lines(finding.advice, out.width - INDENT):
        out.print(f"{' ' * INDENT}{escape(line)}", soft_wrap=True)


def _lines(text: str, width: int) -> list[str]:
    """The lines of a text. Words that are longer, such as URLs, stay whole: they are copied."""
    return wrap(visible(text), max(width, LEAST_WIDTH), break_long_words=False, break_on_hyphens=False)
