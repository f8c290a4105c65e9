"""A worker that Locust's --processes forked ends with its master, even one that ended before it ever spoke."""

from __future__ import annotations

import os
from typing import Any

import gevent

LOOK_S = 0.5


def end_with_parent(environment: Any) -> None:
    """Quit once the parent process is gone; workers that were started by themselves go on waiting for a master."""
    if not getattr(environment.parsed_options, "processes", None):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            gevent.sleep(LOOK_S)
        environment.runner.quit()

    gevent.spawn(watch)
