"""Workers that Locust's --processes forked quit with their parent, even if it ended before it reached them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import gevent

POLL_S = 0.5

_forked_by: int | None = None


def _note_parent() -> None:
    global _forked_by  # a hook of fork has no other place for it
    _forked_by = os.getpid()


# A child inherits this. When it asks for its parent's id itself, its parent may have ended already.
os.register_at_fork(before=_note_parent)


def end_with_parent(environment: Any) -> None:
    """Quit once the parent process is gone. Workers started on their own go on waiting for a master."""
    when_parent_ends(environment, lambda: environment.runner.quit())


def when_parent_ends(environment: Any, end: Callable[[], object]) -> list[gevent.Greenlet]:
    """Call ``end`` once the parent process of a forked worker is gone; the greenlet that watches, if it is one."""
    if not getattr(environment.parsed_options, "processes", None):
        return []
    parent = _forked_by or os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            gevent.sleep(POLL_S)
        end()

    return [gevent.spawn(watch)]
