"""Hooks of forks: run in forked workers, and not in processes that only execute a program."""

from __future__ import annotations

import os
from collections.abc import Callable

import gevent.subprocess
import pytest

from wiretax.load.cluster.resilience.exec_hooks import skip_hooks_before_exec


def test_a_process_that_executes_a_program_runs_no_hook_and_a_forked_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registered: dict[str, Callable[[], object]] = {}
    ran: list[str] = []

    def fork_and_watch(*_: object) -> int:
        """As Python does in the child."""
        registered["after_in_child"]()
        return 0

    monkeypatch.setattr(os, "register_at_fork", lambda **hooks: registered.update(hooks))
    monkeypatch.setattr(gevent.subprocess, "fork_and_watch", fork_and_watch)
    skip_hooks_before_exec()
    os.register_at_fork(before=lambda: ran.append("before"), after_in_child=lambda: ran.append("child"))
    assert gevent.subprocess.fork_and_watch(None, None, True, None) == 0
    assert ran == []
    # As by --processes.
    registered["after_in_child"]()
    registered["before"]()
    assert ran == ["child", "before"]


def test_hooks_run_again_after_a_program_that_could_not_be_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: dict[str, Callable[[], object]] = {}
    ran: list[str] = []

    def fork_and_watch(*_: object) -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "register_at_fork", lambda **hooks: registered.update(hooks))
    monkeypatch.setattr(gevent.subprocess, "fork_and_watch", fork_and_watch)
    skip_hooks_before_exec()
    os.register_at_fork(after_in_child=lambda: ran.append("child"))
    with pytest.raises(BlockingIOError):
        gevent.subprocess.fork_and_watch()
    registered["after_in_child"]()
    assert ran == ["child"]
