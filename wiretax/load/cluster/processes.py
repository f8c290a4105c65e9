"""Workers on this machine: processes forked from this one, as by Locust's --processes."""

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
    """Worker processes, forked before anything else is opened, which wait for the master's port.

    Attributes:
        count: how many were forked.
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
                _run_worker(reading)
            os.close(reading)
            self._pipes.append(writing)
            self._alive.add(pid)

    def tell(self, port: int) -> None:
        """Tell all workers at which port the master listens."""
        for pipe in self._pipes:
            os.write(pipe, f"{port}\n".encode())

    def died(self, pid: int) -> bool:
        """Whether a process, by its id, is one of these workers and has ended."""
        if pid in self._alive:
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    return False
            self._alive.discard(pid)
            return True
        return False

    def end(self) -> None:
        """Close the workers' pipes, at which they quit, and kill any that are still there after a while."""
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
    """Fork this many workers, which end with the context."""
    processes = Processes(count)
    try:
        yield processes
    finally:
        processes.end()


def _run_worker(pipe: int) -> None:
    """Run one worker to its end; this never returns into the code that forked it."""
    code = 1
    try:
        # Ctrl-C must reach the master only, which settles the open slice first.
        os.setsid()
        port = int(tp_read(pipe, 16) or 0)
        if port:
            environment = Environment(user_classes=[PlanUser])
            runner = environment.create_worker_runner(HOST, port)
            environment.parsed_options = Namespace()
            SweepWorker(environment)

            def quit_with_master() -> None:
                tp_read(pipe, 1)  # returns once the pipe is closed; nothing is written to it any more
                runner.quit()

            gevent.spawn(quit_with_master)
            runner.greenlet.join()
            code = int(environment.process_exit_code or 0)
    except Exception:
        logging.getLogger(__name__).exception("wiretax: internal error in a worker")
    finally:
        os._exit(code)
