"""A bounded load on all cores: what other processes do to a measurement."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.cores import Cores

# The longest that a process works if nothing ends it.
MOST_S = 3600
# Works and rests for random times of 5 to 200 ms: half of a core, at normal priority. It ends with its input, and
# so with the process that started it, however that ends.
WORK = """
import os, random, select, sys, time
core, most_s = int(sys.argv[1]), float(sys.argv[2])
if core >= 0:
    os.sched_setaffinity(0, {core})
random.seed(core)
ends = time.monotonic() + most_s
while time.monotonic() < ends:
    until = time.monotonic() + random.uniform(0.005, 0.2)
    while time.monotonic() < until:
        pass
    if select.select([sys.stdin], [], [], random.uniform(0.005, 0.2))[0]:
        break
"""


@contextmanager
def background_load() -> Iterator[None]:
    """Run a process on each core that this one may use, which keeps half of that core busy."""
    cores = Cores.find().allowed or (-1,)
    with ExitStack() as closing:
        for core in cores:
            command = [sys.executable, "-c", WORK, str(core), str(MOST_S)]
            process = closing.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE))
            closing.callback(process.terminate)
        yield
