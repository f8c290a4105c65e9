"""What a measurement concludes from its witnesses, without a load."""

from __future__ import annotations

from typing import Any

import pytest
from saved import record, slice_

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.accounting.measurement import Measurement
from wiretax.load.client.session import Session
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import Fault, FaultList
from wiretax.mock.process import READ_TIMEOUT_S
from wiretax.runs.record import RunRecord
from wiretax.wire.connections.target import Target

# Nobody listens there, so that there is no ledger.
NOWHERE = Target(Endpoint("http", "127.0.0.1", 1, DEMO))


def conclude(run: RunRecord, cost: CostModel | None = None) -> dict[str, Any]:
    session = Session([NOWHERE], 1, 1.0)
    session.sent_bytes, session.received_bytes, session.tcp = run.total.sent_bytes, run.total.received_bytes, None
    measurement = Measurement([NOWHERE], cost, FaultList((Fault("slow", 0.5, 0.2), Fault("stall", 0.1))))
    measurement.begin()
    measurement.end()
    measurement.conclude(run, session.witness(), {}, ended_early="", interrupted=False)
    session.close()
    return run.meta


def test_a_run_whose_exchanges_add_up_is_valid() -> None:
    meta = conclude(record(slice_(Workload.of(), 0, 5)))
    assert meta["valid"]
    assert meta["outcome"] == {
        "sent": 5,
        "acknowledged": 5,
        "rejected": 0,
        "failed": 0,
        "unknown": 0,
        "adds_up": True,
    }


def test_a_run_whose_exchanges_do_not_add_up_is_invalid() -> None:
    run = record(slice_(Workload.of(), 0, 5))
    run.total.requests += 1
    meta = conclude(run)
    assert not meta["valid"]
    assert not meta["outcome"]["adds_up"]
    assert meta["invalid_because"] == [
        "the exchanges do not add up: 6 sent, but 5 acknowledged + 0 rejected + 0 failed + 0 unknown = 5"
    ]


@pytest.mark.parametrize(
    ("cost", "timeout_s", "first_s"),
    [
        (None, 0.2, 0.2),
        (None, 30.0, READ_TIMEOUT_S),
        # The run's own mock is there, however busy the machine is.
        (CostModel(), 0.2, READ_TIMEOUT_S),
    ],
)
def test_a_ledger_is_waited_for_no_longer_than_a_call_and_a_server_without_one_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, cost: CostModel | None, timeout_s: float, first_s: float
) -> None:
    kept: dict[int, Any] = {
        1: None,
        2: {"requests": 3, "events": 3, "request_bytes": 4, "response_bytes": 5, "cpu_s": 0.1},
    }
    asked: list[tuple[int, float]] = []

    def read_ledger(endpoint: Endpoint, _: object, __: object, most_s: float) -> Any:
        asked.append((endpoint.port, most_s))
        return kept[endpoint.port]

    monkeypatch.setattr("wiretax.load.accounting.server_ledgers.read_ledger", read_ledger)
    other = Target(Endpoint("http", "127.0.0.1", 2, DEMO), server="against")
    run = record(slice_(Workload.of(), 0, 5))
    session = Session([NOWHERE, other], 1, timeout_s)
    measurement = Measurement([NOWHERE, other], cost, timeout_s=timeout_s)
    measurement.begin()
    measurement.end()
    measurement.conclude(run, session.witness(), {}, ended_early="", interrupted=False)
    session.close()
    assert asked == [(1, first_s), (2, first_s), (2, READ_TIMEOUT_S)]
    assert run.server is not None
    assert run.server["requests"] == 0


@pytest.mark.parametrize("embedded", [True, False])
def test_the_faults_of_an_embedded_mock_stand_in_the_run(embedded: bool) -> None:
    meta = conclude(record(slice_(Workload.of(), 0, 5)), CostModel() if embedded else None)
    both = [{"kind": "slow", "share": 0.5, "wait_s": 0.2}, {"kind": "stall", "share": 0.1}]
    assert meta["faults"] == (both if embedded else [])
