"""What options change in a plan: its events, its rounds and starts, its workloads, and what workers need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from wiretax.load.plan.counted_deliveries import delivering
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.replay import read_replay, replaying
from wiretax.load.plan.selection import WHOLE, Selection
from wiretax.load.plan.starts import part_of, with_starts
from wiretax.queue.sources.chunks import STDIN
from wiretax.queue.sources.event_fields import OnError
from wiretax.terminal import OptionError, warn_at_most

# Skipped lines of --events that are named.
MOST_SKIPPED = 5


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """Options that change the plan; None if they were not given.

    Attributes:
        events: the JSON Lines file to send instead of generated events; "-" for standard input.
        on_error: what to do on an invalid line of it.
        has_names: whether options name channels or events.
        processes: how many worker processes share the users; 0 for none.
        starts: how many starts share the rounds.
        deliver: whether deliveries are counted.
        rounds: how many rounds it has.
        selection: which of its workloads are measured.
        once: whether each workload is sent once instead, to try the plan out.
        part: of one start, its number, from 0: the plan becomes what that start measures.
    """

    events: str | None = None
    on_error: OnError = "stop"
    has_names: bool = False
    processes: int = 0
    starts: int | None = None
    part: int | None = None
    deliver: bool = False
    rounds: int | None = None
    selection: Selection = WHOLE
    once: bool = False

    def __call__(self, plan: Plan) -> Plan:
        """The changed plan.

        Raises:
            OptionError, PlanError, EventsError, LineError: an option does not go with the plan or another one.
        """
        if self.deliver:
            plan = delivering(plan)
        if self.rounds is not None:
            if plan.capacity is not None:
                raise OptionError(
                    f"--rounds: plan {plan.name} has [capacity]; its time is the limit, so leave out --rounds"
                )
            plan = replace(plan, rounds=self.rounds)
        if self.starts is not None or self.rounds is not None:
            plan = with_starts(plan, plan.starts if self.starts is None else self.starts)
        if self.events is not None:
            plan = self._replaying(plan, self.events)
        if self.selection:
            plan = self.selection.of(plan)
        if self.once:
            return replace(plan, once=True, rounds=1, starts=1, users=1, delivery=None, capacity=None)
        if self.processes > plan.users:
            raise OptionError(
                f"--processes {self.processes}: the plan has {plan.users} users, and each needs at least one; "
                "name fewer processes, or raise users in the plan"
            )
        if self.processes:
            plan = plan.for_workers()
        return plan if self.part is None else part_of(plan, self.part)

    def _replaying(self, plan: Plan, events: str) -> Plan:
        if self.processes:
            raise OptionError(
                "--events goes without --processes: one process replays a file in order; leave one out"
            )
        if self.has_names:
            raise OptionError(
                "--channel, --event and --spread are for generated events; those of --events have their own "
                "names and channels"
            )
        if plan.starts > 1 and (events == STDIN or Path(events).is_fifo()):
            raise OptionError(f"--events {events}: each of several starts reads the events again; name a file")
        # Each start skips the same lines, so they are named once, before the first.
        named = MOST_SKIPPED if self.part is None else -1
        return replaying(plan, read_replay(events, plan.limits, self.on_error, warn_at_most(named)))
