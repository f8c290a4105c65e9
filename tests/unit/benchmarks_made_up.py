"""Windows, rows and documents of benchmarks, made up."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.document import Comparison, Document, Row
from benchmarks.peers.window import Window

QUIET, BUSY = 0.01, 0.5


def window(requests_per_s: float, others_cpu: float = QUIET, user_cpu: float = 0.6) -> Window:
    return Window(
        requests_per_s=requests_per_s,
        request_bytes=473.0,
        server_cpu=0.5,
        user_cpu=user_cpu,
        system_cpu=0.4,
        others_cpu=others_cpu,
        slack=0.0,
    )


def row(name: str, rates: Sequence[float], signs: bool = True, user_cpu: float = 0.6) -> Row:
    return Row(name, "1.2", signs, tuple(window(rate, user_cpu=user_cpu) for rate in rates))


def document(*comparisons: Comparison) -> Document:
    machine = {"cpu_model": "a processor", "kernel": "Linux 6", "cores": 2, "placement": "two cores"}
    return Document("0.1.0", "2026-11-28", machine, 6, {"hey": "apt-get install hey"}, comparisons)
