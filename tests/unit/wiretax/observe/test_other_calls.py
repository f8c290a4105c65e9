"""What a publisher sends beside its events has rows of its own, with all of its bytes."""

from __future__ import annotations

from wiretax.observe.forwarding.exchange import Exchange, OpenExchange
from wiretax.observe.other_calls import other_calls
from wiretax.wire.ledger import Failure


def exchange(line: str, body: bytes, response: tuple[int, int], failure: Failure | None = None) -> Exchange:
    made = OpenExchange(f"{line} HTTP/1.1\r\nHost: h\r\n\r\n".encode(), 0)
    made.body, made.body_bytes, made.response, made.failure = body, len(body), response, failure
    return made.end(0, 1)


def test_calls_of_one_kind_are_one_row() -> None:
    event = b'{"name":"e","channel":"c","data":"x"}'
    seen = [
        exchange("GET /apps/1/channels?auth_key=k", b"", (80, 15)),
        exchange("POST /apps/1/events", event, (80, 2)),
        exchange("GET /ws/apps/1/channels", b"", (80, 15)),
        exchange("POST /apps/1/users/u/terminate_connections", b"{}", (90, 9), Failure("rejected", 401, "no")),
        exchange("GET /favicon.ico", b"", (0, 0), Failure("lost", 0, "gone")),
    ]
    heads = [len(each.head) for each in seen]
    assert [tuple(row.values()) for row in other_calls(seen)] == [
        ("GET channels", 2, 0, heads[0] + heads[2], 0, 160, 30),
        ("POST users/X/terminate_connections", 1, 1, heads[3], 2, 90, 9),
        ("GET another path", 1, 1, heads[4], 0, 0, 0),
    ]


def test_a_publisher_of_events_alone_has_none() -> None:
    assert other_calls([exchange("POST /apps/1/batch_events", b"{}", (80, 2))]) == []
