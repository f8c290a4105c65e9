"""One generator at work, measured from outside: by the server's ledger and by processor times."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import psutil

from benchmarks.cores import Cores
from benchmarks.peers.servers import PeerError, read_ledger
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload
from wiretax.mock.ledger import difference

# If other processes take more of the two cores in a window, it is measured again, and the quietest counts.
DISTURBED = 0.15


@dataclass(frozen=True, slots=True)
class Window:
    """What the server counted in one window of a generator's steady state.

    Attributes:
        requests_per_s: requests answered, all of them accepted.
        request_bytes: bytes received for each request, head and body.
        server_cpu: processor time of the server over the window's length, 1 is a whole core.
        user_cpu: the same of the generator, outside the kernel.
        system_cpu: the same of the generator, inside the kernel.
        others_cpu: the same of all else that ran on their cores, this harness and stolen time included.
        slack: share of the time even the busier of the two was idle. Under 16 connections one of them is always
            busy, unless the host of a virtual machine takes long to wake a core.
    """

    requests_per_s: float
    request_bytes: float
    server_cpu: float
    user_cpu: float
    system_cpu: float
    others_cpu: float
    slack: float

    @property
    def generator_cpu(self) -> float:
        return self.user_cpu + self.system_cpu

    @property
    def disturbed(self) -> bool:
        return self.others_cpu > DISTURBED

    @property
    def requests_per_cpu_s(self) -> float:
        """Requests for each second of the generator's processor time."""
        return self.requests_per_s / max(self.generator_cpu, 1e-9)


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters at one moment (seconds)."""

    moment_s: float
    ledger: dict[str, Any]
    user_s: float
    system_s: float
    cores_busy_s: float

    @classmethod
    def take(cls, endpoint: Endpoint, generator: psutil.Process, cores: Cores) -> Reading:
        times = generator.cpu_times()
        return cls(perf_counter(), read_ledger(endpoint), times.user, times.system, cores.busy_s())


def between(before: Reading, after: Reading, cores: Cores, workload: Workload) -> Window:
    """What happened between two readings.

    Raises:
        PeerError: the server refused requests, or got other events than were asked for.
    """
    seconds = after.moment_s - before.moment_s
    counts = difference(after.ledger, before.ledger)
    require_acceptance(counts, workload)
    server_cpu = counts["cpu_s"] / seconds
    user, system = ((after.user_s - before.user_s) / seconds, (after.system_s - before.system_s) / seconds)
    cores_busy = (after.cores_busy_s - before.cores_busy_s) / seconds
    busier = user + system + server_cpu if cores.single else max(user + system, server_cpu)
    return Window(
        requests_per_s=counts["requests"] / seconds,
        request_bytes=counts["request_bytes"] / max(1, counts["requests"]),
        server_cpu=server_cpu,
        user_cpu=user,
        system_cpu=system,
        others_cpu=max(0.0, cores_busy - server_cpu - user - system),
        slack=max(0.0, 1 - busier),
    )


def require_acceptance(counts: dict[str, Any], workload: Workload) -> None:
    """Only a generator whose every request was taken, with all its events, has a speed.

    Raises:
        PeerError: that is not so.
    """
    requests, rejected = counts["requests"], counts["rejected"]
    if rejected:
        reasons = ", ".join(f"{count} for {reason}" for reason, count in rejected.items())
        raise PeerError(f"the server refused {sum(rejected.values())} of its {requests} requests ({reasons})")
    # The endpoint in C looks into no body.
    expected = requests * workload.call.batch_size
    if counts.get("events", expected) != expected:
        raise PeerError(f"{requests} requests brought {counts['events']} events, expected {expected}")
