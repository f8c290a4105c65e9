"""A run that is ready to begin: everything that can be rejected has been checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wiretax.channels.workload import Workload
from wiretax.load.accounting.gating import Gating
from wiretax.load.accounting.measurement import Measurement
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.client.mocks import Mocks
from wiretax.load.client.own_limits import Demand, check_files, check_memory
from wiretax.load.client.preflight import Preflight, preflight
from wiretax.load.client.session import Session
from wiretax.load.drivers.sweep_options import SweepRequest
from wiretax.load.free.options import SEED, TIMEOUT_S, FreeRunOptions
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.rounds import WARM_UP
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS
from wiretax.runs.folder import claim_run_folder, leave_run_folder, run_name
from wiretax.runs.mode import FREE_RUN, Mode
from wiretax.runs.provenance.labels import NO_LABELS
from wiretax.wire.connections.target import Target


@dataclass(frozen=True, slots=True)
class RunSetup:
    """All that a run needs.

    Attributes:
        plan: what a sweep measures; None in a free run.
        free: what a free run sends; None in a sweep.
        targets: where it is sent.
        cost: the cost model of the run's own mock; None if a server was given.
        message_limit: how many messages it may send; None for no limit.
        folder: where the run will be written, claimed.
        session: what the users of this process share.
        measurement: the counters, read before anything is sent.
        gating: the checks that decide how many rounds a sweep has; None for no added rounds.
        most_rounds: of a sweep, added ones included.
        tried: what the calls before the run showed.
        options: as ``run.json`` keeps them, without secrets; None to leave them out.
    """

    plan: Plan | None
    free: FreeRunOptions | None
    targets: tuple[Target, ...]
    cost: CostModel | None
    message_limit: MessageLimit | None
    folder: Path
    session: Session
    measurement: Measurement
    gating: Gating | None = None
    most_rounds: int = 0
    tried: Preflight = field(default_factory=Preflight)
    options: dict[str, Any] | None = None

    @property
    def own_mock(self) -> bool:
        """Whether it is sent to a mock that was started for it."""
        return self.cost is not None

    @property
    def endpoint(self) -> str:
        """Where it is sent, without key and secret."""
        return " and ".join(each.endpoint.public_url for each in self.targets)

    def try_out(self, workloads: Sequence[Workload]) -> RunSetup:
        """The same, after a call of each workload.

        Raises:
            EndpointRefusedError: the endpoint can't be measured.
        """
        return replace(self, tried=preflight(self.session, workloads, WARM_UP))

    def discard(self) -> None:
        """Give up a run that did not begin."""
        self.session.close()
        leave_run_folder(self.folder)


def prepare(
    results: Path,
    plan: Plan | None,
    free: FreeRunOptions | None,
    targets: Sequence[Target],
    cost: CostModel | None,
    message_limit: MessageLimit | None,
    subscribed: bool = False,
) -> RunSetup:
    """Claim a folder under ``results`` for a sweep of ``plan``, or for a free run, and read the servers' ledgers.
    ``subscribed``: whether a free run has subscribers.

    Raises:
        ResultsError: the folder can't be written.
    """
    folder = claim_run_folder(results, run_name(FREE_RUN if plan is None else plan.name))
    if plan is None:
        session = Session(targets, SEED, TIMEOUT_S, message_limit, counts_deliveries=subscribed)
    else:
        counts = plan.delivery is not None
        session = Session(targets, plan.seed, plan.timeout_s, message_limit, plan.replay, counts)
    if free is not None:
        session.external, session.limits = free.external, free.limits
    try:
        faults = NO_FAULTS if plan is None else plan.faults
        labels = NO_LABELS if plan is None else plan.labels
        mode: Mode = "free" if plan is None else "sweep"
        measurement = Measurement(targets, cost, faults, mode, session.timeout_s, labels)
    except BaseException:
        session.close()
        leave_run_folder(folder)
        raise
    return RunSetup(plan, free, tuple(targets), cost, message_limit, folder, session, measurement)


def prepare_sweep(request: SweepRequest, mocks: Mocks, workers: int) -> RunSetup:
    """Prepare what ``wiretax run`` or a planfile asks for; ``workers`` will send to a mock of the run.

    Raises:
        ResultsError: the folder can't be written.
        MockError: the mock did not start.
    """
    plan, first, second = request.plan, request.first, request.second
    targets = mocks.of_plan(plan, workers) if first is None else [first]
    cost = plan.cost if first is None else None
    if second is not None:
        plan, targets = plan.against(), [*targets, second]
    setup = prepare(request.results, plan, None, targets, cost, request.message_limit)
    return replace(setup, gating=request.gating, most_rounds=request.most_rounds)


def check_machine(workloads: Sequence[Workload], users: int, processes: int = 1, mocks: int = 0) -> None:
    """See whether this machine has the descriptors and the memory that the users need, before anything is started.

    Args:
        workloads: all that the users send.
        users: of the run.
        processes: of this machine that share them.
        mocks: how many of each kind the run starts itself.

    Raises:
        OwnLimitError: a limit is too low.
    """
    demand = Demand.of(workloads, users)
    check_files(demand, processes, demand.of_mock(mocks) if mocks else 0)
    check_memory(demand)
