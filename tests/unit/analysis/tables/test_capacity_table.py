"""The table of capacities, word for word."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

from rich.console import Console
from searched import BATCH, SEARCHES, TARGET, TRIGGER, Search, run_of

from analysis.measures.capacity import capacities
from analysis.tables.capacity_table import remarks
from analysis.tables.run_table import print_run

FEW = (0.1, 0.4, 1.6, 0.8, 1.2, 0.9)


def printed(*searches: Search, width: int = 100, terminal: bool = False, **meta: Any) -> list[str]:
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=terminal, color_system=None, highlight=False)
    print_run(run_of(*searches, rounds_measured=25, **meta), console)
    return [line.rstrip() for line in text.getvalue().splitlines()]


WHOLE = """\
capacity  http://127.0.0.1:40000/apps/123456  mock that costs nothing  16 users, 25 rounds

                                       capacity          sent saturated              gain
sent as                      events/s [95 % CI] calls/s  kB/s     first       x [95 % CI]
  trigger                  2,000 [1,973, 2,028]   2,000   900    server                 -
  batch of 10, linger 2 ms 9,001 [8,880, 9,128]   1,125 1,294    server 4.50 [4.41, 4.59]

                           50 % 50 %  50 % 80 % 80 %  80 % 95 % 95 %  95 % 100 % 100 % 100 %
                             ms   ms    ms   ms   ms    ms   ms   ms    ms    ms    ms    ms
latency at                  p50  p99 p99.9  p50  p99 p99.9  p50  p99 p99.9   p50   p99 p99.9
  trigger                   1.1  2.2     -  4.4  8.8     -  8.2 16.5     -  10.0  20.0     -
  batch of 10, linger 2 ms  1.1  2.2     -  4.4  8.8     -  8.2 16.5     -  10.0  20.0     -

100 B, chat, reference, arriving at random, 16 publishers, round trip 0 ms
capacity: the highest rate that meets the target: p99 of total within 20 ms, no event lost, queue
not growing; total: from an event's intended arrival to its call's response
gain: capacity over the trigger's, same target and connections; calls/s, sent: at the capacity
-: too few events; p99.9 needs 10,000
CPU:
model and sockets agree to the byte: 72,960 requests, 51,214,000 B sent, 5,253,120 B received
saved in by-hand
"""
SEVERAL = (
    Search(TRIGGER, 1_234.0),
    Search(BATCH, 12_500.0, fill=8, limited_by="generator"),
    Search(BATCH.replace(batch_size=50), 9_000.0, fill=20, rates=FEW, limited_by="connections"),
    Search(TRIGGER.replace(payload_bytes=1_000), 3_000.0, rates=(0.5, 0.6), levels=()),
    Search(BATCH.replace(payload_bytes=1_000), 3_000.0, rates=(1.5, 1.6), levels=()),
)
BLOCKS = """\
                                        capacity          sent   saturated               gain
sent as                       events/s [95 % CI] calls/s  kB/s       first        x [95 % CI]
100 B
  trigger                   1,234 [1,217, 1,252]   1,234   555      server                  -
  batch of 10, linger 2 ms              > 12,437   1,555 1,788   generator             > 9.95
~ batch of 50, linger 2 ms 9,507 [7,068, 15,807]     475 1,117 connections 7.69 [5.72, 12.78]

1,000 B
  trigger                                > 1,800   1,800 2,430     nothing                  -
  batch of 10, linger 2 ms               < 4,500       -     -      server             < 2.50

                           50 % 50 %  50 % 80 % 80 %  80 % 95 % 95 %  95 % 100 % 100 % 100 %
                             ms   ms    ms   ms   ms    ms   ms   ms    ms    ms    ms    ms
latency at                  p50  p99 p99.9  p50  p99 p99.9  p50  p99 p99.9   p50   p99 p99.9
100 B
  trigger                   1.1    -     -  4.4    -     -  8.2 16.5     -  10.0  20.0     -
  batch of 10, linger 2 ms  1.1  2.2     -  4.4  8.8  13.2  8.2 16.5  24.7  10.0  20.0  29.9
~ batch of 50, linger 2 ms  1.1  2.2     -  4.4  8.8     -  8.2 16.5     -  10.0  20.0     -

1,000 B
  trigger                     -    -     -    -    -     -    -    -     -     -     -     -
  batch of 10, linger 2 ms    -    -     -    -    -     -    -    -     -     -     -     -

capacity  batch of 10, linger 2 ms: the generator was the limit; the server carries more than 12,437 events/s
capacity  batch of 50, linger 2 ms: all connections were busy, the server was not; more publishers may carry more
capacity  trigger: every probed rate met the target, up to 1,800 events/s; raise most in [capacity]
capacity  batch of 10, linger 2 ms: no probed rate met the target; raise p99 or lower least in [capacity]
chat, reference, arriving at random, 16 publishers, round trip 0 ms
capacity: the highest rate that meets the target: p99 of total within 20 ms, no event lost, queue
not growing; total: from an event's intended arrival to its call's response
gain: capacity over the trigger's, same target and connections; calls/s, sent: at the capacity
~: undecided: interval still wider than ±5 % after 75 s; a longer time narrows it
-: too few events; p99 needs 1,000, p99.9 10,000
"""


def test_the_whole_output() -> None:
    assert printed(*SEARCHES) == WHOLE.splitlines()


def test_bounds_and_what_is_undecided_by_payload() -> None:
    lines = printed(*SEVERAL)
    assert lines[2 : lines.index("CPU:")] == BLOCKS.splitlines()


def test_a_run_without_levels_has_one_table() -> None:
    lines = printed(*(replace(each, levels=()) for each in SEARCHES))
    assert not [line for line in lines if line.startswith(("latency at", "-:"))]


def test_a_narrow_terminal_keeps_the_capacity_the_gain_and_each_p99() -> None:
    lines = printed(*SEARCHES, width=72, terminal=True)
    assert max(map(len, lines[1:12])) <= 72
    assert [line for line in lines if line.startswith("not shown")] == [
        "not shown on a terminal this narrow: calls/s, saturated first",
        "not shown on a terminal this narrow: 50 % ms p50, 80 % ms p50, 95 % ms",
    ]


def test_probes_are_in_no_other_table_and_queues_keep_theirs() -> None:
    assert not [line for line in printed(*SEARCHES) if "/s arriving" in line or "events/call" in line]


def test_the_target_and_the_time_are_the_plans() -> None:
    plan = {"name": "p", "users": 16, "capacity": {**TARGET, "p99_s": 0.2, "within": 0.001, "time_s": 30.0}}
    lines = "\n".join(printed(*SEARCHES, plan=plan))
    assert "p99 of total within 200 ms" in lines
    assert "~: undecided: interval still wider than ±0 % after 30 s" in lines
    assert "~ batch of 10" in lines


def test_nothing_that_held_or_broke_says_what_to_change() -> None:
    [highest] = remarks(capacities(run_of(Search(TRIGGER, 1_000.0, rates=(0.5, 0.9), levels=()))))
    assert highest == "trigger: every probed rate met the target, up to 900 events/s; raise most in [capacity]"
