"""Workers on this machine: processes of this one's own, as Locust's --processes makes them."""

from __future__ import annotations

import logging
import os
import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gevent
from gevent.os import tp_read
from locust.env import Environment

from wiretax.load.cluster.sweep_worker import SweepWorker
from wiretax.load.users.publishers import PlanUser

HOST = "127.0.0.1"
STOP_TIMEOUT_S = 5.0


class Processes:
    """Forked before anything else is opened, and waiting to be told the master's port.

    Attributes:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pipes: list[int] = []
        self._alive: set[int] = set()
        for _ in range(count):
            reading, writing = os.pipe()
            pid = gevent.fork()
            if not pid:
                for each in (*self._pipes, writing):
                    os.close(each)
                _work(reading)
            os.close(reading)
            self._pipes.append(writing)
            self._alive.add(pid)

    def tell(self, port: int) -> None:
        """Where the master listens."""
        for pipe in self._pipes:
            os.write(pipe, f"{port}\n".encode())

    def died(self, pid: int) -> bool:
        """Whether a process is one of these and has ended."""
        if pid in self._alive:
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    return False
            self._alive.discard(pid)
            return True
        return False

    def end(self) -> None:
        """Let them go, and end those that don't: they stop when their pipe does."""
        for pipe in self._pipes:
            os.close(pipe)
        with gevent.Timeout(STOP_TIMEOUT_S, False):
            while any(not self.died(pid) for pid in list(self._alive)):
                gevent.sleep(0.02)
        for pid in list(self._alive):
            if not self.died(pid):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def worker_processes(count: int) -> Iterator[Processes]:
    """So many workers, which end with this context."""
    processes = Processes(count)
    try:
        yield processes
    finally:
        processes.end()


def _work(pipe: int) -> None:
    """A worker's whole life; it never returns into the code it was forked from."""
    code = 1
    try:
        # Ctrl-C is for the master, which has the slice that is open settled first.
        os.setsid()
        port = int(tp_read(pipe, 16) or 0)
        if port:
            environment = Environment(user_classes=[PlanUser])
            runner = environment.create_worker_runner(HOST, port)
            environment.parsed_options = Namespace()
            SweepWorker(environment)

            def follow() -> None:
                tp_read(pipe, 1)  # nothing comes, until the master is gone
                runner.quit()

            gevent.spawn(follow)
            runner.greenlet.join()
            code = int(environment.process_exit_code or 0)
    except Exception:
        logging.getLogger(__name__).exception("wiretax: a worker ended")
    finally:
        os._exit(code)
