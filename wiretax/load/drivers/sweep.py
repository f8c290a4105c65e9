"""A plan's run from its first slice to its last, whoever drives its users."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from wiretax.delivery.counting.accounts import differences
from wiretax.load.capacity.conductor import CapacityConductor
from wiretax.load.client.error_policy import ErrorPolicy, Reactions
from wiretax.load.client.message_limit import SPENT
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.drivers.setup import RunSetup
from wiretax.load.sweep.conductor import AddedRounds, Conductor, Extension
from wiretax.load.sweep.delivery_executor import DeliveryExecutor
from wiretax.load.sweep.executor import ALONE, Executor, ExecutorSummary, SliceResult
from wiretax.load.sweep.pauses import Pauses
from wiretax.load.sweep.rounds import Step
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped, kept


class Sweep:
    """The conductor of a plan, and what it measured.

    Attributes:
        record: what the run will be written from.
        conductor: gives each workload its slices.
        executor_summary: what the executor reported at its end.
        deliveries: what counted the deliveries; None if nothing did.
    """

    def __init__(
        self,
        setup: RunSetup,
        executor: Executor,
        feed: StatsFeed | None,
        on_added: Callable[[AddedRounds], None] = lambda _: None,
    ) -> None:
        """
        Args:
            setup: prepared, and tried out.
            executor: runs the slices.
            feed: gets each slice for Locust's statistics; None if nobody reads them.
            on_added: called each time that rounds are added.
        """
        assert setup.plan is not None
        self.record = RunRecord()
        self.executor_summary = ALONE
        self.deliveries = _counting(setup, executor)
        self._plan = setup.plan
        self._setup = setup
        self._feed = feed
        for slice_ in setup.tried.slices:
            self.record.add(slice_, setup.plan.users)
        measured = replace(setup.plan, workloads=kept(setup.plan.workloads, setup.tried.skipped))
        paused, own_mock = setup.measurement.paused, setup.own_mock
        if measured.capacity is not None:
            self.conductor: Conductor = CapacityConductor(measured, executor, paused, own_mock)
        else:
            extension = None
            if setup.gating is not None:
                extension = Extension(self._undecided, setup.most_rounds, on_added)
            self.conductor = Conductor(measured, self.deliveries or executor, extension, paused, own_mock)
        reactions = Reactions(self.conductor.halt, self.conductor.pause, self.conductor.end_workload)
        setup.session.on_rejected = ErrorPolicy(reactions).on_rejected
        if setup.message_limit is not None:
            setup.message_limit.on_spent = lambda: self.conductor.halt(SPENT)
        executor.on_rejected(reactions)

    @property
    def plan(self) -> dict[str, Any]:
        return self._plan.as_dict()

    @property
    def pauses(self) -> Pauses:
        return self.conductor.pauses

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        return (*self._setup.tried.skipped, *self.conductor.skipped)

    @property
    def ended_early(self) -> str:
        return self.conductor.ended_early

    def slices(self) -> Iterator[tuple[Step, SliceResult]]:
        """Run all slices, and record each. Users are idle when one is yielded."""
        for step, result in self.conductor.run():
            with self._setup.measurement.paused():
                result.add_to(self.record)
                if self._feed is not None:
                    self._feed.tell_slices(result.slices)
            yield step, result

    def finish(self) -> RunRecord:
        if self._setup.gating is not None:
            asked = [asdict(each) for each in self.conductor.additions]
            self.record.meta["added"] = {"most_rounds": self._setup.most_rounds, "asked": asked}
        if isinstance(self.conductor, CapacityConductor):
            self.record.capacity = [each.as_row() for each in self.conductor.rows]
        if self.deliveries is not None and self._plan.delivery is not None:
            self.deliveries.disconnect()
            self.record.meta["delivery"] = {
                **self._plan.delivery.as_dict(),
                "totals": self.deliveries.totals.as_dict(),
                "differences": self._delivery_differences(self.deliveries),
            }
        return self.record

    def _delivery_differences(self, deliveries: DeliveryExecutor) -> list[str]:
        ledger = self._setup.measurement.delivery_ledger()
        return [*deliveries.problems, *differences(deliveries.totals, ledger)]

    def summary(self) -> ExecutorSummary:
        disagreeing = self.record.meta.get("delivery", {}).get("differences", ())
        return replace(self.executor_summary, differences=tuple(disagreeing))

    def _undecided(self) -> tuple[str, ...]:
        """The workloads of which more rounds could decide a check. Users are idle meanwhile."""
        from wiretax.runs.reader import as_read  # the gates have imported it

        setup = self._setup
        assert setup.gating is not None
        with setup.measurement.paused():
            skipped = {"skipped": [each.as_row() for each in self.skipped]}
            so_far = {**setup.measurement.so_far(self.record, self.plan), **skipped}
            undecided = setup.gating.undecided(as_read(self.record, setup.folder, so_far))
            settle_memory()
        return undecided


def _counting(setup: RunSetup, executor: Executor) -> DeliveryExecutor | None:
    """The executor with subscribers beside it, if the plan counts deliveries."""
    plan, log = setup.plan, setup.session.publish_log
    if plan is None or plan.delivery is None or log is None:
        return None
    return DeliveryExecutor(executor, log, setup.targets, plan.delivery, plan.timeout_s, plan.replay)


def settle_memory() -> None:
    """Collect garbage, and keep the collector from walking through what is left during a slice."""
    gc.collect()
    gc.freeze()
