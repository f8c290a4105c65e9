"""Where a run was made: what a reader has to know before comparing its times with another's."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

# Not busy, or already part of another column.
IDLE = ("idle", "iowait", "guest", "guest_nice")
CROWDED = 0.25
ALL_BUSY = 0.85


def describe_machine() -> dict[str, Any]:
    """Versions, kernel, processor and cores, as ``run.json`` keeps them."""
    return {
        "python": platform.python_version(),
        "locust": version("locust"),
        "gevent": version("gevent"),
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu_model": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def busy_s() -> float:
    """Processor time spent so far on all cores, by everybody, time stolen by a hypervisor included (s)."""
    times = psutil.cpu_times()
    return float(sum(times) - sum(getattr(times, name, 0.0) for name in IDLE))


def crowding(others: float, busy: float, cores: int) -> str | None:
    """What to say of other processes during a run; None where they left room.

    Args:
        others: cores they took.
        busy: cores everybody took together.
        cores: how many there are.
    """
    if others < CROWDED or busy < ALL_BUSY * cores:
        return None
    return (
        f"Other processes used {others:.1f} of {cores} cores: rates are understated, intervals wider; "
        "run again when the machine is quiet"
    )


def cpu_model() -> str:
    """The processor's name as the kernel gives it, else what the platform module knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
