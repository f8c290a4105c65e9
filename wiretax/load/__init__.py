"""Drives load.

In order of dependency: ``plan`` (what to send), ``client`` (shared by a process's users), ``sweep`` (a plan's
slices), ``free`` (Locust's own pace), ``accounting`` (witnesses and verdict), ``users`` (Locust users),
``cluster`` (workers), ``drivers`` (commands and locustfiles), ``starts`` (a run in several processes, one by one),
``web`` (Locust's web UI).
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from wiretax.blas import use_one_thread
from wiretax.escaping import escape_logs

# Locust puts the current folder first on sys.path. A package named analysis in it would be imported instead of the
# one that is installed beside wiretax, so that one is imported here, before anything asks for it.
_HOME = str(Path(__file__).parents[2])
sys.path.insert(0, _HOME)
try:
    import_module("analysis")
finally:
    sys.path.remove(_HOME)
# Also in Locust's own processes: before anything imports numpy, and before anything is logged.
use_one_thread()
escape_logs()
