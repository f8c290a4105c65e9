"""A replay through the publishers: what is counted is what was sent, whichever way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.limits import Limits
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.load.client.session import Session
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.slices import Slice

REPLAY = Replay("mine", tuple(Event(f"e{size}", ("c", "d"), "ë" * size) for size in (0, 1, 70, 1000)))


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Target]]:
    """A mock without TLS and one with it."""
    authority: Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    with (
        embedded_mock(Limits(), CostModel()) as plain,
        embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as secure,
    ):
        yield {False: Target(plain), True: target_of(secure, authority)}


@pytest.mark.parametrize(
    "workload",
    [
        Workload.of(),
        Workload.of(api="batch", batch_size=3),
        Workload.of(api="multi_trigger", channels=5),
        Workload.of(api="batch", batch_size=3, client="php"),
        Workload.of(api="batch", batch_size=3, tls=True),
        Workload.of(client=LIBRARY, http="1.1", tls=True),
        Workload.of(client=LIBRARY, http="2", tls=True),
    ],
    ids=lambda workload: workload.name,
)
def test_the_bytes_of_data_are_counted_to_the_byte(targets: dict[bool, Target], workload: Workload) -> None:
    calls, target = 17, targets[workload.transport.tls]
    session, slice_ = Session([target], 1, 5.0, replay=REPLAY), Slice(workload, 0)
    before = read_ledger(target.endpoint, target.context)
    connection = session.connect(workload)
    publisher = session.publisher(connection, workload)
    for _ in range(calls):
        publisher.publish(session.source(workload), slice_, until_ns=0)
    session.disconnect(connection)
    session.close()
    after = read_ledger(target.endpoint, target.context)
    events = calls * workload.call.batch_size
    taken = islice(REPLAY.sent_by(workload), events)
    assert slice_.measured.payload_bytes == sum(len(event.data.encode()) for event in taken)
    assert slice_.measured.events == events
    assert before is not None
    assert after is not None
    assert after["events"] - before["events"] == events
    assert after["messages"] - before["messages"] == events * workload.call.channels
    assert slice_.measured.sent_bytes == session.sent_bytes == after["request_bytes"] - before["request_bytes"]
