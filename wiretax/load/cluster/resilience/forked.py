"""The processes that Locust's --processes forks: whoever forked them kills those that don't end by themselves.

Locust tells its workers to quit, and leaves. A worker that is stopped (SIGSTOP) stays for good, and the parent of
``--worker --processes`` waits for it.
"""

from __future__ import annotations

import atexit
import logging
import os
from time import monotonic, sleep

import gevent
import psutil

# At the parent's end.
END_TIMEOUT_S = 5.0
# The master has given up a worker that was stopped for this long.
STOPPED_TIMEOUT_S = 15.0
POLL_S = 0.05
WATCH_S = 1.0
log = logging.getLogger(__name__)
_parents: set[int] = set()


def end_forked_workers() -> None:
    """Have this process kill the workers that it will fork, if need be. Call it before Locust forks."""
    if not _parents:
        os.register_at_fork(after_in_parent=_forked)
        _parents.add(0)  # which is no process: the hook is there


def _forked() -> None:
    """This process has forked a worker."""
    own = os.getpid()
    if own not in _parents:
        _parents.add(own)
        gevent.spawn(_register, own)


def _register(parent: int) -> None:
    """Once Locust has forked all workers, and has registered what it does at its end: do this before that."""
    if os.getpid() != parent:  # a worker that was forked later has inherited this greenlet
        return
    atexit.register(_end_all, parent)
    since: dict[int, float] = {}
    while True:
        gevent.sleep(WATCH_S)
        stopped = {each.pid: each for each in _workers() if _status(each) == psutil.STATUS_STOPPED}
        since = {pid: since.get(pid, monotonic()) for pid in stopped}
        for pid, began_s in since.items():
            if monotonic() - began_s > STOPPED_TIMEOUT_S:
                _kill(stopped[pid])


def _end_all(parent: int) -> None:
    """Kill the workers that don't end in time."""
    if os.getpid() != parent:
        return
    until = monotonic() + END_TIMEOUT_S
    while (left := _workers()) and monotonic() < until:
        sleep(POLL_S)
    for worker in left:
        _kill(worker)


def give_up_workers() -> None:
    """Kill the forked workers, which have no master; they would wait for one."""
    if os.getpid() in _parents:
        for worker in _workers():
            worker.kill()


def _workers() -> list[psutil.Process]:
    """Children that run this command, as only forked ones do, and have not ended."""
    own = psutil.Process()
    command = own.cmdline()
    return [each for each in own.children() if _status(each) != psutil.STATUS_ZOMBIE and _command(each) == command]


def _status(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.Error:
        return str(psutil.STATUS_ZOMBIE)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _kill(worker: psutil.Process) -> None:
    log.error("wiretax: worker process %d did not end, and was killed", worker.pid)
    worker.kill()
