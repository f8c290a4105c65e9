"""How a run begins in a Locust process: the one of the kind that was prepared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from wiretax.channels.bodies.channel_names import all_channels
from wiretax.channels.workload import Api
from wiretax.load.client.error_policy import ErrorPolicy, Reactions
from wiretax.load.client.message_limit import SPENT
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.cluster.free_master import FreeMaster
from wiretax.load.drivers.locustfiles.live_sampling import LiveSampling
from wiretax.load.drivers.running import LocustRun
from wiretax.load.drivers.setup import RunSetup
from wiretax.load.free.deliveries import FreeDeliveries
from wiretax.load.free.options import SEED, TIMEOUT_S
from wiretax.load.free.windows import FreeRun


def _deliveries(setup: RunSetup, environment: Any, sampling: LiveSampling) -> FreeDeliveries | None:
    """The subscribers of a free run that has any; each delivery is a request of Locust's statistics."""
    log, free = setup.session.publish_log, setup.free
    if log is None or free is None:
        return None
    workloads = (free.workload(api) for api in get_args(Api))
    channels = dict.fromkeys(channel for workload in workloads for channel in all_channels(workload))

    def on_delivery(delay_s: float, size: int) -> None:
        environment.stats.log_request("WS", "delivery", delay_s * 1e3, size)
        sampling.deliver(delay_s)

    return FreeDeliveries(
        log, setup.targets[0], tuple(channels), TIMEOUT_S, on_delivery, setup.measurement.delivery_ledger
    )


def begin_run(
    setup: RunSetup,
    environment: Any,
    master: FreeMaster | None,
    sampling: LiveSampling,
    halt: Callable[[str], None],
    on_overloaded: Callable[[str], None],
) -> LocustRun:
    """Begin a sweep in the web UI, or a free run of this process's users or of a master's workers.

    Args:
        setup: prepared.
        environment: Locust's, in which the users find the run.
        master: of a process that has no users; else None.
        sampling: takes a sample while a sweep's users are idle.
        halt: ends a free run, with the reason.
        on_overloaded: ends one whose queue is full, with the reason.
    """
    feed = StatsFeed(environment)
    for slice_ in setup.tried.slices:
        feed.tell(slice_)
    environment.wiretax_session = setup.session
    if setup.plan is not None:
        from wiretax.load.drivers.locustfiles.web_sweep import WebSweep  # samples live figures

        sweep = WebSweep(setup, feed, environment.runner, sampling.sample)
        environment.wiretax_barrier = sweep.barrier
        return sweep
    run: FreeRun | FreeMaster
    assert setup.free is not None
    if master is not None:
        run = master
        run.begin(environment.parsed_options, setup.targets[0], SEED, TIMEOUT_S, setup.message_limit, halt)
        run.on_overloaded = on_overloaded
    else:
        run = FreeRun(setup.free, feed)
        run.on_overloaded = on_overloaded
        run.on_unsubscribed = halt
        run.deliveries = _deliveries(setup, environment, sampling)
        setup.session.on_rejected = ErrorPolicy(Reactions(halt, run.pause)).on_rejected
        if setup.message_limit is not None:
            setup.message_limit.on_spent = lambda: halt(SPENT)
    for slice_ in setup.tried.slices:
        run.record.add(slice_, 0)
    environment.wiretax_barrier, environment.wiretax_free_run = None, run
    return run
