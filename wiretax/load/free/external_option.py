"""Checks that an external source of events, named by options, will be published."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from wiretax.queue.external import ExternalSource
from wiretax.terminal import OptionError


def refuse_ignored_source(external: ExternalSource, classes: Sequence[type], distributed: bool) -> None:
    """Check that one of the user classes publishes the events of a source, and that none ignores it.

    Args:
        external: the source.
        classes: user classes; those of wiretax have ``drains_queue``. Empty if they are not known yet.
        distributed: whether several processes run users.

    Raises:
        OptionError: some users would ignore it, or several processes would share it.
    """
    if distributed:
        raise OptionError(
            f"{external.option} is published from one process's queue; leave out --processes and --master"
        )
    others = sorted(each.__name__ for each in classes if getattr(each, "drains_queue", None) is False)
    if others or (classes and not any(getattr(each, "drains_queue", False) for each in classes)):
        ignoring = f"{', '.join(others)} would ignore it" if others else "no QueueUser was chosen"
        raise OptionError(
            f"{external.option} is published by QueueUser only, and {ignoring}; choose QueueUser alone (on the "
            "command line: its name at the end)"
        )


def refuse_source_with_plan(parsed: Namespace) -> None:
    """Check that no external source is given together with a plan, which generates its own events.

    Raises:
        OptionError: one is.
    """
    for name in ("events", "redis"):
        if getattr(parsed, name):
            raise OptionError(
                f"--{name} is published by QueueUser, not by a plan; choose no plan, or replay a file with: "
                f"wiretax run {parsed.plan} --events FILE"
            )
