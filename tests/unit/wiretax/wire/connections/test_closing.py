"""What the model adds to the kernel's last reading; that it is right is for captures to say (test_closing)."""

from __future__ import annotations

import socket
from errno import EINPROGRESS
from select import select

import pytest

from wiretax.wire.connections.closing import (
    CLOSING,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    after_close,
    count_ended,
    end_side,
)
from wiretax.wire.connections.tcp_info import AVAILABLE, CLOSED, TcpSnapshot
from wiretax.wire.counters import TcpCounters

HEADER, BARE = 52, 40
TIME_WAIT, SYN_SENT = 6, 2
GOODBYE = 24


def reading(state: int) -> TcpSnapshot:
    return TcpSnapshot(TcpCounters(), state, state in (LAST_ACK, CLOSING), HEADER, BARE)


@pytest.mark.parametrize(
    ("state", "out", "back"),
    [
        # The client ended first: the server's end, and its acknowledgement.
        (FIN_WAIT_1, 1, 1),
        (FIN_WAIT_2, 1, 1),
        # The server did, or both at once: an acknowledgement is missing.
        (LAST_ACK, 0, 1),
        (CLOSING, 0, 1),
        # It is over.
        (CLOSED, 0, 0),
        (TIME_WAIT, 0, 0),
        (SYN_SENT, 0, 0),
    ],
)
def test_the_state_says_what_is_still_to_come(state: int, out: int, back: int) -> None:
    assert after_close(reading(state)) == TcpCounters(
        headers_out=out * HEADER, headers_in=back * HEADER, close_segments_out=out, close_segments_in=back
    )


def test_a_goodbye_that_is_still_owed_is_met_by_a_reset_without_options() -> None:
    assert after_close(reading(FIN_WAIT_2), close_notify=GOODBYE) == TcpCounters(
        headers_out=BARE, headers_in=HEADER, close_segments_out=1, close_segments_in=1, close_received=GOODBYE
    )
    # A server that ended first owes none.
    assert after_close(reading(LAST_ACK), close_notify=GOODBYE) == after_close(reading(LAST_ACK))


def test_what_was_not_read_makes_a_reset_of_closing() -> None:
    assert after_close(reading(FIN_WAIT_1), unread=7) == TcpCounters(headers_out=HEADER, close_segments_out=1)


@pytest.mark.skipif(not AVAILABLE, reason="the kernel keeps no counters")
def test_a_connection_that_never_came_up_is_a_syn_and_what_refused_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = taken.getsockname()
    with socket.socket() as refused:
        refused.setblocking(False)
        assert refused.connect_ex(where) == EINPROGRESS
        select([], [refused], [], 5)
        counted = count_ended(refused, 0, end_side(refused))
    assert counted == TcpCounters(segments_out=1, segments_in=1, headers_out=60, headers_in=40)


@pytest.mark.skipif(not AVAILABLE or not socket.has_ipv6, reason="no counters, or no IPv6")
def test_headers_of_ipv6_are_longer() -> None:
    counts = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            listener = socket.create_server((host, 0), family=family)
        except OSError:
            pytest.skip("no IPv6 here")
        with listener, socket.create_connection(listener.getsockname()[:2]) as client:
            counted = count_ended(client, 0, end_side(client))
        assert counted is not None
        counts.append(counted)
    four, six = counts
    segments_out = six.segments_out + six.close_segments_out
    segments_in = six.segments_in + six.close_segments_in
    assert (six.headers_out - four.headers_out, six.headers_in - four.headers_in) == (
        20 * segments_out,
        20 * segments_in,
    )
