"""The comparisons: wiretax and its peers, the mock and an ASGI app, the generator and the machine's limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cores import Cores
from benchmarks.peers import generators, servers
from benchmarks.peers.document import Comparison, Row
from benchmarks.peers.lineup import Entry, Turn, lineup
from benchmarks.peers.servers import PeerError
from benchmarks.peers.window import Window
from wiretax.channels.workload import Workload

WORKLOADS = tuple(
    Workload.of(api, size, payload_bytes=payload_bytes)
    for payload_bytes in (100, 1000)
    for api, size in (("trigger", 1), ("batch", 10))
)
MOCK, ASGI = "the mock", "ASGI app on uvicorn"

Tell = Callable[[str], None]


def compare_peers(
    workloads: Sequence[Workload], rounds: int, turn: Turn, cores: Cores, tell: Tell
) -> list[Comparison]:
    """All generators that are installed, against one mock."""
    with servers.mock(cores.mock) as endpoint:
        entries = [Entry(each.name, each, endpoint) for each in generators.peers() if each.version]
        return [_compare("peers", entries, workload, rounds, turn, cores, tell) for workload in workloads]


def compare_servers(
    workloads: Sequence[Workload], rounds: int, turn: Turn, cores: Cores, tell: Tell
) -> list[Comparison]:
    """The mock and an ASGI app with its rules, driven by wrk, or else by the bare loop."""
    wrk = generators.wrk()
    generator = wrk if wrk.version else generators.bare_uvloop()
    with ExitStack() as stack:
        entries = [
            Entry(MOCK, generator, stack.enter_context(servers.mock(cores.mock))),
            Entry(ASGI, generator, stack.enter_context(servers.asgi(cores.mock))),
        ]
        return [_compare("mock", entries, workload, rounds, turn, cores, tell) for workload in workloads]


def compare_limit(
    workloads: Sequence[Workload], rounds: int, turn: Turn, cores: Cores, tell: Tell
) -> list[Comparison]:
    """The fastest generators against an endpoint that costs next to nothing."""
    fastest = [
        generators.ours(),
        generators.bare_gevent(),
        generators.bare_gevent_fixed(),
        generators.bare_uvloop(),
        generators.h2load(),
        generators.wrk(),
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="wiretax-endpoint-")))
        endpoint = stack.enter_context(servers.endpoint_in_c(cores.mock, folder))
        entries = [Entry(each.name, each, endpoint) for each in fastest if each.version]
        return [_compare("limit", entries, workload, rounds, turn, cores, tell) for workload in workloads]


PARTS = {"peers": compare_peers, "mock": compare_servers, "limit": compare_limit}


def _compare(
    part: str, entries: Sequence[Entry], workload: Workload, rounds: int, turn: Turn, cores: Cores, tell: Tell
) -> Comparison:
    """Let all entries send one workload in turns."""
    size, payload_bytes = workload.call.batch_size, workload.payload.bytes
    of = Comparison(part, size, payload_bytes, ())
    tell(f"{part}: {of.sent_as}: starting {len(entries)} of them")
    windows: dict[str, list[Window]] = {entry.name: [] for entry in entries}
    try:
        with lineup(entries, workload, cores) as started:
            for number in range(rounds):
                for name, window in started.round(turn).items():
                    windows[name].append(window)
                disturbed = sum(each[-1].disturbed for each in windows.values())
                note = f", {disturbed} of {len(entries)} disturbed" if disturbed else ""
                tell(f"{part}: {of.sent_as}: round {number + 1}/{rounds}{note}")
    except PeerError as error:
        raise PeerError(f"{part}: {of.sent_as}: {error}") from None
    rows = tuple(
        Row(entry.name, entry.generator.version, entry.generator.signs, tuple(windows[entry.name]))
        for entry in entries
    )
    return Comparison(part, size, payload_bytes, rows)
