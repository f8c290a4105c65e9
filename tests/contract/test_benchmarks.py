"""Each load generator of the benchmarks publishes what it is asked for, and the mock accepts all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.cores import Cores
from benchmarks.peers import generators, servers
from benchmarks.peers.generators import Generator
from benchmarks.peers.lineup import Entry, Turn, lineup
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload

# Debian's tools may be missing anywhere.
pytestmark = pytest.mark.optional_tools

TURN = Turn(settle_s=0.0, window_s=0.05)
# Where it runs is up to the system: other tests run, too.
CORES = Cores(())
BATCH, TRIGGER = Workload.of("batch", 10), Workload.of("trigger")
PEERS = {each.name: each for each in generators.peers()}


@pytest.fixture(scope="module")
def mock() -> Iterator[Endpoint]:
    with servers.mock(None) as endpoint:
        yield endpoint


def sends(generator: Generator, workload: Workload, endpoint: Endpoint) -> None:
    """A window raises if a request was refused, or brought other events."""
    with lineup([Entry("it", generator, endpoint)], workload, CORES) as started:
        assert started.round(TURN)["it"].requests_per_s > 0


@pytest.mark.parametrize("name", PEERS)
def test_every_request_of_a_generator_is_accepted(name: str, mock: Endpoint) -> None:
    if not PEERS[name].version:
        pytest.skip(f"{name} is not installed: {PEERS[name].remedy}")
    sends(PEERS[name], BATCH, mock)


@pytest.mark.parametrize("name", ["k6", "Locust + pusher library"])
def test_those_with_json_of_their_own_send_triggers_too(name: str, mock: Endpoint) -> None:
    if not PEERS[name].version:
        pytest.skip(f"{name} is not installed: {PEERS[name].remedy}")
    sends(PEERS[name], TRIGGER, mock)


def test_the_asgi_app_accepts_what_the_mock_accepts() -> None:
    with servers.asgi(None) as endpoint:
        sends(generators.bare_uvloop(), BATCH, endpoint)


def test_the_endpoint_in_c_counts_requests_and_their_bytes(tmp_path: Path) -> None:
    if servers.compiler() is None:
        pytest.skip("no C compiler")
    with servers.endpoint_in_c(None, tmp_path) as endpoint:
        with lineup([Entry("it", generators.bare_gevent(), endpoint)], TRIGGER, CORES) as started:
            window = started.round(TURN)["it"]
        assert window.request_bytes == 473
        assert servers.read_ledger(endpoint)["connections"] == 16
