"""Whatever arrives at a master's port: its listener goes on, and Locust's statistics can still be printed."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import Any

import locust_unpatched  # noqa: F401
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust import log, stats
from locust.env import Environment
from locust.rpc import Message, zmqrpc
from locust.runners import HEARTBEAT_LIVENESS, MasterRunner, WorkerNode
from mutated import ODD, mutated

from wiretax import __version__
from wiretax.load.cluster import messages
from wiretax.load.cluster.free_master import FreeMaster
from wiretax.load.cluster.registry import WorkerRegistry
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.cluster.resilience.locust_messages import DATA
from wiretax.load.cluster.resilience.master_port import use_guarded_port
from wiretax.wire.ledger import Witness

BAD, GOOD = "bad", "good"
HELLO = {"wiretax": __version__, "host": "there", "pid": 7}
BEATING = {"state": "running", "current_cpu_usage": 1.0, "current_memory_usage": 2}
ENTRY = {
    "name": "trigger",
    "method": "POST",
    "last_request_timestamp": 2.5,
    "start_time": 1.5,
    "num_requests": 3,
    "num_none_requests": 0,
    "num_failures": 1,
    "total_response_time": 30.0,
    "max_response_time": 20.0,
    "min_response_time": 4.0,
    "total_content_length": 60,
    "response_times": {4: 1, 6: 1, 20: 1},
    "num_reqs_per_sec": {1: 2, 2: 1},
    "num_fail_per_sec": {2: 1},
}
FAILURE = {
    "name": "trigger",
    "method": "POST",
    "error": "413",
    "occurrences": 1,
    "first_seen": 1.0,
    "last_seen": 2.0,
}
STATISTICS = {
    "stats": [ENTRY, {**ENTRY, "name": "batch"}],
    "stats_total": {**ENTRY, "name": "Aggregated", "method": ""},
    "errors": {"key": FAILURE},
    "user_classes_count": {"TriggerUser": 1},
}
REPORT = WorkerReport([], 0.5, witness=Witness()).as_plain()
# One of each type, which a master takes.
VALID: list[tuple[str, Any]] = [
    ("client_ready", "2.47.0"),
    ("client_ready", -1),
    ("client_stopped", None),
    ("exception", {"msg": "oh", "traceback": "line 1"}),
    ("heartbeat", BEATING),
    ("logs", {"worker_id": BAD, "logs": ["a line"]}),
    ("quit", None),
    ("spawning", None),
    ("spawning_complete", {"user_classes_count": {"TriggerUser": 1}, "user_count": 1}),
    ("stats", STATISTICS),
    ("stats", {**STATISTICS, messages.REPORT: {**REPORT, "witness": None}}),
    (messages.HELLO, HELLO),
    (messages.REFUSED, {"why": "no"}),
    (messages.HALT, {"why": "no"}),
    (messages.LEAVING, {"why": "no"}),
    (messages.FINAL_REPORT, REPORT),
]
VALUES = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3)
    ),
    max_leaves=4,
)
SENDERS = st.just(BAD.encode()) | st.binary(max_size=8)


def packed(sender: bytes, plain: Any) -> list[bytes]:
    """As a worker sends it; values that can't be sent are an empty message."""
    try:
        return [sender, msgpack.packb(plain)]
    except (OverflowError, ValueError):
        return [sender, b""]


# Every second one is of statistics, which have the most places.
SHAPED = st.sampled_from([*VALID, *[("stats", STATISTICS)] * len(VALID)]).flatmap(
    lambda each: mutated({"message": [*each, BAD]}, VALUES)
)


def sent(documents: list[dict[str, Any]]) -> list[list[bytes]]:
    return [packed(BAD.encode(), made.get("message")) for made in documents]


ONE = (
    st.lists(st.binary(max_size=40), max_size=4)
    | st.builds(packed, SENDERS, VALUES)
    | st.builds(packed, SENDERS, st.tuples(st.sampled_from(sorted(DATA)) | st.text(max_size=8), VALUES, SENDERS))
)
SEVERAL = st.tuples(ONE).map(list) | SHAPED.map(sent)


class Wire:
    """In place of a socket."""

    def __init__(self) -> None:
        self.coming: deque[list[bytes]] = deque()
        self.sent: list[list[bytes]] = []

    def recv_multipart(self) -> list[bytes]:
        return self.coming.popleft()

    def send_multipart(self, frames: list[bytes]) -> None:
        self.sent.append(frames)


