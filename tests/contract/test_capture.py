"""The proof: what tshark captured on loopback is what the ledger says, to the byte and to the segment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tshark import Frame, by_stream, capturing, ends_usually, read_frames
from warm import run_warm

from analysis.measures.counts import totals
from analysis.measures.event_bytes import bytes_per_event
from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import find_run, read_run

# A round trip keeps the rate where a capture loses nothing.
RTT_S = 0.002

PLAN = """\
schema = 1
name = "captured"
rounds = 2
slice = "50ms"
users = 4
[[workload]]
api = "trigger"
payload_bytes = [100, 7500]
client = ["reference", "python"]
[[workload]]
api = "batch"
batch_size = 10
payload_bytes = 10000
[[workload]]
api = "batch"
batch_size = 10
client = "php"
encrypted = true
"""

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def measured_frames(file: Path, port: int, tls: bool) -> list[Frame]:
    """All frames but those of connections that read the ledger, which no count includes."""
    # Inside TLS they can't be told by what they ask for, but they offer ALPN and measured connections do not.
    frames = (
        read_frames(file, "tls.handshake.extensions_alpn_str", bool)
        if tls
        else read_frames(file, "http.request.method", lambda methods: "GET" in methods.split(","))
    )
    whole = [each for each in by_stream(frames) if each[0].begins]
    return [frame for each in whole for frame in each]


@pytest.mark.parametrize(
    ("tls", "keep_alive"), [(False, True), (True, True), (False, False)], ids=["plain", "tls", "server closes"]
)
def test_the_ledger_is_what_was_on_the_wire(tmp_path: Path, tls: bool, keep_alive: bool) -> None:
    plan, file = tmp_path / "plan.toml", tmp_path / "capture.pcapng"
    plan.write_text(PLAN)
    authority, results = tmp_path / "ca.pem", str(tmp_path / "results")
    speaks = MockTls("rsa", authority) if tls else None
    with embedded_mock(Limits(), CostModel(rtt=RTT_S), speaks, keep_alive=keep_alive) as mock:
        url = f"{mock.scheme}://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        trust = ["--ca", str(authority)] if tls else []
        with capturing([mock.port], file):
            arguments, own = ("run", str(plan), *trust, "--results", results), {**os.environ, "PUSHER_URL": url}
            done = run_warm("wiretax", *arguments, cwd=tmp_path, env=own, timeout_s=120)
        assert done.returncode == 0, done.stdout + done.stderr
        frames = measured_frames(file, mock.port, tls)
    run = read_run(find_run(Path(results)))
    requests = sum(frame.fresh for frame in frames if frame.destination == mock.port)
    answers = sum(frame.fresh for frame in frames if frame.source == mock.port)
    assert run.server is not None
    added, tcp = run.meta["tls"], run.meta["tcp"]
    assert (added["sent"] > 0) == tls
    assert requests == run.server["request_bytes"] + added["sent"]
    # The server's goodbyes that nobody read are known on Linux only.
    unread = (
        tcp["close_received"] if tcp is not None else answers - run.server["response_bytes"] - added["received"]
    )
    assert answers == run.server["response_bytes"] + added["received"] + unread
    assert ("the server closed the connection after every call: " in done.stdout) == (not keep_alive)
    connections = run.meta["connections"]
    calls = run.meta["outcome"]["sent"]
    assert connections["closed_by_server"] == (0 if keep_alive else calls)
    assert connections["opened"] == connections["closed_by_server"] + connections["closed_by_client"]
    if tcp is None:
        return
    assert run.meta["reconcile"]["kernel"] == {"request_bytes": requests, "response_bytes": answers - unread}
    counted = (
        tcp["segments_out"] + tcp["close_segments_out"],
        tcp["segments_in"] + tcp["close_segments_in"],
        requests + answers + tcp["retransmitted"] + tcp["headers_out"] + tcp["headers_in"],
    )
    captured = (
        sum(frame.segments for frame in frames if frame.destination == mock.port),
        sum(frame.segments for frame in frames if frame.source == mock.port),
        # Less what the client's kernel can't know: SACKs, and what the server sent again.
        sum(frame.wire_bytes - frame.sack_bytes for frame in frames)
        - sum(frame.length - frame.fresh for frame in frames if frame.source == mock.port),
    )
    # To the segment, but for connections that ended as no model knows.
    unusual = sum(not ends_usually(each) for each in by_stream(frames))
    for mine, seen, most in zip(counted, captured, (1, 2, 150), strict=True):
        assert abs(seen - mine) <= most * unusual, (counted, captured, unusual)
    check_cable(run.slices, connections)


def check_cable(slices: pd.DataFrame, connections: dict[str, int]) -> None:
    """The columns of slices are what the layers are made of."""
    cost = bytes_per_event(slices)
    carried = totals(slices).set_index("workload")["carried_events"]
    headers = (
        slices.groupby("workload")["tcp_ip_sent_bytes"].sum()
        + slices.groupby("workload")["tcp_retransmitted_bytes"].sum()
    )
    assert cost["tcp_ip"].to_dict() == pytest.approx((headers / carried).to_dict())
    assert slices["closed_by_server"].sum() <= connections["closed_by_server"]
