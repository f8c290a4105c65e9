"""``wiretax observe``: a publisher's command run against a recording proxy, and its requests printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wiretax.channels.endpoint import EndpointError
from wiretax.commands.options import (
    RESULTS,
    SERVER_URL,
    CaOption,
    CertOption,
    InsecureOption,
    JsonOption,
    KeyOption,
    LabelOption,
    ResultsOption,
    SignPrefixOption,
    YesOption,
)
from wiretax.json_output import reserve_stdout
from wiretax.terminal import Exit, err, fail, out, print_numbered, warn

if TYPE_CHECKING:
    from wiretax.observe.observation import Observation
    from wiretax.runs.reader import Run


def observe(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- CMD", help="The publisher: a command and its arguments.")
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option(envvar="WIRETAX_UPSTREAM", show_envvar=True, help=f"Forward to a real server: {SERVER_URL}"),
    ] = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
    cert: CertOption = None,
    key: KeyOption = None,
    sign_prefix: SignPrefixOption = False,
    label: LabelOption = None,
    results: ResultsOption = RESULTS,
    max_messages: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of messages to forward; further calls are answered with 403. A batch counts one "
            "per event, a multi-channel trigger one per channel. Default: 10,000 for remote servers, unlimited "
            "for local ones.",
        ),
    ] = None,
    deliver: Annotated[
        bool,
        typer.Option(
            "--deliver",
            help="Subscribe to the channels that CMD publishes to, and count what is delivered, and when.",
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a publisher in any language and show what its requests cost.

    CMD must read the server from its environment: PUSHER_URL; or PUSHER_SCHEME, PUSHER_HOST, PUSHER_PORT,
    PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET; or the variables of Laravel, for its connections "pusher" and
    "reverb". If CMD fails, wiretax exits with its exit code. With --json, what CMD prints goes to standard error.
    """
    from wiretax.delivery.subscribing.subscriber_error import SubscriberError
    from wiretax.mock.process import MockError
    from wiretax.observe.forwarding.upstream import UpstreamError
    from wiretax.observe.publisher import PublisherError
    from wiretax.observe.session import observe_into
    from wiretax.runs.folder import ResultsError
    from wiretax.runs.provenance.labels import LabelError, parse_labels, refuse_secrets
    from wiretax.wire.connections.servers import Access, server_of
    from wiretax.wire.connections.target import TrustError
    from wiretax.wire.publishers.message_limit import USUAL_MESSAGES, MessageLimit
    from wiretax.wire.reach.proxy import ProxySettingError

    write = reserve_stdout() if as_json else None
    if not command:
        fail("no command to observe; write it after two dashes: wiretax observe -- python publish.py", Exit.USAGE)
    try:
        labels = parse_labels(label or [])
        target = server_of("--upstream", upstream, Access(ca, insecure, sign_prefix, cert, key), yes)
        refuse_secrets(labels, [] if target is None else [target.endpoint.app])
        if max_messages is None and target is not None and not target.endpoint.is_loopback:
            max_messages = USUAL_MESSAGES
        limit = None if max_messages is None else MessageLimit(max_messages)
        observation, measured = observe_into(results, command, target, limit, deliver, labels)
    except (EndpointError, LabelError, ProxySettingError, TrustError, PublisherError, ResultsError) as error:
        fail(str(error), Exit.USAGE)
    except (MockError, UpstreamError, SubscriberError) as error:
        fail(str(error), Exit.INVALID)
    ending = observation.ending
    saved = None if measured is None else measured.read()
    problem = "" if measured is None else measured.problem
    code: int = Exit.OK if saved is not None and saved.meta["valid"] and not problem else Exit.INVALID
    if ending.interrupted or ending.code:
        code = Exit.INTERRUPTED if ending.interrupted else ending.code
    to_check = [] if saved is not None else observation.to_check(os.environ, Path.cwd())
    if write is not None:
        write(_document(observation, saved, problem, to_check, code))
    elif saved is not None:
        # pandas takes long to load, and the command need not wait for it.
        from analysis.tables.observed_table import print_observed

        print_observed(saved, out)
    if problem:
        warn(problem)
    if saved is None:
        warn(observation.nothing_published)
        print_numbered(err, "What to check, in this order:", to_check)
    if ending.code and not ending.interrupted:
        warn(str(ending))
    if code:
        raise typer.Exit(code)


def _document(
    observation: Observation, saved: Run | None, problem: str, to_check: list[str], code: int
) -> dict[str, Any]:
    from analysis.documents.observed import observed_document, unpublished_document

    if saved is not None:
        return observed_document(saved, code, problem)
    ending = observation.ending
    return unpublished_document(
        observation.nothing_published,
        to_check,
        code,
        ending.code,
        observation.recording.connections,
        ending.interrupted,
    )
