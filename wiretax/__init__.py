"""wiretax measures what publishing an event costs over the Pusher Channels HTTP API.

The command is ``cli.main``; README.md and docs/architecture.md describe the packages. Scripts and notebooks use
``read_run``, ``load_runs``, ``summarise`` and ``compare``: docs/python.md.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

# In ``wiretax.api``, with pandas, which commands load only if they need it. ``__init__.pyi`` has the types.
_API = (
    *(
        "Comparison",
        "Ratio",
        "Run",
        "RunNotFoundError",
        "Runs",
        "across_rounds",
        "capacities",
        "compare",
        "deliveries",
    ),
    *("layers", "load_runs", "queues", "read_run", "summarise"),
)
__all__ = ["__version__", *_API]


def __getattr__(name: str) -> object:
    if name in _API:
        return getattr(import_module("wiretax.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
