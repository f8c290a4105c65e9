"""The terminal output of a run, word for word: headings, units, legends, cautions."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from queued import BATCH, TRIGGER, Drain, record_of
from rich.console import Console
from saved import record, slice_

from analysis.tables.run_table import print_run
from wiretax.channels.workload import Workload
from wiretax.runs.machine import crowding
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord

CALLS = [Workload.of(), Workload.of("batch", 10)]
FREE = {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0}
COUNTED = {"requests": 1, "request_bytes": 2, "response_bytes": 3}
META: dict[str, Any] = {
    "plan": {"name": "p", "users": 16},
    "endpoint": "http://127.0.0.1:18080/apps/123456",
    "mock": FREE,
    "rounds_measured": 6,
    "busy": {"generator": 0.95, "mock": 1.2, "others": 0.02},
    "warnings": [],
    "invalid_because": [],
    "reconcile": {"agrees": True, "kernel": {"request_bytes": 2}, "server": {"requests": 1}, "model": COUNTED},
}


def swept(rounds: int = 6) -> RunRecord:
    return record(*(slice_(call, number, 200) for number in range(rounds) for call in CALLS))


def printed(made: RunRecord, width: int = 80, terminal: bool = False, **meta: Any) -> list[str]:
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=terminal, color_system=None, highlight=False)
    print_run(as_read(made, Path("r"), {**META, **meta}), console)
    return [line.rstrip() for line in text.getvalue().splitlines()]


WHOLE = """\
p  http://127.0.0.1:18080/apps/123456  mock that costs nothing  16 users, 6 rounds

                                   sent  received    cable    head  overhead  saving                  gain   p50   p99   max
payload  sent as      events/s  B/event   B/event  B/event  B/call         x       %           x [95 % CI]    ms    ms    ms
  100 B  trigger           200    450.0      72.0    522.0     300      4.50       -                     -  1.00  1.00  1.00
         batch of 10     2,000    135.0       7.2    142.2     300      1.35    70.0  10.00 [10.00, 10.00]  1.00  1.00  1.00

