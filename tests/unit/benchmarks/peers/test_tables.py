"""The tables of the comparison: ratios with intervals, and where the time of a call goes."""

from __future__ import annotations

import pytest
from benchmarks_made_up import BUSY, document, row, window

from benchmarks.peers.document import Comparison, Document, Row
from benchmarks.peers.figure import beside_other_tools, finding
from benchmarks.peers.tables import (
    details_sheet,
    limit_sheet,
    ratios_sheet,
    servers_sheet,
    shares,
    shares_sheet,
)

RATES = (100_000.0,) * 6


def limit() -> Comparison:
    return Comparison(
        "limit",
        1,
        100,
        (
            row("wiretax", RATES, user_cpu=0.9),
            row("bare gevent loop", RATES, user_cpu=0.7),
            row("bare gevent loop, fixed request", RATES, user_cpu=0.2),
            row("wrk", [2 * rate for rate in RATES], signs=False),
        ),
    )


def peers() -> Document:
    return document(
        *(
            Comparison(
                "peers",
                size,
                100,
                (
                    row("wiretax", [3 * rate for rate in RATES]),
                    row("k6", RATES),
                    row("wrk", [4 * rate for rate in RATES], signs=False),
                ),
            )
            for size in (1, 10)
        )
    )


def test_each_generator_has_a_ratio_for_each_workload() -> None:
    sheet = ratios_sheet(peers())
    assert sheet.rows == (
        ("k6 1.2", "each request", "3.00x [3.00, 3.00]", "3.00x [3.00, 3.00]"),
        ("wrk 1.2", "no", "0.75x [0.75, 0.75]", "0.75x [0.75, 0.75]"),
    )


def test_details_give_events_for_batches() -> None:
    batch = details_sheet(peers()).rows[3]
    assert batch[:5] == ("batch of 10, 100 B", "wiretax", "300,000", "3,000,000", "473")


def test_disturbed_windows_are_told() -> None:
    disturbed = Row("k6", "1.2", True, tuple(window(rate, others_cpu=BUSY) for rate in RATES))
    found = document(Comparison("peers", 1, 100, (row("wiretax", RATES), disturbed)))
    sheet = details_sheet(found)
    assert sheet.rows[1][-1] == "1.00x [1.00, 1.00]"
    assert sheet.notes[-1].startswith("In 6 of 12 windows other processes took over 15% of the two cores")


def test_shares_are_differences_of_processor_time_per_call() -> None:
    # Of 100,000 calls a second, a tenth of a core is 1 us per call.
    assert shares(limit()) == {
        "kernel: send, receive, wait": pytest.approx(4),
        "JSON, md5, signature, head": pytest.approx(5),
        "gevent, and Python around the socket": pytest.approx(2),
        "counting: bytes, latency, deadlines, responses": pytest.approx(2),
    }
    assert shares_sheet(document(limit())).rows[1] == ("JSON, md5, signature, head", "5.00 (38%)")


def test_generators_are_compared_with_wrk_in_rate_and_per_cpu_second() -> None:
    first = limit_sheet(document(limit())).rows[0]
    # wrk sends twice as many in the same processor time as a core less 0.3 of one.
    assert first == (
        "trigger, 100 B",
        "wiretax",
        "100,000",
        "9.00",
        "4.00",
        "0.50x [0.50, 0.50]",
        "0.38x [0.38, 0.38]",
    )


def test_the_mock_is_compared_with_the_asgi_app() -> None:
    mock, asgi = row("the mock", [3 * rate for rate in RATES]), row("ASGI app on uvicorn", RATES)
    assert servers_sheet(document(Comparison("mock", 1, 100, (mock, asgi)))).rows == (
        ("trigger, 100 B", "300,000", "100,000", "3.00x [3.00, 3.00]", "3.00x [3.00, 3.00]"),
    )


def test_a_sheet_is_markdown() -> None:
    lines = ratios_sheet(peers()).markdown().splitlines()
    assert lines[:2] == [
        "| generator | signs | trigger, 100 B | batch of 10, 100 B |",
        "| :-- | :-- | --: | --: |",
    ]


def test_the_figure_is_titled_by_what_it_shows() -> None:
    found = peers()
    title = "wiretax publishes 3 to 3 times as fast as k6, and 0.75 to 0.75 times as fast as wrk re-sends"
    assert finding(found.part("peers")) == title
    drawn = beside_other_tools(found).svg()
    assert "wrk (one fixed request)" in drawn
    assert title in drawn
