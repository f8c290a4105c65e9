"""What a process costs from start to end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took.

    Attributes:
        cpu_s: seconds of processor time.
        peak_mb: its largest resident memory, MB.
    """

    cpu_s: float
    peak_mb: float


# Run by a small process: one started by a large process is reported with the large one's peak memory.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(code)
"""


def cost(arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> Cost:
    """The cost of a Python process with these arguments; its standard output is dropped.

    Args:
        arguments: after the interpreter.
        variables: its environment; None for this process's.

    Raises:
        SystemExit: it failed.
    """
    command = [sys.executable, "-S", "-c", LAUNCHER, sys.executable, *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
    cpu_s, peak_mb = map(float, done.stdout.split())
    return Cost(cpu_s, peak_mb)
