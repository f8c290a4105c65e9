"""A forked worker quits with its parent, whenever that ended."""

from __future__ import annotations

import subprocess
import sys

import pytest

# The worker starts to watch before or after its parent ended, and prints a line when it quits.
SCRIPT = """
import os, sys
from types import SimpleNamespace
import gevent
from wiretax.load.cluster.resilience.parent_watch import end_with_parent

late = sys.argv[1] == "after"
gone, parent_end = os.pipe()
ready, worker_end = os.pipe()
if os.fork():
    os.close(worker_end)
    if not late:
        os.read(ready, 1)
    os._exit(0)
os.close(parent_end)
if late:
    os.read(gone, 1)
quit_ = gevent.event.Event()
options, runner = SimpleNamespace(processes=2), SimpleNamespace(quit=quit_.set)
end_with_parent(SimpleNamespace(parsed_options=options, runner=runner))
os.close(worker_end)
print("quit" if quit_.wait(20) else "still there")
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_quits_whether_it_watches_before_or_after_its_parents_end(when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, when], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "quit\n"
