"""The limits of the machine that sends, compared with what a run needs before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import psutil

from wiretax.channels.endpoint import host_and_port
from wiretax.channels.workload import Workload
from wiretax.wire.connections.target import Target
from wiretax.wire.open_files import open_files_limit, raise_open_files
from wiretax.wire.reach.blocking import addresses_of

PROC = Path("/proc")
# For name lookups, workers' messages, and the files of a run.
SPARE_FILES = 32
# Measured with 2,000 users: a user with its greenlet and its connection, and what TLS adds.
USER_BYTES = 40_000
TLS_BYTES = 40_000
TIME_WAIT = "06"


class OwnLimitError(RuntimeError):
    """A limit of this machine is too low for the run: one line that names it, what is needed, and what to do."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a run's users open at most at the same time.

    Attributes:
        users: of the run.
        connections: by what workloads share a connection: one of those workloads, and how many users have it.
    """

    users: int
    connections: tuple[tuple[Workload, int], ...]

    @classmethod
    def of(cls, workloads: Iterable[Workload], users: int) -> Demand:
        """The demand of users that send all of these workloads, each over as many connections as it needs."""
        shared: dict[tuple[object, ...], tuple[Workload, int]] = {}
        for workload in workloads:
            senders = min(users, workload.arrivals.publishers or users)
            known = shared.get(workload.connection_key)
            if known is None or known[1] < senders:
                shared[workload.connection_key] = (workload, senders)
        return cls(users, tuple(shared.values()))

    @property
    def files(self) -> int:
        """Descriptors of all connections."""
        return sum(count for _, count in self.connections)

    @property
    def memory_bytes(self) -> int:
        """An estimate."""
        tls = sum(count for workload, count in self.connections if workload.transport.tls)
        return max(self.users, self.files) * USER_BYTES + tls * TLS_BYTES

    def of_mock(self, mocks: int) -> int:
        """Connections that the busiest of a run's mocks has, with this many of each kind."""
        kinds: dict[object, int] = {}
        for workload, count in self.connections:
            kind = (workload.transport.tls, workload.arrivals.rtt_s)
            kinds[kind] = kinds.get(kind, 0) + count
        return -(-max(kinds.values(), default=0) // max(1, mocks))


def check_files(demand: Demand, processes: int = 1, mock: int = 0) -> None:
    """Raise this process's limit of open files to what its share of the users needs, if that is allowed.

    Args:
        demand: of all users.
        processes: which share the users.
        mock: connections of the busiest mock that the run starts itself, whose limit is the same.

    Raises:
        OwnLimitError: the hard limit is too low.
    """
    soft, hard = open_files_limit()
    needed = max(-(-demand.files // max(1, processes)), mock) + _open_files() + SPARE_FILES
    if needed <= soft:
        return
    if needed > hard:
        users = f"{demand.users:,} user{'s' * (demand.users > 1)}"
        among = f" in {processes} processes" if processes > 1 else ""
        raise OwnLimitError(
            f"a process may have {hard:,.0f} open files here (RLIMIT_NOFILE), and {users}{among} need "
            f"{needed:,}: raise the limit with ulimit -n {needed}, or lower users"
        )
    raise_open_files()


def check_memory(demand: Demand, available_bytes: int | None = None) -> None:
    """Compare an estimate of what the users take with the memory that is free.

    Args:
        demand: of all users on this machine.
        available_bytes: how much is free; None for what the system reports.

    Raises:
        OwnLimitError: it is not enough.
    """
    free = _available_bytes() if available_bytes is None else available_bytes
    if demand.memory_bytes > free:
        raise OwnLimitError(
            f"{demand.users:,} users need about {demand.memory_bytes / 1e6:,.0f} MB of memory, and "
            f"{free / 1e6:,.0f} MB are free: lower users, or use a machine with more memory"
        )


def check_ports(demand: Demand, targets: Iterable[Target], proc: Path = PROC) -> None:
    """Compare the connections that the run keeps to each server with the local ports that are free.

    A port is not free while an earlier connection to the same server is open or in TIME_WAIT, which lasts a
    minute: workloads that open a connection per call use them up.

    Args:
        demand: of all users on this machine.
        targets: where its workloads go: one per server, TLS setting and round trip.
        proc: the kernel's files.

    Raises:
        OwnLimitError: there are not enough.
    """
    ports = _port_range(proc)
    if ports is None:
        return
    peers = {(each.server, each.tls, each.rtt_s): each.peer for each in targets}
    needed: dict[tuple[str, int], int] = {}
    for workload, count in demand.connections:
        peer = peers[workload.server, workload.transport.tls, workload.arrivals.rtt_s]
        needed[peer] = needed.get(peer, 0) + count
    for (host, port), count in needed.items():
        addresses = _addresses(host, port)
        used, waiting = _used_ports(proc, addresses, port, ports)
        if _reuses_waiting(proc, addresses):
            waiting = 0
        free = len(ports) - used - waiting
        if count > free:
            raise OwnLimitError(
                f"{demand.users:,} users need {count:,} local ports, and {free:,} are free for connections to "
                f"{host_and_port(host, port)} (net.ipv4.ip_local_port_range has {len(ports):,}, {waiting:,} of "
                "them in TIME_WAIT): widen the range with sysctl, wait a minute, or lower users"
            )


def _open_files() -> int:
    try:
        return len(list((PROC / "self/fd").iterdir()))
    except OSError:
        return SPARE_FILES


def _available_bytes() -> int:
    """What this process may still take: of the machine, and of its control group."""
    free = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free
    return min(free, int(most) - used) if most.isdigit() else free


def _port_range(proc: Path) -> range | None:
    """The ports that the kernel picks from; None if it doesn't tell."""
    try:
        first, last = (proc / "sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
        return range(int(first), int(last) + 1)
    except (OSError, ValueError):
        return None


def _reuses_waiting(proc: Path, addresses: set[bytes]) -> bool:
    """Whether the kernel gives a port in TIME_WAIT to a new connection after a second: by default on loopback."""
    try:
        mode = (proc / "sys/net/ipv4/tcp_tw_reuse").read_text(encoding="ascii").strip()
    except OSError:
        return False
    return mode == "1" or (mode == "2" and all(ip_address(each).is_loopback for each in addresses))


def _addresses(host: str, port: int) -> set[bytes]:
    # The first call reports a host that has none.
    return {ip_address(str(each.place[0]).partition("%")[0]).packed for each in addresses_of((host, port))}


def _used_ports(proc: Path, addresses: set[bytes], port: int, ports: Sequence[int]) -> tuple[int, int]:
    """How many local ports have a connection to a server, and how many one in TIME_WAIT."""
    used = waiting = 0
    for name in ("net/tcp", "net/tcp6"):
        try:
            lines = (proc / name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, remote, state, *_ = line.split()
            address, _, remote_port = remote.partition(":")
            if int(remote_port, 16) != port or int(local.partition(":")[2], 16) not in ports:
                continue
            if _unpacked(address) in addresses:
                waiting += state == TIME_WAIT
                used += state != TIME_WAIT
    return used, waiting


def _unpacked(text: str) -> bytes:
    """An address as the kernel prints it: words of 32 bits, each in this machine's byte order; IPv4 in IPv6 as
    IPv4."""
    raw = bytes.fromhex(text)
    step = -1 if sys.byteorder == "little" else 1
    packed = b"".join(raw[at : at + 4][::step] for at in range(0, len(raw), 4))
    return packed[12:] if len(packed) == 16 and packed.startswith(bytes(10) + b"\xff\xff") else packed