class Errors(logging.Handler):
    """Keeps what Locust logs of exceptions that it catches, without which its listener would have ended."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.caught: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or "Uncaught" in record.getMessage():
            self.caught.append(record.getMessage())


class Master:
    """Locust's master of a free run, which listens when it is told to."""

    def __init__(self) -> None:
        self.environment = Environment()
        self.runner: Any = self.environment.create_master_runner("127.0.0.1", 0)
        self.runner.server.socket.context.destroy(linger=0)
        self.wire = self.runner.server.socket = Wire()
        self.master = FreeMaster(self.environment)

    def hear(self, frames: list[bytes]) -> None:
        """Handle what came, and then a heartbeat of another worker; both workers take part."""
        runner = self.runner
        runner.stats.clear_all()
        runner.stats.errors.clear()
        runner.exceptions.clear()
        self.environment.worker_logs.clear()
        self.wire.sent.clear()
        for name in list(runner.clients):
            del runner.clients[name]
        for name in (BAD, GOOD):
            runner.clients[name] = WorkerNode(name, state="running", heartbeat_liveness=0)
        self.registry.workers.clear()
        greeting, beat = (
            packed(BAD.encode(), (messages.HELLO, HELLO, BAD)),
            packed(GOOD.encode(), ("heartbeat", BEATING, GOOD)),
        )
        self.wire.coming.extend([greeting, frames, beat])
        while self.wire.coming:
            runner.handle_message(*runner.server.recv_from_client())

    @property
    def registry(self) -> WorkerRegistry:
        return self.master._registry


@pytest.fixture(scope="module")
def errors() -> Iterator[Errors]:
    handler = Errors()
    logging.getLogger().addHandler(handler)
    logging.disable(logging.WARNING)  # pytest would keep one for each input
    yield handler
    logging.disable(logging.NOTSET)
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def master() -> Iterator[Master]:
    with pytest.MonkeyPatch.context() as changed:
        # Of which this is undone for other tests.
        changed.setattr(zmqrpc, "Server", zmqrpc.Server)
        changed.setattr(MasterRunner, "handle_message", MasterRunner.handle_message)
        use_guarded_port()
        made = Master()
        yield made
        made.runner.greenlet.kill(block=False)


def heard(master: Master, errors: Errors, frames: list[bytes]) -> None:
    """The last heartbeat was answered, no exception was caught, and the statistics can be printed."""
    master.hear(frames)
    runner = master.runner
    assert runner.clients[GOOD].heartbeat == HEARTBEAT_LIVENESS
    assert Message.unserialize(master.wire.sent[-1][1]).type == "heartbeat"
    for current in (True, False):
        stats.get_stats_summary(runner.stats, current)
    stats.get_percentile_stats_summary(runner.stats)
    stats.get_error_report_summary(runner.stats)
    runner.stats.serialize_stats()
    assert not errors.caught
    assert not log.unhandled_greenlet_exception


@pytest.mark.parametrize("kind", [f"{number}-{kind}" for number, (kind, _) in enumerate(VALID)])
def test_a_message_of_each_type_is_taken(master: Master, errors: Errors, kind: str) -> None:
    heard(master, errors, packed(BAD.encode(), (*VALID[int(kind.partition("-")[0])], BAD)))
    assert master.runner.server.take_warning() == ""


@pytest.mark.parametrize("field", ["name", "method"])
@pytest.mark.parametrize("value", [None, 5, 2.5, True])
def test_statistics_that_locust_could_not_sort_are_ignored(
    master: Master, errors: Errors, field: str, value: Any
) -> None:
    rows = [ENTRY, {**ENTRY, field: value}]
    heard(master, errors, packed(BAD.encode(), ("stats", {**STATISTICS, "stats": rows}, BAD)))
    assert (
        f"Expected `str`, got `{type(value).__name__.replace('NoneType', 'null')}`"
        in master.runner.server.take_warning()
    )


def test_response_times_of_no_requests_are_ignored(master: Master, errors: Errors) -> None:
    heard(
        master,
        errors,
        packed(BAD.encode(), ("stats", {**STATISTICS, "stats": [{**ENTRY, "num_requests": 0}]}, BAD)),
    )
    assert "response times of no requests" in master.runner.server.take_warning()


@given(SEVERAL)
def test_any_bytes_at_the_port_leave_the_master_listening(
    master: Master, errors: Errors, several: list[list[bytes]]
) -> None:
    for frames in several:
        heard(master, errors, frames)
