"""The Locust users. Each publishes over its own connection, one request after the other."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, ClassVar

from locust import User, task

from wiretax.channels.workload import Api, Workload
from wiretax.delivery.tracked_caller import publish_tracked
from wiretax.load.sweep.executor import DRAIN_GRACE_S
from wiretax.wire.connections.connection import Connection
from wiretax.wire.publishers.caller import MessageLimitError
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from wiretax.load.client.barrier import SliceBarrier
    from wiretax.load.client.session import Session
    from wiretax.load.free.windows import FreeRun
    from wiretax.wire.publishers.httpx_publisher import HttpxPublisher

# How long a user publishes in a free run before Locust may stop it or ask for its wait time.
TURN_S = 0.5


class PublishUser(User):
    """A user with a connection to the session's endpoint, or with several if the workloads need them."""

    abstract = True
    connections: dict[tuple[object, ...], Connection]
    publishers: dict[tuple[object, ...], Publisher | HttpxPublisher]

    @property
    def barrier(self) -> SliceBarrier | None:
        """Where the user waits for slices of a sweep; None in a free run."""
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
        """The publisher of a workload, made when it is first needed."""
        publisher = self.publishers.get(workload.connection_key)
        if publisher is None:
            connection = self.connections[workload.connection_key] = self.session.connect(workload)
            publisher = self.publishers[workload.connection_key] = self.session.publisher(connection, workload)
        return publisher

    def drain(self, slice_: Slice) -> None:
        """Publish what arrives in a slice's queue, or wait if the queue has enough publishers."""
        queue = self.session.slice_queues.of(slice_)
        if not queue.admit(self):
            queue.wait()
            return
        self.publisher(slice_.workload)
        caller = self.session.caller(self.connections[slice_.workload.connection_key], slice_)
        with suppress(MessageLimitError):
            queue.drain(caller, slice_)

    def publish_slices(self, barrier: SliceBarrier) -> None:
        """Wait for the next slice, and send its workload until it closes."""
        slice_ = barrier.wait_for_slice()
        if slice_.workload.queued:
            self.drain(slice_)
            return
        session, workload = self.session, slice_.workload
        # At the message limit the slice is closed, and the conductor ends the run.
        with suppress(MessageLimitError):
            publisher = self.publisher(workload)
            if session.publish_log is None:
                publisher.publish(session.source(workload), slice_, listener=session.listener)
            else:
                caller = session.caller(self.connections[workload.connection_key], slice_)
                publish_tracked(caller, session.events(workload), slice_)


class PlanUser(PublishUser):
    """The user of a sweep."""

    @task
    def publish(self) -> None:
        barrier = self.barrier
        assert barrier is not None
        self.publish_slices(barrier)


class FreeUser(PublishUser):
    """Sends one workload, chosen on the command line or in the form, for as long as Locust runs it.

    A subclass sets ``api``: "trigger", "batch" or "multi_trigger".
    """

    abstract = True
    api: ClassVar[Api]
    drains_queue: ClassVar[bool] = False
    subscribes: ClassVar[bool] = False

    def on_start(self) -> None:
        super().on_start()
        # In a sweep, the workload changes from slice to slice.
        if self.barrier is None:
            run: FreeRun = self.environment.wiretax_free_run
            self.workload: Workload = run.workload(self.api)

    def stop(self, force: bool = False) -> bool:
        """Called by Locust, also to reduce the number of users: a call under way ends first."""
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
        """Send the workload for one turn."""
        # A class with a wait time sends one request per turn, as Locust's users expect.
        waits = type(self).wait_time is not User.wait_time
        if not run.may_send():
            return
        until_ns = 0 if waits else perf_counter_ns() + int(TURN_S * 1e9)
        session = self.session
        with run.turn(self.workload) as slice_, run.calling():
            source = session.source(self.workload)
            # At the message limit the run holds all users until Locust stops them.
            with suppress(MessageLimitError):
                publisher = self.publisher(self.workload)
                if session.publish_log is None:
                    publisher.publish(source, slice_, until_ns, session.listener)
                else:
                    caller = session.caller(self.connections[self.workload.connection_key], slice_)
                    publish_tracked(caller, session.events(self.workload), slice_, until_ns)
