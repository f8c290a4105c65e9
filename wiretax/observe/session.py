"""Runs one observation: starts the server and the proxy, runs the publisher, and collects the results."""

from __future__ import annotations

import asyncio
import os
import resource
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.masking import without_secrets
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import difference
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.observe.delivered import expected_deliveries
from wiretax.observe.forwarding.proxy import HOST, Proxy
from wiretax.observe.forwarding.upstream import TIMEOUT_S, check
from wiretax.observe.observation import Observation
from wiretax.observe.publisher import ExitStatus, bypass_web_proxies, run_publisher
from wiretax.observe.subscriptions import ObservedSubscriptions
from wiretax.observe.variables import publisher_variables
from wiretax.runs.folder import claim_run_folder, leave_run_folder, run_name
from wiretax.runs.machine import busy_s
from wiretax.runs.provenance.labels import NO_LABELS
from wiretax.runs.provenance.provenance import Provenance
from wiretax.runs.record import RunRecord
from wiretax.runs.saving import SavedRun, save_run
from wiretax.wire.connections.target import Target
from wiretax.wire.publishers.message_limit import MessageLimit
from wiretax.wire.reach.client_certificate import ADVICE

INSECURE = "--insecure: the upstream's certificate was not verified; anyone may have answered"


def observe_into(
    results: Path,
    command: Sequence[str],
    upstream: Target | None,
    limit: MessageLimit | None = None,
    deliver: bool = False,
    labels: Mapping[str, str] = NO_LABELS,
) -> tuple[Observation, SavedRun | None]:
    """Run a publisher against a recording proxy and write the run.

    Args:
        results: the folder for the run's own folder.
        command: the publisher and its arguments.
        upstream: the server to forward to; None for the built-in mock.
        limit: how many messages may be forwarded; None for any number.
        deliver: whether a subscriber counts what is delivered.
        labels: of the run.

    Returns:
        What was observed, and the run; None if nothing was published, which leaves no folder.

    Raises:
        ResultsError: if the folder can't be written.
        PublisherError, MockError, UpstreamError, SubscriberError: see ``observe``.
    """
    folder = claim_run_folder(results, run_name("observe"))
    try:
        observation = observe(command, upstream, limit, deliver, labels)
        saved = _save(folder, observation.record()) if observation.publications else None
    finally:
        leave_run_folder(folder)  # keeps a folder that holds a run
    return observation, saved


def observe(
    command: Sequence[str],
    upstream: Target | None,
    limit: MessageLimit | None = None,
    deliver: bool = False,
    labels: Mapping[str, str] = NO_LABELS,
) -> Observation:
    """Run a publisher against a recording proxy.

    Args:
        command: the publisher and its arguments.
        upstream: the server to forward to; None for the built-in mock.
        limit: how many messages may be forwarded; None for any number.
        deliver: whether a subscriber counts what is delivered.
        labels: of the run.

    Raises:
        PublisherError: if the command can't be started.
        MockError: if the built-in mock does not start.
        UpstreamError: if the upstream can't be reached; the publisher is not started then.
        SubscriberError: if the server accepts no subscriber; likewise.
    """
    tls, tunnel = (None, None) if upstream is None else (upstream.context, upstream.tunnel)
    cost = CostModel() if upstream is None else None
    # Before the command, which may change files.
    provenance = Provenance.detect(labels)
    cautions = () if upstream is None else tuple(_cautions(upstream))
    with _server(upstream, cost) as target:
        subscriptions = ObservedSubscriptions(upstream or Target(target)) if deliver else None
        proxy = Proxy(target, tls, upstream is not None, tunnel, limit, subscriptions)
        before = read_ledger(target, _fresh(upstream), tunnel)
        started = datetime.now(UTC)
        wall, machine, children = perf_counter(), busy_s(), _children_s()
        ending, given, ended_s = asyncio.run(_publish(proxy, command, subscriptions))
        wall = perf_counter() - wall
        machine, generator = busy_s() - machine, ended_s - children
        after = read_ledger(target, _fresh(upstream), tunnel)
        finished = datetime.now(UTC)
    server = None if before is None or after is None else difference(after, before)
    mock = None if server is None else server["cpu_s"] / wall
    own = sum(os.times()[:2]) + (subscriptions.cpu_s if subscriptions is not None else 0.0)
    others = None if mock is None else max(0.0, machine / wall - generator / wall - mock - own / wall)
    return Observation(
        command=tuple(without_secrets(argument, target.app) for argument in command),
        target=target,
        cost=cost,
        recording=proxy.recording,
        ending=ending,
        server=server,
        started=started,
        finished=finished,
        busy={
            "generator": round(generator / wall, 4),
            "mock": None if mock is None else round(mock, 4),
            "others": None if others is None else round(others, 4),
        },
        cautions=cautions,
        given=tuple(given),
        listened=proxy.address,
        limit=limit,
        subscriptions=subscriptions,
        provenance=provenance,
    )


def _save(folder: Path, record: RunRecord) -> SavedRun:
    from analysis.measures.headline import add_headline  # pandas takes long to load

    add_headline(record)
    return save_run(folder, record)


@contextmanager
def _server(upstream: Target | None, cost: CostModel | None) -> Iterator[Endpoint]:
    if upstream is not None:
        yield upstream.endpoint
        return
    with embedded_mock(Limits(), cost or CostModel(), prefix=None, signs_prefix=None) as mock:
        yield mock


async def _publish(
    proxy: Proxy, command: Sequence[str], subscriptions: ObservedSubscriptions | None
) -> tuple[ExitStatus, dict[str, str], float]:
    """How the command ended, the variables that it was given, and the processor time of children by then (s)."""
    await check(proxy.upstream, proxy.tls, proxy.tunnel)
    if subscriptions is None:
        return await _publish_through(proxy, command)
    try:
        await subscriptions.open()
        published = await _publish_through(proxy, command)
        await subscriptions.finish(expected_deliveries(proxy.recording.exchanges))
    finally:
        await subscriptions.close()
    return published


async def _publish_through(proxy: Proxy, command: Sequence[str]) -> tuple[ExitStatus, dict[str, str], float]:
    """The same, as soon as everything is there."""
    await proxy.listen()
    endpoint = replace(proxy.upstream, scheme="http", host=HOST, port=proxy.port)
    given = {**publisher_variables(endpoint, os.environ), **bypass_web_proxies(os.environ, HOST)}
    ending = await run_publisher(command, given)
    spent_s = _children_s()
    await proxy.drain()
    return ending, given, spent_s


def _cautions(upstream: Target) -> Iterator[str]:
    if upstream.certificates.insecure:
        yield INSECURE
    if upstream.tls and upstream.certificates.cert is None and upstream.ask_for_certificate(TIMEOUT_S).asks:
        yield f"the upstream asks for a client certificate, and none was given; {ADVICE}"


def _fresh(upstream: Target | None) -> ssl.SSLContext | None:
    return None if upstream is None else upstream.fresh_context()


def _children_s() -> float:
    """Processor time of child processes that have exited (s)."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
