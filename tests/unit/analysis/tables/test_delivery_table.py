"""The block of deliveries on the terminal, and what it says of trouble."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from counted_deliveries import counted, delivered_run
from rich.console import Console

from analysis.measures.deliveries import summarise_deliveries
from analysis.tables.delivery_table import findings, print_deliveries
from wiretax.channels.workload import Workload
from wiretax.delivery.counting.counted import CountedSlice
from wiretax.runs.mode import OBSERVED

TRIGGER = Workload.of(subscribers=1)
MEGABYTE = 1_000_000


def found(*slices: CountedSlice) -> str:
    return "\n".join(findings(summarise_deliveries(delivered_run(*slices))))


def printed(*slices: CountedSlice, mode: str = "sweep", totals: dict[str, int] | None = None) -> str:
    console = Console(file=StringIO(), width=200)
    print_deliveries(delivered_run(*slices, mode=mode, totals=totals), console, console.print)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_without_trouble_nothing_is_said() -> None:
    assert found(counted(TRIGGER, 0, 30)) == ""


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (
            {"lost": 10, "sent": 40, "acknowledged": 40},
            "10 of 40 deliveries of acknowledged events never came (25",
        ),
        (
            {"missed": 5, "sent": 35, "acknowledged": 35, "reconnections": 1},
            "5 were published while a subscriber was not connected (1 reconnection)",
        ),
        ({"duplicated": 3}, "3 deliveries came again"),
        ({"out_of_order_publisher": 2}, "2 events came after a later one of their publisher"),
        ({"unacknowledged_unknown": 4}, "4 events of unknown calls were delivered all the same"),
        ({"late": 6}, "6 deliveries came so late that their slice counts them as lost"),
        ({"foreign": 7}, "7 events of other publishers came on the same channels"),
        ({"ambiguous": 8}, "8 events have the same channel, name and data as others"),
    ],
)
def test_each_trouble_has_a_line(counts: dict[str, int], words: str) -> None:
    assert f"trigger, 1 subscriber: {words}" in found(counted(TRIGGER, 0, 30, **counts))


def test_a_slow_subscriber_is_told_from_a_slow_server() -> None:
    late = counted(TRIGGER, 0, 30, total_ms=900.0)
    assert found(late) == ""
    for own in ({"backlog_bytes": MEGABYTE}, {"cpu_s": 0.95}):
        slow = counted(TRIGGER, 0, 30, total_ms=900.0, **own)
        assert "the subscribers could not keep up" in found(slow)
        assert "these delays are theirs" in found(slow)


def test_workloads_with_different_events_have_titles_of_their_own() -> None:
    large = TRIGGER.replace(payload_bytes=2000)
    assert "100 B chat" not in printed(counted(TRIGGER, 0, 30))
    both = printed(counted(TRIGGER, 0, 30), counted(large, 0, 30))
    assert "as fast as it goes, 100 B chat, reference" in both
    assert "as fast as it goes, 2,000 B chat, reference" in both


def test_an_observed_publisher_has_no_wait_and_no_ratio_and_shares_its_bytes() -> None:
    workload = Workload.of(payload_kind=OBSERVED)
    slices = [counted(workload, 0, 30, alone=False), counted(workload.replace(encrypted=True), 0, 3, alone=False)]
    totals = {"received": 900, "sent": 100, "messages": 33, "frame_header": 66, "envelope": 400, "payload": 300}
    totals |= {"encryption": 20, "protocol": 150, "control": 4, "handshake": 60}
    said = printed(*slices, mode="observe", totals=totals)
    assert "trigger, encrypted" in said
    for column in ("wait", "delay", "B/deliv."):
        assert column not in said.partition("acknowledged events x")[0]
    assert "900 B received, 100 B sent; in 33 deliveries" in said
    assert "encryption 20" in said
    one = printed(replace(slices[0], alone=True), mode="observe", totals=totals)
    assert "B/deliv." in one
    assert "900 B received" not in one
