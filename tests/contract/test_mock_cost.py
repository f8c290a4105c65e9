"""A mock with a cost model is never faster than the server it stands for, and does not burn the processor for it.

Only lower bounds on time are asserted: on a busy machine everything may take longer, nothing may take less.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from mock_client import BATCH, EVENTS, Client, batch_body, batch_item, ledger, publish, trigger_body

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

BODY = trigger_body()
TEN = batch_body(*[batch_item()] * 10)
CONNECTIONS = 8


def completions(mock: Endpoint, path: str, body: bytes, calls: int) -> list[float]:
    """When each of ``calls`` calls on each of the connections was answered, sorted, in seconds since the start."""
    clients = [Client(mock) for _ in range(CONNECTIONS)]
    began = monotonic()

    def closed_loop(client: Client) -> list[float]:
        moments = []
        with client:
            for _ in range(calls):
                assert client.ask(publish(path, body)).status == 200
                moments.append(monotonic() - began)
        return moments

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sorted(moment for moments in pool.map(closed_loop, clients) for moment in moments)


@pytest.mark.parametrize(
    ("cost", "path", "body", "capacity"),
    [
        pytest.param(CostModel(per_request=0.002), EVENTS, BODY, 500, id="a call"),
        pytest.param(CostModel(per_request=0.004, servers=2), EVENTS, BODY, 500, id="two servers"),
        pytest.param(CostModel(per_event=0.0002), BATCH, TEN, 500, id="ten events"),
        pytest.param(CostModel(0.01, 0.001, 0.0001), BATCH, TEN, 500, id="all of it"),
    ],
)
def test_a_mock_is_not_faster_than_its_capacity(cost: CostModel, path: str, body: bytes, capacity: int) -> None:
    with embedded_mock(Limits(), cost) as mock:
        before = ledger(mock)["cpu_s"]
        moments = completions(mock, path, body, calls=25)
        used = ledger(mock)["cpu_s"] - before
    # Servers in parallel end a call each at the same moment.
    early = [
        (done, moment)
        for done, moment in enumerate(moments, 1)
        if moment < -(-done // cost.servers) * cost.servers / capacity
    ]
    assert not early, f"more calls answered than {capacity}/s allow, as (calls, seconds): {early[:3]}"
    assert used < moments[-1] / 2


@pytest.mark.parametrize(
    ("secret", "status"), [("fedcba9876543210fedc", 200), ("wrong", 401)], ids=["taken", "refused"]
)
def test_no_answer_comes_before_a_round_trip(secret: str, status: int) -> None:
    rtt = 0.03
    with embedded_mock(Limits(), CostModel(rtt=rtt)) as mock, Client(mock) as client:
        for _ in range(20):
            sent = publish(EVENTS, BODY, secret=secret)
            began = monotonic()
            assert client.ask(sent).status == status
            assert monotonic() - began >= rtt


@pytest.mark.parametrize("events", [1, 10])
def test_a_call_takes_the_time_of_all_its_parts(events: int) -> None:
    cost = CostModel(rtt=0.01, per_request=0.005, per_event=0.002)
    body = batch_body(*[batch_item()] * events)
    with embedded_mock(Limits(), cost) as mock, Client(mock) as client:
        for _ in range(5):
            sent = publish(BATCH, body)
            began = monotonic()
            assert client.ask(sent).status == 200
            assert monotonic() - began >= cost.rtt + cost.per_request + events * cost.per_event


def test_answers_on_one_connection_keep_their_order() -> None:
    long = publish(BATCH, TEN)
    short = publish(EVENTS, trigger_body(info="user_count"))
    # The second server is done with the short call long before the first is with the long one.
    with embedded_mock(Limits(), CostModel(per_event=0.01, servers=2)) as mock, Client(mock) as client:
        client.send(long, short)
        assert json.loads(client.read().body) == {}
        assert json.loads(client.read().body) == {"channels": {"my-channel": {}}}


def test_a_free_mock_counts_its_processor_time(mock: Endpoint, client: Client) -> None:
    before = ledger(mock)["cpu_s"]
    for _ in range(50):
        client.ask(publish(EVENTS, BODY))
    assert ledger(mock)["cpu_s"] > before > 0
