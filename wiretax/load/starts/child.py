"""The process of one start: it reads its job from standard input, and prints a report.

A new interpreter has its own memory layout and hash seed. A process that was forked would share its parent's.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import asdict

import orjson

from wiretax.load.drivers.loading import load_locust
from wiretax.streams import outlast_readers

# How often it looks whether its parent is still there (s).
POLL_S = 0.5


def main() -> None:
    """Run the start to its end."""
    outlast_readers()
    load_locust()
    import gevent

    from wiretax.load.client.signals import Signals
    from wiretax.load.drivers.conclude import print_saved
    from wiretax.load.drivers.errors import START_ERRORS, exit_code
    from wiretax.load.drivers.headless import run_headless
    from wiretax.load.starts.job import StartJob, StartReport
    from wiretax.terminal import err, progress_console

    job: StartJob = pickle.load(sys.stdin.buffer)

    own = os.getpid()

    def end_with_parent() -> None:
        while os.getppid() == job.parent:
            gevent.sleep(POLL_S)
        # Workers that are forked from this process inherit this greenlet. They follow their own parent.
        if os.getpid() == own:
            os.kill(own, signal.SIGTERM)

    gevent.spawn(end_with_parent)
    with Signals() as signals:
        try:
            request = job.options.check(job.changes)
            saved = run_headless(request, progress_console(job.quiet), job.changes.processes, signals).saved
        except START_ERRORS as error:
            report = StartReport(problem=str(error), code=exit_code(error))
        else:
            report = StartReport(str(saved.folder.absolute()) if saved.is_saved else "", saved.problem)
            if not saved.is_saved:
                print_saved(saved, err)  # the only place where its figures remain
    sys.stdout.buffer.write(orjson.dumps(asdict(report)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
