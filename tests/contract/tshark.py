"""Captures on loopback by tshark, and what their frames come to once the kernel has cut them into segments."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

# TCP_MAXSEG 1460 on loopback less 12 bytes of timestamps.
MSS = 1448
MARK_TIMEOUT_S = 20
LAST_FRAMES_S = 1.0
# States of /proc/net/tcp: TIME_WAIT, and a listening socket.
OVER = ("06", "0A")
# Bytes of a frame that are kept: its headers, and what tells a client by its hello.
SNAP = "0"
# No field of a body is asked for, and to take bodies apart takes longer than all the rest.
HEADS_ONLY = ("--disable-protocol", "json")
COLUMNS = (
    "tcp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.len",
    "ip.len",
    "tcp.flags.fin",
    "tcp.seq",
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
        fresh: bytes of data that were not sent before.
        repeated: whether anything in it was sent before.
    """

    stream: int
    source: int
    destination: int
    length: int
    ip_bytes: int
    finishes: bool
    fresh: int
    repeated: bool

    @property
    def begins(self) -> bool:
        """Whether it is a SYN, or the answer to one."""
        return not self.length and self.header_bytes == 60

    @property
    def segments(self) -> int:
        """A capture on loopback sees what is sent before the kernel cuts it into segments."""
        return max(1, -(-self.length // MSS))

    @property
    def header_bytes(self) -> int:
        """IP and TCP headers of a segment."""
        return self.ip_bytes - self.length

    @property
    def sack_bytes(self) -> int:
        """Of those, what acknowledges by SACK, which no counter of the kernel's has."""
        return 0 if self.header_bytes <= 60 else self.header_bytes - 52

    @property
    def wire_bytes(self) -> int:
        """IP bytes of its segments, each with headers."""
        return self.ip_bytes + (self.segments - 1) * self.header_bytes


@contextmanager
def capturing(ports: Iterable[int], file: Path) -> Iterator[None]:
    """Capture TCP's traffic of some ports; begins and ends once a datagram of that moment is on disk.

    Frames are written in the order they were captured in, so all before the datagram are on disk too.
    """
    ports = set(ports)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marks:
        marks.bind(("127.0.0.1", 0))
        only = " or ".join([f"udp port {marks.getsockname()[1]}", *(f"tcp port {port}" for port in ports)])
        # The program that tshark starts to capture; tshark would follow the frames as they come.
        dumpcap = subprocess.Popen(
            ["dumpcap", "-q", "-i", "lo", "-B", "64", "-s", SNAP, "-f", only, "-w", str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _mark(marks, file, dumpcap)
            yield
            _wait_for_ends(ports)
            _mark(marks, file, dumpcap)
        finally:
            dumpcap.send_signal(signal.SIGINT)
            dumpcap.wait(MARK_TIMEOUT_S)


def _mark(marks: socket.socket, file: Path, dumpcap: subprocess.Popen[bytes]) -> None:
    """Send a datagram of random bytes until one is on disk."""
    mark = os.urandom(16)
    began = monotonic()
    while not (file.exists() and mark in file.read_bytes()):
        assert dumpcap.poll() is None, "dumpcap ended by itself; may it capture on lo?"
        assert monotonic() - began < MARK_TIMEOUT_S, "dumpcap captured nothing"
        marks.sendto(mark, marks.getsockname())
        sleep(0.05)


def _wait_for_ends(ports: set[int]) -> None:
    """Wait until all connections of these ports are over, but not for long: a server may keep one open."""
    began = monotonic()
    while _connected(ports) and monotonic() - began < LAST_FRAMES_S:
        sleep(0.02)


def _connected(ports: set[int]) -> bool:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if state not in OVER and ports & {int(each.split(":")[1], 16) for each in (local, remote)}:
            return True
    return False


def read_fields(file: Path, only: str, *names: str) -> list[str]:
    """A line for each frame that ``only`` selects, with tabs between its fields."""
    options = [option for name in names for option in ("-e", name)]
    done = subprocess.run(
        ["tshark", "-r", str(file), *HEADS_ONLY, "-Y", only, "-T", "fields", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()


def read_frames(
    file: Path, told_by: str = "frame.number", aside: Callable[[str], bool] = lambda _: False
) -> list[Frame]:
    """All frames of TCP, in order.

    Connections are left out that have a frame whose field ``told_by`` is ``aside``.
    """
    frames = []
    # Where each direction of a connection has got to, by sequence numbers. To the analysis of tshark, what is sent
    # again within milliseconds is out of order.
    reached: dict[tuple[int, int], int] = {}
    left_out: set[int] = set()
    for line in read_fields(file, "tcp", *COLUMNS, told_by):
        stream, source, destination, length, ip_bytes, fin, sequence, told = line.split("\t")
        if aside(told):
            left_out.add(int(stream))
        way, finishes = (int(stream), int(source)), fin in ("1", "True")
        end = int(sequence) + int(length) + finishes
        last = reached.get(way, int(sequence))
        repeated = (int(length) > 0 or finishes) and int(sequence) < last
        fresh = min(int(length), max(0, end - finishes - last))
        reached[way] = max(last, end)
        frames.append(
            Frame(
                int(stream),
                int(source),
                int(destination),
                int(length),
                int(ip_bytes),
                finishes,
                fresh,
                repeated,
            )
        )
    return [frame for frame in frames if frame.stream not in left_out]


def by_stream(frames: Iterable[Frame]) -> list[list[Frame]]:
    """Frames by connection."""
    streams: dict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        streams[frame.stream].append(frame)
    return list(streams.values())


def ends_usually(connection: list[Frame]) -> bool:
    """Whether a connection's ends did not cross, and each was acknowledged by the other side's end or after it.

    A busy machine makes of one in a hundred connections what no model can know: an end that is acknowledged by
    itself or sent again, or a second RST.
    """
    client = connection[0].source
    end = next((at for at, frame in enumerate(connection) if frame.finishes and frame.source == client), None)
    after = connection[end:] if end is not None else []
    crossed = sum(frame.source != client for frame in after) > 1 or any(frame.repeated for frame in after)
    return not crossed and sum(frame.header_bytes == 40 for frame in connection) < 2


def is_usual(connection: list[Frame]) -> bool:
    """Whether it ended so, and nothing was sent again or had to be acknowledged by SACK."""
    again = any(frame.repeated or frame.sack_bytes for frame in connection)
    return ends_usually(connection) and not again
