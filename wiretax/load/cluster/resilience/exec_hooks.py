"""Processes that gevent starts, as the built-in mock, run no hooks of Python's ``os.register_at_fork``.

Python's own ``subprocess`` runs none before it executes a program; gevent's forks in Python, which runs them.
Those of OpenTelemetry (``--otel``) wait for threads, and in a copy of a master with its greenlets that never ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import gevent.subprocess

Hook = Callable[[], object]

_executing = False


def skip_hooks_before_exec() -> None:
    """Skip hooks that are registered from now on in processes that only execute a program."""
    register, fork_and_watch = os.register_at_fork, gevent.subprocess.fork_and_watch

    def register_guarded(*, after_in_child: Hook | None = None, **hooks: Hook) -> None:
        if after_in_child is not None:
            hooks["after_in_child"] = lambda: None if _executing else after_in_child()
        register(**hooks)

    def fork(*arguments: Any, **options: Any) -> int:
        global _executing  # the hooks in the child find it as it was when it was forked
        _executing = True
        try:
            pid: int = fork_and_watch(*arguments, **options)
        finally:
            _executing = False
        return pid

    os.register_at_fork = register_guarded  # type: ignore[assignment]
    gevent.subprocess.fork_and_watch = fork
