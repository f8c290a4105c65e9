"""The machine that a run was made on, which tells whether its times compare with another run's."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

# Idle, or already counted in another column.
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
    """CPU time that all processes have used on all cores (s), time stolen by a hypervisor included."""
    times = psutil.cpu_times()
    return float(sum(times) - sum(getattr(times, name, 0.0) for name in IDLE))


def crowding(others: float, busy: float, cores: int) -> str | None:
    """A warning that other processes disturbed a run; None if there was CPU time to spare.

    Args:
        others: cores that other processes used.
        busy: cores that all processes used.
        cores: cores of the machine.
    """
    if others < CROWDED or busy < ALL_BUSY * cores:
        return None
    return (
        f"Other processes used {others:.1f} of {cores} cores: rates are understated, intervals wider; "
        "run again when the machine is quiet"
    )


def cpu_model() -> str:
    """The name of the CPU, from the kernel or else from the platform module."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
