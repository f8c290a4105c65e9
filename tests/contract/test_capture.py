"""The proof: what tshark captured on loopback is what the ledger says, to the byte and to the segment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.runs.reader import find_run, read_run
from wiretax.wire.trust import target_of

# TCP_MAXSEG 1460 on loopback less 12 bytes of timestamps.
MSS = 1448
START_TIMEOUT_S = 20
# A round trip keeps the rate where a capture loses nothing.
RTT_S = 0.002

PLAN = """\
schema = 1
name = "captured"
rounds = 2
slice = "100ms"
users = 4
[[workload]]
api = "trigger"
payload_bytes = [100, 10000]
client = ["reference", "python"]
[[workload]]
api = "batch"
batch_size = 10
payload_bytes = 10000
"""

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame of the measured connections."""

    stream: int
    to_server: bool
    length: int
    finishes: bool
    repeated: bool


@contextmanager
def capturing(port: int, file: Path, ping: object) -> Iterator[None]:
    """Capture a port's traffic on loopback; begins once the first frame is on disk."""
    tshark = subprocess.Popen(
        ["tshark", "-q", "-i", "lo", "-B", "64", "-f", f"tcp port {port}", "-w", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        began = monotonic()
        while not (file.exists() and file.stat().st_size > 1000):
            assert tshark.poll() is None, "tshark ended by itself; may it capture on lo?"
            assert monotonic() - began < START_TIMEOUT_S, "tshark captured nothing"
            assert callable(ping)
            ping()
            sleep(0.05)
        yield
        # Everything is captured before it is written: wait until the file has stopped growing.
        size = -1
        while size != file.stat().st_size:
            size = file.stat().st_size
            sleep(1)
    finally:
        tshark.send_signal(signal.SIGINT)
        tshark.wait(START_TIMEOUT_S)


def read_frames(file: Path, port: int, tls: bool) -> list[Frame]:
    """All frames but those of connections that read the ledger, which no count includes."""
    # Inside TLS they can't be told by what they ask for, but they offer ALPN and measured connections do not.
    hello = "tls.handshake.type == 1 and not tls.handshake.extensions_alpn_str"
    measured = set(fields(file, hello if tls else 'http.request.method == "POST"', "tcp.stream"))
    columns = ("tcp.stream", "tcp.dstport", "tcp.len", "tcp.flags.fin", "tcp.analysis.retransmission")
    return [
        Frame(int(stream), to == str(port), int(length), fin in ("1", "True"), bool(repeated))
        for stream, to, length, fin, repeated in (line.split("\t") for line in fields(file, "tcp", *columns))
        if stream in measured
    ]


def fields(file: Path, only: str, *names: str) -> list[str]:
    options = [option for name in names for option in ("-e", name)]
    done = subprocess.run(
        ["tshark", "-r", str(file), "-Y", only, "-T", "fields", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()


def before_the_end(frames: list[Frame]) -> list[Frame]:
    """Frames up to the first FIN of each connection: the kernel's count is read before closing."""
    ended: set[int] = set()
    kept = []
    for frame in frames:
        if frame.finishes:
            ended.add(frame.stream)
        if frame.stream not in ended:
            kept.append(frame)
    return kept


def before_goodbye(frames: list[Frame]) -> list[Frame]:
    """Frames up to the client's last data on each connection.

    Inside TLS that is its goodbye; what the server answers to it nobody waits for, and nobody counts.
    """
    last = {frame.stream: number for number, frame in enumerate(frames) if frame.to_server and frame.length}
    return [frame for number, frame in enumerate(frames) if number <= last[frame.stream]]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_ledger_is_what_was_on_the_wire(tmp_path: Path, tls: bool) -> None:
    plan, file = tmp_path / "plan.toml", tmp_path / "capture.pcapng"
    plan.write_text(PLAN)
    authority, results = tmp_path / "ca.pem", str(tmp_path / "results")
    with embedded_mock(Limits(), CostModel(rtt=RTT_S), MockTls("rsa", authority) if tls else None) as mock:
        target = target_of(mock, authority if tls else None)
        url = f"{mock.scheme}://{DEMO.key}:{DEMO.secret}@127.0.0.1:{mock.port}/apps/{DEMO.app_id}"
        trust = ["--ca", str(authority)] if tls else []
        with capturing(mock.port, file, lambda: read_ledger(mock, target.fresh_context())):
            done = subprocess.run(
                [sys.executable, "-m", "wiretax", "run", str(plan), *trust, "--results", results],
                env={**os.environ, "PUSHER_URL": url},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        frames = read_frames(file, mock.port, tls)
    run = read_run(find_run(Path(results)))
    heard = before_goodbye(frames) if tls else frames
    requests = sum(frame.length for frame in heard if frame.to_server and not frame.repeated)
    answers = sum(frame.length for frame in heard if not frame.to_server and not frame.repeated)
    assert run.server is not None
    added = run.meta["tls"]
    assert (added["sent"] > 0) == tls
    assert requests == run.server["request_bytes"] + added["sent"]
    assert answers == run.server["response_bytes"] + added["received"]
    if sys.platform != "linux":
        return
    assert run.meta["reconcile"]["kernel"] == {"request_bytes": requests, "response_bytes": answers}
    # A capture on loopback sees what is sent before the kernel cuts it into segments.
    open_frames = before_the_end(heard)
    out = sum(max(1, -(-frame.length // MSS)) for frame in open_frames if frame.to_server)
    back = sum(max(1, -(-frame.length // MSS)) for frame in open_frames if not frame.to_server)
    assert (run.meta["tcp"]["segments_out"], run.meta["tcp"]["segments_in"]) == (out, back)
