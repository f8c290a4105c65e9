"""The cost of a connection, recovered from runs with known values."""

from __future__ import annotations

import math

import pytest
from saved import record, slice_, slices_frame
from shared_connections import HANDSHAKE_RECEIVED, HANDSHAKE_SENT, RECORD, SETUP_SEGMENTS, shared

from analysis.measures.event_bytes import bytes_per_event
from analysis.models.connection_cost import connection_cost
from wiretax.channels.workload import Workload


def test_recovers_the_bytes_of_a_connection() -> None:
    points = connection_cost(
        slices_frame(record(shared(100), shared(0), shared(0, connection="close"), shared(10)))
    )
    # In the order of a curve: one call, then more, then all.
    assert points["calls_per_connection"].tolist() == [1, 10, 100, 0]
    assert points["calls"].tolist()[:3] == [1, 10, 100]
    assert math.isinf(points["calls"].iloc[3])
    setup = HANDSHAKE_SENT + HANDSHAKE_RECEIVED + 2 * SETUP_SEGMENTS * 52
    assert points["connection_bytes"].tolist() == pytest.approx([setup] * 4)
    call = 450 + 72 + 2 * RECORD + 2 * 52
    assert points["bytes_per_event"].tolist() == pytest.approx([call + setup / n for n in (1, 10, 100, math.inf)])
    assert points["residual"].tolist() == pytest.approx([0] * 4, abs=1e-6)


def test_a_run_with_one_number_of_calls_per_connection_has_no_curve() -> None:
    assert connection_cost(slices_frame(record(shared(0)))).empty


def test_without_kernel_counts_the_cost_of_a_connection_is_unknown() -> None:
    slices = [shared(0), shared(10)]
    slices[1].tcp = None
    assert connection_cost(slices_frame(record(*slices)))["connection_bytes"].isna().all()


def test_tls_layers_are_separate_and_part_of_the_cable_total() -> None:
    cost = bytes_per_event(slices_frame(record(shared(10)))).iloc[0]
    assert cost["tls"] == RECORD + HANDSHAKE_SENT / 10
    assert cost["response_tls"] == RECORD + HANDSHAKE_RECEIVED / 10
    assert cost["handshake"] == (HANDSHAKE_SENT + HANDSHAKE_RECEIVED) / 10
    tcp_ip = (1 + SETUP_SEGMENTS / 10) * 52
    assert cost["cable"] == pytest.approx(450 + 72 + cost["tls"] + cost["response_tls"] + 2 * tcp_ip)


def test_an_older_run_without_tls_counts_has_no_tls_layers() -> None:
    frame = slices_frame(record(slice_(Workload.of(), 0, 20)))
    old = frame.drop(columns=[name for name in frame if name.startswith("tls_") or name == "calls_per_connection"])
    cost = bytes_per_event(old).iloc[0]
    assert cost[["tls", "response_tls", "handshake"]].tolist() == [0, 0, 0]
    assert cost["cable"] == bytes_per_event(frame).iloc[0]["cable"]