connections were kept: all calls of a user shared one
saving and gain: per message, against the trigger of the same payload and client; CI across rounds
sent, received: HTTP bytes; cable: both directions, with TLS, TCP and IP, handshakes included
times: saturated, 16 users with one call at a time each (closed loop)
for the latency of a service's users, measure an open loop: a workload with a rate, as in plan tradeoff
CPU: generator 0.95 core, mock 1.20 cores; gain combines client and mock savings
model, sockets, kernel and mock agree to the byte: 1 requests, 2 B sent, 3 B received
saved in r"""  # noqa: E501 - as wide as it is printed


def test_piped_output_is_complete_at_any_console_width() -> None:
    assert printed(swept()) == printed(swept(), width=200) == WHOLE.splitlines()


def test_a_narrow_terminal_lists_the_columns_left_out() -> None:
    said = "\n".join(printed(swept(), terminal=True))
    words = (
        "not shown on a terminal this narrow: received B/event, cable B/event, head\n"
        "B/call, p50 ms, p99 ms, max ms"
    )
    assert f"\n{words}\n" in said
    assert not any("not shown" in line for line in printed(swept(), width=130, terminal=True))


def test_a_queue_on_a_narrow_terminal_lists_them_too_and_cuts_no_number() -> None:
    made = record_of(Drain(TRIGGER, calls=100), Drain(BATCH, calls=200, fill=5))
    lines = printed(made, terminal=True)
    assert not any("…" in line for line in lines)
    assert any(line.startswith("not shown on a terminal this narrow: wire ms p50, ") for line in lines)
    assert not any("…" in line or "not shown" in line for line in printed(made))


def test_differences_between_two_servers_are_titled_as_such() -> None:
    pairs = [each for call in CALLS for each in (call, call.replace(server="against"))]
    made = record(*(slice_(each, number, 100) for number in range(6) for each in pairs))
    lines = printed(made, against="http://127.0.0.1:18081/apps/123456", width=120)
    at = next(place for place, line in enumerate(lines) if "against / endpoint" in line)
    assert [" ".join(line.split()) for line in lines[at : at + 3]] == [
        "endpoint against against / endpoint sent received",
        "payload sent as messages/s messages/s x [95 % CI] diff B/call diff B/call",
        "100 B trigger 100 100 1.00 [1.00, 1.00] 0 0",
    ]
    assert "both servers got the same number of bytes" in lines


QUEUES = Drain(TRIGGER, calls=100), Drain(BATCH, calls=200, fill=5)
NEAR = [Drain(each.workload.replace(rtt_s=0.005), calls=100) for each in QUEUES]
PLANS = [Drain(each.workload.replace(rtt_s=None), calls=100) for each in QUEUES]


@pytest.mark.parametrize(
    ("drains", "mock", "words"),
    [
        (QUEUES, FREE, "mock: rtt 50 ms, 1 server"),
        ((*QUEUES, *NEAR), FREE, "mocks: round trip 5 and 50 ms"),
        (
            (*QUEUES, *NEAR),
            {**FREE, "per_event_s": 1e-5},
            "mocks: round trip 5 and 50 ms, per_event 0.01 ms, 1 server",
        ),
        ((*QUEUES, *PLANS), {**FREE, "rtt_s": 0.02}, "mocks: round trip 20 and 50 ms"),
        (PLANS, FREE, "mock that costs nothing"),
        (PLANS, {**FREE, "rtt_s": 0.02, "servers": 8}, "mock: rtt 20 ms, 8 servers"),
        (QUEUES, None, "(endpoint given)"),
    ],
)
def test_a_run_of_queues_names_the_round_trips_of_its_mocks(
    drains: tuple[Drain, ...], mock: dict[str, Any] | None, words: str
) -> None:
    lines = printed(record_of(*drains), mock=mock)
    assert lines[0] == f"p  http://127.0.0.1:18080/apps/123456  {words}  16 users, 6 rounds"
    assert not any("saturated" in line or "gain combines" in line for line in lines)
    assert "CPU: generator 0.95 core, mock 1.20 cores" in lines


def test_a_run_with_and_without_queues_names_the_mock_of_each() -> None:
    made = record_of(*QUEUES)
    for number in range(2):
        for call in CALLS:
            made.add(slice_(call, number, 100), 16)
    words = "mock that costs nothing; queues: round trip 50 ms"
    assert printed(made)[0] == f"p  http://127.0.0.1:18080/apps/123456  {words}  16 users, 6 rounds"


def test_a_queue_legend_explains_what_waiting_time_includes() -> None:
    lines = printed(record_of(*QUEUES))
    assert "scheduling delay up to 0.0 ms, included in wait" in lines
    assert any(line.endswith("!: overloaded, queue still growing") for line in lines)


def test_counts_of_one_are_singular() -> None:
    [first, *_] = printed(swept(1), plan={"name": "p", "users": 1}, rounds_measured=1)
    assert first.endswith("  1 user, 1 round")


def test_a_caution_is_labelled_as_such() -> None:
    lines = printed(swept(3))
    assert (
        "caution  3 rounds for each pair of workloads, too few for an interval: measure at least 5, better 10"
    ) in lines


def test_a_busy_machine_is_reported_in_cores() -> None:
    assert crowding(1.3, 1.9, 2) == (
        "Other processes used 1.3 of 2 cores: rates are understated, intervals wider; "
        "run again when the machine is quiet"
    )


def test_a_saturated_generator_is_reported_in_cores() -> None:
    busy = {"generator": 0.97, "mock": None, "server": 0.9, "machine": 1.9}
    lines = printed(swept(), mock=None, busy=busy)
    assert "CPU: generator 0.97 core, server 0.90 core" in lines
    assert (
        "caution  the generator used 0.97 core: it limits rates and gains, not the endpoint: use fewer users, "
        "or don't rely on the rates"
    ) in lines


def test_the_page_has_the_same_wording() -> None:
    from analysis.tables.notebook_tables import environment

    run: Run = as_read(record_of(*QUEUES), Path("r"), META)
    facts = {str(row[0]): str(row[1]) for row in environment(run).rows}
    assert facts["mock"] == "mock: rtt 50 ms, 1 server"
    assert facts["CPU"] == "generator 0.95 core, mock 1.20 cores, others 0.02 core"
