"""From Locust's options, of the command line or the web form, to a run that is ready to begin."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from locust import User

from wiretax.channels.bodies.payloads import least_bytes
from wiretax.channels.validation import object_to_library, object_to_names
from wiretax.channels.workload import Api, Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.client.mocks import Mocks
from wiretax.load.client.own_limits import Demand, check_ports
from wiretax.load.drivers.setup import RunSetup, check_machine, prepare
from wiretax.load.drivers.sweep_options import plan_changes
from wiretax.load.free.destination import endpoint_from, limit_from, target_from
from wiretax.load.free.external_option import refuse_ignored_source, refuse_source_with_plan
from wiretax.load.free.options import NO_PLAN, FreeRunOptions
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import load_plan
from wiretax.load.plan.starts import refuse_starts
from wiretax.load.sweep.forecast import refuse_users_beyond
from wiretax.load.users.publishers import FreeUser
from wiretax.mock.cost import CostModel
from wiretax.terminal import OptionError
from wiretax.wire.connections.servers import NO_ACCESS
from wiretax.wire.connections.target import Target

RESULTS = Path("results")


@dataclass(frozen=True, slots=True)
class LocustRequest:
    """What options ask for, checked.

    Attributes:
        plan: what a sweep measures; None for a free run.
        free: what a free run sends; None for a sweep.
        targets: where it is sent.
        cost: the cost model of a mock that was started for it; None if a server was given.
        limit: how many messages it may send; None for no limit.
    """

    plan: Plan | None
    free: FreeRunOptions | None
    targets: list[Target]
    cost: CostModel | None
    limit: int | None

    @classmethod
    def of(
        cls, parsed: Namespace, classes: Sequence[type[User]], mocks: Mocks, distributed: bool
    ) -> LocustRequest:
        """Check options for users of ``classes``. A mock is started if they name no server.

        Raises:
            START_ERRORS: an option can't be used, or the mock did not start.
        """
        endpoint = endpoint_from(parsed)
        https = parsed.tls if endpoint is None else endpoint.scheme == "https"
        plan, free = None, None
        if parsed.plan != NO_PLAN:
            if distributed:
                raise OptionError("a plan is swept by one process here; for more: wiretax run --processes N")
            refuse_source_with_plan(parsed)
            plan = refuse_starts(load_plan(parsed.plan, None if endpoint is None else https))
            if plan.capacity is not None:
                raise OptionError(
                    f"plan {plan.name} has [capacity], which is not swept: wiretax run {parsed.plan}"
                )
            plan = plan_changes(parsed)(plan)
        else:
            _refuse_plan_options(parsed)
            free = FreeRunOptions.of(parsed, https, get_args(Api) if distributed else _apis(classes))
            if free.external is not None:
                refuse_ignored_source(free.external, classes, distributed)
            refuse_unsendable(free, classes)
            if _subscribes(classes):
                _refuse_uncountable(free, distributed)
        target = target_from(parsed, endpoint, NO_ACCESS if plan is None else plan.access)
        if target is not None and (free.encrypted if free is not None else plan is not None and plan.encrypted):
            target = target.with_master_key(os.environ)
        limit = limit_from(parsed, target)
        if target is not None:
            return cls(plan, free, [target], None, limit)
        if plan is not None:
            return cls(plan, None, mocks.of_plan(plan), plan.cost, limit)
        assert free is not None
        cost = CostModel()
        return cls(None, free, mocks.of_free_run(free.limits, parsed.tls, cost), cost, limit)

    def check_machine(self, users: int, classes: Sequence[type[User]]) -> None:
        """See whether this machine can have this many users, of these classes.

        Raises:
            OwnLimitError: it can't.
        """
        workloads = self._workloads(classes)
        check_machine(workloads, users, mocks=self.cost is not None)
        check_ports(Demand.of(workloads, users), self.targets)

    def prepare(self, users: int, classes: Sequence[type[User]], ask: bool) -> RunSetup:
        """A run with this many users, of these classes.

        Args:
            ask: whether to send a call of each workload, to see whether the server accepts it.

        Raises:
            START_ERRORS: it can't begin; nothing is left behind.
        """
        plan = self.plan
        if plan is not None:
            if users < 1:
                raise OptionError(f"a plan takes one user at least, got {users}")
            plan = replace(plan, users=users)
            if self.limit is not None and not self.targets[0].endpoint.is_loopback:
                refuse_users_beyond(plan, self.targets, self.limit)
        message_limit = None if self.limit is None else MessageLimit(self.limit)
        if ask:
            self.check_machine(users, classes)
        subscribed = plan is None and _subscribes(classes)
        setup = prepare(RESULTS, plan, self.free, self.targets, self.cost, message_limit, subscribed)
        try:
            if ask:
                setup = setup.try_out(self._workloads(classes))
                if plan is None and setup.tried.skipped:
                    # Whoever starts users of a class wants them to send.
                    first = setup.tried.skipped[0]
                    raise OptionError(f"nothing was started, {first.workload.name} is rejected: {first.rejection}")
        except BaseException:
            setup.discard()
            raise
        return replace(setup, options=self._as_dict(setup))

    def _workloads(self, classes: Sequence[type[User]]) -> Sequence[Workload]:
        """What users of these classes send; of a queue, a whole batch with generated events."""
        if self.plan is not None:
            return self.plan.workloads
        assert self.free is not None
        return _free_workloads(self.free, classes) or [self.free.workload("trigger")]

    def _as_dict(self, setup: RunSetup) -> dict[str, Any]:
        """The options by name, without secrets, as ``run.json`` keeps them."""
        target = self.targets[0]
        certificates = target.certificates
        return {
            "plan": self.plan.name if self.plan else NO_PLAN,
            **(_changes_of(self.plan) if self.plan else {}),
            **(self.free.as_dict() if self.free else {}),
            "endpoint": setup.endpoint,
            "ca": "" if certificates.ca is None or setup.own_mock else str(certificates.ca),
            "cert": "" if certificates.cert is None else str(certificates.cert),
            "key": "" if certificates.key is None else str(certificates.key),
            "insecure": certificates.insecure,
            "sign_prefix": target.endpoint.signs_prefix,
            "max_messages": self.limit or 0,
        }


def _changes_of(plan: Plan) -> dict[str, Any]:
    """The options that change a plan."""
    return {"rounds": plan.rounds, "only": list(plan.selection.only), "skip": list(plan.selection.skip)}


def _refuse_plan_options(parsed: Namespace) -> None:
    """Check that no option changes a plan if there is none.

    Raises:
        OptionError: one does.
    """
    for name in ("only", "skip", "rounds"):
        if getattr(parsed, name):
            raise OptionError(
                f"--{name} changes a plan, and none was chosen; choose one with --plan, or leave it out"
            )


def refuse_unsendable(free: FreeRunOptions, classes: Sequence[type[User]]) -> None:
    """Check that what users of these classes send in a free run can be made, and that the client library would
    send it.

    Args:
        free: the run's options.
        classes: user classes; empty if they are not known yet.

    Raises:
        OptionError: it can't, or the library would refuse it.
    """
    for workload in _free_workloads(free, classes):
        objection = object_to_names(workload) or object_to_library(workload)
        if objection is not None:
            raise OptionError(objection)


def _subscribes(classes: Sequence[type[User]]) -> bool:
    return any(issubclass(each, FreeUser) and each.subscribes for each in classes)


def _refuse_uncountable(free: FreeRunOptions, distributed: bool) -> None:
    """Check that the deliveries of a free run can be counted.

    Raises:
        OptionError: they can't.
    """
    if distributed:
        raise OptionError(
            "SubscriberUser counts deliveries in the process that publishes: run without workers, or leave it out"
        )
    if free.external is not None:
        raise OptionError(
            f"SubscriberUser knows generated events only: leave out {free.external.option}, or SubscriberUser"
        )
    payload = free.workload("trigger").payload
    least = least_bytes(payload.kind, stamped=True)
    if payload.bytes < least:
        raise OptionError(
            f"payload_bytes = {payload.bytes}: an event needs {least} of kind {payload.kind}, so that "
            "SubscriberUser can tell it from others"
        )


def _apis(classes: Sequence[type[User]]) -> Sequence[Api]:
    """The APIs that users of these classes may call; all of them if the classes are not known."""
    own = [each for each in classes if issubclass(each, FreeUser) and not each.subscribes]
    of_queue: tuple[Api, ...] = ("trigger", "batch")
    used = {api for each in own for api in (of_queue if each.drains_queue else (each.api,))}
    return [api for api in get_args(Api) if api in used or not own]


def _free_workloads(free: FreeRunOptions, classes: Sequence[type[User]]) -> list[Workload]:
    """What users of these classes send, a workload for each API."""
    own = [each for each in classes if issubclass(each, FreeUser) and not each.subscribes]
    # A queue whose calls have one event sends triggers.
    queue: Api = free.queued_workload().call.api
    apis: set[Api] = {queue if each.drains_queue else each.api for each in own}
    return [free.workload(api) for api in sorted(apis)]
