"""The stages of a free run: one begins when Locust is told another number of users, or other classes of them.

A ``LoadTestShape`` does that at its own times, and so may a user of the web UI. Each stage ends the open windows,
so that every row of the run belongs to one stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from time import time
from typing import Any


@dataclass(frozen=True, slots=True)
class Stage:
    """What Locust was told.

    Attributes:
        users: how many users there are to be.
        spawn_rate: how many start or stop per second until then.
        user_classes: the names of their classes; empty for all that were chosen at the start.
        started_s: when the stage began, seconds since the epoch.
    """

    users: int
    spawn_rate: float
    user_classes: tuple[str, ...] = ()
    started_s: float = field(default_factory=time, compare=False)

    def is_like(self, other: Stage) -> bool:
        """Whether both have the same users; Locust is told again if a worker comes or goes."""
        return (self.users, self.user_classes) == (other.users, other.user_classes)

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {**asdict(self), "user_classes": list(self.user_classes)}


class Stages(list[Stage]):
    """The stages of a run so far, in order."""

    def enter(self, stage: Stage) -> bool:
        """Add a stage; False if it is the one that goes on."""
        if self and self[-1].is_like(stage):
            return False
        self.append(stage)
        return True


def follow_stages(runner: Any, begin: Callable[[Stage], object]) -> None:
    """Have ``begin`` called right before a runner starts or stops users to reach a number."""
    start = runner.start

    def start_stage(
        user_count: int, spawn_rate: float, wait: bool = False, user_classes: list[Any] | None = None
    ) -> None:
        begin(Stage(user_count, spawn_rate, tuple(each.__name__ for each in user_classes or ())))
        start(user_count, spawn_rate, wait=wait, user_classes=user_classes)

    runner.start = start_stage
