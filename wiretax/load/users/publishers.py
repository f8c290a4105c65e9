"""The Locust users. Each publishes over a connection of its own, one request after the other."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, ClassVar

from locust import User, task

from wiretax.channels.workload import Api, Workload
from wiretax.load.sweep.executor import DRAIN_GRACE_S
from wiretax.wire.connections.connection import Connection
from wiretax.wire.publishers.caller import MessageLimitError
from wiretax.wire.publishers.httpx_publisher import HttpxPublisher
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from wiretax.load.client.barrier import SliceBarrier
    from wiretax.load.client.session import Session
    from wiretax.load.free.windows import FreeRun
    from wiretax.wire.publishers.httpx_publisher import HttpxPublisher

# How long a free-running user keeps the loop before Locust may stop it, or ask for its wait time.
HOLD_NS = 500_000_000


class PublishUser(User):
    """A user with a connection to the session's endpoint; with several where workloads need them."""

    abstract = True
    connections: dict[tuple[object, ...], Connection]
    publishers: dict[tuple[object, ...], Publisher | HttpxPublisher]

    @property
    def barrier(self) -> SliceBarrier | None:
        """Where a conductor says what is sent; None in a free run."""
        barrier: SliceBarrier | None = getattr(self.environment, "wiretax_barrier", None)
        return barrier

    @property
    def session(self) -> Session:
        session: Session = self.environment.wiretax_session
        return session

    def on_start(self) -> None:
        self.connections = {}
        self.publishers = {}

    def on_stop(self) -> None:
        for connection in self.connections.values():
            self.session.disconnect(connection)

    def publisher(self, workload: Workload) -> Publisher | HttpxPublisher:
        """What sends a workload: made when it is first needed, and kept."""
        publisher = self.publishers.get(workload.connection_key)
        if publisher is None:
            connection = self.connections[workload.connection_key] = self.session.connect(workload)
            publisher = self.publishers[workload.connection_key] = self.session.publisher(connection, workload)
        return publisher

    def drain(self, slice_: Slice) -> None:
        """Publish what arrives in a slice's queue, or wait where it has publishers enough."""
        queue = self.session.slice_queues.of(slice_)
        if not queue.admit():
            queue.wait()
            return
        self.publisher(slice_.workload)
        caller = self.session.caller(self.connections[slice_.workload.connection_key], slice_)
        with suppress(MessageLimitError):
            queue.drain(caller)

    def publish_slices(self, barrier: SliceBarrier) -> None:
        """Send whatever the conductor has on, until the slice closes."""
        slice_ = barrier.wait_for_slice()
        if slice_.workload.queued:
            self.drain(slice_)
            return
        source = self.session.source(slice_.workload)
        # The slice is closed by then, and whoever measures knows.
        with suppress(MessageLimitError):
            self.publisher(slice_.workload).publish(source, slice_, listener=self.session.listener)


class PlanUser(PublishUser):
    """The user of a sweep."""

    @task
    def publish(self) -> None:
        barrier = self.barrier
        assert barrier is not None
        self.publish_slices(barrier)


class FreeUser(PublishUser):
    """Sends one workload for as long as Locust lets it; what that is comes from the command line or the form."""

    abstract = True
    api: ClassVar[Api]

    def on_start(self) -> None:
        super().on_start()
        # Where a plan is swept, what is sent changes from slice to slice.
        if self.barrier is None:
            run: FreeRun = self.environment.wiretax_free_run
            self.workload: Workload = run.workload(self.api)

    def stop(self, force: bool = False) -> bool:
        """Locust ends this user, as it does where there are to be fewer: a call that is under way ends first."""
        if force and self.barrier is None:
            run: FreeRun = self.environment.wiretax_free_run
            run.dismiss(self.greenlet, self.session.timeout_s + DRAIN_GRACE_S)
        return bool(super().stop(force))

    @task
    def publish(self) -> None:
        barrier = self.barrier
        if barrier is not None:
            self.publish_slices(barrier)
            return
        self.publish_freely(self.environment.wiretax_free_run)

    def publish_freely(self, run: FreeRun) -> None:
        """Send the workload for a while."""
        # A class with a wait time of its own sends one request a turn, as Locust's users expect.
        waits = type(self).wait_time is not User.wait_time
        if not run.may_send():
            return
        until_ns = 0 if waits else perf_counter_ns() + HOLD_NS
        with run.turn(self.workload) as slice_, run.calling():
            source = self.session.source(self.workload)
            # All users are held by then, until Locust stops them.
            with suppress(MessageLimitError):
                self.publisher(self.workload).publish(source, slice_, until_ns, self.session.listener)


class TriggerUser(FreeUser):
    """One event a call."""

    api = "trigger"


class BatchUser(FreeUser):
    """Many events a call."""

    api = "batch"


class MultiTriggerUser(FreeUser):
    """One event to many channels in one call."""

    api = "multi_trigger"
