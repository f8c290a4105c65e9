"""What a plan would send: bytes that are those of its requests, the time, and the messages."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from wiretax.channels.endpoint import Endpoint
from wiretax.load.drivers.plan_changes import PlanChanges
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import load_plan, parse_plan
from wiretax.load.plan.selection import Selection
from wiretax.load.sweep.outlook import Outlook, outlook
from wiretax.load.sweep.outlook_table import print_outlook
from wiretax.wire.publishers.request_source import RequestSource

AWAY = Endpoint.parse("http://my-key:hidden@soketi.test:6001/apps/app-1")


def printed(found: Outlook) -> str:
    console = Console(file=io.StringIO(), width=300)
    print_outlook(found, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def plan(**keys: Any) -> Plan:
    return parse_plan({"schema": 1, "name": "p", "workload": [{"api": "trigger"}], **keys})


def test_sizes_are_those_of_the_requests_to_this_endpoint() -> None:
    found = outlook(load_plan("ci"), AWAY, None, None)
    for call in found.calls:
        source = RequestSource.of(call.workload, AWAY, 1)
        body = source.next_body()
        assert call.sizes is not None
        assert call.sizes.sent == len(source.head.render(body, 1_700_000_000)) + len(body)
        assert sum(call.layers().values()) == pytest.approx(call.sizes.sent / call.workload.call.batch_size)


def test_a_row_has_the_bytes_of_a_call_and_of_an_event_by_layer() -> None:
    rows = printed(outlook(load_plan("ci"), None, None, None)).splitlines()
    [batch] = [row.split() for row in rows if row.startswith("batch10-100B-chat-reference")]
    assert batch[1:] == ["10", "1,956", "195.6", "100", "64.1", "7.9", "19.5", "4.1"]
    assert rows[0] == "ci  built-in mock  9 workloads, 40 rounds, slices of 15 ms, 8 users"


def test_http2_has_no_sizes_beforehand_and_encryption_a_column() -> None:
    text = printed(outlook(load_plan("http2"), None, None, None))
    assert text.count("HTTP/2 compresses heads") == 1
    [row] = [
        row.split() for row in text.splitlines() if row.startswith("trigger-100B-chat-httpx-library-http2-tls")
    ]
    assert set(row[2:]) == {"-"}
    assert "encryption" in printed(outlook(load_plan("encrypted"), None, None, None)).splitlines()[2]
    assert "encryption" not in text


def test_a_remote_endpoint_gets_a_limited_number_of_messages() -> None:
    found = outlook(load_plan("quick"), AWAY, None, None)
    assert (found.limit, found.trial_messages) == (10_000, 2 * (1 + 2 + 5 + 10))
    text = printed(found)
    assert "quick  http://soketi.test:6001/apps/app-1  8 workloads" in text
    assert "hidden" not in text
    assert "messages: at most 10,000 (--max-messages), 13.8 MB of HTTP" in text
    assert "the whole plan sends about 1,826,532 messages or more, so it will stop early" in text
    assert "messages: at most 50 (--max-messages)" in printed(outlook(load_plan("quick"), None, None, 50))


def test_two_servers_get_each_workload() -> None:
    assert len(outlook(load_plan("ci"), AWAY, AWAY, None).calls) == 18


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"rounds": 9, "slice": "1s"}, "time: 10 s or more"),
        ({"rounds": 9, "slice": "1s", "workload": [{"api": "trigger", "rate": "100/s"}]}, "time: 19 s or more"),
        ({"rounds": 299, "slice": "1s"}, "time: 5 min or more"),
        ({"capacity": {"p99": "50ms", "time": "70s"}}, "time: up to 70 s, the [capacity] of the plan"),
        ({"workload": [{"api": "trigger", "rate": "100/s"}]}, "messages: as many as arrive in that time"),
        ({"users": 3}, "messages: as many as 3 users get answered in that time"),
        ({"rounds": 12, "starts": 2}, "before each start: 1 messages"),
    ],
)
def test_time_and_messages(keys: dict[str, Any], words: str) -> None:
    assert words in printed(outlook(plan(**keys), None, None, None))


def test_the_options_of_a_run_change_it() -> None:
    chosen = PlanChanges(rounds=3, selection=Selection(("batch*",)))(load_plan("quick"))
    text = printed(outlook(chosen, None, None, None))
    assert "6 workloads, 3 rounds" in text
    assert "left out 2 workloads  by --only batch*" in text
    assert "trigger-" not in text
