"""Why subscribers can't do what they are there for. Importing it loads nothing else."""

from __future__ import annotations


class SubscriberError(RuntimeError):
    """Subscribers can't do what they are there for: one line that says why."""
