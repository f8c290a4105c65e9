"""How load is driven, in the order of the flow: plan, client, sweep, free, users, cluster, drivers, web."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

# Locust puts the current folder first on sys.path. A package named analysis in it would be imported instead of the
# one that is installed beside wiretax, so that one is imported here, before anything asks for it.
_HOME = str(Path(__file__).parents[2])
sys.path.insert(0, _HOME)
try:
    import_module("analysis")
finally:
    sys.path.remove(_HOME)
