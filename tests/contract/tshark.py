"""Captures on loopback by tshark, and what their frames come to once the kernel has cut them into segments."""

from __future__ import annotations

import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

# TCP_MAXSEG 1460 on loopback less 12 bytes of timestamps.
MSS = 1448
START_TIMEOUT_S = 20
COLUMNS = (
    "tcp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.len",
    "ip.len",
    "tcp.flags.fin",
    "tcp.analysis.retransmission",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame.

    Attributes:
        stream: tshark's number of its connection.
        source, destination: ports.
        length: bytes of TCP's data.
        ip_bytes: the IP packet's.
        finishes: whether it has a FIN.
        repeated: whether it was sent before.
    """

    stream: int
    source: int
    destination: int
    length: int
    ip_bytes: int
    finishes: bool
    repeated: bool

    @property
    def segments(self) -> int:
        """A capture on loopback sees what is sent before the kernel cuts it into segments."""
        return max(1, -(-self.length // MSS))

    @property
    def wire_bytes(self) -> int:
        """IP bytes of its segments, each with headers."""
        return self.ip_bytes + (self.segments - 1) * (self.ip_bytes - self.length)


@contextmanager
def capturing(ports: Iterable[int], file: Path, ping: Callable[[], object]) -> Iterator[None]:
    """Capture the traffic of some ports; begins once ``ping`` made a frame that is on disk."""
    only = " or ".join(f"tcp port {port}" for port in ports)
    tshark = subprocess.Popen(
        ["tshark", "-q", "-i", "lo", "-B", "64", "-f", only, "-w", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        began = monotonic()
        while not (file.exists() and file.stat().st_size > 1000):
            assert tshark.poll() is None, "tshark ended by itself; may it capture on lo?"
            assert monotonic() - began < START_TIMEOUT_S, "tshark captured nothing"
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


def read_fields(file: Path, only: str, *names: str) -> list[str]:
    """A line for each frame that ``only`` selects, with tabs between its fields."""
    options = [option for name in names for option in ("-e", name)]
    done = subprocess.run(
        ["tshark", "-r", str(file), "-Y", only, "-T", "fields", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()


def read_frames(file: Path) -> list[Frame]:
    """All frames of TCP, in order."""
    frames = []
    for line in read_fields(file, "tcp", *COLUMNS):
        stream, source, destination, length, ip_bytes, fin, repeated = line.split("\t")
        frames.append(
            Frame(
                int(stream),
                int(source),
                int(destination),
                int(length),
                int(ip_bytes),
                fin in ("1", "True"),
                bool(repeated),
            )
        )
    return frames


def by_stream(frames: Iterable[Frame]) -> list[list[Frame]]:
    """Frames by connection."""
    streams: dict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        streams[frame.stream].append(frame)
    return list(streams.values())


def is_usual(connection: list[Frame]) -> bool:
    """Whether a connection's ends did not cross and nothing was sent again.

    A busy machine makes of one in a hundred connections what no model can know: an end that is acknowledged by
    itself, a second RST, a segment that is sent again and acknowledged with a SACK.
    """
    headers = [frame.ip_bytes - frame.length for frame in connection]
    if (
        any(frame.repeated for frame in connection)
        or not {40, 52, 60}.issuperset(headers)
        or headers.count(40) > 1
    ):
        return False
    client = connection[0].source
    end = next((at for at, frame in enumerate(connection) if frame.finishes and frame.source == client), None)
    return end is None or sum(frame.source != client for frame in connection[end:]) < 2
