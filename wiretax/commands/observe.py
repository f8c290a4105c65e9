"""``wiretax observe``: a publisher's command run against a recording proxy, and its requests printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from wiretax.channels.endpoint import EndpointError
from wiretax.commands.options import (
    RESULTS,
    SERVER_URL,
    CaOption,
    CertOption,
    InsecureOption,
    KeyOption,
    LabelOption,
    ResultsOption,
    SignPrefixOption,
    YesOption,
)
from wiretax.terminal import Exit, err, fail, out, print_numbered, warn


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
) -> None:
    """Run a publisher in any language and show what its requests cost.

    CMD must read the server from its environment: PUSHER_URL; or PUSHER_SCHEME, PUSHER_HOST, PUSHER_PORT,
    PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET; or the variables of Laravel, for its connections "pusher" and
    "reverb". If CMD fails, wiretax exits with its exit code.
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
    saved = None
    if measured is not None:
        # pandas takes long to load, and the command need not wait for it.
        from analysis.tables.observed_table import print_observed

        saved = measured.read()
        print_observed(saved, out)
        if measured.problem:
            warn(measured.problem)
    if saved is None:
        warn(observation.nothing_published)
        print_numbered(err, "What to check, in this order:", observation.to_check(os.environ, Path.cwd()))
    if observation.ending.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if observation.ending.code:
        warn(str(observation.ending))
        raise typer.Exit(observation.ending.code)
    if saved is None or measured is None or measured.problem or not saved.meta["valid"]:
        raise typer.Exit(Exit.INVALID)
